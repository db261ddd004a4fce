"""Referring: one network, one referral, in an order made from facts, with every reason beside it.

Counting a large network takes seconds, so it is done before the transaction that writes, in one that only reads.
What changes meanwhile is not lost: answers, findings and links only change in commits that leave LINK and then REFER
owed (`settling.py`), and no such job runs beside this one. So what is written is current, or is owed and shown as
that (`Networks.counts_owed`). Only another REFER over the same network could make it older than what stands: one can
have run where a lease ended before its job did. The commit looks for that, under the log's lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from triage.domain.cells import Cell, occasions
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Unavailable
from triage.domain.grounds import Overlap, grounds
from triage.domain.items import Outcome
from triage.domain.jobs import Lease, Stage
from triage.domain.linking_rules import LinkRules
from triage.domain.links import LinkKind
from triage.domain.networks import Join, Placement, components, join_between, place_networks
from triage.domain.priority import PriorityRules, ReferralFacts, assess
from triage.store.engine import CONTENDED
from triage.store.networks import SharedTrait
from triage.store.referral_facts import count_facts
from triage.store.unit_of_work import Store, Unit

from .clock import Clock
from .contending import undisturbed
from .finishing import reopen_changed
from .summing_up import ReferralSummary, sum_up

_NEW = Outcome.UNKNOWN.value
"""What joins networks is unmatched content: known content is distributed too widely to mean that two have met."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was counted of one network, at one moment."""

    facts: ReferralFacts
    summary: ReferralSummary


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a submission's network will be, counted at one moment; by the submissions of each part of it."""

    at: datetime
    joins: list[Join]
    parts: Mapping[tuple[int, ...], _Counted]
    referred: int  # how often its submissions had been referred at that moment


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
        undisturbed(lambda: self._write(lease, self._plan(lease)))

    def _plan(self, lease: Lease) -> _Plan:
        """Count it: as much work as the network has items."""
        submission_id, now = lease.submission_id, self.clock()
        with self.store.reading() as unit:
            joins = self._joins(unit, submission_id)
            network: set[int] = set()
            for end in sorted({submission_id}.union(*((join.low, join.high) for join in joins))):
                if end not in network:
                    network.update(unit.networks.network_of(end))
            others = [
                join for join in unit.networks.joins_of(sorted(network)) if submission_id not in {join.low, join.high}
            ]
            parts = {
                part: _Counted(count_facts(unit.connection, part, now), sum_up(unit, part, self.rules))
                for part in components(sorted(network), [*others, *joins])
            }
            referred = unit.jobs.times_done(Stage.REFER, sorted(network), but=lease.job_id)
        return _Plan(now, joins, parts, referred)

    def _write(self, lease: Lease, plan: _Plan) -> None:
        """Make it true, if the network is still the one that was counted."""
        now = self.clock()
        with self.store.writing() as unit:
            unit.jobs.finish(lease)
            self._change_joins(unit, lease.submission_id, plan.joins, now)
            network = unit.networks.network_of(lease.submission_id)
            held = unit.networks.referrals_of(network)
            placements = place_networks(components(network, unit.networks.joins_of(network)), held)
            if any(placement.submissions not in plan.parts for placement in placements):
                raise _changed()
            referrals = [self._place(unit, placement, held, now) for placement in placements]
            for referral_id, placement in referrals:
                counted = plan.parts[placement.submissions]
                unit.networks.assess(referral_id, assess(counted.facts, self.priority, plan.at), counted.facts, now)
                unit.networks.keep_summary(referral_id, counted.summary.document(), plan.at)
            reopen_changed(unit, [referral_id for referral_id, _ in referrals], now)
            unit.custody.append(
                [self._event(lease, referral_id, placement, now) for referral_id, placement in referrals]
            )
            counted_of = sorted(one for part in plan.parts for one in part)
            if unit.jobs.times_done(Stage.REFER, counted_of, but=lease.job_id) != plan.referred:
                raise _changed()
            unit.commit()

    def _joins(self, unit: Unit, submission_id: int) -> list[Join]:
        """Joins of this submission as the facts stand now."""
        return [
            join_between(submission_id, other, ground.kind, ground.because)
            for other, overlap in sorted(self._overlaps(unit, submission_id).items())
            for ground in grounds(overlap, self.rules.joining)
            if ground.joins
        ]

    def _overlaps(self, unit: Unit, submission_id: int) -> dict[int, Overlap]:
        found: dict[int, Overlap] = {}

        def add(other: int, **counts: int) -> None:
            before = found.get(other, Overlap())
            found[other] = replace(before, **{name: getattr(before, name) + more for name, more in counts.items()})

        most = self.rules.joining.most_submissions
        networks = unit.networks
        for other in networks.same_case(submission_id):
            found[other] = replace(found.get(other, Overlap()), same_case=True)
        for shared in self._shared_traits(unit, submission_id, LinkKind.SAME_CAMERA):
            name = "camera_bodies" if len(shared.submissions) <= most else "widespread"
            for other in shared.submissions:
                add(other, **{name: 1})
        # Digests that two senders told, and that nothing known lists, are one content as unmatched bytes are.
        for content in networks.shared_content(submission_id, _NEW, Outcome.NOT_EXAMINED.value):
            name = "unmatched_contents" if content.holders <= most else "widespread"
            add(content.submission_id, **{name: content.items})
        for content in networks.shared_content(submission_id, Outcome.KNOWN.value):
            add(content.submission_id, known_contents=content.items)
        for content in networks.shared_content(submission_id, Outcome.CONTAINER.value):
            add(content.submission_id, archives=content.items)
        for other, groups in networks.shared_look_alikes(submission_id, _NEW).items():
            add(other, look_alikes=groups)
        for other, cells in self._shared_cells(unit, submission_id).items():
            add(other, occasions=occasions(cells))
        found.pop(submission_id, None)
        return found

    def _shared_traits(self, unit: Unit, submission_id: int, kind: LinkKind) -> list[SharedTrait]:
        return unit.networks.shared_traits(submission_id, kind.value, self.rules.most_members[kind.value], _NEW)

    def _shared_cells(self, unit: Unit, submission_id: int) -> dict[int, list[Cell]]:
        cells: dict[int, list[Cell]] = {}
        for shared in self._shared_traits(unit, submission_id, LinkKind.SAME_PLACE_TIME):
            for other in shared.submissions:
                if other != submission_id:
                    cells.setdefault(other, []).append(Cell.from_key(shared.key))
        return cells

    def _change_joins(self, unit: Unit, submission_id: int, joins: Sequence[Join], now: datetime) -> None:
        standing = unit.networks.joins_of([submission_id])
        keys = {join.key for join in joins}
        standing_keys = {join.key for join in standing}
        unit.networks.change_joins(
            made=[join for join in joins if join.key not in standing_keys],
            withdrawn=[join for join in standing if join.key not in keys],
            now=now,
        )

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

    def _event(self, lease: Lease, referral_id: int, placement: Placement, now: datetime) -> CustodyEvent:
        details: dict[str, str | int | None] = {
            "submissions": ",".join(str(one) for one in placement.submissions),
            "job": lease.job_id,
            "rules": self.priority.edition,
        }
        return CustodyEvent(now, self.actor, CustodyAction.REFERRED, f"referral:{referral_id}", "refer", details)


def _changed() -> Unavailable:
    return Unavailable(CONTENDED, "The network was referred by another while it was counted: it is counted again.")
