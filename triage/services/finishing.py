"""When a referral is done, and when it is open again. Only what a person said ends one; new facts can reopen it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from triage.domain.claims import ReferralState
from triage.store.unit_of_work import Unit

SET_ASIDE = "set-aside"


def finish(unit: Unit, referral_ids: Iterable[int], now: datetime) -> list[int]:
    """End the open ones of which every item is closed; which they were.

    Call it before the unit's custody record. The row's lock lets one such unit check after another: without it the
    last two items, decided at once in two referrals, would each see the other open.
    """
    done = []
    for referral_id in sorted(referral_ids):
        if unit.decisions.state_of(referral_id) is ReferralState.OPEN and not unit.decisions.has_left(referral_id):
            unit.decisions.set_state(referral_id, ReferralState.DONE, now)
            unit.networks.add_event(referral_id, "done", {}, now)
            done.append(referral_id)
    return done


def reopen_changed(
    unit: Unit, referral_ids: Iterable[int], now: datetime, unchanged: Collection[int] = frozenset()
) -> list[int]:
    """Open what is done and has items to decide again, and what was set aside and has changed since.

    `unchanged` are those that `is_unchanged` spoke of before this unit: their items are not read again in it.
    """
    reopened = []
    for referral_id in sorted(referral_ids):
        state = unit.decisions.state_of(referral_id)
        is_known = referral_id in unchanged
        if state is ReferralState.DONE:
            is_open = not is_known and unit.decisions.has_left(referral_id)
        elif state is ReferralState.FACTS_ENOUGH:
            since = unit.decisions.last_event(referral_id, SET_ASIDE)
            is_open = since is not None and (
                unit.decisions.joined_since(referral_id, since)
                or (not is_known and unit.decisions.matched_since(referral_id, since))
            )
        else:
            continue
        if is_open:
            unit.decisions.set_state(referral_id, ReferralState.OPEN, now)
            unit.networks.add_event(referral_id, "reopened", {}, now)
            reopened.append(referral_id)
    return reopened


def is_unchanged(unit: Unit, referral_id: int) -> bool:
    """Whether the referral is over, and nothing in what it holds opens it.

    As much work as it has items, so it is asked before the unit that writes. While it holds the same it stays true:
    who takes a decision back opens what that opens, and an answer that changes leaves REFER owed, which asks again.
    """
    state = unit.decisions.states([referral_id])[referral_id]
    if state is ReferralState.DONE:
        return not unit.decisions.has_left(referral_id)
    if state is ReferralState.FACTS_ENOUGH:
        since = unit.decisions.last_event(referral_id, SET_ASIDE)
        return since is not None and not unit.decisions.matched_since(referral_id, since)
    return False
