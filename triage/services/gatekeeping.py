"""Gatekeeping: asks the legal gate before any rendition, and records each time that it said no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.legal_gate import Gate
from triage.store.unit_of_work import Store

from .clock import Clock


@dataclass(frozen=True)
class Gatekeeping:
    """Every rendition asks here first, whoever makes it and for whatever purpose."""

    store: Store
    clock: Clock

    def may_render(self, item_id: int, submissions: Sequence[int], asked_by: str) -> Gate:
        """The gate of an item, as far as these submissions (the cases at hand of the asking person) go.

        A shut gate is recorded as LOOK_REFUSED before the answer is given. An open one is recorded by whoever makes
        the rendition, in the same commit as the look itself: an answer that nobody used would read as a look.
        """
        now = self.clock()
        with self.store.reading() as unit:
            found = unit.gates.of_item(item_id, submissions, now)
        if found.may_render:
            return found
        details: dict[str, str | int | None] = {
            "code": found.code.value,
            "submissions": ",".join(str(one) for one in sorted(set(submissions))),
        }
        event = CustodyEvent(now, asked_by, CustodyAction.LOOK_REFUSED, f"item:{item_id}", "legal-gate", details)
        with self.store.writing() as unit:
            unit.custody.append([event])
            unit.commit()
        return found
