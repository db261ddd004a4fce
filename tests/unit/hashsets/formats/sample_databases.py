"""Databases in the shapes that the field publishes, with made-up values."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

MINIMAL = """
CREATE TABLE FILE (
 sha256 VARCHAR NOT NULL, sha1 VARCHAR NOT NULL, md5 VARCHAR NOT NULL, crc32 VARCHAR NOT NULL,
 file_name VARCHAR NOT NULL, file_size INTEGER NOT NULL, package_id INTEGER NOT NULL,
 CONSTRAINT PK_FILE__FILE PRIMARY KEY (sha256, sha1, md5, crc32, file_name, file_size, package_id)
);
CREATE TABLE PKG (package_id INTEGER NOT NULL, name VARCHAR NOT NULL, version VARCHAR NOT NULL);
CREATE VIEW DISTINCT_HASH AS SELECT DISTINCT sha256, sha1, md5, crc32 FROM FILE;
"""
FULL = """
CREATE TABLE METADATA (
 metadata_id INTEGER PRIMARY KEY, object_id INTEGER, key_hash VARCHAR, path VARCHAR, file_name VARCHAR,
 extension VARCHAR, bytes INTEGER, crc32 VARCHAR, md5 VARCHAR, sha1 VARCHAR, sha256 VARCHAR
);
CREATE TABLE PACKAGE_OBJECT (package_id INTEGER, object_id INTEGER);
CREATE VIEW FILE AS SELECT METADATA.sha256, METADATA.sha1, METADATA.md5, METADATA.file_name, PACKAGE_OBJECT.package_id
 FROM METADATA JOIN PACKAGE_OBJECT ON METADATA.object_id = PACKAGE_OBJECT.object_id;
"""
KDB = """
CREATE TABLE db_properties (name TEXT NOT NULL, value TEXT);
CREATE TABLE hashes (
 id INTEGER PRIMARY KEY AUTOINCREMENT, md5 BINARY(16) UNIQUE, sha1 BINARY(20), sha2_256 BINARY(32)
);
CREATE TABLE file_names (name TEXT NOT NULL, hash_id INTEGER NOT NULL, PRIMARY KEY(name, hash_id));
CREATE TABLE comments (comment TEXT NOT NULL, hash_id INTEGER NOT NULL, PRIMARY KEY(comment, hash_id));
CREATE INDEX md5_index ON hashes(md5);
INSERT INTO db_properties VALUES ('Schema Version', '1');
"""


def three(word: str) -> tuple[str, str, str]:
    """SHA-256, SHA-1 and MD5 of a word, as NSRL writes them."""
    data = word.encode()
    return (
        hashlib.sha256(data).hexdigest().upper(),
        hashlib.sha1(data).hexdigest().upper(),
        hashlib.md5(data).hexdigest().upper(),
    )


def database(path: Path, script: str) -> Path:
    """Any database."""
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.commit()
    connection.close()
    return path


def minimal(path: Path, words: Sequence[str], packages: int = 1) -> Path:
    """The minimal edition of RDS v3; each file in so many packages."""
    database(path, MINIMAL)
    connection = sqlite3.connect(path)
    rows = [(*three(word), "0", word, 1, package) for package in range(packages) for word in words]
    connection.executemany("INSERT INTO FILE VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return path


def full(path: Path, words: Sequence[str]) -> Path:
    """The full edition of RDS v3."""
    database(path, FULL)
    connection = sqlite3.connect(path)
    for number, word in enumerate(words):
        sha256, sha1, md5 = three(word)
        connection.execute(
            "INSERT INTO METADATA VALUES (?, ?, 'k', '/', ?, '', 1, '0', ?, ?, ?)",
            (number, number, word, md5, sha1, sha256),
        )
        connection.executemany("INSERT INTO PACKAGE_OBJECT VALUES (?, ?)", [(1, number), (2, number)])
    connection.commit()
    connection.close()
    return path


def kdb(path: Path, rows: Sequence[tuple[object, object, object]]) -> Path:
    """An Autopsy database of (md5, sha1, sha256) as they are to be stored."""
    database(path, KDB)
    connection = sqlite3.connect(path)
    connection.executemany("INSERT INTO hashes (md5, sha1, sha2_256) VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return path


def encase(*records: bytes) -> bytes:
    """An EnCase hash set of MD5 values."""
    header = b"HASH\r\n\xff\x00".ljust(1032, b"\x00") + "Made up".encode("utf-16-le")
    return header.ljust(1152, b"\x00") + b"".join(record + b"\x01\x00" for record in records)
