"""Judging candidates: what the library found near, and what a policy makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hashsets.vocabulary import Basis, Candidate, FingerprintAlgorithm, SetKind

from .findings import Subject, TakenFingerprint
from .items import ItemKind, Outcome

MAX_REACH = 31
"""Bits. The indexes answer exactly up to here; PDQ's authors draw the line here too."""


def _check_whole(key: str, value: object, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError(f"{key}: a whole number from 0 to {most} is needed")


@dataclass(frozen=True, slots=True)
class MatchPolicy:
    """How near is near, and how good a fingerprint must be to say so.

    `reach` is in bits of 256 (PDQ's authors recommend 31), `reach_by_set` overrides it for one set.
    Fingerprints below `quality_floor` (0..100) never make a near match alone.
    """

    version: str
    reach: int = 31
    quality_floor: int = 50
    reach_by_set: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError with the key of a value that no index could follow."""
        reaches = {"reach": self.reach} | {f"reach_by_set.{name}": reach for name, reach in self.reach_by_set.items()}
        for key, reach in reaches.items():
            _check_whole(key, reach, MAX_REACH)
        _check_whole("quality_floor", self.quality_floor, 100)
        if not self.version:
            raise ValueError("version: a text is needed")

    def reach_for(self, set_name: str) -> int:
        """Reach in bits for one set."""
        return self.reach_by_set.get(set_name, self.reach)


@dataclass(frozen=True, slots=True)
class Match:
    """A measured fact: this item lies this near to that entry of that release."""

    item_id: int
    subject: Subject
    candidate: Candidate


def judge(
    item_id: int,
    digest_candidates: Sequence[Candidate],
    fingerprint_candidates: Sequence[tuple[TakenFingerprint, Candidate]],
    policy: MatchPolicy,
) -> tuple[Match, ...]:
    """Matches of one item. Near matches need quality and reach, and never come from a known-good set.

    A known-good set says "these exact bytes are harmless"; that a picture merely resembles one proves nothing.
    """
    exact = tuple(Match(item_id, Subject.MAIN, candidate) for candidate in digest_candidates)
    near = tuple(
        Match(item_id, taken.subject, candidate)
        for taken, candidate in fingerprint_candidates
        if candidate.set_kind is SetKind.KNOWN
        and (taken.fingerprint.quality or 0) >= policy.quality_floor
        and candidate.distance <= policy.reach_for(candidate.set_name)
    )
    return exact + near


def outcome_of(
    kind: ItemKind,
    matches: Sequence[Match],
    fingerprints: Sequence[TakenFingerprint],
    policy: MatchPolicy,
    *,
    expanded: bool = False,
) -> Outcome:
    """The one answer for an item, strongest fact first. Known outranks known-good when sources disagree."""
    exact_kinds = {match.candidate.set_kind for match in matches if match.candidate.basis is Basis.EXACT}
    near = any(match.candidate.basis is Basis.NEAR for match in matches)
    answers = (
        (SetKind.KNOWN in exact_kinds, Outcome.KNOWN),
        (SetKind.KNOWN_GOOD in exact_kinds, Outcome.KNOWN_GOOD),
        (near, Outcome.NEAR),
        (expanded, Outcome.CONTAINER),
    )
    return next((answer for holds, answer in answers if holds), None) or _unmatched(kind, fingerprints, policy)


def _unmatched(kind: ItemKind, fingerprints: Sequence[TakenFingerprint], policy: MatchPolicy) -> Outcome:
    """What an item is that nothing matched: no picture, a picture that says too little, or truly unknown."""
    qualities = [
        taken.fingerprint.quality or 0
        for taken in fingerprints
        if taken.subject is not Subject.THUMBNAIL and taken.fingerprint.algorithm is FingerprintAlgorithm.PDQ
    ]
    if not qualities or kind is not ItemKind.RASTER:
        return Outcome.UNDECODABLE
    return Outcome.TOO_POOR if max(qualities) < policy.quality_floor else Outcome.UNKNOWN


def closes_without_viewing(outcome: Outcome) -> bool:
    """Known bytes are never shown again; known-good bytes need no look either."""
    return outcome in {Outcome.KNOWN, Outcome.KNOWN_GOOD}
