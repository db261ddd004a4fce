"""Pruning: sessions that ended, and old rulings of those who only asked to see. Everything else is kept for ever.

A ruling is evidence of who asked for what. So what led to something that the custody log records is never pruned, and
the log has a record of how many others went, and up to when.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from triage.domain.access import ONLY_SEEN
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.settings import KeepSettings
from triage.store.unit_of_work import Store

from .clock import Clock

_TOGETHER = 1_000
_BATCHES = 20
"""Of each kind in one turn: the rest waits for the next, so that nobody waits long for a lock."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many went."""

    sessions: int
    rulings: int


@dataclass(frozen=True)
class Pruning:
    """Deletes what was kept long enough. Opens no evidence, and deletes none."""

    store: Store
    settings: KeepSettings
    clock: Clock
    actor: str
    is_stopped: Callable[[], bool] = lambda: False

    def prune(self) -> Pruned:
        """One turn, in small batches, each a commit of its own. Call it now and then; two at once do no harm."""
        return Pruned(self._in_batches(self._sessions), self._in_batches(self._rulings))

    def _in_batches(self, batch: Callable[[], int]) -> int:
        total = 0
        for _ in range(_BATCHES):
            if self.is_stopped():
                break
            done = batch()
            total += done
            if done < _TOGETHER:
                break
        return total

    def _sessions(self) -> int:
        with self.store.writing() as unit:
            done = unit.sessions.prune(self._before(self.settings.ended_sessions_days), _TOGETHER)
            unit.commit()
        return done

    def _rulings(self) -> int:
        """Whole days at once, so that most turns find nothing and write nothing."""
        if not self.settings.rulings_days:
            return 0
        before = self._before(self.settings.rulings_days)
        with self.store.writing() as unit:
            pruned = unit.access.prune(before, ONLY_SEEN, _TOGETHER)
            if pruned:
                details: dict[str, str | int | None] = {
                    "before": before.date().isoformat(),
                    "count": len(pruned),
                    "first": min(pruned),
                    "last": max(pruned),
                }
                subject = f"ruling:{max(pruned)}"
                event = CustodyEvent(self.clock(), self.actor, CustodyAction.PRUNED, subject, "keep", details)
                unit.custody.append([event])
            unit.commit()
        return len(pruned)

    def _before(self, days: int) -> datetime:
        now = self.clock()
        return datetime.combine(now.date(), time(), now.tzinfo) - timedelta(days=days)
