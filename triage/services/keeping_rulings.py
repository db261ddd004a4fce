"""Group commit for rulings: those that come at once share a commit, and each asker waits until it stands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
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


@dataclass
class _Batch:
    rulings: list[Asked] = field(default_factory=list)
    is_kept: bool = False


class Together:
    """What waits to be kept. Nobody waits for others to come: only for the commit before theirs."""

    def __init__(self) -> None:
        self._gathering = _Batch()
        self._adding, self._writing = threading.Lock(), threading.Lock()

    def keep(self, asked: Asked, write: Callable[[Sequence[Asked]], None]) -> None:
        """Return once it is kept, by this thread or by another's commit. Raises what `write` raises."""
        with self._adding:
            batch = self._gathering
            batch.rulings.append(asked)
        with self._writing:
            if batch.is_kept:
                return
            with self._adding:
                if self._gathering is batch:
                    self._gathering = _Batch()
            write(batch.rulings)
            batch.is_kept = True
