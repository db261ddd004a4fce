"""Archives → members, piece by piece, within limits. Names are handed on as bytes and never used."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from typing import IO

from triage.chamber.decoders import tarred, zipped
from triage.chamber.decoders.budget import Budget, LimitReached, Metered, Sink, send_member
from triage.chamber.limits import ArchiveLimits
from triage.chamber.protocol import MAX_DATA
from triage.chamber.sniff import SNIFF_BYTES, format_of
from triage.domain.findings import NoteCode, ProcessingNote

_UNPACKERS: dict[str, Callable[[IO[bytes]], io.BufferedIOBase]] = {
    "gzip": lambda file: gzip.GzipFile(fileobj=file, mode="rb"),
    "bzip2": lambda file: bz2.BZ2File(file, "rb"),
    "xz": lambda file: lzma.LZMAFile(file, "rb"),  # noqa: SIM115 -- it owns nothing to close
}

UNPACKED = b"unpacked"
"""The name of what lies inside a compressed file that is no TAR; its own name is with the file, not inside."""


def expand(file: io.BufferedReader, size: int, limits: ArchiveLimits, sink: Sink) -> list[ProcessingNote]:
    """Send every regular member to `sink`; returns what could not be expanded.

    Never raises for what the bytes are, except MemoryError.
    """
    budget = Budget(limits, size)
    try:
        format_name = format_of(file.read(SNIFF_BYTES)) or ""
        file.seek(0)
        if format_name == "zip":
            zipped.expand(file, size, budget, sink, limits.max_members)
        elif format_name == "tar":
            tarred.expand(file, budget, sink)
        elif format_name in _UNPACKERS:
            _unpack(_UNPACKERS[format_name](file), budget, sink)
        else:
            budget.note(NoteCode.UNSUPPORTED_TYPE)
    except LimitReached as reached:
        budget.note(reached.note.code, reached.note.detail)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 -- any parser failure is data
        budget.note(NoteCode.ARCHIVE_UNREADABLE, type(error).__name__.lower()[:40])
    return budget.notes()


def _unpack(unpacked: io.BufferedIOBase, budget: Budget, sink: Sink) -> None:
    buffered = io.BufferedReader(Metered(unpacked, budget), MAX_DATA)
    if format_of(buffered.peek(SNIFF_BYTES)[:SNIFF_BYTES]) == "tar":
        tarred.expand(buffered, budget, sink)
    else:
        send_member(sink, budget, UNPACKED, 0, None, iter(lambda: buffered.read(MAX_DATA), b""))
