"""EnCase hash sets (`.hash`): a header of 1152 bytes, then records of an MD5 and two bytes that say nothing to us.

The header's name for the set and the records' two bytes are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from hashsets.errors import HashSetError
from hashsets.formats.records import Read, Reject, Values
from hashsets.vocabulary import DigestAlgorithm, Entry

MAGIC = b"HASH\r\n\xff\x00"
HEADER, RECORD = 1152, 18
RECORDS_AT_ONCE = 4096


def read_encase(stream: BinaryIO, columns: Mapping[str, str] | None = None) -> Iterator[Read | Reject]:
    """Read a hash set; positions count records. `columns` concerns other formats.

    Raises HashSetError when the header is not EnCase's, or the last record is cut: such a file has lost its end.
    """
    del columns
    header = _exactly(stream, HEADER)
    if len(header) < HEADER or not header.startswith(MAGIC):
        raise HashSetError("encase-broken", "the file is no EnCase hash set, or its header is cut short")
    position = 0
    while block := _exactly(stream, RECORD * RECORDS_AT_ONCE):
        for start in range(0, len(block), RECORD):
            record = block[start : start + RECORD]
            if len(record) < RECORD:
                raise HashSetError("encase-broken", f"the file is cut short after record {position}")
            position += 1
            values = Values(position)
            values.add("md5", record[: DigestAlgorithm.MD5.size].hex())
            yield from values.rejects
            if not values.is_empty:
                yield Read(position, Entry(values.derived_key(), tuple(values.digests)))


def _exactly(stream: BinaryIO, size: int) -> bytes:
    """The next `size` bytes; fewer at the end only."""
    parts: list[bytes] = []
    while size and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
