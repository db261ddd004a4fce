"""The chamber as the rest of the house knows it: a source goes in, checked values come out."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
from dataclasses import asdict, replace
from types import TracebackType
from typing import Self

from triage.chamber import checks
from triage.chamber.expansion import LEFT, Expansion
from triage.chamber.jpeg_checks import checked_rendition
from triage.chamber.limits import ArchiveLimits, ChamberLimits, RenditionLimits
from triage.chamber.process import ChildProcess, Ended
from triage.chamber.protocol import Kind, Task, TaskKind
from triage.chamber.reading import Conversation
from triage.chamber.sealing import FLOOR, Layer
from triage.chamber.sniff import SNIFF_BYTES, kind_of
from triage.domain.errors import TriageError, Unavailable, Unreadable
from triage.domain.findings import Examination, NoteCode, ProcessingNote
from triage.domain.renditions import FULL_SIDE, REDUCED_SIDE, Rendition
from triage.domain.sources import ByteSource
from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of

CHAMBER_VERSION = 3
"""Raised whenever the same bytes may give other values: part of every result's provenance."""

_log = logger_of("chamber")


class Chamber:
    """A persistent sealed child that parses hostile bytes. For one thread, from `with` to its end.

    A file that crashes, hangs or fills the child costs that file a processing note and the child its life; the
    next call meets a fresh one. Nothing is ever tried twice. Raises Unavailable (`chamber-start`, `chamber-floor`)
    when this machine cannot give a child or not a safe one, and passes on whatever the source raises, except
    Unreadable, which becomes a note.
    """

    def __init__(self, limits: ChamberLimits | None = None) -> None:
        self._limits = limits or ChamberLimits()
        self._child: ChildProcess | None = None
        self._is_ready = False
        self._idle_bytes = 0  # address space of the child before its first task
        self._layers: tuple[Layer, ...] = ()
        self._open_expansion: Expansion | None = None

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child. A later call starts another."""
        child, self._child = self._child, None
        if child is not None:
            child.end()
        self._leave_expansion()

    def layers(self) -> tuple[Layer, ...]:
        """What the child proved about its walls, floor met or not. Raises Unavailable `chamber-start`."""
        self._ready()
        return self._layers

    def examine(self, source: ByteSource, *, name_extension: str = "", luma_first: bool = False) -> Examination:
        """One look inside a picture. `name_extension`, with or without its dot, is compared with the bytes.

        With `luma_first` a large JPEG may come back with estimates only (`Profile.is_estimate`), where they are sure.
        """
        if not source.size:
            return _nothing(ProcessingNote(NoteCode.EMPTY))
        if note := self._too_large(source):
            return _nothing(note)
        child, limits = self._safe_child(), replace(self._limits.examine, luma_first=luma_first)
        task = Task(TaskKind.EXAMINE, source.size, asdict(limits), _plain_extension(name_extension))
        conversation = self._conversation(child, source)
        try:
            conversation.tell(Kind.TASK, task.payload())
            kind, untrusted_payload = conversation.next_frame()
            found = checks.examination(untrusted_payload, tool_named) if kind is Kind.RESULT else None
        except Ended as ended:
            return self._lost(ended)
        except checks.Refuted:
            found = None
        except BaseException:  # the source failed in its own way: this child waits for an answer that never comes
            self._replace()
            raise
        if found is None:
            return self._lost(child.lied())
        self._count_task(child)
        return _nothing(conversation.refusal) if conversation.refusal else found

    def render(
        self, source: ByteSource, lines: tuple[str, ...], *, is_reduced: bool, still: int = 1
    ) -> Rendition | ProcessingNote:
        """What may be shown of a picture, or why nothing can be. Every call reads and decodes anew.

        `lines` stand all over it: printable ASCII, at most 24 characters each. `still` is the one of what moves, from
        1, as `stills_of` counts them.
        """
        if not source.size:
            return ProcessingNote(NoteCode.EMPTY)
        if note := self._too_large(source):
            return note
        longest = REDUCED_SIDE if is_reduced else FULL_SIDE
        limits = RenditionLimits(is_reduced, lines, longest, self._limits.examine.max_pixels, still)
        child = self._safe_child()
        conversation = self._conversation(child, source)
        made: Rendition | ProcessingNote
        try:
            conversation.tell(Kind.TASK, Task(TaskKind.RENDER, source.size, asdict(limits)).payload())
            kind, untrusted_payload = conversation.next_frame()
            if kind is Kind.END:
                notes = checks.archive_end(untrusted_payload)
                made = conversation.refusal or (notes[0] if notes else ProcessingNote(NoteCode.UNDECODABLE))
            else:
                made = checked_rendition(kind, untrusted_payload, longest, is_grey=is_reduced)
        except Ended as ended:
            return self._lost(ended).notes[0]
        except checks.Refuted:
            return self._lost(child.lied()).notes[0]
        except BaseException:  # as in `examine`
            self._replace()
            raise
        self._count_task(child)
        return made

    def expand(self, source: ByteSource, limits: ArchiveLimits) -> Expansion:
        """The members of an archive, in its order, each to be consumed before the next.

        The source must stay open until the end; asking the chamber for anything else before that ends the expansion.
        """
        child = self._safe_child()
        conversation = self._conversation(child, source)
        expansion = Expansion(conversation, limits, self._expansion_ended)
        self._open_expansion = expansion
        try:
            conversation.tell(Kind.TASK, Task(TaskKind.EXPAND, source.size, asdict(limits)).payload())
        except Ended as ended:
            expansion.abandon(ended)
        return expansion

    def _too_large(self, source: ByteSource) -> ProcessingNote | None:
        """Pictures may have to be read whole, videos never are; what cannot be read is the child's to find out."""
        limits = self._limits.examine
        if source.size <= limits.max_bytes:
            return None
        try:
            is_video = kind_of(source.read_at(0, SNIFF_BYTES)) == "video"
        except Unreadable:
            is_video = True
        if is_video and source.size <= limits.max_video_bytes:
            return None
        return ProcessingNote(NoteCode.TOO_LARGE, f"{source.size} bytes")

    def _conversation(self, child: ChildProcess, source: ByteSource) -> Conversation:
        return Conversation(child, source, self._limits.wall_seconds, self._limits.cpu_seconds)

    def _lost(self, ended: Ended) -> Examination:
        """Worth a line; whose bytes did it stands in the item's note."""
        _log.warning(Event.CHAMBER_DIED, code=ended.note.code.value)
        self._replace()
        return _nothing(ended.note)

    def _safe_child(self) -> ChildProcess:
        self._leave_expansion()
        child = self._ready()
        missing = [layer.name for layer in self._layers if layer.name in FLOOR and not layer.active]
        if missing:
            raise Unavailable("chamber-floor", f"this machine cannot seal the chamber: no {', '.join(missing)}")
        return child

    def _begin(self) -> ChildProcess:
        if self._child is None:
            self._is_ready = False
            try:
                self._child = ChildProcess(self._limits.memory_bytes)
            except OSError as error:
                raise Unavailable("chamber-start", f"no process for the chamber's child ({error.errno})") from error
        return self._child

    def _ready(self) -> ChildProcess:
        """The child, once it has proved its walls. One that died idle is replaced once."""
        child = self._begin()
        if self._is_ready and not child.is_alive():
            self._replace()
            child = self._begin()
        if not self._is_ready:
            self._layers = self._received_layers(child)
            self._idle_bytes = child.address_space()
            self._is_ready = True
        return child

    def _received_layers(self, child: ChildProcess) -> tuple[Layer, ...]:
        try:
            kind, untrusted_payload = child.receive(self._limits.start_seconds)
            if kind is Kind.READY:
                child.allow_cpu(self._limits.cpu_seconds)
                return checks.layers(untrusted_payload)
        except PermissionError as error:
            self.close()
            raise Unavailable("chamber-floor", "this machine does not let us limit the chamber's CPU time") from error
        except (Ended, checks.Refuted):
            pass
        self.close()
        raise Unavailable("chamber-start", "the chamber's child did not start")

    def _replace(self) -> None:
        """End the child and start the next, which loads while the caller goes on."""
        child, self._child = self._child, None
        if child is not None:
            child.end()
        with contextlib.suppress(Unavailable):  # the result in hand is sound; the next task will meet this again
            self._begin()

    def _leave_expansion(self) -> None:
        expansion, self._open_expansion = self._open_expansion, None
        if expansion is not None:
            expansion.close()

    def _expansion_ended(self, ended: Ended | None) -> None:
        self._open_expansion = None
        if self._child is None:
            return
        if ended is None:
            self._count_task(self._child)
        elif ended.note.detail == LEFT:
            self._replace()  # it waits for an answer that never comes
        else:
            self._lost(ended)

    def _count_task(self, child: ChildProcess) -> None:
        child.tasks += 1
        if (
            child.tasks >= self._limits.tasks
            or child.busy_seconds >= self._limits.busy_seconds
            or child.address_space() - self._idle_bytes > self._limits.kept_bytes
        ):
            self._replace()


def layers_here() -> tuple[Layer, ...]:
    """The walls that a chamber has on this machine; none where it cannot be started."""
    try:
        with Chamber() as chamber:
            return chamber.layers()
    except TriageError:
        return ()


def _nothing(note: ProcessingNote) -> Examination:
    return Examination(raster=None, notes=(note,), tool=tool_named("none"))


def _plain_extension(name_extension: str) -> str:
    """Letters and digits only; anything else cannot be an extension that we know."""
    extension = name_extension.lower().lstrip(".")
    return extension if extension.isascii() and extension.isalnum() and len(extension) <= 16 else extension and "?"


@functools.cache
def tool_named(decoder: str) -> str:
    """Provenance of a result: the chamber's version, the decoder's, and those of the libraries behind every value."""
    packages = ["exifread", "numpy", "imagehash"] + ([] if decoder == "none" else [decoder])
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in reversed(packages))
    return f"chamber {CHAMBER_VERSION}; {versions}"
