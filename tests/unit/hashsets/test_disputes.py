"""Sources that disagree about the same bytes."""

from __future__ import annotations

from hashsets.disputes import Dispute, DisputeKind, disputes
from hashsets.vocabulary import Basis, Candidate, Opinion, Profile, SetKind, Transform

KNOWN, GOOD = SetKind.KNOWN, SetKind.KNOWN_GOOD


def candidate(
    release: str, category: str | None = None, kind: SetKind = KNOWN, basis: Basis = Basis.EXACT, query: int = 0
) -> Candidate:
    profile = Profile.PDQ_FULL if basis is Basis.NEAR else None
    algorithm = "pdq" if basis is Basis.NEAR else "md5"
    opinion = Opinion(category)
    return Candidate(query, release, kind, release, "e", basis, algorithm, profile, 0, Transform.IDENTITY, opinion)


def test_agreement_is_no_dispute() -> None:
    """Nobody, one source, or two of one mind; case and blanks do not matter."""
    assert disputes([]) == ()
    assert disputes([candidate("a", "us:1")]) == ()
    assert disputes([candidate("a", "us:1"), candidate("b", " US:1 "), candidate("c")]) == ()


def test_known_and_known_good_contradict_each_other() -> None:
    """Whatever their categories."""
    both = (candidate("a"), candidate("b", kind=GOOD, query=1))
    assert disputes(both) == (Dispute(DisputeKind.KNOWN_AND_KNOWN_GOOD, "", both),)


def test_grades_of_one_scheme_contradict_each_other() -> None:
    """All that use the scheme are named, in their order; other schemes and plain words have no part in it."""
    first, second, third = candidate("a", "us:1"), candidate("b", "us:2"), candidate("c", "us:1")
    others = [candidate("d", "uk:7"), candidate("e", "baseline"), candidate("f", "other word"), candidate("g")]
    assert disputes([first, *others, second, third]) == (
        Dispute(DisputeKind.CATEGORIES_DIFFER, "us", (first, second, third)),
    )


def test_each_scheme_is_a_dispute_of_its_own() -> None:
    """In order of scheme, after the kinds of sets."""
    found = disputes(
        [candidate("a", "us:1"), candidate("b", "us:2"), candidate("c", "uk:1"), candidate("d", "uk:2", GOOD)]
    )
    assert [(one.kind.value, one.scheme) for one in found] == [
        ("known-and-known-good", ""),
        ("categories-differ", "uk"),
        ("categories-differ", "us"),
    ]


def test_a_source_that_contradicts_itself_disputes_with_nobody() -> None:
    """Two entries of one release; a second release that agrees with one of them does disagree with the other."""
    alone = [candidate("a", "us:1"), candidate("a", "us:2")]
    assert disputes(alone) == ()
    assert len(disputes([*alone, candidate("b", "us:2")])) == 1


def test_near_candidates_have_no_part() -> None:
    """They speak of other bytes."""
    assert disputes([candidate("a", "us:1"), candidate("b", "us:2", GOOD, Basis.NEAR)]) == ()
