"""Every format of ours passes the shipped suite."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import pytest

from hashsets.conformance import NonConforming, check_format, spooled
from hashsets.formats.detect import FORMATS, Format, detect
from hashsets.formats.records import Read, Reject
from hashsets.formats.updates import Retracted, read_updates
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry
from tests.unit.hashsets.formats.sample_databases import encase, kdb, minimal

EMPTY = hashlib.md5(b"").hexdigest()
VALUES = [hashlib.md5(str(number).encode()).hexdigest() for number in range(5)]
SAMPLES = {
    "list": "\n".join([*VALUES, "pdq " + "0f" * 32, "bad", EMPTY]),
    "pdq-list": "\n".join(["0f" * 32, *VALUES, "bad", EMPTY]),
    "csv": "\n".join(["md5;category", *(f"{value};1" for value in VALUES), "bad;2", f"{EMPTY};3"]),
    "vics": json.dumps(
        {"value": [{"MediaID": at, "MD5": value} for at, value in enumerate([*VALUES, "bad", EMPTY])]}
    ),
    "nsrl-text": "\n".join(
        [
            '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"',
            *(f'"","{value}","0","n",1,1,"1",""' for value in [*VALUES, "bad", EMPTY]),
        ]
    ),
    "hashkeeper": "\n".join(
        ['"file_id","hashset_id","hash"', *(f"{at},1,{value}" for at, value in enumerate([*VALUES, "bad", EMPTY]))]
    ),
}


def sample(name: str, folder: Path) -> bytes:
    """A file of a format, with some digests, one bad value where it can be written, and the empty file's."""
    values = [*map(bytes.fromhex, VALUES), bytes.fromhex(EMPTY)]
    if name == "nsrl":
        return minimal(folder / "rds.db", [*"abc", ""]).read_bytes()
    if name == "kdb":
        return kdb(folder / "set.kdb", [(value, None, None) for value in [*values, b"bad"]]).read_bytes()
    return encase(*values) if name == "encase" else SAMPLES[name].encode()


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_a_format_passes_the_suite(known: Format, tmp_path: Path) -> None:
    """Deterministic, positions in order, byte order marks, and calm in the face of rubbish."""
    reader = known.read_stream or (known.read_path and spooled(known.read_path))
    assert reader, "a format has one reader"
    assert not (known.read_stream and known.read_path)
    check_format(reader, sample(known.name, tmp_path), is_text=known.name in SAMPLES)


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_a_format_is_told_by_its_content(known: Format, tmp_path: Path) -> None:
    """Whatever the file's name; only the bare values of a `pdq-list` cannot be told from SHA-256."""
    path = tmp_path / "a file"
    path.write_bytes(sample(known.name, tmp_path))
    assert detect(path.read_bytes(), path).name == {"pdq-list": "list"}.get(known.name, known.name)


def test_files_of_updates_pass_the_suite() -> None:
    """As a format whose entries are records and whose tombstones are none."""
    lines = [{"key": str(at), "md5": value} for at, value in enumerate([*VALUES, "bad", EMPTY])]
    sample = [{"format": "updates 1"}, *lines, {"key": "x", "retracted": True}, {"updates": len(lines) + 1}]

    def reader(stream: BinaryIO, columns: Mapping[str, str] | None) -> Iterator[Read | Reject]:
        del columns
        return (record for record in read_updates(stream).records if not isinstance(record, Retracted))

    check_format(reader, "".join(json.dumps(line) + "\n" for line in sample).encode())


def test_the_suite_catches_a_broken_format() -> None:
    """A reader that raises what it likes, and one that lets the empty file in."""

    def raises(stream: BinaryIO, columns: Mapping[str, str] | None) -> Iterator[Read | Reject]:
        del columns
        text = stream.read().decode()
        yield Read(1, Entry(text, opaque=(("a", "b"),)))

    def lets_in(stream: BinaryIO, columns: Mapping[str, str] | None) -> Iterator[Read | Reject]:
        del stream, columns
        yield Read(1, Entry("1", (Digest(DigestAlgorithm.MD5, bytes.fromhex(EMPTY)),)))

    for reader in (raises, lets_in):
        with pytest.raises(NonConforming):
            check_format(reader, io.BytesIO(b"a sample").getvalue())
