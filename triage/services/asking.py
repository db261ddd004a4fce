"""Asking the library for likeness as the policy wants it: which sets, how near, and turned which way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hashsets.library import Library
from hashsets.vocabulary import ESTIMATE_MARGIN, TRANSFORMS, Candidate, Fingerprint, SetKind, Transform
from triage.domain.findings import TakenFingerprint
from triage.domain.match_policy import MatchPolicy, Nearness, Transforms
from triage.domain.matches import is_of_untold_quality


def askable(taken: Sequence[TakenFingerprint], policy: MatchPolicy) -> list[TakenFingerprint]:
    """Fingerprints that are good enough for some set."""
    floor = min(near.quality_floor for near in (policy.near, *policy.near_by_set.values()))
    return [entry for entry in taken if is_of_untold_quality(entry) or (entry.fingerprint.quality or 0) >= floor]


def near_candidates(library: Library, fingerprints: Sequence[Fingerprint], policy: MatchPolicy) -> list[Candidate]:
    """Entries near the fingerprints, each by its best variant, by query and distance. Raises Damaged.

    A set whose turned variants reach less far than the picture as it is, or not at all, is asked twice: of an entry
    the nearest variant alone comes back, and a turned one that is out of reach must not hide an upright one within.
    Estimates are asked farther by their margin.
    """
    near = _sets_asked(library, policy)
    found: list[Candidate] = []
    for margin in (0, ESTIMATE_MARGIN):
        places = [place for place, one in enumerate(fingerprints) if one.profile.is_estimate is bool(margin)]
        asked = [fingerprints[place] for place in places]
        candidates = _within(library, asked, near, margin)
        found += [replace(candidate, query=places[candidate.query]) for candidate in candidates]
    return _best(found)


def _within(
    library: Library, fingerprints: Sequence[Fingerprint], near: Mapping[str, Nearness], margin: int
) -> list[Candidate]:
    every = {name: one.reach_when_turned for name, one in near.items() if one.transforms is Transforms.ALL}
    turned = {name: reach + margin for name, reach in every.items()}
    upright = {name: one.reach + margin for name, one in near.items() if every.get(name) != one.reach}
    if not fingerprints:
        return []
    found = library.lookup_fingerprints(fingerprints, turned) if turned else []
    if upright:
        found += library.lookup_fingerprints([replace(one, variants=()) for one in fingerprints], upright)
    return found


def _sets_asked(library: Library, policy: MatchPolicy) -> dict[str, Nearness]:
    kinds = {SetKind.KNOWN, SetKind.ALLOWED} if policy.allowed_holds_back else {SetKind.KNOWN}
    return {name: policy.near_for(name) for name, kind in library.answering_sets().items() if kind in kinds}


def _best(found: Sequence[Candidate]) -> list[Candidate]:
    """Of each query and entry the nearest; of equally near ones the first of `TRANSFORMS`."""
    best: dict[tuple[int, str, str], Candidate] = {}
    for candidate in sorted(found, key=_order):
        best.setdefault((candidate.query, candidate.release_id, candidate.entry_key), candidate)
    return list(best.values())


def _order(candidate: Candidate) -> tuple[int, int, str, str, int]:
    return (
        candidate.query,
        candidate.distance,
        candidate.set_name,
        candidate.entry_key,
        _PLACE[candidate.transform],
    )


_PLACE: dict[Transform, int] = {transform: place for place, transform in enumerate(TRANSFORMS)}
