"""Writers of the vault for requests: one goes from hand to hand, so that not every request begins a segment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from triage.vault.seam import Vault, VaultWriter


@dataclass(frozen=True)
class Writers:
    """Lends writers, each to one thread at a time. One that failed is not lent again."""

    vault: Vault
    _idle: list[VaultWriter] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def lent(self) -> Iterator[VaultWriter]:
        """A writer for a while. What was sealed with it may be recorded after its `sync` only."""
        with self._lock:
            writer = self._idle.pop() if self._idle else None
        if writer is None:
            writer = self.vault.writer()
            writer.__enter__()
        try:
            yield writer
        except BaseException:
            writer.__exit__(None, None, None)
            raise
        with self._lock:
            self._idle.append(writer)

    def close(self) -> None:
        """Let go of all that are not lent."""
        with self._lock:
            idle, self._idle[:] = list(self._idle), []
        for writer in idle:
            writer.__exit__(None, None, None)
