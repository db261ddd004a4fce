"""A base and its delta, against SQLite running the delta's SQL and the outcome imported anew."""

from __future__ import annotations

import contextlib
import io
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets.errors import HashSetError
from hashsets.formats.nsrl import read_nsrl
from hashsets.formats.nsrl_delta import read_nsrl_delta
from hashsets.formats.records import Read, Reject, RejectCode
from hashsets.vocabulary import Entry
from tests.unit.hashsets.formats.sample_databases import full, minimal, three

BASE = ("a", "b", "c", "")
WORDS = st.sampled_from([*BASE, "d", "e"])
NUMBERS = st.integers(0, 5)


WORDS_OF_SQL = (
    "DELETE",
    "FROM",
    "FILE",
    "WHERE",
    "md5",
    "INSERT",
    "INTO",
    "VALUES",
    "UPDATE",
    "SET",
    "NULL",
    "IN",
    "IS",
)
MARKS_OF_SQL = ("AND", "=", "'x'", "(", ")", ",", ";", "1", "-2.5", "x'ab'", "'", '"', "/*", "--", "\n", "x'", "é")
PIECES = st.sampled_from(WORDS_OF_SQL + MARKS_OF_SQL)


@settings(deadline=None)
@given(st.lists(PIECES | st.text(max_size=3), max_size=30), st.sampled_from([" ", ""]))
def test_a_script_of_anything_is_read_counted_or_refused(pieces: list[str], between: str) -> None:
    """Whatever stands in it: statements, rejects, or a coded error."""
    script = between.join(pieces).encode(errors="replace")
    with tempfile.TemporaryDirectory() as folder:
        base = minimal(Path(folder, "base"), BASE)
        with contextlib.suppress(HashSetError):
            list(read_nsrl_delta([io.BytesIO(script)], base))


@st.composite
def minimal_statements(draw: st.DrawFn) -> str:
    """On the table FILE, whose key is all of a row: by whole rows, by digest, by package."""
    word, other, package = draw(WORDS), draw(WORDS), draw(NUMBERS)
    sha256, sha1, md5 = (f"'{text}'" for text in three(word))
    kind = draw(st.sampled_from(["row", "insert", "digest", "package", "rename", "name", "listed", "odd", "null"]))
    return {
        "row": f"DELETE FROM FILE WHERE sha256={sha256} AND sha1={sha1} AND md5={md5} AND package_id={package};",
        "insert": f"INSERT INTO FILE(sha256,sha1,md5,crc32,file_name,file_size,package_id) VALUES"
        f"({sha256},{sha1},{md5},'0','{word}',1,{package}),({sha256},{sha1},{md5},'0','it''s; {other}',1,{package});",
        "digest": f"DELETE FROM FILE WHERE md5={md5};",
        "package": f"DELETE FROM FILE WHERE package_id = '{package}' AND file_name = '{word}';",
        "rename": f"UPDATE FILE SET package_id={package + 1} WHERE package_id={package};",
        "name": "UPDATE FILE SET sha256='{}', sha1='{}', md5='{}' WHERE file_name='{}';".format(*three(other), word),
        "listed": f"DELETE FROM FILE WHERE md5 IN ({md5}, '{three(other)[2]}') AND package_id = {package};",
        "odd": f"UPDATE FILE SET md5='not hex', sha1='' WHERE sha1={sha1} AND package_id={package};",
        "null": f"DELETE FROM FILE WHERE crc32 IS NULL AND md5={md5};",
    }[kind]


@st.composite
def full_statements(draw: st.DrawFn) -> str:
    """On the table METADATA: by the number of the row."""
    word, number = draw(WORDS), draw(NUMBERS)
    sha256, sha1, md5 = (f"'{text}'" for text in three(word))
    kind = draw(st.sampled_from(["insert", "delete", "change", "null", "all of a path"]))
    return {
        "insert": f"INSERT INTO METADATA VALUES({number},1,'k','/','n','',1,'0',{md5},{sha1},{sha256});",
        "delete": f"DELETE FROM METADATA WHERE metadata_id={number};",
        "change": f"UPDATE METADATA SET md5={md5}, sha1={sha1}, sha256={sha256} WHERE metadata_id={number};",
        "null": f"UPDATE METADATA SET sha1=NULL WHERE sha1={sha1};",
        "all of a path": "DELETE FROM METADATA WHERE path='/' AND sha1 IS NULL;",
    }[kind]


def applied_by_sqlite(database: Path, statements: Iterable[str]) -> list[str]:
    """Those statements that SQLite takes (a row's key may be there already), run."""
    connection = sqlite3.connect(database)
    taken = []
    for statement in statements:
        try:
            connection.execute(statement)
        except sqlite3.IntegrityError:
            continue
        taken.append(statement)
    connection.commit()
    connection.close()
    return taken


def entries(path: Path) -> dict[str, Entry]:
    return {record.entry.key: record.entry for record in read_nsrl(path) if isinstance(record, Read)}


@pytest.mark.parametrize("edition", ["minimal", "full"])
@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_a_base_and_its_deltas_equal_the_next_database(edition: str, data: st.DataObject) -> None:
    """Whatever the statements, in one script or in two, applied at once or to the release in between."""
    kind = minimal_statements() if edition == "minimal" else full_statements()
    first, second = (data.draw(st.lists(kind, max_size=8)) for _ in range(2))
    with tempfile.TemporaryDirectory() as folder:
        base, between, after = (Path(folder, name) for name in ("base", "between", "after"))
        (minimal(base, BASE, packages=2) if edition == "minimal" else full(base, [*BASE, "a"]))
        shutil.copy(base, between)
        first = applied_by_sqlite(between, first)
        shutil.copy(between, after)
        second = applied_by_sqlite(after, second)
        scripts = [f"BEGIN TRANSACTION;\n{chr(10).join(part)}\nCOMMIT;\n".encode() for part in (first, second)]
        updates = list(read_nsrl_delta([io.BytesIO(script) for script in scripts], base))
        expected = entries(after)
        for start in (base, between):
            found = entries(start)
            for update in updates:
                if isinstance(update, Reject):
                    assert update.code is not RejectCode.STATEMENT_NOT_READ
                    continue
                key, entry = update
                found.pop(key, None)
                if entry:
                    found[key] = entry
            assert {key: set(entry.digests) for key, entry in found.items()} == {
                key: set(entry.digests) for key, entry in expected.items()
            }
