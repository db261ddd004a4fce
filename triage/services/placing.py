"""Placing: networks get their referrals, and referrals their order.

Counting a large network takes seconds, so it is done before the transaction that writes, in one that only reads.
What changes meanwhile is not lost: answers, findings and links only change in commits that leave LINK and then REFER
owed (`settling.py`). So what is written is current, or is owed and shown as that (`Networks.counts_owed`). Only a
REFER over the same network could make it older than what stands: whoever writes looks for that, under the log's lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from triage.domain.errors import Unavailable
from triage.domain.jobs import Stage
from triage.domain.linking_rules import LinkRules
from triage.domain.networks import Join, Placement, components, held_back, place_networks
from triage.domain.priority import PriorityRules, ReferralFacts, assess
from triage.store.engine import CONTENDED
from triage.store.referral_facts import count_facts
from triage.store.unit_of_work import Unit

from .finishing import is_unchanged, reopen_changed
from .summing_up import ReferralSummary, sum_up

_NO_JOB = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of networks at one moment, by their submissions.

    `unchanged`: those whose one referral was over, with nothing in it to open it again. `referred` is how often these
    had been referred at that moment, without the job `but`.
    """

    at: datetime
    parts: Mapping[tuple[int, ...], tuple[ReferralFacts, ReferralSummary]]
    unchanged: frozenset[tuple[int, ...]]
    referred: int
    but: int

    @property
    def submissions(self) -> list[int]:
        """All that were counted."""
        return sorted(one for part in self.parts for one in part)


@dataclass(frozen=True, slots=True)
class Placed:
    """Referrals with their networks, and joins that connect nothing since somebody set apart what they would."""

    referrals: tuple[tuple[int, Placement], ...]
    held_back: tuple[Join, ...]


def networks_among(
    unit: Unit,
    submissions: Sequence[int],
    joins: Sequence[Join],
    *,
    more_apart: Sequence[tuple[int, int]] = (),
    but_plan: int | None = None,
) -> tuple[tuple[int, ...], ...]:
    """Networks of these submissions. Where one would have to choose a side, what is together already stays so.

    What people set apart stays apart, but for what `but_plan` did, and so do pairs of `more_apart`.
    """
    held = unit.networks.referrals_of(submissions)
    partings = [one for one in unit.partings.touching(submissions) if one.plan_id != but_plan]
    apart = [*(one.pair for one in partings), *more_apart]
    together = sorted(joins, key=lambda join: (held.get(join.low, -1) != held.get(join.high, -2), join.key))
    return components(submissions, together, apart)


@dataclass(frozen=True, slots=True)
class Placing:
    """Makes referrals true."""

    rules: LinkRules
    priority: PriorityRules

    def count(self, unit: Unit, networks: Sequence[tuple[int, ...]], now: datetime, but: int = _NO_JOB) -> Counted:
        """Count these networks: as much work as they have items. `but` is the REFER job that asks, if one does."""
        parts = {one: (count_facts(unit.connection, one, now), sum_up(unit, one, self.rules)) for one in networks}
        submissions = sorted(one for part in parts for one in part)
        held = unit.networks.referrals_of(submissions)
        holders = {part: {held.get(one) for one in part} for part in parts}
        # Of a network that grows it is asked where it is written: nobody yet opens its referral for what joins.
        alone = {part: one for part, (one, *others) in holders.items() if one is not None and not others}
        unchanged = frozenset(part for part, referral_id in alone.items() if is_unchanged(unit, referral_id))
        return Counted(now, parts, unchanged, unit.jobs.times_done(Stage.REFER, submissions, but=but), but)

    def place(self, unit: Unit, network: Sequence[int], counted: Counted, now: datetime) -> Placed:
        """Each group of these submissions that joins in force connect has one referral, assessed.

        What people set apart stays apart: hold the partings first. Raises Unavailable `database-contended` where the
        networks are no longer those that were counted.
        """
        held = unit.networks.referrals_of(network)
        joins = unit.networks.joins_of(network)
        parts = networks_among(unit, network, joins)
        if any(part not in counted.parts for part in parts):
            raise _changed()
        referrals = [self._place(unit, placement, held, now) for placement in place_networks(parts, held)]
        for referral_id, placement in referrals:
            facts, summary = counted.parts[placement.submissions]
            unit.networks.assess(referral_id, assess(facts, self.priority, counted.at), facts, now)
            unit.networks.keep_summary(referral_id, summary.document(), counted.at)
        unchanged = {one for one, placement in referrals if placement.submissions in counted.unchanged}
        reopen_changed(unit, [referral_id for referral_id, _ in referrals], now, unchanged)
        return Placed(tuple(referrals), held_back(parts, joins))

    def _place(self, unit: Unit, placement: Placement, held: dict[int, int], now: datetime) -> tuple[int, Placement]:
        """Make one referral hold exactly its network, with the changes in its history."""
        referral_id = placement.referral_id
        if referral_id is None:
            referral_id = unit.networks.open_referral(now)
            came_from = sorted({held[one] for one in placement.submissions if one in held})
            details = {"submissions": list(placement.submissions), "split_from": came_from}
            unit.networks.add_event(referral_id, "opened", details, now)
            for source in came_from:
                unit.networks.add_event(source, "split", {"into": referral_id, **details}, now)
        joined = [one for one in placement.submissions if held.get(one) != referral_id]
        if joined and placement.referral_id is not None:
            unit.networks.add_event(referral_id, "joined", {"submissions": joined}, now)
        if joined:
            unit.networks.place(joined, referral_id, now)
        for absorbed in placement.absorbs:
            unit.networks.merge(absorbed, referral_id, now)
            unit.networks.add_event(absorbed, "merged", {"into": referral_id}, now)
            unit.networks.add_event(referral_id, "absorbed", {"referral": absorbed}, now)
        return referral_id, placement


def require_current(unit: Unit, counted: Counted) -> None:
    """Last in the unit, under the log's lock. Raises Unavailable `database-contended` where counts are overtaken."""
    if unit.jobs.times_done(Stage.REFER, counted.submissions, but=counted.but) != counted.referred:
        raise _changed()


def _changed() -> Unavailable:
    return Unavailable(CONTENDED, "The network was referred by another while it was counted: it is counted again.")
