"""From candidates to matches, and from matches to the one answer of an item."""

from __future__ import annotations

import pytest

from hashsets.vocabulary import (
    Basis,
    Candidate,
    Fingerprint,
    FingerprintAlgorithm,
    Opinion,
    Profile,
    SetKind,
    Transform,
)
from triage.domain.findings import Subject, TakenFingerprint
from triage.domain.items import ItemKind, Outcome
from triage.domain.matches import Match, MatchPolicy, closes_without_viewing, judge, outcome_of

POLICY = MatchPolicy("test", reach=31, quality_floor=50, reach_by_set={"strict": 10})


def exact(kind: SetKind = SetKind.KNOWN, name: str = "a-set") -> Candidate:
    return Candidate(0, name, kind, f"{name}-r1", "e1", Basis.EXACT, "md5", None, 0, Transform.IDENTITY, Opinion())


def near(distance: int = 20, kind: SetKind = SetKind.KNOWN, name: str = "a-set") -> Candidate:
    return Candidate(
        0, name, kind, f"{name}-r1", "e2", Basis.NEAR, "pdq", Profile.PDQ_FULL, distance, Transform.FLIP_X, Opinion()
    )


def taken(
    quality: int | None = 100,
    subject: Subject = Subject.MAIN,
    algorithm: FingerprintAlgorithm = FingerprintAlgorithm.PDQ,
) -> TakenFingerprint:
    profile = Profile.PDQ_FULL if algorithm is FingerprintAlgorithm.PDQ else Profile.IMAGEHASH
    return TakenFingerprint(subject, Fingerprint(algorithm, profile, bytes(algorithm.size), quality))


def judged(*pairs: tuple[TakenFingerprint, Candidate]) -> tuple[Match, ...]:
    return judge(1, [], pairs, POLICY)


class TestJudging:
    """What makes a near candidate a match."""

    def test_an_exact_candidate_is_always_a_match(self) -> None:
        """Whatever the set means: the same bytes are the same bytes."""
        good = exact(SetKind.KNOWN_GOOD)
        assert judge(7, [exact(), good], [], POLICY) == (
            Match(7, Subject.MAIN, exact()),
            Match(7, Subject.MAIN, good),
        )

    @pytest.mark.parametrize(("quality", "counts"), [(50, True), (49, False), (0, False), (None, False)])
    def test_a_near_match_needs_quality(self, quality: int | None, counts: bool) -> None:
        """Flat pictures lie near anything flat; an unknown quality is none."""
        assert bool(judged((taken(quality), near()))) is counts

    @pytest.mark.parametrize(
        ("name", "distance", "counts"),
        [("a-set", 31, True), ("a-set", 32, False), ("strict", 10, True), ("strict", 11, False)],
    )
    def test_a_near_match_needs_reach_and_each_set_may_have_its_own(
        self, name: str, distance: int, counts: bool
    ) -> None:
        """At the reach is within."""
        assert bool(judged((taken(), near(distance, name=name)))) is counts

    def test_near_to_known_good_proves_nothing(self) -> None:
        """An altered copy of a harmless picture may be anything: only the very bytes are set aside."""
        assert judged((taken(), near(0, SetKind.KNOWN_GOOD))) == ()

    def test_a_near_match_names_the_raster_that_gave_it(self) -> None:
        """A thumbnail that matches is another fact than a picture that does."""
        (found,) = judged((taken(subject=Subject.THUMBNAIL), near()))
        assert found == Match(1, Subject.THUMBNAIL, near())


def outcome(
    *candidates: Candidate,
    kind: ItemKind = ItemKind.RASTER,
    prints: tuple[TakenFingerprint, ...] = (taken(),),
    expanded: bool = False,
) -> Outcome:
    matches = [Match(1, Subject.MAIN, candidate) for candidate in candidates]
    return outcome_of(kind, matches, prints, POLICY, expanded=expanded)


class TestTheOneAnswer:
    """Strongest fact first."""

    @pytest.mark.parametrize(
        ("candidates", "expected"),
        [
            ([exact()], Outcome.KNOWN),
            ([exact(SetKind.KNOWN_GOOD)], Outcome.KNOWN_GOOD),
            ([near()], Outcome.NEAR),
            ([exact(SetKind.KNOWN_GOOD), exact()], Outcome.KNOWN),
            ([near(), exact()], Outcome.KNOWN),
            ([near(), exact(SetKind.KNOWN_GOOD)], Outcome.KNOWN_GOOD),
            ([], Outcome.UNKNOWN),
        ],
    )
    def test_precedence(self, candidates: list[Candidate], expected: Outcome) -> None:
        """Known over known-good over near over unknown, in whatever order the sets answer."""
        assert outcome(*candidates) is expected
        assert outcome(*reversed(candidates)) is expected

    def test_an_archive_that_was_unfolded_is_answered_by_its_members(self) -> None:
        """Unless its own bytes are in a set."""
        assert outcome(kind=ItemKind.CONTAINER, prints=(), expanded=True) is Outcome.CONTAINER
        assert outcome(exact(), kind=ItemKind.CONTAINER, prints=(), expanded=True) is Outcome.KNOWN

    @pytest.mark.parametrize("kind", [ItemKind.CONTAINER, ItemKind.OTHER, ItemKind.EMPTY, ItemKind.RASTER])
    def test_whatever_gave_no_picture_is_undecodable(self, kind: ItemKind) -> None:
        """An archive that could not be opened too: "container" would say that its members were seen."""
        assert outcome(kind=kind, prints=()) is Outcome.UNDECODABLE

    def test_a_picture_too_poor_to_compare_is_not_called_unknown(self) -> None:
        """To call it unknown would say that it was compared."""
        assert outcome(prints=(taken(49),)) is Outcome.TOO_POOR
        assert outcome(prints=(taken(0), taken(50))) is Outcome.UNKNOWN

    def test_a_picture_without_any_pdq_value_gave_nothing_to_compare(self) -> None:
        """A side under five pixels: decoded, but other fingerprints do not stand in for PDQ."""
        assert outcome(prints=(taken(None, algorithm=FingerprintAlgorithm.PHASH),)) is Outcome.UNDECODABLE

    def test_a_good_thumbnail_does_not_make_a_broken_picture_decodable(self) -> None:
        """Only the picture's own rasters answer for it."""
        assert outcome(prints=(taken(100, Subject.THUMBNAIL),)) is Outcome.UNDECODABLE
        assert outcome(prints=(taken(20), taken(100, Subject.THUMBNAIL))) is Outcome.TOO_POOR

    def test_a_poor_picture_whose_bytes_are_known_is_known(self) -> None:
        """Quality is about likeness; bytes need none."""
        assert outcome(exact(), prints=(taken(0),)) is Outcome.KNOWN

    def test_only_what_bytes_decide_is_closed_without_viewing(self) -> None:
        """A near match is likely and not certain."""
        assert {one for one in Outcome if closes_without_viewing(one)} == {Outcome.KNOWN, Outcome.KNOWN_GOOD}


def test_reach_falls_back_to_the_policy_for_sets_without_their_own() -> None:
    """An override concerns its set alone."""
    assert (POLICY.reach_for("strict"), POLICY.reach_for("any other")) == (10, 31)
