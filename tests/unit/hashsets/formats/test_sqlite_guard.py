"""Databases of strangers: rows come out, nothing else runs."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hashsets.errors import HashSetError
from hashsets.formats.sqlite_guard import rows_of, tables_of
from tests.unit.hashsets.formats.sample_databases import database


def code(path: Path, *tables: str) -> str:
    with pytest.raises(HashSetError) as caught:
        list(rows_of(path, tables or ("things",), ("a", "b")))
    return caught.value.code


def test_columns_come_in_our_order_and_absent_ones_are_none(tmp_path: Path) -> None:
    """Case does not matter; what the table lacks is None."""
    path = database(tmp_path / "x", "CREATE TABLE Things (z, B); INSERT INTO Things VALUES (1, 'two'), (3, 'four');")
    assert list(rows_of(path, ("things",), ("a", "b"))) == [(None, "two"), (None, "four")]
    assert tables_of(path) == {"things"}


def test_an_index_gives_the_order_and_nothing_is_sorted_without_one(tmp_path: Path) -> None:
    """Equal rows come together where an index serves; sorting a large table would fill the disk."""
    rows = "INSERT INTO things VALUES (2, 1), (1, 1), (2, 1);"
    plain = database(tmp_path / "x", f"CREATE TABLE things (a, b); {rows}")
    indexed = database(tmp_path / "y", f"CREATE TABLE things (a, b); CREATE INDEX i ON things (a, b); {rows}")
    assert list(rows_of(plain, ("things",), ("a", "b"))) == [(2, 1), (1, 1), (2, 1)]
    assert list(rows_of(indexed, ("things",), ("a", "b"))) == [(1, 1), (2, 1), (2, 1)]


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE other (a, b); CREATE VIEW things AS SELECT a, b FROM other;",
        "CREATE VIRTUAL TABLE things USING fts5(a, b);",
        "CREATE TABLE things (c, a GENERATED ALWAYS AS (hex(c)), b AS (c) STORED);",
        "CREATE TABLE unrelated (a, b);",
        "CREATE TABLE things (x, y);",
    ],
)
def test_views_virtual_tables_and_generated_columns_are_not_read(script: str, tmp_path: Path) -> None:
    """Their contents are whatever SQL their maker wrote."""
    assert code(database(tmp_path / "x", script)) == "sqlite-table-missing"


def test_the_next_table_serves_where_the_first_is_a_view(tmp_path: Path) -> None:
    """As in the editions of RDS v3."""
    script = "CREATE TABLE other (a, b); INSERT INTO other VALUES (1, 2); CREATE VIEW things AS SELECT 5 AS a;"
    assert list(rows_of(database(tmp_path / "x", script), ("things", "other"), ("a", "b"))) == [(1, 2)]


def test_a_foreign_schema_trick_cannot_reach_beyond_the_table(tmp_path: Path) -> None:
    """A schema in which a view calls itself a table fails; it does not run."""
    path = database(tmp_path / "x", "CREATE TABLE other (a, b); CREATE VIEW things AS SELECT randomblob(9) a, 1 b;")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_master SET type = 'table', rootpage = 2 WHERE name = 'things'")
    connection.commit()
    connection.close()
    assert code(path) in {"sqlite-broken", "sqlite-table-missing"}


def test_a_value_beyond_any_honest_row_is_refused(tmp_path: Path) -> None:
    """A megabyte for a digest would be memory for nothing."""
    path = database(tmp_path / "x", "CREATE TABLE things (a, b); INSERT INTO things VALUES (zeroblob(2000000), 1);")
    assert code(path) == "sqlite-broken"


@pytest.mark.parametrize("kept", [100, 4096, 8192, 20_000])
def test_a_file_cut_short_is_refused(kept: int, tmp_path: Path) -> None:
    """Wherever it ends."""
    path = database(
        tmp_path / "x",
        "CREATE TABLE things (a, b); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000) "
        "INSERT INTO things SELECT i, i FROM n;",
    )
    assert len(list(rows_of(path, ("things",), ("a", "b")))) == 5000
    path.write_bytes(path.read_bytes()[:kept])
    assert code(path) == "sqlite-broken"


def test_pages_that_are_listed_again_and_again_come_to_an_end(tmp_path: Path) -> None:
    """Inner pages that name one page many times seem to hold more rows than the file has room for."""
    path = database(
        tmp_path / "x",
        "PRAGMA page_size = 512; CREATE TABLE things (a, b); WITH RECURSIVE n(i) AS"
        " (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) INSERT INTO things SELECT 1, 1 FROM n;",
    )
    content = bytearray(path.read_bytes())
    kinds = {number: content[(number - 1) * 512] for number in range(2, len(content) // 512 + 1)}
    inner = [number for number, kind in kinds.items() if kind == 5]
    leaf = next(number for number, kind in kinds.items() if kind == 13)
    for page, child in zip(inner, [*inner[1:4], leaf], strict=False):
        start = (page - 1) * 512
        for cell in range(int.from_bytes(content[start + 3 : start + 5], "big")):
            at = start + int.from_bytes(content[start + 12 + 2 * cell : start + 14 + 2 * cell], "big")
            content[at : at + 4] = child.to_bytes(4, "big")
    path.write_bytes(content)
    assert code(path) == "sqlite-broken"


def test_a_damaged_schema_in_no_known_letters_is_refused(tmp_path: Path) -> None:
    """SQLite complains in the schema's own bytes, which need not be text."""
    path = database(tmp_path / "x", "CREATE TABLE things (a);")
    path.write_bytes(path.read_bytes().replace(b"things", b"th\x8fngs").replace(b"CREATE TABLE", b"CREATE TXBLE"))
    assert code(path) == "sqlite-broken"


def test_a_file_that_was_not_closed_is_refused(tmp_path: Path) -> None:
    """Its newest rows stand beside it, where a read-only reader does not look."""
    path = tmp_path / "x"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE things (a, b)")
    connection.commit()
    assert code(path) == "sqlite-not-closed"
    connection.close()
    assert list(rows_of(path, ("things",), ("a", "b"))) == []


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    """Neither in the file nor beside it, not even for one that is kept in WAL mode."""
    path = database(tmp_path / "x", "PRAGMA journal_mode = WAL; CREATE TABLE things (a, b);")
    before = path.read_bytes()
    list(rows_of(path, ("things",), ("a", "b")))
    assert (path.read_bytes(), [found.name for found in tmp_path.iterdir()]) == (before, ["x"])


def test_an_absent_file_and_a_folder_are_coded_errors(tmp_path: Path) -> None:
    """No file is made on the way."""
    assert (code(tmp_path / "absent"), code(tmp_path)) == ("sqlite-broken", "sqlite-broken")
    assert not (tmp_path / "absent").exists()
