"""A stream of JSON that cannot exhaust the machine, whatever parser reads it.

Parsers that build objects keep what is open: nesting without end, or one string of a gigabyte, would fill the
memory. The guard passes bytes on unchanged but for their encoding, and raises once nesting or a single record grows
beyond any honest file. Bytes that are no UTF-8 become U+FFFD, so that one bad comment spoils nothing else.
"""

from __future__ import annotations

import codecs
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from hashsets.compiling import exact_kernel
from hashsets.errors import HashSetError
from hashsets.formats.lines import utf8_chunks

DEPTH_MAX = 32
RECORD_MAX = 16 << 20
"""Bytes of one record, or between two records. Honest records have some kilobytes."""

QUOTE, BACKSLASH = ord('"'), ord("\\")
OPEN, CLOSE = ord("{"), ord("}")
LOWER = 0x20  # turns [ into { and ] into }, and nothing else into either


@exact_kernel
def follow(chunk: npt.NDArray[np.uint8], record_depth: int, state: npt.NDArray[np.int64]) -> None:
    """Update `state`: in a string, after a backslash, depth, deepest, bytes since a record ended, most of those."""
    in_string, escaped, depth, deepest, run, longest = state
    for byte in chunk:
        run += 1
        longest = max(longest, run)
        if in_string:
            if escaped:
                escaped = 0
            elif byte == BACKSLASH:
                escaped = 1
            elif byte == QUOTE:
                in_string = 0
        elif byte == QUOTE:
            in_string = 1
        elif byte | LOWER == OPEN:
            depth += 1
            deepest = max(deepest, depth)
        elif byte | LOWER == CLOSE:
            depth -= 1
            if depth < record_depth:
                run = 0
    state[:] = (in_string, escaped, depth, deepest, run, longest)


class GuardedJson:
    """A readable stream of UTF-8 JSON over a stream of unknown encoding.

    Records are what lies `record_depth` brackets deep. `read` raises HashSetError `json-too-deep` or
    `json-record-too-long`.
    """

    def __init__(self, stream: BinaryIO, record_depth: int = 3) -> None:
        self.record_depth = record_depth
        self._chunks = utf8_chunks(stream, 1 << 16)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._state = np.zeros(6, np.int64)
        self._ahead = b""

    def peek(self, size: int) -> bytes:
        """The first `size` bytes or a little more, still to be read."""
        while len(self._ahead) < size and (chunk := self._next()):
            self._ahead += chunk
        return self._ahead

    def read(self, size: int = -1) -> bytes:
        """The next piece, of whatever length suits; empty at the end, and for a parser that asks for 0 bytes."""
        if size == 0:
            return b""
        piece, self._ahead = self._ahead or self._next(), b""
        follow(np.frombuffer(piece, np.uint8), self.record_depth, self._state)
        _, _, _, deepest, _, longest = self._state.tolist()
        if deepest > DEPTH_MAX:
            raise HashSetError("json-too-deep", f"the document is nested deeper than {DEPTH_MAX} levels")
        if longest > RECORD_MAX:
            raise HashSetError("json-record-too-long", f"a record of the document exceeds {RECORD_MAX >> 20} MiB")
        return piece

    def _next(self) -> bytes:
        for chunk in self._chunks:
            if clean := self._decoder.decode(chunk).encode():
                return clean
        return self._decoder.decode(b"", final=True).encode()
