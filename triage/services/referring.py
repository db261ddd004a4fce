"""Referring: one network, one referral, in an order made from facts, with every reason beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from triage.domain.cells import Cell, occasions
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.grounds import Overlap, grounds
from triage.domain.items import Outcome
from triage.domain.jobs import Lease
from triage.domain.linking_rules import LinkRules
from triage.domain.links import LinkKind
from triage.domain.networks import Join, Placement, components, join_between, place_networks
from triage.domain.priority import PriorityRules, assess
from triage.store.networks import SharedTrait
from triage.store.referral_facts import count_facts
from triage.store.unit_of_work import Store, Unit

from .clock import Clock
from .finishing import reopen_changed
from .summing_up import sum_up

_NEW = Outcome.UNKNOWN.value
"""What joins networks is unmatched content: known content is distributed too widely to mean that two have met."""


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
            joins = self._joins(unit, lease.submission_id)
        with self.store.writing() as unit:
            unit.jobs.finish(lease)
            self._change_joins(unit, lease.submission_id, joins, now)
            network = unit.networks.network_of(lease.submission_id)
            held = unit.networks.referrals_of(network)
            parts = components(network, unit.networks.joins_of(network))
            referrals = [self._place(unit, placement, held, now) for placement in place_networks(parts, held)]
            for referral_id, placement in referrals:
                facts = count_facts(unit.connection, placement.submissions, now)
                unit.networks.assess(referral_id, assess(facts, self.priority, now), facts, now)
                counted = sum_up(unit, placement.submissions, self.rules)
                unit.networks.keep_summary(referral_id, counted.document(), now)
            reopen_changed(unit, [referral_id for referral_id, _ in referrals], now)
            unit.custody.append(
                [self._event(lease, referral_id, placement, now) for referral_id, placement in referrals]
            )
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
