"""Placing: networks get their referrals, and referrals their order, within somebody's unit of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from triage.domain.linking_rules import LinkRules
from triage.domain.networks import Join, Placement, components, held_back, place_networks
from triage.domain.priority import PriorityRules, assess
from triage.store.referral_facts import count_facts
from triage.store.unit_of_work import Unit

from .finishing import reopen_changed
from .summing_up import sum_up


@dataclass(frozen=True, slots=True)
class Placed:
    """Referrals with their networks, and joins that connect nothing since somebody set apart what they would."""

    referrals: tuple[tuple[int, Placement], ...]
    held_back: tuple[Join, ...]


def networks_among(
    unit: Unit, submissions: Sequence[int], joins: Sequence[Join], held: Mapping[int, int]
) -> tuple[tuple[int, ...], ...]:
    """Networks of these submissions. Where one would have to choose a side, what is together already stays so."""
    apart = [one.pair for one in unit.partings.touching(submissions)]
    together = sorted(joins, key=lambda join: (held.get(join.low, -1) != held.get(join.high, -2), join))
    return components(submissions, together, apart)


@dataclass(frozen=True, slots=True)
class Placing:
    """Makes referrals true."""

    rules: LinkRules
    priority: PriorityRules

    def place(self, unit: Unit, network: Sequence[int], now: datetime) -> Placed:
        """Each group of these submissions that joins in force connect has one referral, assessed.

        What people set apart stays apart. Hold the partings first.
        """
        held = unit.networks.referrals_of(network)
        joins = unit.networks.joins_of(network)
        parts = networks_among(unit, network, joins, held)
        referrals = [self._place(unit, placement, held, now) for placement in place_networks(parts, held)]
        for referral_id, placement in referrals:
            facts = count_facts(unit.connection, placement.submissions, now)
            unit.networks.assess(referral_id, assess(facts, self.priority, now), facts, now)
            counted = sum_up(unit, placement.submissions, self.rules)
            unit.networks.keep_summary(referral_id, counted.document(), now)
        reopen_changed(unit, [referral_id for referral_id, _ in referrals], now)
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
