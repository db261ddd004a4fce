"""Matching stored digests and fingerprints against the enabled releases. Opens no evidence: it has no vault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from hashsets.errors import Damaged
from hashsets.library import Library
from hashsets.vocabulary import Candidate, FingerprintAlgorithm
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Tampered
from triage.domain.findings import TakenFingerprint
from triage.domain.items import Item, ItemKind
from triage.domain.jobs import Lease, item_range
from triage.domain.match_policy import MatchPolicy
from triage.domain.matches import Answer, Asked, Match, Seen, answer_of, closes, judge
from triage.store.unit_of_work import Store, Unit

from .asking import askable, near_candidates
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
            seen = seen_of(unit, lease.item_ids)
            unopened = unit.read.containers_without_members(lease.item_ids)
        releases, matches = self._match_in_one_state(items, seen)  # slow, no transaction open
        answers = {
            item.id: answer_of(
                item.kind,
                matches[item.id],
                seen[item.id],
                self.policy,
                expanded=item.kind is ItemKind.CONTAINER and item.id not in unopened,
            )
            for item in items
        }
        self._record(lease, releases, matches, answers)

    def _match_in_one_state(
        self, items: list[Item], seen: dict[int, Seen]
    ) -> tuple[str, dict[int, tuple[Match, ...]]]:
        """The releases asked, and their matches: asked again if another thread took up a new release meanwhile."""
        while True:
            self.library.refresh()
            releases = self.library.version
            try:
                matches = self.match(items, seen)
            except Damaged as error:
                raise Tampered(error.code, error.sentence) from error
            if self.library.version == releases:
                return releases, matches

    def match(self, items: list[Item], seen: dict[int, Seen]) -> dict[int, tuple[Match, ...]]:
        """Matches by item id. Items that an exact digest has closed are not asked for again by fingerprint."""
        exact = self._exact(items)
        asked = [
            (item.id, taken)
            for item in items
            if not closes(exact[item.id], self.policy)
            for taken in askable(seen[item.id].fingerprints, self.policy)
        ]
        near: dict[int, list[tuple[TakenFingerprint, Candidate]]] = {}
        for candidate in near_candidates(self.library, [taken.fingerprint for _, taken in asked], self.policy):
            item_id, taken = asked[candidate.query]
            near.setdefault(item_id, []).append((taken, candidate))
        return {
            item.id: judge(item.id, Asked(exact[item.id], near.get(item.id, ()), seen[item.id]), self.policy)
            for item in items
        }

    def _exact(self, items: list[Item]) -> dict[int, list[Candidate]]:
        asked = [(item.id, digest) for item in items for digest in item.digests.as_digests()]
        candidates: dict[int, list[Candidate]] = {item.id: [] for item in items}
        for candidate in self.library.lookup_digests([digest for _, digest in asked]):
            candidates[asked[candidate.query][0]].append(candidate)
        return candidates

    def _record(
        self, lease: Lease, releases: str, matches: dict[int, tuple[Match, ...]], answers: dict[int, Answer]
    ) -> None:
        now = self.clock()
        with self.store.writing() as unit:
            unit.jobs.finish(lease)
            comparison_id = unit.matches.comparison(self.policy.provenance, releases)
            unit.matches.add([match for found in matches.values() for match in found], comparison_id, now)
            unit.items.set_outcomes(answers, comparison_id)
            unit.custody.append(self._events(lease, releases, answers))
            settle(unit, unit.read.submissions_holding(lease.item_ids))
            unit.commit()

    def _events(self, lease: Lease, releases: str, answers: dict[int, Answer]) -> list[CustodyEvent]:
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
        closed = sorted(
            (one.closed_because, one.because, item_id) for item_id, one in answers.items() if one.closed_because
        )
        for (because, rule), group in groupby(closed, key=lambda one: one[:2]):
            details: dict[str, str | int | None] = {
                "items": item_range(tuple(item_id for *_, item_id in group)),
                "because": because,
                "rule": rule,
            }
            events.append(
                CustodyEvent(now, self.actor, CustodyAction.CLOSED, f"job:{lease.job_id}", "match", details)
            )
        return events


def seen_of(unit: Unit, item_ids: Sequence[int]) -> dict[int, Seen]:
    """What is stored of each item's picture, as judging needs it."""
    fingerprints = unit.examinations.fingerprints(item_ids, *FingerprintAlgorithm)
    concentrations = unit.examinations.concentrations(item_ids)
    thumbnails = unit.examinations.thumbnail_distances(item_ids)
    return {
        item_id: Seen(fingerprints.get(item_id, ()), concentrations.get(item_id), thumbnails.get(item_id))
        for item_id in item_ids
    }
