"""Where sources disagree about the same bytes. Computed from candidates, never stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hashsets.categories import scheme_and_grade
from hashsets.vocabulary import Basis, Candidate


class DisputeKind(StrEnum):
    """What the sources disagree about."""

    KNOWN_AND_KNOWN_GOOD = "known-and-known-good"  # or on an allow list
    CATEGORIES_DIFFER = "categories-differ"


@dataclass(frozen=True, slots=True)
class Dispute:
    """Exact candidates of one item, from two releases or more, that contradict each other.

    `scheme` is that of the categories that differ; empty when the kinds of the sets do.
    """

    kind: DisputeKind
    scheme: str
    candidates: tuple[Candidate, ...]


def disputes(candidates: Sequence[Candidate]) -> tuple[Dispute, ...]:
    """The disputes among the candidates of one item, in their order.

    Only exact candidates take part: whatever digest they were found by, they speak of the same bytes. Grades of two
    schemes are never compared, nor words without a scheme; a source that contradicts itself disputes with nobody.
    """
    exact = [candidate for candidate in candidates if candidate.basis is Basis.EXACT]
    found: list[Dispute] = []
    if len({candidate.set_kind.is_harmless for candidate in exact}) > 1:
        found.append(Dispute(DisputeKind.KNOWN_AND_KNOWN_GOOD, "", tuple(exact)))
    by_scheme: defaultdict[str, list[tuple[str, Candidate]]] = defaultdict(list)
    for candidate in exact:
        scheme, grade = scheme_and_grade(candidate.opinion.category or "")
        if scheme:
            by_scheme[scheme].append((grade, candidate))
    for scheme, graded in sorted(by_scheme.items()):
        releases = {candidate.release_id for _, candidate in graded}
        # of two releases or more and two grades or more, some two releases differ
        if len(releases) > 1 and len({grade for grade, _ in graded}) > 1:
            found.append(Dispute(DisputeKind.CATEGORIES_DIFFER, scheme, tuple(one for _, one in graded)))
    return tuple(found)
