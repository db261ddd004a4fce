"""The sealed child: load everything, seal, then serve tasks until the parent is gone.

Runs in a fresh interpreter started by `process.py`. Nothing may be imported after `seal`.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from pathlib import Path

from triage.chamber import examining, rendering, wire
from triage.chamber.decoders import container
from triage.chamber.limits import ArchiveLimits, ExamineLimits, RenditionLimits
from triage.chamber.process import EXIT_MEMORY
from triage.chamber.protocol import RENDITION_SIZE, Gone, Kind, ProtocolError, Task, TaskKind, receive, send
from triage.chamber.remote import SourceRefused, open_remote
from triage.chamber.sealing import seal
from triage.domain.findings import NoteCode, ProcessingNote


def main(descriptor: int, memory_bytes: int, parent: int) -> None:
    """Serve the process `parent` over `descriptor`. Never returns to what was there before."""
    warnings.simplefilter("ignore")  # parsers' words; what matters is checked and noted by us
    _give_way_as_a_group()
    examining.warm_up()
    rendering.warm_up()
    layers = seal(memory_bytes, parent)
    try:
        send(descriptor, Kind.READY, wire.layers(layers))
        while True:
            _serve(descriptor)
    except (Gone, ProtocolError):
        os._exit(0)
    except MemoryError:
        os._exit(EXIT_MEMORY)


def _give_way_as_a_group() -> None:
    """As far as our parent does. Linux may weigh sessions first (autogroups), and we are a session of our own."""
    with contextlib.suppress(OSError):  # no autogroups here
        Path("/proc/self/autogroup").write_text(str(os.getpriority(os.PRIO_PROCESS, 0)))


def _serve(descriptor: int) -> None:
    kind, payload = receive(descriptor)
    if kind is not Kind.TASK:
        raise ProtocolError("not a task")
    task = Task.of(bytes(payload))
    if task.kind is TaskKind.EXAMINE:
        _examine(descriptor, task)
    elif task.kind is TaskKind.RENDER:
        _render(descriptor, task)
    else:
        _expand(descriptor, task)


def _examine(descriptor: int, task: Task) -> None:
    try:
        found = examining.examine(
            open_remote(descriptor, task.size), task.size, task.name_extension, ExamineLimits(**task.limits)
        )
    except SourceRefused:
        found = examining.Examined()
    except MemoryError:
        found = examining.Examined(notes=[ProcessingNote(NoteCode.MEMORY_LIMIT)])
    answer = wire.examination(found.raster, found.fingerprints, found.findings, found.notes, found.decoder)
    send(descriptor, Kind.RESULT, answer)


def _render(descriptor: int, task: Task) -> None:
    notes: list[ProcessingNote] = []
    try:
        made = rendering.render(open_remote(descriptor, task.size), task.size, RenditionLimits(**task.limits), notes)
    except SourceRefused:
        made = None
    except MemoryError:
        made, notes = None, [ProcessingNote(NoteCode.MEMORY_LIMIT)]
    if made is None:
        send(descriptor, Kind.END, wire.notes(notes))
    else:
        send(descriptor, Kind.RENDITION, RENDITION_SIZE.pack(made.width, made.height) + made.jpeg)


def _expand(descriptor: int, task: Task) -> None:
    writer = _Members(descriptor)
    try:
        notes = container.expand(open_remote(descriptor, task.size), task.size, ArchiveLimits(**task.limits), writer)
    except SourceRefused:
        notes = []
    except MemoryError:
        notes = [ProcessingNote(NoteCode.MEMORY_LIMIT)]
        writer.end_open_member(notes)
    send(descriptor, Kind.END, wire.notes(notes))


class _Members:
    """Where the container readers put what they find."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_open = False

    def begin(self, name: bytes, size: int, mtime: int | None) -> None:
        """A member begins."""
        send(self._descriptor, Kind.MEMBER, wire.member(name, size, mtime))
        self._is_open = True

    def data(self, piece: bytes) -> None:
        """Some of its bytes, not none."""
        send(self._descriptor, Kind.DATA, piece)

    def end(self, notes: list[ProcessingNote]) -> None:
        """It ends, whole when there are no notes."""
        self._is_open = False
        send(self._descriptor, Kind.MEMBER_END, wire.notes(notes))

    def end_open_member(self, notes: list[ProcessingNote]) -> None:
        """As `end`, if one is open."""
        if self._is_open:
            self.end(notes)
