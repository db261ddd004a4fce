"""The seams of hash-set files: every format, updates, NSRL's deltas, and telling formats apart."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from fuzz.target import Seeds, Target, require
from hashsets.errors import HashSetError
from hashsets.formats.detect import FORMATS, Format, detect
from hashsets.formats.nsrl_delta import read_nsrl_delta
from hashsets.formats.records import OPAQUE_MAX, TEXT_MAX, Read, Reject
from hashsets.formats.updates import Retracted, read_updates
from hashsets.vocabulary import Entry

LONGEST = 16 << 10
EMPTY = {hashlib.new(name, b"").digest() for name in ("md5", "sha1", "sha256")}
MD5 = [hashlib.md5(bytes([n]), usedforsecurity=False).hexdigest() for n in range(4)]
SHA1 = [hashlib.sha1(bytes([n]), usedforsecurity=False).hexdigest() for n in range(4)]
PDQ = "0f" * 32


def sound(entry: Entry) -> None:
    """What every reader promises of an entry."""
    require(holds=bool(entry.key), promise="an entry has a key")
    require(holds=bool(entry.digests or entry.fingerprints or entry.opaque), promise="an entry has a value")
    require(holds=not EMPTY & {digest.value for digest in entry.digests}, promise="never the empty file's digests")
    require(holds=all(len(d.value) == d.algorithm.size for d in entry.digests), promise="digests have their length")
    require(holds=all(len(text) <= OPAQUE_MAX for _, text in entry.opaque), promise="kept values are bounded")
    opinion = entry.opinion
    texts = [opinion.category, opinion.series, *opinion.tags]
    require(holds=all(text is None or len(text) <= TEXT_MAX for text in texts), promise="texts are bounded")
    entry.key.encode()  # a database takes it


def counted(records: Iterator[Read | Reject | Retracted]) -> None:
    """Positions count from 1 and never go back; entries are sound."""
    before = 1
    for record in records:
        require(holds=record.position >= before, promise="positions never go back")
        before = record.position
        if isinstance(record, Read):
            sound(record.entry)


def read_as(known: Format) -> Callable[[bytes], None]:
    """One format's reader."""

    def check(data: bytes) -> None:
        with tempfile.NamedTemporaryFile() as file, contextlib.suppress(HashSetError):
            file.write(data)
            file.flush()
            file.seek(0)
            counted(known.read(file, Path(file.name), None))  # type: ignore[arg-type]  # typeshed's wrapper

    return check


def _updates(data: bytes) -> None:
    with contextlib.suppress(HashSetError):
        counted(read_updates(io.BytesIO(data)).records)


def _detect(data: bytes) -> None:
    with contextlib.suppress(HashSetError):
        require(holds=detect(data) in FORMATS, promise="a format that we have")


def _delta(data: bytes) -> None:
    keys = set()
    with contextlib.suppress(HashSetError):
        for found in read_nsrl_delta([io.BytesIO(data)], _nsrl()):
            if isinstance(found, Reject):
                continue
            key, entry = found
            require(holds=key not in keys, promise="each key once")
            keys.add(key)
            if entry is not None:
                sound(entry)


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="fuzz-")


@functools.cache
def _nsrl() -> Path:
    path = Path(_folder().name) / "rds.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE FILE (sha256 TEXT, sha1 TEXT, md5 TEXT, file_name TEXT, file_size INTEGER)")
        connection.executemany("INSERT INTO FILE VALUES ('', ?, ?, 'n', 1)", zip(SHA1, MD5, strict=True))
        connection.commit()
    return path


@functools.cache
def _kdb() -> Path:
    path = Path(_folder().name) / "set.kdb"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE hashes (id INTEGER PRIMARY KEY, md5 BINARY(16) UNIQUE, sha1, sha2_256)")
        connection.execute("CREATE TABLE properties (name TEXT, value TEXT)")
        connection.executemany("INSERT INTO hashes (md5) VALUES (?)", [(bytes.fromhex(value),) for value in MD5])
        connection.commit()
    return path


def _encase() -> bytes:
    return b"HASH\r\n\xff\0" + bytes(1144) + b"".join(bytes.fromhex(value) + b"\0\0" for value in MD5)


VICS = {"MediaID": 7, "MD5": MD5[0], "SHA1": SHA1[0], "Category": 1, "Series": "Blue", "Tags": "a,b", "Exifs": [{}],
        "VictimIdentified": True, "AlternativeHashes": [{"HashName": "PhotoDNA", "HashValue": "AA=="}]}  # fmt: skip
NSRL = '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"\n'
SAMPLES: dict[str, Seeds] = {
    "list": lambda: ["\n".join([*MD5, f"pdq {PDQ}", "# remark", "bad"]).encode(), b"\xef\xbb\xbf" + MD5[0].encode()],
    "pdq-list": lambda: [f"{PDQ}\n{PDQ}\n".encode()],
    "csv": lambda: [f'md5;category;"tags"\n{MD5[0]};1;"a;b"\n'.encode(), f"sha1,pdq\n{SHA1[0]},{PDQ}\n".encode()],
    "vics": lambda: [json.dumps({"@odata.context": "x/2.0.xml/US/$metadata#Media", "value": [VICS, VICS]}).encode()],
    "nsrl": lambda: [_nsrl().read_bytes()],
    "nsrl-text": lambda: [(NSRL + f'"{SHA1[0]}","{MD5[0]}","0","n",1,1,"1",""\n').encode()],
    "hashkeeper": lambda: [f'"file_id","hashset_id","hash"\n1,1,"{MD5[0]}"\n'.encode()],
    "encase": lambda: [_encase()],
    "kdb": lambda: [_kdb().read_bytes()],
}


def _updates_seeds() -> Iterator[bytes]:
    record = {"key": "17", "md5": [MD5[0]], "pdq": PDQ, "other": {"x": "y"}, "tags": ["a"], "distributed": False}
    lines = [{"format": "updates 1", "checkpoint": "c"}, record, {"key": "18", "retracted": True}, {"updates": 2}]
    yield "".join(json.dumps(line) + "\n" for line in lines).encode()


def _delta_seeds() -> Iterator[bytes]:
    columns = "sha256,sha1,md5,file_name,file_size"
    for script in (
        f"INSERT INTO FILE({columns}) VALUES('','{SHA1[0]}','{MD5[1]}','it''s',2);",
        f"BEGIN TRANSACTION; DELETE FROM FILE WHERE sha1='{SHA1[1]}' AND md5='{MD5[1]}'; COMMIT;",  # noqa: S608
        f"UPDATE FILE SET file_name='o', md5='{MD5[3]}' WHERE sha1='{SHA1[2]}'; -- done\n/* x */",  # noqa: S608
    ):
        yield script.encode()


_PROMISE = "entries and rejects in order, sound and bounded, or HashSetError"
TARGETS = (
    *(Target(f"set-{known.name}", _PROMISE, read_as(known), SAMPLES[known.name], LONGEST) for known in FORMATS),
    Target("set-updates", _PROMISE, _updates, _updates_seeds, LONGEST),
    Target("set-nsrl-delta", "each key once, entries sound, or HashSetError", _delta, _delta_seeds, LONGEST),
    Target(
        "set-detect", "a format or HashSetError", _detect, lambda: [s for f in SAMPLES.values() for s in f()], LONGEST
    ),
)
