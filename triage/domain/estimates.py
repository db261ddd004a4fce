"""What estimates may decide: that nothing is near, wherever the exact values could not say otherwise.

A large JPEG is examined by its own luma first (`Profile.is_estimate`). Its estimates are at most `ESTIMATE_MARGIN`
bits from the exact values. So where they find nothing, asked that much farther, the exact values find nothing either.
Whatever lies nearer to a boundary (a candidate, a floor, a threshold) is owed a closer look: the exact decode.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hashsets.vocabulary import ESTIMATE_MARGIN, Basis, Fingerprint, Profile

from .findings import THUMBNAIL_DISAGREES_ABOVE, Subject, TakenFingerprint
from .match_policy import MatchPolicy
from .matches import Match, Seen

QUALITY_SLACK = 10
"""How far an estimate's quality must lie above a floor to say that the exact one does; the most that we met is 3."""

CONCENTRATION_SLACK = 10
"""How far concentration of luma must lie under a threshold, in percent; the most that we met is 8."""


def settled(taken: Sequence[TakenFingerprint]) -> list[TakenFingerprint]:
    """The fingerprints to go by: estimates only where nothing exact is there for their raster."""
    exact = {entry.subject for entry in taken if not entry.fingerprint.profile.is_estimate}
    return [entry for entry in taken if not entry.fingerprint.profile.is_estimate or entry.subject not in exact]


def is_clear(estimates: Iterable[Fingerprint], quality_floor: int) -> bool:
    """Whether the exact qualities are above a floor, too."""
    return all((one.quality or 0) >= quality_floor + QUALITY_SLACK for one in estimates)


def has_much(concentration: int, little_information_from: int) -> bool:
    """Whether a picture holds enough for its fingerprint to mean something, measured on its luma."""
    never = little_information_from > 100
    return never or concentration < little_information_from - CONCENTRATION_SLACK


def owes_closer_look(seen: Seen, matches: Sequence[Match], policy: MatchPolicy) -> bool:
    """Whether an item's answer hangs on its exact values. `matches` are judged, with the margin for estimates."""
    estimates = [entry.fingerprint for entry in seen.fingerprints if entry.fingerprint.profile.is_estimate]
    if not estimates:
        return False
    floor = max(near.quality_floor for near in (policy.near, *policy.near_by_set.values()))
    return (
        any(match.candidate.basis is Basis.NEAR for match in matches)
        or not is_clear(estimates, floor)
        or not has_much(100 if seen.concentration is None else seen.concentration, policy.little_information_from)
        or (
            seen.thumbnail_distance is not None
            and abs(seen.thumbnail_distance - THUMBNAIL_DISAGREES_ABOVE) <= ESTIMATE_MARGIN
        )
    )


def likeness(taken: Sequence[TakenFingerprint], subject: Subject) -> Fingerprint | None:
    """The value by which our own items are compared: the estimate of every picture that has one, else the exact one.

    What a picture has is decided by its content alone; whether it got a closer look is not.
    """
    found = {entry.fingerprint.profile: entry.fingerprint for entry in taken if entry.subject is subject}
    return found.get(LIKENESS[0]) or found.get(LIKENESS[1])


LIKENESS = (Profile.PDQ_LUMA512, Profile.PDQ_REF512)
"""The profiles of `likeness`, the one that is preferred first."""
