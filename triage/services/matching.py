"""Matching stored digests and fingerprints against the enabled releases. Opens no evidence: it has no vault."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from hashsets.errors import Damaged
from hashsets.library import Library
from hashsets.vocabulary import Candidate, FingerprintAlgorithm, SetKind
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Tampered
from triage.domain.findings import TakenFingerprint
from triage.domain.items import Item, ItemKind, Outcome
from triage.domain.jobs import Lease, item_range
from triage.domain.matches import Match, MatchPolicy, closes_without_viewing, judge, outcome_of
from triage.store.unit_of_work import Store

from .clock import Clock
from .settling import settle


@dataclass(frozen=True)
class Matching:
    """Answers for each item: known, near, unknown, known-good, too poor, undecodable."""

    store: Store
    library: Library
    policy: MatchPolicy
    clock: Clock
    actor: str

    def match_batch(self, lease: Lease) -> None:
        """Match the lease's items and write their outcome. Raises Tampered for a damaged release."""
        with self.store.reading() as unit:
            items = unit.items.many(lease.item_ids)
            fingerprints = unit.examinations.fingerprints(lease.item_ids, FingerprintAlgorithm.PDQ)
            unopened = unit.read.containers_without_members(lease.item_ids)
        releases, matches = self._match_in_one_state(items, fingerprints)  # slow, no transaction open
        outcomes = {
            item.id: outcome_of(
                item.kind,
                matches[item.id],
                fingerprints.get(item.id, []),
                self.policy,
                expanded=item.kind is ItemKind.CONTAINER and item.id not in unopened,
            )
            for item in items
        }
        self._record(lease, releases, matches, outcomes)

    def _match_in_one_state(
        self, items: list[Item], fingerprints: dict[int, list[TakenFingerprint]]
    ) -> tuple[str, dict[int, tuple[Match, ...]]]:
        """The releases asked, and their matches: asked again if another thread took up a new release meanwhile."""
        while True:
            self.library.refresh()
            releases = self.library.version
            try:
                matches = self.match(items, fingerprints)
            except Damaged as error:
                raise Tampered(error.code, error.sentence) from error
            if self.library.version == releases:
                return releases, matches

    def match(
        self, items: list[Item], fingerprints: dict[int, list[TakenFingerprint]]
    ) -> dict[int, tuple[Match, ...]]:
        """Matches by item id. Items that an exact digest has decided are not asked for again by fingerprint."""
        exact = self._exact(items)
        undecided = [item.id for item in items if not exact[item.id]]
        asked = [
            (item_id, taken)
            for item_id in undecided
            for taken in fingerprints.get(item_id, [])
            if (taken.fingerprint.quality or 0) >= self.policy.quality_floor
        ]
        near: dict[int, list[tuple[TakenFingerprint, Candidate]]] = {}
        found = self.library.lookup_fingerprints([taken.fingerprint for _, taken in asked], self._reach())
        for candidate in found:
            item_id, taken = asked[candidate.query]
            near.setdefault(item_id, []).append((taken, candidate))
        return {item.id: judge(item.id, exact[item.id], near.get(item.id, []), self.policy) for item in items}

    def _exact(self, items: list[Item]) -> dict[int, list[Candidate]]:
        asked = [(item.id, digest) for item in items for digest in item.digests.as_digests()]
        candidates: dict[int, list[Candidate]] = {item.id: [] for item in items}
        for candidate in self.library.lookup_digests([digest for _, digest in asked]):
            candidates[asked[candidate.query][0]].append(candidate)
        return candidates

    def _reach(self) -> dict[str, int]:
        names = {release.set_name for release in self.library.releases() if release.set_kind is SetKind.KNOWN}
        return {name: self.policy.reach_for(name) for name in names}

    def _record(
        self, lease: Lease, releases: str, matches: dict[int, tuple[Match, ...]], outcomes: dict[int, Outcome]
    ) -> None:
        now = self.clock()
        closed = {item_id: _closed_because(outcome) for item_id, outcome in outcomes.items()}
        with self.store.writing() as unit:
            unit.jobs.finish(lease)
            comparison_id = unit.matches.comparison(self.policy.version, releases)
            unit.matches.add([match for found in matches.values() for match in found], comparison_id, now)
            answers = {item_id: (outcomes[item_id], closed[item_id]) for item_id in outcomes}
            unit.items.set_outcomes(answers, comparison_id)
            unit.custody.append(self._events(lease, releases, outcomes))
            settle(unit, unit.read.submissions_holding(lease.item_ids))
            unit.commit()

    def _events(self, lease: Lease, releases: str, outcomes: dict[int, Outcome]) -> list[CustodyEvent]:
        now = self.clock()
        events = [
            CustodyEvent(
                now,
                self.actor,
                CustodyAction.MATCHED,
                f"job:{lease.job_id}",
                "match",
                {"items": item_range(lease.item_ids), "releases": releases},
            )
        ]
        by_outcome = sorted((outcome, item_id) for item_id, outcome in outcomes.items())
        for outcome, group in groupby(by_outcome, key=lambda pair: pair[0]):
            if closes_without_viewing(outcome):
                ids = tuple(item_id for _, item_id in group)
                details: dict[str, str | int | None] = {"items": item_range(ids), "because": outcome.value}
                events.append(
                    CustodyEvent(now, self.actor, CustodyAction.CLOSED, f"job:{lease.job_id}", "match", details)
                )
        return events


def _closed_because(outcome: Outcome) -> str | None:
    return f"exact match: {outcome.value}" if closes_without_viewing(outcome) else None
