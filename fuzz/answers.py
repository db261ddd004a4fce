"""The seam between child and parent, from both sides: what a lying child says, and what a broken parent would."""

from __future__ import annotations

import contextlib
import io
import os
import socket
from collections.abc import Callable, Iterator

from fuzz.target import Target, require
from triage.chamber import checks, wire
from triage.chamber.expansion import Expansion
from triage.chamber.limits import ArchiveLimits, ExamineLimits
from triage.chamber.process import ChildProcess, Ended
from triage.chamber.protocol import HEADER, READ_REQUEST, Gone, Kind, ProtocolError, Task, TaskKind, receive
from triage.chamber.reading import Conversation
from triage.chamber.remote import SourceRefused, open_remote, read_whole
from triage.chamber.sealing import LAYER_NAMES, Layer
from triage.domain.findings import Findings, NoteCode, Place, ProcessingNote, Raster

LIMITS = ArchiveLimits(max_members=5, max_total_bytes=1 << 16, max_member_bytes=1 << 15)
LONGEST = 16 << 10
SECONDS = 5.0
NOTES = (ProcessingNote(NoteCode.TRUNCATED, "x2"), ProcessingNote(NoteCode.CHAMBER_DIED, "signal 9"))
FINDINGS = Findings(place=Place(13.75, 100.5), software="editor 1", has_maker_note=True, orientation=6)
EXAMINATION = wire.examination(Raster("jpeg", 640, 480, "RGB", 1, 50), (), FINDINGS, NOTES, "pillow")


def refuted_or(check: Callable[[bytes], object]) -> Callable[[bytes], None]:
    """A customs function: what it takes or Refuted, and nothing else."""

    def checked(data: bytes) -> None:
        with contextlib.suppress(checks.Refuted):
            check(data)

    return checked


def _examination(data: bytes) -> None:
    with contextlib.suppress(checks.Refuted):
        found = checks.examination(data, str)
        again = wire.examination(found.raster, found.fingerprints, found.findings, found.notes, found.tool)
        if found.tool != "none":
            require(holds=checks.examination(again, str) == found, promise="what passed passes again, unchanged")


class _Silent(io.RawIOBase):
    """A process that is gone already."""

    returncode = 0
    pid = 0

    def poll(self) -> int:
        """Ended."""
        return 0

    def wait(self, timeout: float | None = None) -> int:
        """At once."""
        del timeout
        return 0

    def kill(self) -> None:
        """Nobody is there."""


def _child_saying(data: bytes) -> tuple[ChildProcess, socket.socket]:
    """A child that has said all this and will say no more; it takes what it is told."""
    ours, theirs = socket.socketpair()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    theirs.sendall(data)
    theirs.shutdown(socket.SHUT_WR)
    child = object.__new__(ChildProcess)
    child.__dict__.update(_socket=ours, _process=_Silent(), pid=0, tasks=0, busy_seconds=0.0)
    return child, theirs


class _Zeros:
    """A source of a thousand bytes."""

    size = 1000

    def read_at(self, offset: int, length: int) -> bytes:
        """Zeros."""
        require(holds=0 <= offset <= offset + length <= self.size, promise="reads lie within the source")
        return bytes(length)

    def close(self) -> None:
        """Nothing is held."""


def _conversation(data: bytes) -> None:
    child, theirs = _child_saying(data)
    with theirs, contextlib.suppress(Ended):
        kind, payload = Conversation(child, _Zeros(), SECONDS, 1).next_frame()
        require(holds=kind >= Kind.READY and len(payload) <= LONGEST, promise="a frame of the child's kinds")
    child.end()


def _expansion(data: bytes) -> None:
    child, theirs = _child_saying(data)
    endings: list[Ended | None] = []
    with theirs:
        expansion = Expansion(Conversation(child, _Zeros(), SECONDS, 1), LIMITS, endings.append)
        members = total = 0
        for member in expansion:
            members += 1
            total += sum(map(len, member.chunks))
            require(holds=member.size >= 0 and len(member.name) <= checks.MAX_NAME, promise="headers within bounds")
    child.end()
    require(holds=members <= LIMITS.max_members and total <= LIMITS.max_total_bytes, promise="limits hold here too")
    require(holds=expansion.done and len(endings) == 1, promise="an expansion ends once")
    require(holds=endings[0] is None or bool(expansion.notes), promise="a lost child is noted")


def _protocol(data: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        Task.of(data)
    with _pipe(data) as descriptor, contextlib.suppress(ProtocolError, Gone):
        while True:
            receive(descriptor)


def _remote(data: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ProtocolError, Gone, SourceRefused):
            file = open_remote(ours.fileno(), 3000)
            require(holds=len(file.read(10)) <= 10, promise="never more than asked for")
            file.seek(2000)
            require(holds=len(file.read()) <= 1000, promise="never more than there is")
            require(holds=len(read_whole(file, 3000)) == 3000, promise="the whole is as long as it is")


@contextlib.contextmanager
def _pipe(data: bytes) -> Iterator[int]:
    reading, writing = os.pipe()
    try:
        os.write(writing, data[:LONGEST])
        os.close(writing)
        yield reading
    finally:
        os.close(reading)


def frame(kind: Kind, payload: bytes = b"") -> bytes:
    """One frame as sent."""
    return HEADER.pack(kind, len(payload)) + payload


def _talks() -> Iterator[bytes]:
    read = frame(Kind.READ, READ_REQUEST.pack(0, 512))
    member = frame(Kind.MEMBER, wire.member(b"a/b", 3, 5)) + frame(Kind.DATA, b"abc") + frame(Kind.MEMBER_END, b"[]")
    end = frame(Kind.END, wire.notes(NOTES))
    yield from (read + frame(Kind.RESULT, EXAMINATION), read + member + member + end, end, member, b"")
    yield frame(Kind.READY, _layers()) + read


def _layers() -> bytes:
    return wire.layers(Layer(name, active=True, detail="errno 1") for name in LAYER_NAMES)


def _parents() -> Iterator[bytes]:
    limits = {"max_pixels": ExamineLimits().max_pixels}
    yield Task(TaskKind.EXAMINE, 1000, limits, "jpg").payload()
    yield frame(Kind.TASK, Task(TaskKind.EXPAND, 1000, {}).payload())
    whole = frame(Kind.BYTES, bytes(3000))
    yield from (whole * 3, frame(Kind.REFUSED), whole + frame(Kind.BYTES, bytes(1000)) + whole)


_REFUTES = "what it takes or Refuted, nothing else"
TARGETS = (
    Target(
        "answer-examination", f"{_REFUTES}; what passed passes again", _examination, lambda: [EXAMINATION], LONGEST
    ),
    Target("answer-layers", _REFUTES, refuted_or(checks.layers), lambda: [_layers()]),
    Target("answer-member", _REFUTES, refuted_or(checks.member), lambda: [wire.member(b"x" * 50, 1, None)]),
    Target("answer-notes", _REFUTES, refuted_or(checks.archive_end), lambda: [wire.notes(NOTES), b"[]"]),
    Target("conversation", "a frame within bounds or Ended; reads within the source", _conversation, _talks, LONGEST),
    Target("expansion", "members within limits; one end; a lost child is noted", _expansion, _talks, LONGEST),
    Target("protocol", "a frame, a task, ProtocolError or Gone", _protocol, _parents, LONGEST),
    Target("remote", "bytes as asked for, or ProtocolError, Gone, SourceRefused", _remote, _parents, LONGEST),
)
