"""Text of unknown encoding as UTF-8 chunks, and as lines of bounded length."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

LINE_MAX = 64 * 1024
READ_SIZE = 1 << 20

MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def utf8_chunks(stream: BinaryIO, size: int = READ_SIZE) -> Iterator[bytes]:
    """The stream in pieces of about `size` bytes, without its byte order mark, UTF-16 turned into UTF-8."""
    chunk = stream.read(size)
    mark, encoding = next((found for found in MARKS if chunk.startswith(found[0])), (b"", "utf-8"))
    chunk = chunk[len(mark) :]
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace") if encoding != "utf-8" else None
    while chunk:
        yield decoder.decode(chunk).encode(errors="replace") if decoder else chunk
        chunk = stream.read(size)


def read_lines(stream: BinaryIO, longest: int = LINE_MAX) -> Iterator[tuple[int, str | None]]:
    """Number (from 1) and text of each line, None for a line of more than `longest` bytes.

    A line that is no UTF-8 is read as ISO 8859-1, each for itself: sets are pasted together from many tools.
    """
    number = 1
    pending = b""
    overlong = False  # the beginning of the pending line has been let go
    for chunk in utf8_chunks(stream):
        *complete, pending = (pending + chunk).split(b"\n")
        for raw in complete:
            yield number, None if overlong or len(raw) > longest else _decode(raw)
            overlong = False
            number += 1
        if len(pending) > longest:
            overlong = True
            pending = b""
    if pending or overlong:
        yield number, None if overlong else _decode(pending)


def _decode(raw: bytes) -> str:
    raw = raw.removesuffix(b"\r")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("iso-8859-1")
