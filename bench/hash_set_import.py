"""Importing hash sets: from a file to a sealed release that has opened and found its own members.

Each file is read in two processes, ours and a peer's, whose wall time, CPU time and peak memory are counted from
outside. There is no other library that makes a release, so the peer does the least that any importer must: it parses
the file with the usual parser, checks that digests are hexadecimal, and puts them into an indexed SQLite table. It
keeps no opinions, checks nothing else, probes and seals nothing. Start-up and the compiling of kernels are measured
before and taken off ours; the peer's start-up is negligible. Making the files is outside the measured time.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import ijson

from bench.figures import Figure, arguments, report
from bench.processes import Usage, run_counted
from hashsets.library import Library
from hashsets.vocabulary import SetKind

PEER = "parser and one SQLite table"
GOAL = "at least 20,000"
FORMATS = ("vics", "csv", "list", "nsrl")


def main() -> None:
    """Measure and print; with `--import` or `--peer`, be the process that is measured."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--import", dest="ours", nargs=2, metavar=("FORMAT", "FILE"), help=argparse.SUPPRESS)
    parser.add_argument("--peer", nargs=2, metavar=("FORMAT", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        import_ours(options.ours[0], Path(options.ours[1]))
        return
    if options.peer:
        import_peer(options.peer[0], Path(options.peer[1]))
        return
    count = 50_000 if options.quick else 1_000_000
    figures = [figure for name in FORMATS for figure in measured(name, count)]
    report("hash_set_import", figures, as_json=options.json)


def measured(name: str, count: int) -> list[Figure]:
    """Entries a second and peak memory of one format, ours and the peer's."""
    with tempfile.TemporaryDirectory(prefix="bench-import-") as place:
        small, whole = Path(place, "small"), Path(place, "set")
        WRITERS[name](small, 10)
        WRITERS[name](whole, count)
        _run("--import", name, small)  # compiles what is not compiled yet
        start_up = _run("--import", name, small)
        ours, peer = _run("--import", name, whole), _run("--peer", name, whole)
    row = f"{name}, {count:,} entries"
    return [
        Figure(f"{row}: wall", count / (ours.wall - start_up.wall), "entries per s", PEER, count / peer.wall, GOAL),
        Figure(f"{row}: CPU", count / (ours.cpu - start_up.cpu), "entries per s", PEER, count / peer.cpu),
        Figure(f"{row}: start-up, taken off", start_up.wall, "s"),
        Figure(f"{row}: peak memory", ours.peak_mb, "MB", PEER, peer.peak_mb),
    ]


def _run(role: str, name: str, path: Path) -> Usage:
    return run_counted([sys.executable, "-m", "bench.hash_set_import", role, name, str(path)])


def import_ours(name: str, path: Path) -> None:
    """The whole way of `triage hashsets import`, without a deployment."""
    with tempfile.TemporaryDirectory(prefix="bench-import-", dir=path.parent) as root:
        Library.open(Path(root)).import_file(path, name="bench", kind=SetKind.KNOWN, format=name)


def import_peer(name: str, path: Path) -> None:
    """The least that an importer must do."""
    with tempfile.TemporaryDirectory(prefix="bench-import-", dir=path.parent) as root:
        connection = sqlite3.connect(Path(root, "set.sqlite"))
        connection.execute("CREATE TABLE digest (value BLOB, entry INTEGER)")
        connection.executemany("INSERT INTO digest VALUES (?, ?)", PEERS[name](path))
        connection.execute("CREATE INDEX by_value ON digest (value)")
        connection.commit()
        connection.close()


Values = Iterator[tuple[bytes, int]]


def _peer_vics(path: Path) -> Values:
    with path.open("rb") as file:
        for number, record in enumerate(ijson.items(file, "value.item")):
            for field in ("MD5", "SHA1"):
                yield bytes.fromhex(record[field]), number


def _peer_csv(path: Path) -> Values:
    with path.open(newline="") as file:
        for number, row in enumerate(csv.DictReader(file, delimiter=";")):
            for field in ("MD5", "SHA1"):
                yield bytes.fromhex(row[field]), number


def _peer_list(path: Path) -> Values:
    with path.open() as file:
        for number, line in enumerate(file):
            yield bytes.fromhex(line.strip()), number


def _peer_nsrl(path: Path) -> Values:
    database = sqlite3.connect(path)
    for number, row in enumerate(database.execute("SELECT DISTINCT sha256, sha1, md5 FROM FILE")):
        for value in row:
            yield bytes.fromhex(value), number


PEERS: dict[str, Callable[[Path], Values]] = {
    "vics": _peer_vics,
    "csv": _peer_csv,
    "list": _peer_list,
    "nsrl": _peer_nsrl,
}


def write_vics(path: Path, count: int) -> None:
    """A VICS 2.0 hash set with the fields that exporters write."""
    with path.open("w") as file:
        file.write('{"@odata.context":"x/DataModels/2.0.xml/US/$metadata#Media","value":[')
        for number in range(count):
            value = hashlib.sha1(str(number).encode()).hexdigest()
            record = {
                "MediaID": number,
                "Category": number % 5,
                "MD5": value[:32].upper(),
                "SHA1": value.upper(),
                "MediaSize": 1000 + number,
                "VictimIdentified": False,
                "IsDistributed": "true",
                "Series": f"synthetic {number % 1000}",
                "Tags": "synthetic,bench",
                "Exifs": [{"MD5": value[:32], "PropertyName": "Make", "PropertyValue": "SynthCam"}],
                "MediaFiles": [{"MD5": value[:32], "FileName": "IMG_0001.JPG", "FilePath": "EXH-001\\DCIM"}],
            }
            file.write(("," if number else "") + json.dumps(record))
        file.write("]}")


def write_csv(path: Path, count: int) -> None:
    """An ICSE table."""
    with path.open("w") as file:
        file.write("MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;Series name;")
        file.write("Number of submissions;File Available;Media Type;Baseline\n")
        for number in range(count):
            value = hashlib.sha1(str(number).encode()).hexdigest()
            file.write(f"{value[:32]};{value};;{number};Yes;No;;synthetic {number % 1000};3;Yes;Image;Yes\n")


def write_list(path: Path, count: int) -> None:
    """Bare MD5 values."""
    with path.open("w") as file:
        file.writelines(f"{hashlib.md5(str(number).encode()).hexdigest()}\n" for number in range(count))


def write_nsrl(path: Path, count: int) -> None:
    """The minimal edition of RDS version 3; every second file is in two packages."""
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE FILE (sha256 VARCHAR NOT NULL, sha1 VARCHAR NOT NULL, md5 VARCHAR NOT NULL,"
        " crc32 VARCHAR NOT NULL, file_name VARCHAR NOT NULL, file_size INTEGER NOT NULL,"
        " package_id INTEGER NOT NULL,"
        " CONSTRAINT PK_FILE__FILE PRIMARY KEY (sha256, sha1, md5, crc32, file_name, file_size, package_id))"
    )
    rows = (_nsrl_row(number, package) for number in range(count) for package in range(1 + number % 2))
    connection.executemany("INSERT INTO FILE VALUES (?, ?, ?, '00000000', 'n.dll', 1, ?)", rows)
    connection.commit()
    connection.close()


def _nsrl_row(number: int, package: int) -> tuple[str, str, str, int]:
    text = str(number).encode()
    return (
        hashlib.sha256(text).hexdigest().upper(),
        hashlib.sha1(text).hexdigest().upper(),
        hashlib.md5(text).hexdigest().upper(),
        package,
    )


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "vics": write_vics,
    "csv": write_csv,
    "list": write_list,
    "nsrl": write_nsrl,
}


if __name__ == "__main__":
    main()
