"""NSRL deltas: which entries a script adds and retracts."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from hashsets.deltas import Delta
from hashsets.errors import HashSetError
from hashsets.formats.nsrl import read_nsrl
from hashsets.formats.nsrl_delta import read_nsrl_delta
from hashsets.formats.records import Read, Reject
from hashsets.library import Library
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, SetKind
from tests.unit.hashsets.formats.sample_databases import full, minimal, three


def quoted(word: str) -> tuple[str, str, str]:
    sha256, sha1, md5 = (f"'{value}'" for value in three(word))
    return sha256, sha1, md5


def read(base: Path, *scripts: str) -> tuple[dict[str, Entry | None], list[tuple[int, str]]]:
    found = list(read_nsrl_delta([io.BytesIO(script.encode()) for script in scripts], base))
    rejects = [(one.position, one.code.value) for one in found if isinstance(one, Reject)]
    return dict(one for one in found if not isinstance(one, Reject)), rejects


def key_of(base: Path, word: str) -> str:
    md5 = bytes.fromhex(three(word)[2])
    found = (record.entry for record in read_nsrl(base) if isinstance(record, Read))
    return next(entry.key for entry in found if any(digest.value == md5 for digest in entry.digests))


def test_an_entry_falls_with_its_last_row(tmp_path: Path) -> None:
    """A file of three packages is known until the third row is gone."""
    base = minimal(tmp_path / "rds.db", ["one", "two"], packages=3)
    two = "DELETE FROM FILE WHERE sha256={} AND package_id={};"
    assert read(base, "".join(two.format(quoted("one")[0], package) for package in (0, 1)))[0] == {
        key_of(base, "one"): next(
            r.entry for r in read_nsrl(base) if isinstance(r, Read) and r.entry.key == key_of(base, "one")
        )
    }
    assert read(base, "".join(two.format(quoted("one")[0], package) for package in (0, 1, 2)))[0] == {
        key_of(base, "one"): None
    }


def test_a_row_named_by_its_number_only(tmp_path: Path) -> None:
    """As in the full edition: the script does not say which values fall."""
    base = full(tmp_path / "rds.db", ["one", "two"])
    assert read(base, "DELETE FROM METADATA WHERE metadata_id = 1;") == ({key_of(base, "two"): None}, [])


def test_what_other_tables_say_changes_nothing(tmp_path: Path) -> None:
    """Packages, makers, systems, versions."""
    base = minimal(tmp_path / "rds.db", ["one"])
    script = "INSERT INTO PKG VALUES (1,'n','v'); UPDATE VERSION SET v='2' WHERE v='1'; DELETE FROM OS WHERE id=1;"
    assert read(base, script) == ({}, [])


def test_statements_that_are_not_done_are_counted(tmp_path: Path) -> None:
    """Other statements, unknown columns, a wrong number of values, rows that are not there, the other edition."""
    base = minimal(tmp_path / "rds.db", ["one"])
    sha256, sha1, md5 = quoted("two")
    updates, rejects = read(
        base,
        f"INSERT INTO FILE (sha256, sha1, md5) VALUES ({sha256},{sha1},{md5}),(1,2);"
        "DELETE FROM FILE;"
        "DELETE FROM FILE WHERE colour='red';"
        f"DELETE FROM FILE WHERE md5={md5};"
        "PRAGMA optimize;",
        "INSERT INTO METADATA (md5) VALUES ('');",
    )
    assert updates == {}
    assert rejects == [
        (1, "statement-not-read"),
        (2, "statement-not-read"),
        (3, "statement-not-read"),
        (6, "statement-not-read"),
        (4, "statement-without-effect"),
    ]


def test_the_empty_file_and_bad_values_are_counted_as_in_an_import(tmp_path: Path) -> None:
    """At the statement that inserts them."""
    base = minimal(tmp_path / "rds.db", ["one"])
    row = "INSERT INTO FILE (sha256, sha1, md5) VALUES ({}, {}, {});"
    updates, rejects = read(base, row.format(*quoted("")) + row.format("'zz'", "''", "7"))
    assert updates == {}
    assert rejects == [(1, "empty-file-digest")] * 3 + [(2, "not-hex"), (2, "not-hex")]


def test_a_library_takes_the_updates_and_equals_the_next_database(tmp_path: Path) -> None:
    """What falls answers no more, what is new does, what stays stays."""
    base = minimal(tmp_path / "rds.db", ["one", "two"], packages=2)
    library = Library.open(tmp_path / "library")
    library.import_file(base, name="nsrl", kind=SetKind.KNOWN_GOOD)
    sha256, sha1, md5 = quoted("three")
    script = (
        f"DELETE FROM FILE WHERE sha1={quoted('one')[1]};INSERT INTO FILE VALUES ({sha256},{sha1},{md5},'0','n',1,1);"
    )
    updates, _ = read(base, f"BEGIN;{script}COMMIT;")
    facts = library.apply_delta("nsrl", Delta(updates.items())).delta
    assert facts
    assert (facts.added, facts.retracted, facts.changed) == (1, 1, 0)
    asked = [Digest(DigestAlgorithm.MD5, bytes.fromhex(three(word)[2])) for word in ("one", "two", "three")]
    assert sorted(candidate.query for candidate in library.lookup_digests(asked)) == [1, 2]


def test_a_script_that_breaks_off_gives_no_update(tmp_path: Path) -> None:
    """Rejects may come first; updates come when all scripts are read."""
    base = minimal(tmp_path / "rds.db", ["one"])
    with pytest.raises(HashSetError) as caught:
        read(base, f"BEGIN; DELETE FROM FILE WHERE md5={quoted('one')[2]};")
    assert caught.value.code == "sql-broken-off"


def test_a_base_that_is_none_is_refused(tmp_path: Path) -> None:
    """As when it is imported."""
    (tmp_path / "rds.db").write_bytes(b"SQLite format 3\x00" + bytes(100))
    with pytest.raises(HashSetError) as caught:
        read(tmp_path / "rds.db", "")
    assert caught.value.code in {"sqlite-broken", "sqlite-table-missing"}


def test_the_base_is_not_changed(tmp_path: Path) -> None:
    """It is opened as immutable; what its rows become is worked out beside it."""
    base = minimal(tmp_path / "rds.db", ["one"])
    before = base.read_bytes()
    read(base, f"DELETE FROM FILE WHERE md5={quoted('one')[2]};")
    assert base.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["rds.db"]
