"""The members of one archive, as they come out of the chamber and pass the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from triage.chamber import checks
from triage.chamber.limits import ArchiveLimits
from triage.chamber.process import Ended
from triage.chamber.protocol import Kind
from triage.chamber.reading import Conversation
from triage.domain.findings import NoteCode, ProcessingNote

_Checked = TypeVar("_Checked")

LEFT = "left in the middle"
"""Why a child ended that was in the way of something else: no fault of its own."""


class Member:
    """One member of an archive, open until the next is asked for.

    `name` is the archive's own bytes: any bytes, also a path that climbs out; never use it as a path. `size` is
    what the archive claims (bytes), `mtime` seconds since 1970 or None. `notes` is complete when `chunks` is
    exhausted, and not empty when the content is not whole.
    """

    def __init__(self, header: checks.MemberHeader, chunks: Iterator[bytes]) -> None:
        self.name = header.name
        self.size = header.size
        self.mtime = header.mtime
        self.chunks = chunks
        self.notes: tuple[ProcessingNote, ...] = ()


class Expansion(Iterator[Member]):
    """Iterates over members; `notes` says what could not be expanded and is complete when it is exhausted.

    For the thread of its chamber. `ended` is told once how it went: None for a clean end, else why the child is gone.
    """

    def __init__(
        self,
        conversation: Conversation,
        limits: ArchiveLimits,
        ended: Callable[[Ended | None], None],
    ) -> None:
        self.notes: tuple[ProcessingNote, ...] = ()
        self.done = False
        self._conversation = conversation
        self._ended = ended
        self._current: Member | None = None
        self._members_left = limits.max_members
        self._bytes_left = limits.max_total_bytes
        self._max_member = limits.max_member_bytes

    def __next__(self) -> Member:
        if self._current is not None:
            for _ in self._current.chunks:
                pass
        frame = None if self.done else self._frame(Kind.MEMBER, Kind.END)
        if frame is None:
            raise StopIteration
        kind, untrusted_payload = frame
        if kind is Kind.END:
            self._close_cleanly(untrusted_payload)
            raise StopIteration
        header = self._checked(checks.member, untrusted_payload)
        self._members_left -= 1
        if header is None or self._members_left < 0:
            self._lied()
            raise StopIteration
        self._current = Member(header, self._chunks())
        return self._current

    def close(self) -> None:
        """Leave in the middle: the child cannot be stopped politely, so it is ended."""
        if not self.done:
            self._conversation.child.end()
            self.abandon(Ended(NoteCode.CHAMBER_DIED, LEFT))

    def _chunks(self) -> Iterator[bytes]:
        member_bytes = 0
        while not self.done:
            frame = self._frame(Kind.DATA, Kind.MEMBER_END, Kind.END)
            if frame is None:
                return
            kind, untrusted_payload = frame
            if kind is not Kind.DATA:
                self._end_member(kind, untrusted_payload)
                return
            member_bytes += len(untrusted_payload)
            self._bytes_left -= len(untrusted_payload)
            if not untrusted_payload or member_bytes > self._max_member or self._bytes_left < 0:
                self._lied()
                return
            yield untrusted_payload

    def _end_member(self, kind: Kind, untrusted_payload: bytes) -> None:
        member = self._current
        assert member is not None
        if kind is Kind.END and not self._conversation.refusal:
            self._lied()
        elif kind is Kind.END:  # the source was refused in the middle of the member
            self._close_cleanly(untrusted_payload)
            member.notes = self.notes
        else:
            notes = self._checked(checks.member_end, untrusted_payload)
            member.notes = self.notes if notes is None else notes
        self._current = None

    def _close_cleanly(self, untrusted_payload: bytes) -> None:
        notes = self._checked(checks.archive_end, untrusted_payload)
        if notes is None:
            return
        refusal = self._conversation.refusal
        self.notes = (*notes, refusal) if refusal else notes
        self.done = True
        self._ended(None)

    def _frame(self, *allowed: Kind) -> tuple[Kind, bytes] | None:
        """The next frame; None when the child had to be ended, which is noted."""
        self._conversation.allow_anew()
        try:
            kind, untrusted_payload = self._conversation.next_frame()
        except Ended as ended:
            self.abandon(ended)
            return None
        except BaseException:
            self.close()  # the source failed in its own way: not ours to explain
            raise
        if kind not in allowed:
            self._lied()
            return None
        return kind, untrusted_payload

    def _checked(self, check: Callable[[bytes], _Checked], untrusted_payload: bytes) -> _Checked | None:
        try:
            return check(untrusted_payload)
        except checks.Refuted:
            self._lied()
            return None

    def _lied(self) -> None:
        self.abandon(self._conversation.child.lied())

    def abandon(self, ended: Ended) -> None:
        """The child is gone: nothing more will come."""
        if self.done:
            return
        self.done = True
        self.notes = (*self.notes, ended.note)
        if self._current is not None:
            self._current.notes = (ended.note,)
            self._current = None
        self._ended(ended)
