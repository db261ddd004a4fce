"""Every format of ours passes the shipped suite."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import pytest

from hashsets.conformance import NonConforming, check_format
from hashsets.formats.detect import FORMATS, format_named
from hashsets.formats.records import Read, Reject
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry

EMPTY = hashlib.md5(b"").hexdigest()
VALUES = [hashlib.md5(str(number).encode()).hexdigest() for number in range(5)]
SAMPLES = {
    "list": "\n".join([*VALUES, "pdq " + "0f" * 32, "bad", EMPTY]),
    "pdq-list": "\n".join(["0f" * 32, *VALUES, "bad", EMPTY]),
    "csv": "\n".join(["md5;category", *(f"{value};1" for value in VALUES), "bad;2", f"{EMPTY};3"]),
    "vics": json.dumps(
        {"value": [{"MediaID": at, "MD5": value} for at, value in enumerate([*VALUES, "bad", EMPTY])]}
    ),
}


@pytest.mark.parametrize("name", [known.name for known in FORMATS])
def test_a_format_passes_the_suite(name: str) -> None:
    """Deterministic, positions in order, byte order marks, and calm in the face of rubbish."""
    check_format(format_named(name).read, SAMPLES[name].encode())


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
