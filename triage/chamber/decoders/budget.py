"""Where archive members go, and what all of an archive together may take."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from typing import Any, Protocol

from triage.chamber.checks import MAX_NAME
from triage.chamber.limits import ArchiveLimits
from triage.domain.findings import NoteCode, ProcessingNote

_RATIO_FREE_BYTES = 16 << 20
"""Small archives of blank pages compress a thousandfold and hurt nobody."""


class Sink(Protocol):
    """Where members go: begun, fed, ended, one after the other."""

    def begin(self, name: bytes, size: int, mtime: int | None) -> None:
        """A member begins."""

    def data(self, piece: bytes) -> None:
        """Some of its bytes, not none."""

    def end(self, notes: list[ProcessingNote]) -> None:
        """It ends, whole when there are no notes."""


class LimitReached(Exception):
    """The archive as a whole is over a limit; nothing more of it is expanded."""

    def __init__(self, code: NoteCode, detail: str) -> None:
        super().__init__(code)
        self.note = ProcessingNote(code, detail)


class MemberBroken(Exception):
    """One member cannot be had; the next may."""

    def __init__(self, code: NoteCode, detail: str) -> None:
        super().__init__(code)
        self.note = ProcessingNote(code, detail)


class Budget:
    """Counts what came out against the limits, and tallies notes so that a million equal ones are one line."""

    def __init__(self, limits: ArchiveLimits, archive_bytes: int) -> None:
        self._limits = limits
        self._archive_bytes = archive_bytes
        self._members = 0
        self._written = 0
        self._unpacked = 0
        self._member_total = 0
        self._tally: Counter[tuple[NoteCode, str]] = Counter()

    def begin(self) -> None:
        """One more member. Raises LimitReached."""
        self._members += 1
        self._member_total = 0
        if self._members > self._limits.max_members:
            raise LimitReached(NoteCode.ARCHIVE_TOO_MANY, f"over {self._limits.max_members}")

    def take(self, count: int) -> None:
        """That many more bytes of the member. Raises LimitReached, and MemberBroken for a member too large alone."""
        self._member_total += count
        self._written += count
        if self._member_total > self._limits.max_member_bytes:
            raise MemberBroken(NoteCode.TOO_LARGE, f"over {self._limits.max_member_bytes} bytes")
        self._check(self._written)

    def unpack(self, count: int) -> None:
        """That many more bytes unpacked, whether or not they become a member's. Raises LimitReached."""
        self._unpacked += count
        self._check(self._unpacked)

    def _check(self, total: int) -> None:
        if total > self._limits.max_total_bytes:
            raise LimitReached(NoteCode.ARCHIVE_TOO_LARGE, f"over {self._limits.max_total_bytes} bytes")
        if total > max(_RATIO_FREE_BYTES, self._limits.max_ratio * self._archive_bytes):
            raise LimitReached(NoteCode.ARCHIVE_RATIO, f"over {self._limits.max_ratio}")

    def note(self, code: NoteCode, detail: str = "") -> None:
        """Something was passed over."""
        self._tally[code, detail] += 1

    def notes(self) -> list[ProcessingNote]:
        """Everything noted; a repeated note says how often."""
        return [
            ProcessingNote(code, f"{detail} x{count}".strip() if count > 1 else detail)
            for (code, detail), count in self._tally.items()
        ][:60]


class Metered(io.RawIOBase):
    """A decompressor whose output is counted also where it is only passed over."""

    def __init__(self, unpacked: io.BufferedIOBase, budget: Budget) -> None:
        super().__init__()
        self._unpacked = unpacked
        self._budget = budget

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill what comes. Raises LimitReached, and what the decompressor raises."""
        data = self._unpacked.read(len(buffer))
        self._budget.unpack(len(data))
        buffer[: len(data)] = data
        return len(data)


def send_member(
    sink: Sink, budget: Budget, name: bytes, size: int, mtime: int | None, pieces: Iterable[bytes]
) -> None:
    """Feed one member to the sink. What breaks it is noted with it; raises only LimitReached and MemoryError."""
    budget.begin()
    sink.begin(name[:MAX_NAME], size, mtime)
    notes: list[ProcessingNote] = []
    try:
        for piece in pieces:
            budget.take(len(piece))
            sink.data(piece)
    except LimitReached as reached:
        sink.end([reached.note])
        raise
    except MemberBroken as broken:
        notes.append(broken.note)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 -- any parser failure is data
        notes.append(ProcessingNote(NoteCode.MEMBER_UNREADABLE, type(error).__name__.lower()[:40]))
    sink.end(notes)
