"""Matching stored digests and fingerprints against the enabled releases. Opens no evidence: it has no vault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hashsets.library import Library
from hashsets.vocabulary import Basis, Candidate, FingerprintAlgorithm
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.estimates import owes_closer_look, settled
from triage.domain.findings import NoteCode, TakenFingerprint
from triage.domain.items import Item, ItemKind
from triage.domain.jobs import Lease, Stage
from triage.domain.match_policy import MatchPolicy
from triage.domain.matches import Asked, Match, Seen, answer_of, closes, judge, nearest_told
from triage.store.unit_of_work import Store, Unit

from .answering import Answers, events_of, write_answers
from .asking import askable, near_candidates
from .clock import Clock
from .hash_set_errors import answered
from .policy_in_force import require_in_force
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
        self.identify(lease.item_ids)
        while not self._recorded(lease, self.answers(lease.item_ids)):
            pass

    def identify(self, item_ids: Sequence[int]) -> None:
        """Stated items that turned out to be held ones go by those from now on.

        Asked here and not when either comes in: of the two the one that is matched later finds the other, so that
        receiving asks nothing and no two transactions can miss each other.
        """
        with self.store.reading() as unit:
            same = unit.stated.to_identify(item_ids)
        if not same:
            return
        with self.store.writing() as unit:
            unit.items.hold(sorted({*same, *same.values()}))
            same = unit.stated.to_identify(item_ids)
            held = {one.id: one for one in unit.items.many(sorted(set(same.values())))}
            # Told two values, it goes by its name alone; that they were two is said of the bytes as well.
            disputed = unit.items.noted(sorted(same), NoteCode.DIGESTS_DISAGREE)
            lied = [
                (held_id, NoteCode.DIGESTS_DISAGREE.value, "")
                for told in unit.items.many(sorted(same))
                if not told.digests.agrees(held[held_id := same[told.id]].digests) or told.id in disputed
            ]
            unit.items.add_notes(Stage.MATCH, lied)
            touched = unit.read.submissions_holding(sorted(same))
            unit.stated.identify(same)
            now = self.clock()
            unit.custody.append(
                [
                    CustodyEvent(
                        now, self.actor, CustodyAction.IDENTIFIED, f"item:{stated}", "match", {"item": held_id}
                    )
                    for stated, held_id in sorted(same.items())
                ]
            )
            settle(unit, touched)
            unit.commit()

    def answers(self, item_ids: Sequence[int]) -> Answers:
        """What the library says of these items now, all in one state of it. Slow: open no transaction around it.

        Raises Tampered for a damaged release, Unavailable `other-policy`.
        """
        with self.store.reading() as unit:
            require_in_force(unit.hash_sets.recorded(), self.policy.provenance)
            items = unit.items.many(item_ids)
            gone = unit.stated.gone_among(items)
            items = [item for item in items if item.id not in gone]
            seen = seen_of(unit, items)
            unopened = unit.read.containers_without_members(item_ids)
            final = unit.items.noted(item_ids, NoteCode.NO_CLOSER_LOOK)
        releases, matches = self._match_in_one_state(items, seen)
        owed = {
            item.id
            for item in items
            if item.id not in final
            and not closes(
                [match.candidate for match in matches[item.id] if match.candidate.basis is Basis.EXACT], self.policy
            )
            and owes_closer_look(seen[item.id], matches[item.id], self.policy)
        }
        answers = {
            item.id: answer_of(
                item.kind,
                matches[item.id],
                seen[item.id],
                self.policy,
                expanded=item.kind is ItemKind.CONTAINER and item.id not in unopened,
            )
            for item in items
            if item.id not in owed
        }
        return Answers(self.policy.provenance, releases, matches, answers, tuple(sorted(owed)))

    def _match_in_one_state(
        self, items: list[Item], seen: dict[int, Seen]
    ) -> tuple[str, dict[int, tuple[Match, ...]]]:
        """The releases asked, and their matches: asked again if another thread took up a new release meanwhile."""
        while True:
            with answered():
                self.library.refresh()
                releases = self.library.version
                matches = self.match(items, seen)
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
            item.id: judge(
                item.id, Asked(exact[item.id], nearest_told(near.get(item.id, ())), seen[item.id]), self.policy
            )
            for item in items
        }

    def _exact(self, items: list[Item]) -> dict[int, list[Candidate]]:
        asked = [(item.id, digest) for item in items for digest in item.digests.as_digests()]
        candidates: dict[int, list[Candidate]] = {item.id: [] for item in items}
        by_id = {item.id: item for item in items}
        for candidate in self.library.lookup_digests([digest for _, digest in asked]):
            item = by_id[asked[candidate.query][0]]
            if not candidate.set_kind.is_harmless or item.may_be_set_aside_by(candidate.algorithm):
                candidates[item.id].append(candidate)
        return candidates

    def _recorded(self, lease: Lease, answers: Answers) -> bool:
        now = self.clock()
        with self.store.writing() as unit:
            unit.jobs.finish(lease)
            changes = write_answers(unit, answers, now)
            unit.jobs.add(answers.closer_looks(lease))
            unit.custody.append(events_of(lease, answers, changes, now, self.actor))
            if not holds(unit, answers):
                return False
            # Its own too: the last of its items may have turned out to be another, which is answered already.
            settle(unit, {lease.submission_id, *unit.read.submissions_holding(lease.item_ids)})
            unit.commit()
        return True


def holds(unit: Unit, answers: Answers) -> bool:
    """Whether what gave these answers is still what the database says is in force.

    Ask it after the unit's custody record: whoever changes what is in force, on whichever machine, does so under the
    log's lock, and then looks for items that rest on another state. So either they find these, or this finds the
    change. Raises Unavailable `other-policy`.
    """
    recorded = unit.hash_sets.recorded()
    require_in_force(recorded, answers.policy)
    return recorded.version == answers.releases


def seen_of(unit: Unit, items: Sequence[Item]) -> dict[int, Seen]:
    """What is stored of each item's picture, as judging needs it; of stated items what was told."""
    item_ids = [item.id for item in items if not item.is_stated]
    told = unit.stated.fingerprints([item.id for item in items if item.is_stated])
    fingerprints = unit.examinations.fingerprints(item_ids, *FingerprintAlgorithm)
    measures = unit.examinations.measures(item_ids)
    found = {
        item_id: Seen(
            settled(fingerprints.get(item_id, ())), one.concentration, one.thumbnail_distance, is_decoded=True
        )
        for item_id, one in measures.items()
    }
    found |= {item_id: Seen(fingerprints) for item_id, fingerprints in told.items()}
    return {item.id: found.get(item.id, Seen()) for item in items}
