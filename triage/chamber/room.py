"""A chamber for threads that come and go: a web server's. A thread of its own holds it; everybody waits in line."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from triage.chamber.limits import ChamberLimits
from triage.chamber.parent import Chamber
from triage.domain.findings import ProcessingNote
from triage.domain.renditions import Rendition
from triage.domain.sources import ByteSource


class RenderingRoom:
    """Renditions from any thread. The chamber starts with the first one and dies with the room."""

    def __init__(self, limits: ChamberLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._chamber: Chamber | None = None

    def render(
        self, source: ByteSource, lines: tuple[str, ...], *, is_reduced: bool, still: int = 1
    ) -> Rendition | ProcessingNote:
        """As `Chamber.render`. Raises what it raises."""
        with self._lock:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, "rendering")
            thread = self._thread
        return thread.submit(self._render, source, lines, is_reduced=is_reduced, still=still).result()

    def _render(
        self, source: ByteSource, lines: tuple[str, ...], *, is_reduced: bool, still: int
    ) -> Rendition | ProcessingNote:
        if self._chamber is None:
            self._chamber = Chamber(self._limits)
        return self._chamber.render(source, lines, is_reduced=is_reduced, still=still)

    def close(self) -> None:
        """End the chamber and its thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.submit(self._end).result()
            thread.shutdown()

    def _end(self) -> None:
        chamber, self._chamber = self._chamber, None
        if chamber is not None:
            chamber.close()
