"""Judging candidates: what the library found near, and what a policy makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from hashsets.disputes import disputes
from hashsets.vocabulary import ESTIMATE_MARGIN, Basis, Candidate, FingerprintAlgorithm

from . import agreement
from .agreement import Verdict
from .findings import THUMBNAIL_DISAGREES_ABOVE, Subject, TakenFingerprint
from .items import ItemKind, Outcome
from .match_policy import Action, MatchPolicy


class Standing(StrEnum):
    """What a match has to say in the answer for its item."""

    DECIDES = "decides"  # the answer rests on it
    OUTRANKED = "outranked"  # it would have decided, but a stronger one did
    HELD_BACK = "held-back"  # within reach, and may not decide; `because` says why
    NOTED = "noted"  # a rule wants it recorded and nothing else


COUNTING = (Standing.DECIDES, Standing.OUTRANKED)
"""Standings of matches that say what their item is."""


class Because(StrEnum):
    """Reasons beside the names of the policy's rules, for matches and answers."""

    LITTLE_INFORMATION = "little-information"  # too little in the picture, and no second algorithm agrees
    SECOND_DISAGREES = "second-algorithm-disagrees"
    SECOND_ABSENT = "no-second-algorithm"  # one must agree, and there is nothing to compare
    ALLOWED_NEARER = "allowed-is-nearer"
    DISPUTED = "disputed"
    MEMBERS = "members-stand-for-it"
    QUALITY_NOT_TOLD = "quality-not-told"  # a told fingerprint: without its quality it may be that of a blank frame
    DIGESTS_ONLY = "digests-only"
    NOTHING_NEAR_TOLD = "nothing-near-as-told"
    SAME_CONTENT = "same-content"  # a stated item that goes by another now
    NO_PICTURE = "no-picture"
    UNDER_FLOOR = "under-quality-floor"
    NOTHING_NEAR = "nothing-near"
    NOTHING_NEAR_LUMA = (
        "nothing-near-by-luma"  # said by estimates, with their margin; the exact values were not needed
    )
    MOVING = "moving-picture"  # no algorithm here compares it; its bytes were compared
    GAVE_UP = "gave-up"


@dataclass(frozen=True, slots=True)
class Match:
    """A measured fact: this item lies this near to that entry of that release; and what the policy made of it.

    `because` is the name of the policy's rule that applied, or of `Because` what held the match back. `agreement`
    is what second algorithms measured, in bits of 64: `phash 3, dhash 5`.
    """

    item_id: int
    subject: Subject
    candidate: Candidate
    standing: Standing = Standing.DECIDES
    because: str = ""
    agreement: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of an item's picture. `concentration` is in percent, None where it was not measured.

    `is_decoded`: a picture came out of it, whether or not fingerprints could be taken.
    """

    fingerprints: Sequence[TakenFingerprint] = ()
    concentration: int | None = None
    thumbnail_distance: int | None = None
    is_decoded: bool = False

    def says_little(self, subject: Subject, policy: MatchPolicy) -> bool:
        """Whether a raster holds too little for a near match alone. A thumbnail of another picture is not meant."""
        if self.concentration is None or self.concentration < policy.little_information_from:
            return False
        another = self.thumbnail_distance is None or self.thumbnail_distance > THUMBNAIL_DISAGREES_ABOVE
        return subject is not Subject.THUMBNAIL or not another


@dataclass(frozen=True, slots=True)
class Answer:
    """The one answer for an item, and why: the name of a rule or one of `Because`.

    `closed_because` says why nobody needs to look; None where somebody does.
    """

    outcome: Outcome
    because: str
    closed_because: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the library answered for one item: digests, and fingerprints with what each of them found."""

    exact: Sequence[Candidate] = ()
    near: Sequence[tuple[TakenFingerprint, Candidate]] = ()
    seen: Seen = field(default_factory=Seen)


def closes(exact: Sequence[Candidate], policy: MatchPolicy) -> bool:
    """Whether an item's exact candidates close it, so that likeness need not be asked for."""
    return bool(exact) and _closing(_ranked(0, exact, policy), policy) is not None


def judge(item_id: int, asked: Asked, policy: MatchPolicy) -> tuple[Match, ...]:
    """Matches of one item, exact ones first, each with its standing.

    Near matches need quality and reach, and come from a set of known material: that a picture merely resembles
    something harmless proves nothing. At most it holds a farther match back, where the policy says so.
    """
    matches = _ranked(item_id, asked.exact, policy)
    within = [
        (taken, candidate)
        for taken, candidate in asked.near
        if policy.near_for(candidate.set_name).admits(
            _least(taken, candidate),
            candidate.transform,
            BEST_QUALITY if is_of_untold_quality(taken) else taken.fingerprint.quality,
        )
    ]
    asked = replace(asked, near=within)
    matches += [
        _near(item_id, taken, candidate, asked, policy)
        for taken, candidate in within
        if not candidate.set_kind.is_harmless
    ]
    held = [match for match in matches if match.because == Because.ALLOWED_NEARER]
    matches += [
        Match(item_id, taken.subject, candidate, Standing.NOTED, Because.ALLOWED_NEARER)
        for taken, candidate in within
        if candidate.set_kind.is_harmless
        and any(one.subject is taken.subject and candidate.distance < one.candidate.distance for one in held)
    ]
    strongest = min((_rank(match) for match in matches if match.standing is Standing.DECIDES), default=0)
    return tuple(
        replace(match, standing=Standing.OUTRANKED)
        if match.standing is Standing.DECIDES and _rank(match) > strongest
        else match
        for match in matches
    )


BEST_QUALITY = 100


def is_of_untold_quality(taken: TakenFingerprint) -> bool:
    """Whether a sender told this value without its quality: it is asked, and what it finds is held back."""
    return taken.subject is Subject.TOLD and taken.fingerprint.quality is None


def nearest_told(
    near: Sequence[tuple[TakenFingerprint, Candidate]],
) -> list[tuple[TakenFingerprint, Candidate]]:
    """Of several told values that lead to one entry the best: a match names its raster, and all were told."""
    best: dict[object, tuple[TakenFingerprint, Candidate]] = {}
    for taken, candidate in near:
        told = taken.subject is Subject.TOLD
        key = (candidate.release_id, candidate.entry_key, taken.fingerprint.profile, told or taken)
        known = best.get(key)
        if known is None or _preference(taken, candidate) < _preference(*known):
            best[key] = taken, candidate
    return list(best.values())


def _preference(taken: TakenFingerprint, candidate: Candidate) -> tuple[int, int]:
    return -(taken.fingerprint.quality or 0), candidate.distance


def _least(taken: TakenFingerprint, candidate: Candidate) -> int:
    """The distance in bits, or what it may be at least where an estimate was asked."""
    margin = ESTIMATE_MARGIN if taken.fingerprint.profile.is_estimate else 0
    return max(0, candidate.distance - margin)


def answer_of(
    kind: ItemKind, matches: Sequence[Match], seen: Seen, policy: MatchPolicy, *, expanded: bool = False
) -> Answer:
    """The answer for an item from its judged matches, strongest fact first."""
    deciding = [match for match in matches if match.standing is Standing.DECIDES]
    closing = _closing(matches, policy)
    if closing:
        told = kind is ItemKind.STATED
        return replace(closing, closed_because=f"{closing.closed_because}, as told") if told else closing
    if deciding:
        disputed = any(policy.rule_for(match.candidate).action is Action.CLOSE for match in deciding)
        return Answer(Outcome.NEAR, Because.DISPUTED if disputed else deciding[0].because)
    if expanded:
        return Answer(Outcome.CONTAINER, Because.MEMBERS)
    held = [match.because for match in matches if match.standing is Standing.HELD_BACK]
    if kind is ItemKind.STATED:
        return Answer(Outcome.NOT_EXAMINED, held[0] if held else _untold(seen))
    if Because.LITTLE_INFORMATION in held:
        return Answer(Outcome.TOO_POOR, Because.LITTLE_INFORMATION)
    return Answer(Outcome.UNKNOWN, held[0]) if held else _unmatched(kind, seen, policy)


def _ranked(item_id: int, exact: Sequence[Candidate], policy: MatchPolicy) -> list[Match]:
    """Exact matches with the rule that applies to each."""
    matches = []
    for candidate in exact:
        rule = policy.rule_for(candidate)
        standing = Standing.NOTED if rule.action is Action.NOTE else Standing.DECIDES
        matches.append(Match(item_id, Subject.MAIN, candidate, standing, rule.name))
    return matches


def _near(item_id: int, taken: TakenFingerprint, candidate: Candidate, asked: Asked, policy: MatchPolicy) -> Match:
    found = agreement.measured(candidate, taken.subject, asked.seen.fingerprints)
    match = Match(item_id, taken.subject, candidate, agreement=agreement.in_words(found))
    rule = policy.rule_for(candidate)
    if rule.action is Action.NOTE:
        return replace(match, standing=Standing.NOTED, because=rule.name)
    held = _held_back(taken, candidate, agreement.verdict(found, policy.agreement.reach), asked, policy)
    return replace(match, standing=Standing.HELD_BACK if held else Standing.DECIDES, because=held or rule.name)


def _held_back(
    entry: TakenFingerprint, candidate: Candidate, second: Verdict, asked: Asked, policy: MatchPolicy
) -> Because | None:
    """Why a near candidate may not decide; None where it may."""
    if is_of_untold_quality(entry):
        return Because.QUALITY_NOT_TOLD
    if second is not Verdict.AGREES and asked.seen.says_little(entry.subject, policy):
        return Because.LITTLE_INFORMATION
    if _least(entry, candidate) >= policy.agreement.required_from:
        if second is Verdict.DISAGREES:
            return Because.SECOND_DISAGREES
        if second is Verdict.ABSENT and not policy.agreement.absent_suffices:
            return Because.SECOND_ABSENT
    if policy.allowed_holds_back and any(
        other.set_kind.is_harmless and taken.subject is entry.subject and other.distance < candidate.distance
        for taken, other in asked.near
    ):
        return Because.ALLOWED_NEARER
    return None


def _rank(match: Match) -> int:
    """Known before harmless before near, in whatever order the sets answer."""
    if match.candidate.basis is Basis.NEAR:
        return 3
    return 2 if match.candidate.set_kind.is_harmless else 1


def _closing(matches: Sequence[Match], policy: MatchPolicy) -> Answer | None:
    """The answer of exact matches that close their item. Known outranks harmless; a dispute is said, or refers."""
    exact = [m for m in matches if m.candidate.basis is Basis.EXACT and m.standing is not Standing.NOTED]
    known = [match for match in exact if not match.candidate.set_kind.is_harmless]
    disputed = bool(disputes([match.candidate for match in exact]))
    for outcome, candidates in ((Outcome.KNOWN, known), (Outcome.KNOWN_GOOD, [] if known else exact)):
        for match in candidates:
            if policy.rule_for(match.candidate).action is not Action.CLOSE:
                continue
            if disputed and policy.disputed is Action.REFER:
                return None
            because = f"exact match: {outcome}"
            return Answer(outcome, match.because, f"{because}, disputed" if disputed else because)
    return None


def _untold(seen: Seen) -> Because:
    compared = any(taken.fingerprint.algorithm is FingerprintAlgorithm.PDQ for taken in seen.fingerprints)
    return Because.NOTHING_NEAR_TOLD if compared else Because.DIGESTS_ONLY


def _unmatched(kind: ItemKind, seen: Seen, policy: MatchPolicy) -> Answer:
    """What an item is that nothing matched: no picture, one that says too little or moves, or truly unknown."""
    qualities = [
        taken.fingerprint.quality or 0
        for taken in seen.fingerprints
        if taken.subject is not Subject.THUMBNAIL and taken.fingerprint.algorithm is FingerprintAlgorithm.PDQ
    ]
    if kind is ItemKind.VIDEO and seen.is_decoded:
        return Answer(Outcome.TOO_POOR, Because.MOVING)
    if not qualities or kind is not ItemKind.RASTER:
        return Answer(Outcome.UNDECODABLE, Because.NO_PICTURE)
    if max(qualities) < policy.quality_floor:
        return Answer(Outcome.TOO_POOR, Because.UNDER_FLOOR)
    by_luma = any(taken.fingerprint.profile.is_estimate for taken in seen.fingerprints)
    return Answer(Outcome.UNKNOWN, Because.NOTHING_NEAR_LUMA if by_luma else Because.NOTHING_NEAR)
