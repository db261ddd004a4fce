"""Decisions of one act, which are confirmed or taken back together. Within a unit of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.decisions import Decision, DecisionState
from triage.domain.errors import Conflict
from triage.domain.jobs import item_range
from triage.domain.people import Principal
from triage.store.unit_of_work import Unit

from .finishing import finish


def going_with(unit: Unit, decision_id: int, *, whole_stroke: bool) -> list[Decision]:
    """What goes when a decision is taken back, itself included: of its act if the whole is, and what was spread."""
    taken = unit.decisions.get(decision_id)
    stroke = unit.decisions.stroke_of(taken) if whole_stroke else []
    found = {one.id: one for one in [taken, *stroke]}
    found |= {one.id: one for one in unit.decisions.spread_of(list(found), taken.principal_id)}
    return [found[number] for number in sorted(found)]


def waiting_with(unit: Unit, waiting: Decision, *, whole_stroke: bool) -> list[Decision]:
    """What is confirmed with it: of its act what rests on the same basis, since a person agrees to that."""
    if not whole_stroke:
        return [waiting]
    return [one for one in unit.decisions.stroke_of(waiting) if one.basis is waiting.basis] or [waiting]


def confirmable(unit: Unit, together: Sequence[Decision], *, whole_stroke: bool) -> list[Decision]:
    """Those that can stand now. A whole act leaves alone what somebody says another thing of.

    Raises Conflict `decided-already` for one alone that another decision overtook.
    """
    item_ids, scheme = [one.item_id for one in together], together[0].scheme
    current = unit.decisions.current(item_ids, scheme)
    found = []
    for one in together:
        standing = current[one.item_id].standing
        if (standing.id if standing else None) == one.supersedes:
            found.append(one)
    if whole_stroke:
        disputed = unit.decisions.dissented(item_ids, scheme)
        return [one for one in found if one.item_id not in disputed]
    if not found:
        raise Conflict("decided-already", "Another decision stands by now: supersede it, or dissent.")
    return found


def stand(unit: Unit, principal: Principal, agreed: Sequence[Decision], now: datetime) -> set[int]:
    """Confirmed by a second person; referrals that are done by it."""
    ended = tuple(one.supersedes for one in agreed if one.supersedes is not None)
    unit.decisions.end(ended, DecisionState.SUPERSEDED, now)
    unit.decisions.stand([one.id for one in agreed], principal.id, now)
    referral_id = agreed[0].referral_id
    unit.claims.remember_work(referral_id, principal.id, now)
    done = finish(unit, unit.decisions.referrals_holding([one.item_id for one in agreed]), now)
    details: dict[str, str | int | None] = {
        "step": "confirmed",
        "decisions": item_range(tuple(one.id for one in agreed)),
    }
    if ended:
        details["supersedes"] = item_range(ended)
    unit.custody.append([decided_event(principal, now, referral_id, details)])
    return set(done)


def decided_event(
    principal: Principal, now: datetime, referral_id: int, details: dict[str, str | int | None]
) -> CustodyEvent:
    """A record of what was said, confirmed or taken back in a referral."""
    return CustodyEvent(now, principal.login, CustodyAction.DECIDED, f"referral:{referral_id}", "review", details)
