"""Autopsy's and The Sleuth Kit's hash databases."""

from __future__ import annotations

from pathlib import Path

from hashsets.formats.kdb import read_kdb
from hashsets.formats.records import Read, Reject
from tests.unit.hashsets.formats.sample_databases import kdb, three


def test_raw_digests_come_out_whole(tmp_path: Path) -> None:
    """Bytes as Autopsy stores them; absent ones are absent. Digits as others store them."""
    sha256, sha1, md5 = map(bytes.fromhex, three("one"))
    rows = [(md5, sha1, sha256), (bytes.fromhex(three("two")[2]), None, None), (three("three")[2], None, None)]
    records = list(read_kdb(kdb(tmp_path / "set.kdb", rows)))
    found = [[digest.value for digest in record.entry.digests] for record in records if isinstance(record, Read)]
    assert found == [[md5, sha1, sha256], [rows[1][0]], [bytes.fromhex(three("three")[2])]]


def test_odd_values_are_counted_at_their_row(tmp_path: Path) -> None:
    """Another length, another type, nothing."""
    md5 = bytes.fromhex(three("one")[2])
    records = list(read_kdb(kdb(tmp_path / "set.kdb", [(b"short", None, None), (md5, 5, None), (None, None, None)])))
    rejects = [(record.position, record.code.value) for record in records if isinstance(record, Reject)]
    assert rejects == [(1, "wrong-length"), (2, "not-hex"), (3, "no-usable-value")]
    assert [record.position for record in records if isinstance(record, Read)] == [2]


def test_an_entry_keeps_its_key_when_the_database_is_made_anew(tmp_path: Path) -> None:
    """Row numbers change; values do not."""
    one, two = bytes.fromhex(three("one")[2]), bytes.fromhex(three("two")[2])
    keys = [
        {record.entry.key for record in read_kdb(path) if isinstance(record, Read)}
        for path in (
            kdb(tmp_path / "a", [(one, None, None), (two, None, None)]),
            kdb(tmp_path / "b", [(two, None, None), (one, None, None)]),
        )
    ]
    assert keys[0] == keys[1]
