"""SQL scripts, told apart and never run."""

from __future__ import annotations

import io
from typing import BinaryIO, cast

import pytest

from hashsets.errors import HashSetError
from hashsets.formats.sql_statements import Change, Insertion, Removal, Silent, Statement, Unread, read_statements


class _Dripping:
    """A stream that gives one byte at a time, so that every token is cut everywhere."""

    def __init__(self, content: bytes) -> None:
        self._inner = io.BytesIO(content)

    def read(self, size: int) -> bytes:
        del size
        return self._inner.read(1)


def read(script: str | bytes) -> list[Statement]:
    content = script.encode() if isinstance(script, str) else script
    whole = list(read_statements(io.BytesIO(content)))
    assert list(read_statements(cast("BinaryIO", _Dripping(content)))) == whole
    return whole


def test_an_insert_is_a_row_at_a_time() -> None:
    """With columns or without; names in any quotes and case."""
    assert read(
        """INSERT INTO "Met""a" VALUES(1,'a'),(2,'b');insert into [t] (`A`, b) values (NULL, x'00ff');"""
    ) == [
        Insertion(1, 'met"a', None, (1, "a")),
        Insertion(1, 'met"a', None, (2, "b")),
        Insertion(2, "t", ("a", "b"), (None, b"\x00\xff")),
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("'it''s; -- no comment'", "it's; -- no comment"),
        ("''", ""),
        ("''''", "'"),
        ("-12", -12),
        ("1.5e3", 1500.0),
        ("9223372036854775808", 9223372036854775808.0),
        ("X'AB'", b"\xab"),
        ("null", None),
        ("'schön'", "schön"),
    ],
)
def test_literals(written: str, meant: object) -> None:
    """As SQLite reads them."""
    assert read(f"INSERT INTO t VALUES ({written});") == [Insertion(1, "t", None, (meant,))]


def test_conditions_are_equalities_joined_by_and() -> None:
    """Nothing equals NULL; IS NULL is another thing."""
    assert read("DELETE FROM t WHERE a = 1 AND b IN ('x', 'y') AND c IS NULL AND d = NULL AND e IS 5;") == [
        Removal(1, "t", (("a", (1,)), ("b", ("x", "y")), ("c", (None,)), ("d", ()), ("e", (5,))))
    ]
    assert read("UPDATE t SET a='n', b = NULL WHERE c=2;") == [
        Change(1, "t", (("a", "n"), ("b", None)), (("c", (2,)),))
    ]


def test_what_says_nothing_of_rows_is_passed_over_and_counts() -> None:
    """Positions are those of statements, comments are none."""
    script = "PRAGMA foreign_keys=OFF; -- it's\nBEGIN TRANSACTION;;/* ; * ' */ DELETE FROM t WHERE a=1; COMMIT;"
    assert read(script) == [Silent(1), Silent(2), Removal(3, "t", (("a", (1,)),)), Silent(4)]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM t",
        "DELETE FROM t WHERE a = 1 OR b = 2",
        "DELETE FROM t WHERE a < 1",
        "DELETE FROM t WHERE a = b",
        "DELETE FROM t WHERE a = (SELECT 1)",
        "DELETE FROM t WHERE a = 1 RETURNING *",
        "DELETE FROM main.t WHERE a = 1",
        "UPDATE t SET a = a + 1 WHERE b = 1",
        "UPDATE t SET a = 1",
        "INSERT OR REPLACE INTO t VALUES (1)",
        "INSERT INTO t SELECT 1/2",
        'INSERT INTO t VALUES ("a")',
        "INSERT INTO t VALUES (x'0')",
        "INSERT INTO t VALUES (abs(1))",
        "INSERT INTO t DEFAULT VALUES",
        "ATTACH DATABASE '/etc/passwd' AS p",
        "SELECT load_extension('x')",
        "CREATE TABLE t (a)",
        ") ( ,",
    ],
)
def test_any_other_statement_is_counted_and_the_next_is_read(statement: str) -> None:
    """No guess at what it means."""
    assert read(f"{statement}; DELETE FROM t WHERE a = 1;") == [Unread(1), Removal(2, "t", (("a", (1,)),))]


def test_rows_before_the_fault_of_a_statement_are_told_to_be_taken_back() -> None:
    """Statements hold or fail whole."""
    assert read("INSERT INTO t VALUES (1), (now());") == [Insertion(1, "t", None, (1,)), Unread(1)]


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("DELETE FROM t WHERE a = 1", "sql-broken-off"),
        ("DELETE FROM t WHERE a = 'x", "sql-broken-off"),
        ("INSERT INTO t VALUES (1, ", "sql-broken-off"),
        ("INSERT INTO t VALUES (x'", "sql-broken-off"),
        ("/* to be continued", "sql-broken-off"),
        ("BEGIN; DELETE FROM t WHERE a = 1;", "sql-broken-off"),
        ("BEGIN; DELETE FROM t WHERE a = 1; ROLLBACK;", "sql-takes-back"),
        ("CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM t WHERE a=1; END;", "sql-makes-trigger"),
        ("INSERT INTO t VALUES ('" + "a" * (2 << 20), "sql-token-too-long"),
        ("/*" + "a" * (2 << 20), "sql-token-too-long"),
    ],
)
def test_a_script_whose_meaning_cannot_be_told_is_refused_whole(script: str, code: str) -> None:
    """Broken off, taken back, or with statements inside a statement."""
    with pytest.raises(HashSetError) as caught:
        list(read_statements(io.BytesIO(script.encode())))
    assert caught.value.code == code


def test_a_list_beyond_any_honest_length_is_counted() -> None:
    """In bounded memory."""
    assert read(f"DELETE FROM t WHERE a IN ({','.join('1' for _ in range(1001))});") == [Unread(1)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_and_utf_16(encoding: str) -> None:
    """As some tools of Windows write them."""
    script = io.BytesIO("DELETE FROM t WHERE a = 'ä';".encode(encoding))
    assert list(read_statements(script)) == [Removal(1, "t", (("a", ("ä",)),))]
