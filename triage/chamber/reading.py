"""Answer the child's requests for bytes from the source: within the time budget, within its size, within reason."""

from __future__ import annotations

import time

from triage.chamber.process import ChildProcess
from triage.chamber.protocol import MAX_READ, READ_REQUEST, Kind
from triage.domain.errors import Unreadable
from triage.domain.findings import NoteCode, ProcessingNote
from triage.domain.sources import ByteSource

_READS = 4096
_READS_PER_MIB = 64
_SLACK_BYTES = 64 << 20
"""A parser that asks more often than this, or for more than four times its source, is not parsing."""


class Conversation:
    """One task with one child. `refusal` says why the source could not be read, once it could not.

    `seconds` bounds how long the child may keep us waiting, `cpu_seconds` its own time.
    """

    def __init__(self, child: ChildProcess, source: ByteSource, seconds: float, cpu_seconds: int) -> None:
        self.child = child
        self.refusal: ProcessingNote | None = None
        self._source = source
        self._granted = seconds, cpu_seconds
        self.allow_anew()
        self._reads_left = _READS + _READS_PER_MIB * (source.size >> 20)
        self._bytes_left = 4 * source.size + _SLACK_BYTES

    def allow_anew(self) -> None:
        """Start both budgets anew: an expansion may last, but not be silent."""
        self._seconds, cpu_seconds = self._granted
        self.child.allow_cpu(cpu_seconds)

    def tell(self, kind: Kind, payload: bytes) -> None:
        """Send one frame. Raises Ended."""
        started = time.monotonic()
        self.child.send(kind, payload, self._seconds)
        self._seconds -= time.monotonic() - started

    def next_frame(self) -> tuple[Kind, bytes]:
        """The next frame that is not a READ. Raises Ended, and what the source raises except Unreadable."""
        while True:
            started = time.monotonic()
            kind, untrusted_payload = self.child.receive(self._seconds)
            self._seconds -= time.monotonic() - started
            if kind is not Kind.READ:
                return kind, untrusted_payload
            self._answer(untrusted_payload)

    def _answer(self, untrusted_payload: bytes) -> None:
        if len(untrusted_payload) != READ_REQUEST.size:
            raise self.child.lied()
        offset, length = READ_REQUEST.unpack(untrusted_payload)
        self._reads_left -= 1
        self._bytes_left -= length
        within = 0 < length <= MAX_READ and offset + length <= self._source.size
        if not within or self._reads_left < 0 or self._bytes_left < 0:
            raise self.child.lied()
        data = self._read(offset, length)
        if data is None:
            self.tell(Kind.REFUSED, b"")
        else:
            self.tell(Kind.BYTES, data)

    def _read(self, offset: int, length: int) -> bytes | None:
        if self.refusal:
            return None
        try:
            data = self._source.read_at(offset, length)
        except Unreadable as error:
            known = error.code in set(NoteCode)
            self.refusal = ProcessingNote(NoteCode(error.code) if known else NoteCode.SOURCE_UNREADABLE)
            return None
        if len(data) != length:
            self.refusal = ProcessingNote(NoteCode.SOURCE_CHANGED, "shorter than it was")
            return None
        return data
