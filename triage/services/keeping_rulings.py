"""Group commit for rulings: those that come at once share a commit, and each asker waits until it stands.

Whoever reads a page waits at its end (`begin`): the database's sync goes on while the page is read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from triage.domain.access import Action, Ruling
from triage.store.access import Subject


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was told what."""

    principal_id: int
    action: Action
    subject: Subject
    ruling: Ruling
    at: datetime


Write = Callable[[Sequence[Asked]], None]
"""Keeps rulings, all of them or none."""


@dataclass
class _Batch:
    rulings: list[Asked] = field(default_factory=list)
    is_kept: bool = False


class Together:
    """What waits to be kept. Nobody waits for others to come: only for the commit before theirs."""

    def __init__(self) -> None:
        self._gathering = _Batch()
        self._adding, self._writing = threading.Lock(), threading.Lock()
        self._aside = ThreadPoolExecutor(1, "rulings")  # a thread begins with the first that is kept meanwhile

    def keep(self, asked: Asked, write: Write) -> None:
        """Return once it is kept, by this thread or by another's commit. Raises what `write` raises."""
        self._settle(self._joined(asked), write)

    def begin(self, asked: Asked, write: Write) -> Future[None]:
        """Have it kept meanwhile. Its result is there once it is kept, and raises what `write` raises."""
        return self._aside.submit(self._settle, self._joined(asked), write)

    def _joined(self, asked: Asked) -> _Batch:
        with self._adding:
            batch = self._gathering
            batch.rulings.append(asked)
        return batch

    def _settle(self, batch: _Batch, write: Write) -> None:
        with self._writing:
            if batch.is_kept:
                return
            with self._adding:
                if self._gathering is batch:
                    self._gathering = _Batch()
            write(batch.rulings)
            batch.is_kept = True
