"""Referring: one network, one referral, in an order made from facts, with every reason beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.jobs import Lease
from triage.domain.linking_rules import LinkRules
from triage.domain.networks import Join, Placement
from triage.domain.priority import PriorityRules
from triage.store.unit_of_work import Store, Unit

from .clock import Clock
from .overlapping import Overlapping
from .placing import Placing


@dataclass(frozen=True)
class Referring:
    """Puts submissions into referrals and referrals into order."""

    store: Store
    rules: LinkRules
    priority: PriorityRules
    clock: Clock
    actor: str

    def refer(self, lease: Lease) -> None:
        """Find the submission's network, make its referrals true, and assess them: one commit."""
        now = self.clock()
        with self.store.reading() as unit:
            joins = Overlapping(self.rules).joins(unit, lease.submission_id)
        with self.store.writing() as unit:
            unit.jobs.finish(lease)
            unit.partings.hold()
            made = self._change_joins(unit, lease.submission_id, joins, now)
            network = unit.networks.network_of(lease.submission_id)
            placed = Placing(self.rules, self.priority).place(unit, network, now)
            newly = {join.key for join in made}
            held_back = [join for join in placed.held_back if join.key in newly]
            _tell_of_apart(unit, lease.submission_id, joins, held_back, now)
            unit.custody.append(
                [self._event(lease, referral_id, placement, now) for referral_id, placement in placed.referrals]
            )
            unit.commit()

    def _change_joins(self, unit: Unit, submission_id: int, joins: Sequence[Join], now: datetime) -> list[Join]:
        """Those that were made."""
        standing = unit.networks.joins_of([submission_id])
        keys = {join.key for join in joins}
        standing_keys = {join.key for join in standing}
        made = [join for join in joins if join.key not in standing_keys]
        unit.networks.change_joins(made=made, withdrawn=[join for join in standing if join.key not in keys], now=now)
        return made

    def _event(self, lease: Lease, referral_id: int, placement: Placement, now: datetime) -> CustodyEvent:
        details: dict[str, str | int | None] = {
            "submissions": ",".join(str(one) for one in placement.submissions),
            "job": lease.job_id,
            "rules": self.priority.edition,
        }
        return CustodyEvent(now, self.actor, CustodyAction.REFERRED, f"referral:{referral_id}", "refer", details)


def _tell_of_apart(
    unit: Unit, submission_id: int, joins: Sequence[Join], held_back: Iterable[Join], now: datetime
) -> None:
    """What a person set apart stays apart. Where more ties it by now, the histories of both sides say so, once."""
    told: dict[tuple[int, int], list[str]] = {}
    partings = unit.partings.touching([submission_id])
    for parting in partings:
        if new := parting.new_grounds(joins):
            unit.partings.say(parting.id, {**parting.told, **{one.kind: one.count for one in new}})
            told[parting.pair] = [one.because for one in new]
    for join in sorted(held_back):  # by way of a submission that nobody has set apart from either
        if (join.low, join.high) not in {one.pair for one in partings}:
            told.setdefault((join.low, join.high), []).append(join.because)
    for pair, because in told.items():
        for referral_id in sorted(set(unit.networks.referrals_of(pair).values())):
            unit.networks.add_event(referral_id, "new-grounds", {"submissions": list(pair), "because": because}, now)
