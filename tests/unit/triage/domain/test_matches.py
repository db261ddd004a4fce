"""From candidates to matches, and from matches to the one answer of an item."""

from __future__ import annotations

from dataclasses import replace

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
from triage.domain.match_policy import SHIPPED_RULES, Action, Agreement, MatchPolicy, Nearness, Rule, Transforms
from triage.domain.matches import Answer, Asked, Because, Match, Seen, Standing, answer_of, closes, judge

KNOWN, GOOD, ALLOWED = SetKind.KNOWN, SetKind.KNOWN_GOOD, SetKind.ALLOWED
POLICY = MatchPolicy(
    "test",
    near_by_set={
        "strict": Nearness(10, 10),
        "upright": Nearness(transforms=Transforms.IDENTITY),
        "careful": Nearness(31, 12, quality_floor=80),
    },
)
REFERS_FIVE = Rule("not-pertinent", Basis.EXACT, KNOWN, Action.REFER, category="us:5")
NOTES_NONE = Rule("not-graded", Basis.EXACT, KNOWN, Action.NOTE, category="*:0")
NOTES_NEAR = Rule("noisy", Basis.NEAR, KNOWN, Action.NOTE, set_name="noisy")
RULED = replace(POLICY, rules=(REFERS_FIVE, NOTES_NONE, NOTES_NEAR, *SHIPPED_RULES))
PHASH, DHASH = FingerprintAlgorithm.PHASH, FingerprintAlgorithm.DHASH


def exact(kind: SetKind = KNOWN, name: str = "a-set", category: str | None = None) -> Candidate:
    opinion = Opinion(category)
    return Candidate(0, name, kind, f"{name}-r1", "e1", Basis.EXACT, "md5", None, 0, Transform.IDENTITY, opinion)


def near(
    distance: int = 20,
    kind: SetKind = KNOWN,
    name: str = "a-set",
    transform: Transform = Transform.FLIP_X,
    second: tuple[tuple[FingerprintAlgorithm, bytes], ...] = (),
) -> Candidate:
    return Candidate(
        0, name, kind, f"{name}-r1", "e2", Basis.NEAR, "pdq", Profile.PDQ_FULL, distance, transform, Opinion(),
        second_values=second,
    )  # fmt: skip


def taken(
    quality: int | None = 100,
    subject: Subject = Subject.MAIN,
    algorithm: FingerprintAlgorithm = FingerprintAlgorithm.PDQ,
) -> TakenFingerprint:
    profile = Profile.PDQ_FULL if algorithm is FingerprintAlgorithm.PDQ else Profile.IMAGEHASH
    return TakenFingerprint(subject, Fingerprint(algorithm, profile, bytes(algorithm.size), quality))


def bits(count: int) -> bytes:
    """A value of 64 bits, so many of them set: that far from the item's own, which is nothing but zeros."""
    return ((1 << count) - 1).to_bytes(8, "big")


SECOND = (taken(None, algorithm=PHASH), taken(None, algorithm=DHASH))
PAGE = Seen((taken(), *SECOND), concentration=95)
"""A picture that says little."""


def judged(
    *pairs: tuple[TakenFingerprint, Candidate],
    exactly: tuple[Candidate, ...] = (),
    seen: Seen | None = None,
    policy: MatchPolicy = POLICY,
) -> tuple[Match, ...]:
    return judge(1, Asked(exactly, pairs, seen or Seen((taken(), *SECOND))), policy)


def answer(
    *candidates: Candidate,
    kind: ItemKind = ItemKind.RASTER,
    seen: Seen | None = None,
    expanded: bool = False,
    policy: MatchPolicy = POLICY,
) -> Answer:
    seen = seen or Seen((taken(),))
    exactly = tuple(one for one in candidates if one.basis is Basis.EXACT)
    pairs = [(taken(), one) for one in candidates if one.basis is Basis.NEAR]
    return answer_of(kind, judged(*pairs, exactly=exactly, seen=seen, policy=policy), seen, policy, expanded=expanded)


class TestJudging:
    """What makes a near candidate a match."""

    def test_an_exact_candidate_is_always_a_match(self) -> None:
        """Whatever the set means: the same bytes are the same bytes. Known outranks what is harmless."""
        good = exact(GOOD)
        assert judged(exactly=(good, exact())) == (
            Match(1, Subject.MAIN, good, Standing.OUTRANKED, "exact-known-good"),
            Match(1, Subject.MAIN, exact(), Standing.DECIDES, "exact-known"),
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

    @pytest.mark.parametrize(
        ("name", "distance", "transform", "counts"),
        [
            ("upright", 31, Transform.IDENTITY, True),
            ("upright", 0, Transform.FLIP_X, False),
            ("careful", 31, Transform.IDENTITY, True),
            ("careful", 12, Transform.ROTATE_90, True),
            ("careful", 13, Transform.ROTATE_90, False),
        ],
    )
    def test_a_turned_picture_may_need_more_or_be_no_match_at_all(
        self, name: str, distance: int, transform: Transform, counts: bool
    ) -> None:
        """Eight questions are eight chances of a false answer; a set may want fewer."""
        assert bool(judged((taken(), near(distance, name=name, transform=transform)))) is counts

    def test_a_set_may_have_its_own_floor_of_quality(self) -> None:
        """One that holds drawings, for instance."""
        assert judged((taken(79), near(5, name="careful"))) == ()
        assert len(judged((taken(80), near(5, name="careful")))) == 1

    def test_near_to_something_harmless_proves_nothing(self) -> None:
        """An altered copy of a harmless picture may be anything: only the very bytes are set aside."""
        assert judged((taken(), near(0, GOOD)), (taken(), near(0, ALLOWED))) == ()

    def test_a_near_match_names_the_raster_that_gave_it(self) -> None:
        """A thumbnail that matches is another fact than a picture that does."""
        (found,) = judged((taken(subject=Subject.THUMBNAIL), near()))
        assert found == Match(1, Subject.THUMBNAIL, near(), Standing.DECIDES, "near-known")


class TestAgreement:
    """A second algorithm confirms what PDQ found; it never finds anything."""

    NEEDED = replace(POLICY, agreement=Agreement(required_from=15))

    @pytest.mark.parametrize(
        ("distance", "second", "standing", "because"),
        [
            (14, (), Standing.DECIDES, "near-known"),
            (15, (), Standing.HELD_BACK, Because.SECOND_ABSENT),
            (15, ((PHASH, bits(4)),), Standing.DECIDES, "near-known"),
            (15, ((PHASH, bits(5)),), Standing.HELD_BACK, Because.SECOND_DISAGREES),
            (15, ((PHASH, bits(4)), (DHASH, bits(9))), Standing.HELD_BACK, Because.SECOND_DISAGREES),
            (15, ((PHASH, bits(60)), (PHASH, bits(1)), (DHASH, bits(8))), Standing.DECIDES, "near-known"),
        ],
    )
    def test_from_a_distance_on_all_that_can_be_compared_must_agree(
        self, distance: int, second: tuple[tuple[FingerprintAlgorithm, bytes], ...], standing: Standing, because: str
    ) -> None:
        """Of several values of one algorithm the nearest counts."""
        candidate = near(distance, transform=Transform.IDENTITY, second=second)
        (found,) = judged((taken(), candidate), policy=self.NEEDED)
        assert (found.standing, found.because) == (standing, because)

    def test_what_was_measured_is_kept_whether_or_not_it_was_needed(self) -> None:
        """A court may ask."""
        candidate = near(3, transform=Transform.IDENTITY, second=((DHASH, bits(2)), (PHASH, bits(30))))
        (found,) = judged((taken(), candidate))
        assert (found.standing, found.agreement) == (Standing.DECIDES, "dhash 2, phash 30")

    def test_a_policy_may_do_without_where_nothing_is_listed(self) -> None:
        """But not where what is listed disagrees."""
        policy = replace(POLICY, agreement=Agreement(required_from=0, absent_suffices=True))
        lone, other = near(3), near(3, transform=Transform.IDENTITY, second=((PHASH, bits(9)),))
        standings = [one.standing for one in judged((taken(), lone), (taken(), other), policy=policy)]
        assert standings == [Standing.DECIDES, Standing.HELD_BACK]

    def test_a_turned_picture_is_compared_as_turned(self) -> None:
        """Values from before variants were stored say nothing of a turned picture."""
        turned = tuple(bits(0) if place < 2 else bits(64) for place in range(8))
        stored = TakenFingerprint(Subject.MAIN, Fingerprint(PHASH, Profile.IMAGEHASH, bits(0), None, turned))
        candidate = near(20, transform=Transform.ROTATE_180, second=((PHASH, bits(64)),))
        (found,) = judged((taken(), candidate), seen=Seen((taken(), stored)), policy=self.NEEDED)
        assert found.agreement == "phash 0"
        (found,) = judged((taken(), candidate), policy=self.NEEDED)
        assert (found.agreement, found.because) == ("", Because.SECOND_ABSENT)

    def test_another_raster_is_not_compared(self) -> None:
        """The entry's value may be of the picture, not of the thumbnail in it."""
        candidate = near(20, transform=Transform.IDENTITY, second=((PHASH, bits(0)),))
        (found,) = judged((taken(subject=Subject.THUMBNAIL), candidate), policy=self.NEEDED)
        assert found.because == Because.SECOND_ABSENT


class TestLittleInformation:
    """Flat pictures, pages of text and screens make no near match alone."""

    def test_such_a_near_match_is_held_back_at_any_distance(self) -> None:
        """Kept, and counted, and it does not make the item near."""
        (found,) = judged((taken(), near(0)), seen=PAGE)
        assert (found.standing, found.because) == (Standing.HELD_BACK, Because.LITTLE_INFORMATION)
        assert answer(near(0), seen=PAGE) == Answer(Outcome.TOO_POOR, Because.LITTLE_INFORMATION)

    def test_the_agreement_of_a_second_algorithm_lets_it_count(self) -> None:
        """Not alone is what the rule says."""
        candidate = near(9, transform=Transform.IDENTITY, second=((PHASH, bits(1)), (DHASH, bits(3))))
        assert answer(candidate, seen=PAGE) == Answer(Outcome.NEAR, "near-known")

    @pytest.mark.parametrize(
        ("concentration", "counts"), [(None, True), (0, True), (79, True), (80, False), (100, False)]
    )
    def test_the_policy_says_from_where_on(self, concentration: int | None, counts: bool) -> None:
        """A picture that was not measured is judged as before."""
        (found,) = judged((taken(), near()), seen=replace(PAGE, concentration=concentration))
        assert (found.standing is Standing.DECIDES) is counts

    def test_the_very_bytes_need_no_information(self) -> None:
        """Neither in a set of known material nor in one of harmless files."""
        assert answer(exact(), seen=PAGE).outcome is Outcome.KNOWN
        assert answer(exact(GOOD), seen=PAGE).outcome is Outcome.KNOWN_GOOD

    @pytest.mark.parametrize(("distance", "standing"), [(50, Standing.HELD_BACK), (51, Standing.DECIDES)])
    def test_a_thumbnail_of_another_picture_stands_for_itself(self, distance: int, standing: Standing) -> None:
        """A page pasted over a picture whose old thumbnail survived."""
        seen = replace(PAGE, thumbnail_distance=distance)
        (found,) = judged((taken(subject=Subject.THUMBNAIL), near()), seen=seen)
        assert found.standing is standing


class TestAllowLists:
    """What the unit itself has judged harmless or noisy."""

    HOLDS = replace(POLICY, allowed_holds_back=True)

    def test_its_bytes_are_set_aside_with_a_reason_of_their_own(self) -> None:
        """And never outrank known ones."""
        assert answer(exact(ALLOWED)) == Answer(Outcome.KNOWN_GOOD, "exact-allowed", "exact match: known-good")
        assert answer(exact(ALLOWED), exact()).outcome is Outcome.KNOWN

    @pytest.mark.parametrize(("distance", "held"), [(19, True), (20, False), (21, False)])
    def test_a_nearer_allowed_entry_holds_a_near_match_back_where_the_policy_says_so(
        self, distance: int, held: bool
    ) -> None:
        """What held it back is kept beside it. The shipped policy does not."""
        pairs = [(taken(), near(20)), (taken(), near(distance, ALLOWED, "ours"))]
        found = judged(*pairs, policy=self.HOLDS)
        assert (found[0].because == Because.ALLOWED_NEARER) is held
        assert [one.standing for one in found[1:]] == [Standing.NOTED] * held
        assert [one.standing for one in judged(*pairs)] == [Standing.DECIDES]

    def test_only_of_the_same_raster(self) -> None:
        """That the thumbnail is like something harmless says nothing of the picture."""
        thumbnail = (taken(subject=Subject.THUMBNAIL), near(1, ALLOWED))
        assert judged((taken(), near(20)), thumbnail, policy=self.HOLDS)[0].standing is Standing.DECIDES


class TestTheOneAnswer:
    """Strongest fact first."""

    @pytest.mark.parametrize(
        ("candidates", "expected"),
        [
            ([exact()], Outcome.KNOWN),
            ([exact(GOOD)], Outcome.KNOWN_GOOD),
            ([near()], Outcome.NEAR),
            ([exact(GOOD), exact()], Outcome.KNOWN),
            ([near(), exact()], Outcome.KNOWN),
            ([near(), exact(GOOD)], Outcome.KNOWN_GOOD),
            ([], Outcome.UNKNOWN),
        ],
    )
    def test_precedence(self, candidates: list[Candidate], expected: Outcome) -> None:
        """Known over known-good over near over unknown, in whatever order the sets answer."""
        assert answer(*candidates).outcome is expected
        assert answer(*reversed(candidates)).outcome is expected

    def test_only_what_bytes_decide_is_closed_without_viewing(self) -> None:
        """A near match is likely and not certain."""
        assert answer(exact()).closed_because == "exact match: known"
        assert answer(exact(GOOD)).closed_because == "exact match: known-good"
        assert (answer(near()).closed_because, answer().closed_because) == (None, None)

    def test_an_archive_that_was_unfolded_is_answered_by_its_members(self) -> None:
        """Unless its own bytes are in a set."""
        archive = ItemKind.CONTAINER
        assert answer(kind=archive, seen=Seen(), expanded=True) == Answer(Outcome.CONTAINER, Because.MEMBERS)
        assert answer(exact(), kind=archive, seen=Seen(), expanded=True).outcome is Outcome.KNOWN

    def test_a_video_that_nothing_lists_is_open_and_not_called_unknown(self) -> None:
        """Only its bytes were compared: "unknown" would say that what it shows was, too."""
        moving = ItemKind.VIDEO
        assert answer(kind=moving, seen=Seen(is_decoded=True)) == Answer(Outcome.TOO_POOR, Because.MOVING)
        assert answer(kind=moving, seen=Seen()) == Answer(Outcome.UNDECODABLE, Because.NO_PICTURE)
        for listed, outcome in ((exact(), Outcome.KNOWN), (exact(GOOD), Outcome.KNOWN_GOOD)):
            assert answer(listed, kind=moving, seen=Seen(is_decoded=True)).outcome is outcome

    @pytest.mark.parametrize(
        "kind", [ItemKind.CONTAINER, ItemKind.OTHER, ItemKind.EMPTY, ItemKind.RASTER, ItemKind.VIDEO]
    )
    def test_whatever_gave_no_picture_is_undecodable(self, kind: ItemKind) -> None:
        """An archive that could not be opened too: "container" would say that its members were seen."""
        assert answer(kind=kind, seen=Seen()) == Answer(Outcome.UNDECODABLE, Because.NO_PICTURE)

    def test_a_picture_too_poor_to_compare_is_not_called_unknown(self) -> None:
        """To call it unknown would say that it was compared."""
        assert answer(seen=Seen((taken(49),))) == Answer(Outcome.TOO_POOR, Because.UNDER_FLOOR)
        assert answer(seen=Seen((taken(0), taken(50)))) == Answer(Outcome.UNKNOWN, Because.NOTHING_NEAR)

    def test_a_picture_without_any_pdq_value_gave_nothing_to_compare(self) -> None:
        """A side under five pixels: decoded, but other fingerprints do not stand in for PDQ."""
        assert answer(seen=Seen(SECOND)).outcome is Outcome.UNDECODABLE

    def test_a_good_thumbnail_does_not_make_a_broken_picture_decodable(self) -> None:
        """Only the picture's own rasters answer for it."""
        assert answer(seen=Seen((taken(100, Subject.THUMBNAIL),))).outcome is Outcome.UNDECODABLE
        assert answer(seen=Seen((taken(20), taken(100, Subject.THUMBNAIL)))).outcome is Outcome.TOO_POOR

    def test_a_poor_picture_whose_bytes_are_known_is_known(self) -> None:
        """Quality is about likeness; bytes need none."""
        assert answer(exact(), seen=Seen((taken(0),))).outcome is Outcome.KNOWN

    def test_what_was_held_back_for_want_of_agreement_is_unknown_with_that_reason(self) -> None:
        """Compared, and by the policy nothing is like it."""
        assert answer(near(), policy=TestAgreement.NEEDED) == Answer(Outcome.UNKNOWN, Because.SECOND_ABSENT)


class TestRules:
    """What a match of which category may do."""

    def test_bytes_that_a_rule_refers_are_for_a_person_and_stay_open(self) -> None:
        """Listed, and not as something that closes."""
        assert answer(exact(category="us:5"), policy=RULED) == Answer(Outcome.NEAR, "not-pertinent")
        assert not closes([exact(category="us:5")], RULED)

    def test_one_set_that_closes_is_enough(self) -> None:
        """In either order; the other set's grade of another scheme is no contradiction."""
        both = [exact(category="us:5"), exact(name="b-set", category="uk:1")]
        for candidates in (both, both[::-1]):
            assert answer(*candidates, policy=RULED) == Answer(Outcome.KNOWN, "exact-known", "exact match: known")

    def test_referred_bytes_outrank_harmless_ones(self) -> None:
        """Known always does."""
        assert answer(exact(category="us:5"), exact(GOOD), policy=RULED) == Answer(Outcome.NEAR, "not-pertinent")

    def test_what_is_noted_changes_no_outcome(self) -> None:
        """It is kept, and likeness is asked for as if it were not there."""
        noted = exact(category="us:0")
        assert [one.standing for one in judged(exactly=(noted,), policy=RULED)] == [Standing.NOTED]
        assert answer(noted, policy=RULED).outcome is Outcome.UNKNOWN
        assert answer(noted, near(), policy=RULED) == Answer(Outcome.NEAR, "near-known")
        assert answer(noted, exact(GOOD), policy=RULED).outcome is Outcome.KNOWN_GOOD
        assert not closes([noted], RULED)

    def test_a_noisy_set_may_be_noted_only(self) -> None:
        """Near matches too."""
        assert answer(near(name="noisy"), policy=RULED).outcome is Outcome.UNKNOWN


class TestDisputes:
    """Sources that contradict each other never close an item silently."""

    REFERS = replace(POLICY, disputed=Action.REFER)

    @pytest.mark.parametrize(
        "candidates",
        [
            (exact(), exact(GOOD, "good")),
            (exact(), exact(ALLOWED, "ours")),
            (exact(category="us:1"), exact(name="b-set", category="us:2")),
        ],
    )
    def test_a_disputed_item_says_so_or_is_left_to_a_person(self, candidates: tuple[Candidate, ...]) -> None:
        """As the policy wants; the shipped one closes, and the reason names the dispute."""
        assert answer(*candidates) == Answer(Outcome.KNOWN, "exact-known", "exact match: known, disputed")
        assert answer(*candidates, policy=self.REFERS) == Answer(Outcome.NEAR, Because.DISPUTED)
        assert closes(candidates, POLICY)
        assert not closes(candidates, self.REFERS)

    def test_sources_of_one_mind_close_as_ever(self) -> None:
        """Under either policy."""
        same = (exact(category="us:1"), exact(name="b-set", category="us:1"))
        assert answer(*same, policy=self.REFERS) == Answer(Outcome.KNOWN, "exact-known", "exact match: known")
