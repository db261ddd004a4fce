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
from .contending import undisturbed
from .overlapping import Overlapping
from .placing import Counted, Placing, networks_among, require_current


@dataclass(frozen=True)
class Referring:
    """Puts submissions into referrals and referrals into order."""

    store: Store
    rules: LinkRules
    priority: PriorityRules
    clock: Clock
    actor: str

    def refer(self, lease: Lease) -> None:
        """Find the submission's network, make its referrals true, and assess them: counted first, then one commit.

        Raises Unavailable `database-contended` where the network kept changing: at once again is right.
        """
        undisturbed(lambda: self._write(lease, *self._counted(lease)))

    def _counted(self, lease: Lease) -> tuple[list[Join], Counted]:
        """The submission's joins as the facts stand now, and what its network comes to with them."""
        submission_id, now = lease.submission_id, self.clock()
        with self.store.reading() as unit:
            joins = Overlapping(self.rules).joins(unit, submission_id)
            network: set[int] = set()
            for end in sorted({submission_id}.union(*((join.low, join.high) for join in joins))):
                if end not in network:
                    network.update(unit.networks.network_of(end))
            others = [
                join for join in unit.networks.joins_of(sorted(network)) if submission_id not in {join.low, join.high}
            ]
            parts = networks_among(unit, sorted(network), [*others, *joins])
            return joins, self._placing.count(unit, parts, now, but=lease.job_id)

    def _write(self, lease: Lease, joins: Sequence[Join], counted: Counted) -> None:
        """Make it true, if the network is still the one that was counted."""
        now = self.clock()
        with self.store.writing() as unit:
            unit.jobs.finish(lease)
            unit.partings.hold()
            made = self._change_joins(unit, lease.submission_id, joins, now)
            network = unit.networks.network_of(lease.submission_id)
            placed = self._placing.place(unit, network, counted, now)
            newly = {join.key for join in made}
            held_back = [join for join in placed.held_back if join.key in newly]
            _tell_of_apart(unit, lease.submission_id, joins, held_back, now)
            unit.custody.append(
                [self._event(lease, referral_id, placement, now) for referral_id, placement in placed.referrals]
            )
            require_current(unit, counted)
            unit.commit()

    @property
    def _placing(self) -> Placing:
        return Placing(self.rules, self.priority)

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
