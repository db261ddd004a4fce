"""Linking: which items share a body, a place and time, an archive, or a likeness. From facts; opens no evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from hashsets.vocabulary import Fingerprint, FingerprintAlgorithm
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.estimates import likeness
from triage.domain.findings import THUMBNAIL_DISAGREES_ABOVE, Findings, Subject, TakenFingerprint
from triage.domain.items import Outcome
from triage.domain.jobs import Lease, NewJob, Stage, item_range
from triage.domain.linking_rules import LinkRules
from triage.domain.links import Link, LinkKind, Trait, near_fingerprint, thumbnail_of, traits_of
from triage.domain.look_alikes import Neighbour, nearest
from triage.domain.match_policy import MatchPolicy
from triage.settings import WorkSettings
from triage.store.rows import sliced
from triage.store.unit_of_work import Store, Unit

from .clock import Clock
from .look_alikes import FreshCentres, LookAlikeMemory

_BATCH = 256

_Found = list[list[Neighbour]]
"""For each fingerprint what lies near it."""


@dataclass(frozen=True, slots=True)
class _Comparable:
    """An item's fingerprints that may link it: good enough, of the one profile."""

    item_id: int
    main: Fingerprint
    thumbnail: Fingerprint | None


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the database says of one batch. Items set aside (known-good) link nothing.

    Those that say little are like nothing: screens of one program would make one network of all who use it.
    """

    findings: Mapping[int, Findings]
    containers: Mapping[int, Sequence[int]]
    fingerprints: Mapping[int, Sequence[TakenFingerprint]]
    disagreeing: AbstractSet[int]
    set_aside: AbstractSet[int]
    says_little: AbstractSet[int]
    placed: AbstractSet[int]


@dataclass(slots=True)
class _Written:
    """What one batch of linking comes to."""

    traits: Mapping[int, Sequence[Trait]]
    links: list[Link]
    centres: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Earlier:
    """Landmarks near a batch's items, item by item, from what was linked before.

    `centres` are near the pictures, `small` near their thumbnails (of those that have one), `thumbnails` are other
    items' thumbnails near the pictures.
    """

    centres: _Found
    small: _Found
    thumbnails: _Found


@dataclass(frozen=True)
class Linking:
    """Links a submission's items to one another and to everything received before."""

    store: Store
    memory: LookAlikeMemory
    policy: MatchPolicy
    rules: LinkRules
    work: WorkSettings
    clock: Clock
    actor: str

    def link(self, lease: Lease) -> None:
        """Link what is not linked yet, in batches that each commit: a killed run goes on where it stood.

        What was linked and is known good now is taken out; a look-alike group that loses its centre is placed anew.
        """
        while waiting := self._waiting(lease.submission_id):
            for batch in sliced(waiting, _BATCH):
                while not self._linked(lease, batch):
                    pass
        with self.store.writing() as unit:
            unit.jobs.finish(lease)
            unit.jobs.add([NewJob(Stage.REFER, lease.submission_id)])
            unit.commit()

    def _waiting(self, submission_id: int) -> list[int]:
        with self.store.reading() as unit:
            return list(unit.submissions.unlinked_items(submission_id))

    def _linked(self, lease: Lease, batch: Sequence[int]) -> bool:
        """Link one batch; false if a re-match changed meanwhile which of the items are set aside."""
        with self.store.reading() as unit:
            landmarks = self.memory.news(unit)
            facts = self._gather(unit, batch)
        self.memory.learn(landmarks)
        return self._record(lease, batch, self._compare(batch, facts), facts.set_aside)

    def _gather(self, unit: Unit, batch: Sequence[int]) -> _Facts:
        outcomes = {item.id: item.outcome for item in unit.items.many(batch)}
        return _Facts(
            findings=unit.examinations.findings(batch),
            containers=unit.links.containers_of(batch),
            fingerprints=unit.examinations.fingerprints(batch, FingerprintAlgorithm.PDQ),
            disagreeing={
                item_id
                for item_id, distance in unit.examinations.thumbnail_distances(batch).items()
                if distance > THUMBNAIL_DISAGREES_ABOVE
            },
            says_little={
                item_id
                for item_id, concentration in unit.examinations.concentrations(batch).items()
                if concentration >= self.policy.little_information_from
            },
            set_aside=_set_aside(outcomes),
            placed=unit.links.centres_of(batch).keys(),
        )

    def _compare(self, batch: Sequence[int], facts: _Facts) -> _Written:
        traits = {
            item_id: traits_of(facts.findings.get(item_id, Findings()), facts.containers.get(item_id, ()), self.rules)
            for item_id in batch
            if item_id not in facts.set_aside
        }
        comparables = [
            found
            for item_id in batch
            if item_id not in facts.placed and item_id not in facts.set_aside
            if (found := self._comparable(item_id, facts))
        ]
        earlier = self._still_there(self._earlier(comparables), facts.set_aside)
        links, centres = self._look_alikes(comparables, earlier)
        return _Written(traits, links, centres)

    def _comparable(self, item_id: int, facts: _Facts) -> _Comparable | None:
        main, thumbnail = self._good(item_id, Subject.MAIN, facts), self._good(item_id, Subject.THUMBNAIL, facts)
        if not main or item_id in facts.says_little:
            return None
        return _Comparable(item_id, main, thumbnail if item_id in facts.disagreeing else None)

    def _good(self, item_id: int, subject: Subject, facts: _Facts) -> Fingerprint | None:
        found = likeness(facts.fingerprints.get(item_id, ()), subject)
        return found if found and (found.quality or 0) >= self.policy.quality_floor else None

    def _earlier(self, comparables: Sequence[_Comparable]) -> _Earlier:
        """What the memory knows near these items."""
        reach, memory = self.policy.reach, self.memory
        mains = [entry.main for entry in comparables]
        thumbnails = [entry.thumbnail for entry in comparables if entry.thumbnail]
        return _Earlier(
            memory.centres.near(mains, reach),
            memory.centres.near(thumbnails, reach),
            memory.thumbnails.near(mains, reach),
        )

    def _still_there(self, earlier: _Earlier, set_aside: AbstractSet[int]) -> _Earlier:
        """The same without landmarks that have been taken out since the memory learnt them."""
        named = {
            near.item_id
            for found in (earlier.centres, earlier.small, earlier.thumbnails)
            for nears in found
            for near in nears
        }
        with self.store.reading() as unit:
            centre_of = unit.links.centres_of(sorted(named - set_aside))
        own = {item_id for item_id, centre in centre_of.items() if centre == item_id}
        return _Earlier(
            _among(earlier.centres, own), _among(earlier.small, own), _among(earlier.thumbnails, centre_of.keys())
        )

    def _look_alikes(
        self, comparables: Sequence[_Comparable], earlier: _Earlier
    ) -> tuple[list[Link], list[tuple[int, int]]]:
        """Links to earlier centres and thumbnails, and the centre of each item."""
        reach, memory = self.policy.reach, self.memory
        with_thumbnail = [entry for entry in comparables if entry.thumbnail]
        small_of = {entry.item_id: found for entry, found in zip(with_thumbnail, earlier.small, strict=True)}
        fresh, fresh_small = FreshCentres(len(memory.centres.items)), FreshCentres(len(memory.thumbnails.items))
        links: list[Link] = []
        centres: list[tuple[int, int]] = []
        for entry, centres_near, thumbnails_near in zip(
            comparables, earlier.centres, earlier.thumbnails, strict=True
        ):
            joined = nearest([*centres_near, *fresh.near(entry.main, reach)])
            if joined:
                links.append(near_fingerprint(entry.item_id, joined.item_id, joined.distance, joined.transform))
                centres.append((entry.item_id, joined.item_id))
            else:
                centres.append((entry.item_id, entry.item_id))
                fresh.add(entry.item_id, entry.main.value)
            shown = nearest([*thumbnails_near, *fresh_small.near(entry.main, reach)])
            if shown:
                links.append(thumbnail_of(shown.item_id, entry.item_id, shown.distance, shown.transform))
            if entry.thumbnail:
                pictured = nearest([*small_of[entry.item_id], *fresh.near(entry.thumbnail, reach)])
                if pictured and pictured.item_id != entry.item_id:
                    links.append(thumbnail_of(entry.item_id, pictured.item_id, pictured.distance, pictured.transform))
                fresh_small.add(entry.item_id, entry.thumbnail.value)
        return links, centres

    def _record(self, lease: Lease, batch: Sequence[int], written: _Written, set_aside: AbstractSet[int]) -> bool:
        with self.store.writing() as unit:
            if set_aside != _set_aside(unit.items.hold(sorted(batch))):
                return False
            unit.jobs.renew(lease, self.work.lease_seconds)
            taken_out = unit.links.take_out(sorted(set_aside), self.rules.most_members)
            crossed = self._add_traits(unit, written.traits)
            unit.links.add_links(written.links)
            unit.links.assign(written.centres)
            unit.submissions.mark_linked(lease.submission_id, batch)
            self._place_again(unit, taken_out.freed, lease.submission_id)
            self._refer_again(unit, [*crossed, *taken_out.crossed], lease.submission_id)
            unit.custody.append(
                [
                    CustodyEvent(
                        self.clock(),
                        self.actor,
                        CustodyAction.LINKED,
                        f"job:{lease.job_id}",
                        "link",
                        {
                            "items": item_range(tuple(batch)),
                            "links": len(written.links),
                            "taken_out": taken_out.items,
                            "rules": self.rules.edition,
                        },
                    )
                ]
            )
            unit.commit()
        return True

    def _add_traits(self, unit: Unit, traits: Mapping[int, Sequence[Trait]]) -> list[int]:
        crossed: list[int] = []
        for kind in LinkKind:
            if kind.value not in self.rules.most_members:
                continue
            of_kind = {item_id: [trait for trait in found if trait.kind is kind] for item_id, found in traits.items()}
            held = {item_id: found for item_id, found in of_kind.items() if found}
            crossed += unit.links.add_traits(held, self.rules.most_members[kind.value])
        return crossed

    def _place_again(self, unit: Unit, freed: Sequence[int], but: int) -> None:
        """Look-alikes whose centre was taken out go through linking again, wherever they are held."""
        unit.submissions.mark_unlinked(freed)
        for submission_id in unit.read.submissions_holding(freed) if freed else []:
            if submission_id != but and not unit.jobs.is_owed(Stage.LINK, submission_id):
                unit.jobs.add([NewJob(Stage.LINK, submission_id)])

    def _refer_again(self, unit: Unit, crossed: list[int], but: int) -> None:
        """A value has become too common to link, or is so no longer: whoever it joins is looked at again."""
        for submission_id in unit.links.submissions_sharing(crossed) if crossed else []:
            if submission_id != but and not unit.jobs.is_owed(Stage.REFER, submission_id):
                unit.jobs.add([NewJob(Stage.REFER, submission_id)])


def _set_aside(outcomes: Mapping[int, Outcome]) -> set[int]:
    return {item_id for item_id, outcome in outcomes.items() if outcome is Outcome.KNOWN_GOOD}


def _among(found: _Found, items: AbstractSet[int]) -> _Found:
    return [[near for near in nears if near.item_id in items] for nears in found]
