"""Groups of referrals, remembered from one look to the next: counting a large referral takes seconds.

What a referral holds, and which of it lies together, changes on the way to REFER only, which sums it up anew. What
people say changes between: stacks of which anything was said since are read again, and their groups counted from
them. So what comes out is what counting all of it would say, but for decisions that are committed an hour after the
moment they bear.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from triage.domain.look_plan import GroupKey, Stack, outline_of
from triage.store.look_plans import Asking, Group
from triage.store.unit_of_work import Unit

_LATE = timedelta(hours=1)
"""A decision may bear a moment so long before it is seen: servers' clocks differ, and a large act takes a while."""
_MOST_SAID = 20_000
"""After so many decisions all may as well be counted."""
_MOST_STACKS = 1_000_000
"""Of all that is remembered: some hundred bytes each, three hundred in groups of which something was said."""
_FEW_STACKS = 1_000
"""So many are counted as quickly as remembered."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """Groups as counted for this asking at this moment, of a referral as it was summed up then."""

    asking: Asking
    summed_up_at: datetime
    at: datetime
    groups: Mapping[GroupKey, Group]
    keys: Mapping[int, GroupKey]  # of each stack's centre
    stacks: Mapping[GroupKey, Mapping[int, Stack]]  # by centre, of groups of which something was said


class GroupMemory:
    """One per process, for all its threads. Holds numbers of items, days and cameras; no evidence."""

    def __init__(self, few_stacks: int = _FEW_STACKS) -> None:
        self._few = few_stacks
        self._lock = threading.Lock()
        self._counted: dict[int, _Counted] = {}  # by referral, the one asked for last at the end

    def groups(self, unit: Unit, asking: Asking, now: datetime) -> list[Group]:
        """All groups of the referral, as `LookPlans.groups` would count them."""
        submissions = unit.claims.submissions_of(asking.referral_id)
        summed_up_at = unit.pages.summed_up_at(asking.referral_id)
        if summed_up_at is None or unit.networks.counts_owed(submissions):
            return unit.look_plans.groups(asking)
        before = self._counted.get(asking.referral_id)
        is_same = before is not None and (before.asking, before.summed_up_at) == (asking, summed_up_at)
        counted = _brought_up(unit, before, now) if before is not None and is_same else None
        if counted is None:
            groups = unit.look_plans.groups(asking)
            keys = {centre: one.outline.key for one in groups for centre in one.centres}
            counted = _Counted(asking, summed_up_at, now, {one.outline.key: one for one in groups}, keys, {})
        self._remember(counted)
        return list(counted.groups.values())

    def _remember(self, counted: _Counted) -> None:
        with self._lock:
            before = self._counted.pop(counted.asking.referral_id, None)
            newest = counted if before is None or before.at <= counted.at else before
            if len(newest.keys) > self._few:
                self._counted[newest.asking.referral_id] = newest
            while sum(len(one.keys) for one in self._counted.values()) > _MOST_STACKS:
                self._counted.pop(next(iter(self._counted)))


def _brought_up(unit: Unit, before: _Counted, now: datetime) -> _Counted | None:
    """With what was said since; None where all of it is to be counted."""
    said = unit.look_plans.said_since(before.asking, before.at - _LATE, _MOST_SAID)
    if said is None or not all(centre in before.keys for centre in said):
        return None
    fresh = _read(unit, before, said)
    changed = {key: stacks for key, stacks in fresh.items() if stacks != before.stacks.get(key)}
    groups = {
        key: replace(before.groups[key], outline=outline_of(key, stacks.values())) for key, stacks in changed.items()
    }
    return replace(before, at=now, groups={**before.groups, **groups}, stacks={**before.stacks, **changed})


def _read(unit: Unit, before: _Counted, said: Sequence[int]) -> dict[GroupKey, dict[int, Stack]]:
    """All stacks of the groups of which something was said: these anew, others as they are known."""
    touched: dict[GroupKey, list[int]] = {}
    for centre in said:
        touched.setdefault(before.keys[centre], []).append(centre)
    asked = [
        centre
        for key, centres in touched.items()
        for centre in (centres if key in before.stacks else before.groups[key].centres)
    ]
    read = unit.look_plans.stacks_of(before.asking, asked) if asked else {}
    return {key: {**before.stacks.get(key, {}), **read.get(key, {})} for key in touched}
