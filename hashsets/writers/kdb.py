"""Autopsy and The Sleuth Kit hash databases (`.kdb`), in the schema that they make themselves.

They look files up by MD5 alone, and an MD5 stands in a database once: an entry without one is left out, and of
several that list the same one only the first is written (`repeated-md5` counts the others).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from hashsets.vocabulary import DigestAlgorithm, Entry
from hashsets.writers.seam import Outline, Tally

SCHEMA = """
CREATE TABLE db_properties (name TEXT NOT NULL, value TEXT);
INSERT INTO db_properties VALUES ('Schema Version', '1');
CREATE TABLE hashes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, md5 BINARY(16) UNIQUE, sha1 BINARY(20), sha2_256 BINARY(32)
);
CREATE TABLE file_names (name TEXT NOT NULL, hash_id INTEGER NOT NULL, PRIMARY KEY (name, hash_id));
CREATE TABLE comments (comment TEXT NOT NULL, hash_id INTEGER NOT NULL, PRIMARY KEY (comment, hash_id));
CREATE INDEX md5_index ON hashes (md5);
"""
INSERT = "INSERT OR IGNORE INTO hashes (md5, sha1, sha2_256) VALUES (?, ?, ?)"
AT_ONCE = 2000

Row = tuple[bytes, bytes | None, bytes | None]


def write_kdb(entries: Iterable[Entry], path: Path, outline: Outline) -> Tally:
    """Write a new database; `outline` concerns other formats."""
    del outline
    tally = Tally()
    rows = _rows(entries, tally)
    path.open("xb").close()
    with closing(sqlite3.connect(path.absolute().as_uri(), isolation_level=None, uri=True)) as connection:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "page_size=4096"):  # of no use until it is whole
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(SCHEMA)
        connection.execute("BEGIN")
        while batch := list(islice(rows, AT_ONCE)):
            if repeated := len(batch) - connection.executemany(INSERT, batch).rowcount:
                tally.lost["repeated-md5"] += repeated
        connection.execute("COMMIT")
    return tally


def _rows(entries: Iterable[Entry], tally: Tally) -> Iterator[Row]:
    """A row for each MD5 of each entry; other digests stand beside the first."""
    for entry in entries:
        md5, sha1, sha256 = (
            [digest.value for digest in entry.digests if digest.algorithm is algorithm]
            for algorithm in DigestAlgorithm
        )
        if not md5:
            tally.lose_entry()
            continue
        tally.written += 1
        tally.lose_values(entry, DigestAlgorithm)
        tally.lost.update(["sha1"] * (len(sha1) - 1) + ["sha256"] * (len(sha256) - 1))
        tally.lose_opinion(entry.opinion)
        tally.lose_key(entry.key)
        yield md5[0], next(iter(sha1), None), next(iter(sha256), None)
        for further in md5[1:]:
            yield further, None, None
