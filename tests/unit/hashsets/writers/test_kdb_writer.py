"""Autopsy databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from hashsets.vocabulary import Entry, Opinion

Write = Callable[..., Any]
Digests = Callable[[str], Any]


def rows(tmp_path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(tmp_path / "written")) as connection:
        return connection.execute(query).fetchall()


def test_digests_are_raw_bytes_in_the_schema_of_the_sleuth_kit(
    write: Write, digests: Digests, tmp_path: Path
) -> None:
    """Which looks for the property and the four tables, and compares blobs."""
    md5, sha1, sha256 = digests("one")
    _, tally = write("kdb", Entry("v-1", (md5, sha1, sha256)), Entry("v-2", digests("two")[:1]))
    assert rows(tmp_path, "SELECT md5, sha1, sha2_256 FROM hashes ORDER BY id") == [
        (md5.value, sha1.value, sha256.value),
        (digests("two")[0].value, None, None),
    ]
    assert rows(tmp_path, "SELECT name, value FROM db_properties") == [("Schema Version", "1")]
    names = {name for (name,) in rows(tmp_path, "SELECT name FROM sqlite_master")}
    assert {"hashes", "file_names", "comments", "db_properties", "md5_index"} <= names
    assert (tally.written, tally.lost) == (2, {})


def test_what_has_no_place_is_counted(write: Write, digests: Digests, tmp_path: Path) -> None:
    """Entries without MD5, an MD5 once more, PDQ, opinions, keys of a source."""
    entry = Entry("7", digests("one"), (bytes(32),), Opinion("us:1"), (("photodna", "QUJD"),))
    again = Entry("v-8", (digests("one")[0], digests("two")[0]))
    _, tally = write("kdb", entry, again, Entry("v-9", digests("three")[1:]))
    assert tally.lost == {"key": 1, "pdq": 1, "photodna": 1, "category": 1, "repeated-md5": 1, "entry": 1}
    assert rows(tmp_path, "SELECT COUNT(*) FROM hashes") == [(2,)]
