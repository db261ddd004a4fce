"""The deployment that the pages speak of, opened when it can be and asked for again when it could not."""

from __future__ import annotations

import threading
from collections.abc import Callable

from triage.bootstrap import Application


class Deployment:
    """Opened at the first call that succeeds. The process lives meanwhile: what is missing stands in `/ready`."""

    def __init__(self, open_it: Callable[[], Application]) -> None:
        self._open = open_it
        self._lock = threading.Lock()
        self._opened: Application | None = None

    def application(self) -> Application:
        """The services. Raises what opening raises."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()
