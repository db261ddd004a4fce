"""ZIP → members, by its central directory.

Our own reader, because the standard one gives up a whole archive for one name in bad UTF-8, reads the whole directory
before any limit can act, and does not see members that overlap.

Layout: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5. Members are met in the order of their bytes, so that a member
whose bytes lie inside another (a bomb that quotes itself) is seen.
"""

from __future__ import annotations

import bz2
import io
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from triage.chamber.checks import MAX_CLAIM
from triage.chamber.decoders.budget import Budget, MemberBroken, Sink, send_member
from triage.chamber.protocol import MAX_DATA
from triage.domain.findings import NoteCode

_END = struct.Struct("<4s4H2IH")
_END64_LOCATOR = struct.Struct("<4sIQI")
_END64 = struct.Struct("<4sQ2H2I4Q")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_MOST_COMMENT = 65535
_FULL_32 = 0xFFFFFFFF
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_UNIX = 3
_STORED, _DEFLATED, _BZIP2 = 0, 8, 12
_PIECE = 64 << 10
_COUNTED = 1 << 16
"""What the end record's count of entries is told by; writers without ZIP64 let it run over."""


class NotAZip(Exception):
    """No end record, or none that fits the file."""


@dataclass(frozen=True, slots=True)
class _Entry:
    offset: int
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    mtime: int | None
    is_link: bool


def expand(file: io.BufferedReader, size: int, budget: Budget, sink: Sink, max_members: int) -> None:
    """Send every regular file. Raises NotAZip, and what `send_member` raises."""
    entries = sorted(_entries(file, size, budget, max_members), key=lambda entry: entry.offset)
    free_from = 0
    for entry in entries:
        if entry.name.endswith(b"/") and not entry.size:
            continue
        if entry.is_link:
            budget.note(NoteCode.LINK_NOT_FOLLOWED)
        elif entry.flags & _ENCRYPTED:
            budget.note(NoteCode.ARCHIVE_ENCRYPTED)
        elif entry.offset < free_from:
            budget.note(NoteCode.MEMBER_UNREADABLE, "overlap")
        else:
            data_at = _data_at(file, entry.offset)
            if data_at is None or data_at + entry.packed > size:
                budget.note(NoteCode.MEMBER_UNREADABLE, "outside")
                continue
            free_from = data_at + entry.packed
            pieces = _content(file, entry, data_at)
            send_member(sink, budget, entry.name, entry.size, entry.mtime, pieces)


def _entries(file: io.BufferedReader, size: int, budget: Budget, max_members: int) -> Iterator[_Entry]:
    """Up to one more than may be expanded: the one too many is what the budget notes."""
    at, length, shift, claimed = _directory(file, size)
    end = at + length
    met = 0
    for met in range(max_members + 1):  # noqa: B007 -- how many entries came before the one that ends it
        file.seek(at)
        head = file.read(_ENTRY.size)
        if at + _ENTRY.size > end or len(head) < _ENTRY.size or not head.startswith(b"PK\x01\x02"):
            break
        (_, made_by, _, flags, method, _, _, crc, packed, unpacked, name_length, extra_length, comment_length, _, _,
         attributes, offset) = _ENTRY.unpack(head)  # fmt: skip
        name = file.read(name_length)
        extra = dict(_extras(file.read(extra_length)))
        unpacked, packed, offset = _wide(extra.get(1, b""), unpacked, packed, offset)
        mode = attributes >> 16 if made_by >> 8 == _UNIX else 0
        yield _Entry(
            offset + shift, name, flags, method, crc, packed, min(unpacked, MAX_CLAIM),
            _mtime(extra.get(0x5455, b"")), stat.S_ISLNK(mode),
        )  # fmt: skip
        at += _ENTRY.size + name_length + extra_length + comment_length
    else:
        return
    if met % _COUNTED != claimed % _COUNTED:
        budget.note(NoteCode.ARCHIVE_UNREADABLE, "directory is damaged")


def _directory(file: io.BufferedReader, size: int) -> tuple[int, int, int, int]:
    """The central directory's place, length, by how much all offsets are off (something before it), entries."""
    tail_at = max(0, size - _MOST_COMMENT - _END.size - _END64_LOCATOR.size - _END64.size)
    file.seek(tail_at)
    tail = file.read(size - tail_at)
    found = tail.rfind(b"PK\x05\x06")
    while found >= 0:
        if found + _END.size <= len(tail):
            place = _directory_at(tail, found, tail_at)
            if place is not None:
                return place
        found = tail.rfind(b"PK\x05\x06", 0, found)
    raise NotAZip


def _directory_at(tail: bytes, found: int, tail_at: int) -> tuple[int, int, int, int] | None:
    *_, entries, length, at, _ = _END.unpack_from(tail, found)
    directory_end = tail_at + found
    locator = found - _END64_LOCATOR.size
    if locator >= 0 and tail.startswith(b"PK\x06\x07", locator):
        record = tail.rfind(b"PK\x06\x06", 0, locator)
        if record < 0 or record + _END64.size > len(tail):
            return None
        *_, entries, length, at = _END64.unpack_from(tail, record)
        directory_end = tail_at + record
    shift = directory_end - length - at
    if shift < 0 or at + shift < 0:
        return None
    return at + shift, length, shift, entries


def _extras(extra: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        yield kind, extra[position + 4 : position + 4 + length]
        position += 4 + length


def _wide(extra: bytes, *values: int) -> tuple[int, ...]:
    """ZIP64: each value that is full in the entry stands in the extra field instead, in this order."""
    wide = iter(struct.unpack(f"<{len(extra) // 8}Q", extra[: len(extra) // 8 * 8]))
    return tuple(next(wide, value) if value == _FULL_32 else value for value in values)


def _mtime(extra: bytes) -> int | None:
    """Only the extended timestamp is UTC; the DOS time is the wall clock of an unknown place and is left out."""
    if len(extra) < 5 or not extra[0] & 1:
        return None
    (seconds,) = struct.unpack_from("<i", extra, 1)
    return seconds if seconds >= 0 else None


def _data_at(file: io.BufferedReader, offset: int) -> int | None:
    file.seek(offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
        return None
    *_, name_length, extra_length = _LOCAL.unpack(head)
    return offset + _LOCAL.size + int(name_length) + int(extra_length)


def _content(file: io.BufferedReader, entry: _Entry, data_at: int) -> Iterator[bytes]:
    """The member's bytes in pieces; raises MemberBroken when they are not what the directory says."""
    crc = total = 0
    file.seek(data_at)
    for piece in _unpacked(_pieces(file, entry.packed), entry.method):
        crc = zlib.crc32(piece, crc)
        total += len(piece)
        yield piece
    if crc != entry.crc or total != entry.size:
        raise MemberBroken(NoteCode.MEMBER_UNREADABLE, "checksum" if total == entry.size else "length")


def _pieces(file: io.BufferedReader, length: int) -> Iterator[bytes]:
    while length:
        piece = file.read(min(length, _PIECE))
        if not piece:
            raise MemberBroken(NoteCode.MEMBER_UNREADABLE, "ends early")
        length -= len(piece)
        yield piece


def _unpacked(pieces: Iterator[bytes], method: int) -> Iterator[bytes]:
    if method == _STORED:
        yield from pieces
    elif method == _DEFLATED:
        yield from _inflated(pieces)
    elif method == _BZIP2:
        yield from _bunzipped(pieces)
    else:
        raise MemberBroken(NoteCode.MEMBER_UNREADABLE, f"method {method}")


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for piece in pieces:
        rest = piece
        while rest and not inflater.eof:
            if out := inflater.decompress(rest, MAX_DATA):
                yield out
            rest = inflater.unconsumed_tail
    while out := inflater.decompress(b"", MAX_DATA):
        yield out


def _bunzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    expander = bz2.BZ2Decompressor()
    for piece in pieces:
        rest = piece
        while not expander.eof and (rest or not expander.needs_input):
            if out := expander.decompress(rest, MAX_DATA):
                yield out
            rest = b""
