"""NSRL's reference data sets, versions 3 and 2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hashsets.errors import HashSetError
from hashsets.formats.nsrl import read_nsrl
from hashsets.formats.nsrl_text import read_nsrl_text
from hashsets.formats.records import Read, Reject
from hashsets.vocabulary import DigestAlgorithm, Entry
from tests.unit.hashsets.formats.sample_databases import MINIMAL, database, full, minimal, three

ReadAll = Callable[..., Any]
NEW_ORDER = '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"\n'
OLD_ORDER = '"SHA-1","FileName","FileSize","ProductCode","OpSystemCode","MD4","MD5","CRC32","SpecialCode"\n'


def entries(path: Path) -> list[Entry]:
    return [record.entry for record in read_nsrl(path) if isinstance(record, Read)]


def values(entry: Entry) -> set[str]:
    return {digest.value.hex().upper() for digest in entry.digests}


@pytest.mark.parametrize("edition", [minimal, full])
def test_both_editions_give_all_three_digests(edition: Callable[..., Path], tmp_path: Path) -> None:
    """From a table: FILE in the minimal edition, METADATA in the full one, where FILE is a view."""
    found = entries(edition(tmp_path / "rds.db", ["one", "two"]))
    assert sorted(map(sorted, map(values, found))) == sorted(sorted(three(word)) for word in ("one", "two"))
    assert {digest.algorithm for digest in found[0].digests} == set(DigestAlgorithm)


def test_a_file_of_many_packages_is_one_record(tmp_path: Path) -> None:
    """The minimal edition lists a file six times on average; its own key brings the six together."""
    records = list(read_nsrl(minimal(tmp_path / "rds.db", ["one", "two", "three"], packages=6)))
    assert [(record.position - 1) % 6 for record in records] == [0, 0, 0]
    assert all(isinstance(record, Read) for record in records)


def test_odd_values_are_counted_at_their_row(tmp_path: Path) -> None:
    """No hexadecimal digits, another type, the empty file, nothing at all."""
    sha256, sha1, md5 = (f"'{value}'" for value in three("one"))
    empty = ", ".join(f"'{value}'" for value in three(""))
    rows = [f"'zz', {sha1}, {md5}", f"{sha256}, x'07', {md5}", empty, "'', '', ''"]
    script = MINIMAL + "".join(f"INSERT INTO FILE VALUES ({row}, '0', 'n', 1, 1);" for row in rows)
    records = list(read_nsrl(database(tmp_path / "rds.db", script)))
    codes = sorted(record.code.value for record in records if isinstance(record, Reject))
    assert codes == ["empty-file-digest"] * 3 + ["no-usable-value", "not-hex", "not-hex"]
    assert sum(isinstance(record, Read) for record in records) == 2


def test_a_database_without_such_a_table_is_refused(tmp_path: Path) -> None:
    """A view alone is not read: it may hide anything."""
    script = "CREATE TABLE t (x); CREATE VIEW FILE AS SELECT x AS md5, x AS sha1, x AS sha256 FROM t;"
    with pytest.raises(HashSetError) as caught:
        entries(database(tmp_path / "rds.db", script))
    assert caught.value.code == "sqlite-table-missing"


def test_the_older_text_in_both_orders_of_its_columns(read_all: ReadAll) -> None:
    """ISO 8859-1 names are passed over, MD4 is not taken for MD5."""
    _, sha1, md5 = three("one")
    new = f'{NEW_ORDER}"{sha1}","{md5}","00000000","caf\xe9 ""x"".txt",9,1,"362",""\n'.encode("iso-8859-1")
    old = f'{OLD_ORDER}"{sha1}","n.txt",9,1,"362","{md5[::-1]}","{md5}","00000000",""\n'
    for content in (new, old):
        reading = read_all(read_nsrl_text, content)
        (entry,) = reading.entries
        assert (values(entry), entry.opinion.tags, reading.rejects) == ({sha1, md5}, (), [])


def test_a_special_code_becomes_a_tag(read_all: ReadAll) -> None:
    """`M` marks malicious software: known, and not good."""
    _, sha1, md5 = three("one")
    (entry,) = read_all(read_nsrl_text, f'{NEW_ORDER}"{sha1}","{md5}","0","n",9,1,"362","M"\n').entries
    assert entry.opinion.tags == ("nsrl-special:M",)
