"""A second chance for what was given up: with fresh attempts, on the record, and without what giving up wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Conflict
from triage.domain.findings import NoteCode
from triage.domain.jobs import JobState, Stage, item_range
from triage.store.job_pages import JobPage
from triage.store.unit_of_work import Store, Unit

from .clock import Clock
from .owing import Owing

_OF_ITEMS = frozenset({Stage.EXPAND, Stage.EXAMINE, Stage.LOOK_CLOSER, Stage.MATCH})
_WRITTEN = (NoteCode.GAVE_UP, NoteCode.NO_CLOSER_LOOK)
"""What giving up notes of items."""


@dataclass(frozen=True)
class Retrying:
    """Makes dead letters owed again. What followed without them is done anew when they succeed."""

    store: Store
    owing: Owing
    clock: Clock
    actor: str

    def retry(self, job_ids: Sequence[int]) -> list[int]:
        """Owe these jobs again, all of them or none; their numbers. Raises NotFound, Conflict `job-not-dead`."""
        with self.store.writing() as unit:
            pages = [unit.job_pages.get(one) for one in dict.fromkeys(job_ids)]
            for page in pages:
                if page.state is not JobState.DEAD:
                    raise Conflict("job-not-dead", f"J-{page.id} was not given up: it is {page.state}.")
            for page in pages:
                self._again(unit, page)
            unit.commit()
        return [page.id for page in pages]

    def retry_all(self) -> list[int]:
        """Owe every dead letter again; their numbers."""
        with self.store.reading() as unit:
            dead = [page.id for page in unit.job_pages.dead()]
        return self.retry(dead)

    def _again(self, unit: Unit, page: JobPage) -> None:
        details: dict[str, str | int | None] = {
            "items": item_range(page.item_ids),
            "because": page.last_error,
            "stage": page.stage.value,
        }
        event = CustodyEvent(self.clock(), self.actor, CustodyAction.NOTED, f"job:{page.id}", "retry", details)
        if page.rematch_id and unit.rematches.get(page.rematch_id).finished_at:
            # Its run ended without it. What it would have answered rests on an older state, so a new run finds it.
            unit.jobs.settle_dead(page.id)
            self.owing.owe(unit, f"retried J-{page.id}", event)
            return
        unit.jobs.revive(page.id)
        if page.stage in _OF_ITEMS:
            for code in _WRITTEN:
                unit.items.forget_notes(page.stage, code.value, page.item_ids)
            unit.items.forget_giving_up(page.item_ids)
            # They went through linking with nothing to be linked by.
            unit.submissions.mark_unlinked(page.item_ids)
        unit.custody.append([event])
