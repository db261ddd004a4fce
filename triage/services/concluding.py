"""A re-match of which no job is owed any more is concluded: counted, told to referrals, and what follows is owed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.rematches import Rematch, RematchResult
from triage.store.unit_of_work import Unit

from .settling import settle


def conclude(unit: Unit, rematch_id: int, now: datetime, actor: str) -> None:
    """Finish the run if this was its last job; then its submissions are linked and referred again.

    Call it after the unit's custody record: the log's lock lets one such commit after another, and without it the
    last two jobs of a run, done at once, would each see the other.
    """
    run = unit.rematches.get(rematch_id)
    if run.finished_at or unit.jobs.rematch_owed(rematch_id):
        return
    result = unit.rematches.result(rematch_id)
    unit.rematches.finish(rematch_id, result, now)
    for referral_id, part in unit.rematches.result_by_referral(rematch_id).items():
        details = {"rematch": rematch_id, **asdict(part), "releases": run.after.releases}
        unit.networks.add_event(referral_id, "rematched", details, now)
    unit.custody.append([_event(run, result, now, actor)])
    settle(unit, unit.rematches.submissions(rematch_id))


def _event(run: Rematch, result: RematchResult, now: datetime, actor: str) -> CustodyEvent:
    details: dict[str, str | int | None] = {
        "step": "finished",
        "items": run.items,
        "changed": sum(result.changes.values()),
        "added": result.added,
        "retracted": result.retracted,
        "releases": run.after.releases,
        "policy": run.after.policy,
    }
    return CustodyEvent(now, actor, CustodyAction.REMATCHED, f"rematch:{run.id}", "rematch", details)
