"""The seams of archives: the readers of ZIP and TAR, and the decompressors around them."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator

from fuzz.target import Target, require
from tests.hostile import corpus
from triage.chamber import checks, sniff, wire
from triage.chamber.decoders import container
from triage.chamber.limits import ArchiveLimits
from triage.chamber.protocol import MAX_DATA, MAX_JSON
from triage.domain.findings import ProcessingNote

LIMITS = ArchiveLimits(max_members=50, max_total_bytes=4 << 20, max_member_bytes=1 << 20)
SMALL = 16 << 10


@functools.cache
def _small_archives() -> tuple[bytes, ...]:
    return tuple(data for _, data in corpus.archives() if len(data) <= SMALL)


class Members:
    """A sink that holds what comes to what the trusted side will hold it to."""

    def __init__(self) -> None:
        self.count = self.total = 0
        self.is_open = False

    def begin(self, name: bytes, size: int, mtime: int | None) -> None:
        """Passes the customs."""
        require(holds=not self.is_open, promise="one member at a time")
        checks.member(wire.member(name, size, mtime))
        self.is_open = True
        self.count += 1
        self.member = 0

    def data(self, piece: bytes) -> None:
        """Not none, not too much."""
        require(
            holds=self.is_open and 0 < len(piece) <= MAX_DATA, promise="data belongs to a member and fits a frame"
        )
        self.member += len(piece)
        self.total += len(piece)
        require(holds=self.member <= LIMITS.max_member_bytes, promise="a member within its limit")

    def end(self, notes: list[ProcessingNote]) -> None:
        """Passes the customs."""
        require(holds=self.is_open, promise="what ends has begun")
        checks.member_end(wire.notes(notes))
        self.is_open = False


def expanded(format_name: str) -> Target:
    """One format of archive."""

    def check(data: bytes) -> None:
        if sniff.format_of(data[: sniff.SNIFF_BYTES]) != format_name:
            return
        sink = Members()
        notes = container.expand(io.BufferedReader(io.BytesIO(data)), len(data), LIMITS, sink)
        answer = wire.notes(notes)
        checks.archive_end(answer)
        require(holds=not sink.is_open, promise="every member is ended")
        require(holds=len(answer) <= MAX_JSON, promise="notes fit their frame")
        require(holds=sink.count <= LIMITS.max_members, promise="members within their limit")
        require(holds=sink.total <= LIMITS.max_total_bytes, promise="bytes within their limit")

    def seeds() -> Iterator[bytes]:
        for data in _small_archives():
            if sniff.format_of(data[: sniff.SNIFF_BYTES]) == format_name:
                yield data

    promise = "nothing is raised; members in order, within limits, through the customs; every member is ended"
    return Target(format_name, promise, check, seeds, SMALL)


TARGETS = tuple(expanded(name) for name in ("zip", "tar", "gzip", "bzip2", "xz"))
