"""The deployment that the pages speak of, opened when it can be and asked for again when it could not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from hashsets.errors import HashSetError
from hashsets.vocabulary import Digest, DigestAlgorithm
from triage.bootstrap import Application
from triage.domain.errors import TriageError


class Deployment:
    """Opened at the first call that succeeds. The process lives meanwhile: what is missing stands in `/ready`.

    `warmed` is called once it has been warmed.
    """

    def __init__(self, open_it: Callable[[], Application], warmed: Callable[[], None] = lambda: None) -> None:
        self._open = open_it
        self._warmed = warmed
        self._lock = threading.Lock()
        self._opened: Application | None = None

    def application(self) -> Application:
        """The services. Raises what opening raises."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    @property
    def is_open(self) -> bool:
        """Whether `application` answers at once."""
        return self._opened is not None

    def warm(self) -> None:
        """Open it before anybody asks, hash sets included: the first sender waits no longer than the others.

        What cannot be opened stays closed, and stands in `/ready`.
        """
        with suppress(TriageError, HashSetError):
            self.application().library.lookup_digests([Digest(DigestAlgorithm.SHA256, bytes(32))])
        self._warmed()

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()
