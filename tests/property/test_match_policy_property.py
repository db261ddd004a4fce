"""Judging under any rules and in any order of answers: what can be said of all of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hashsets.vocabulary import (
    TRANSFORMS,
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
from triage.domain.matches import Answer, Asked, Match, Seen, Standing, answer_of, judge

SETS = ("a", "b", "c")
CATEGORIES = (None, "us:0", "us:1", "uk:0", "word")
PHASH = FingerprintAlgorithm.PHASH

exact = st.builds(
    lambda name, kind, category: Candidate(
        0, name, kind, f"{name}-{kind}", "e", Basis.EXACT, "md5", None, 0, Transform.IDENTITY, Opinion(category)
    ),
    st.sampled_from(SETS),
    st.sampled_from(SetKind),
    st.sampled_from(CATEGORIES),
)
near = st.builds(
    lambda name, kind, category, distance, transform, second: Candidate(
        0, name, kind, f"{name}-{kind}", f"n{distance}", Basis.NEAR, "pdq", Profile.PDQ_FULL, distance, transform,
        Opinion(category), None, tuple((PHASH, bytes([value]) * 8) for value in second),
    ),
    st.sampled_from(SETS),
    st.sampled_from([SetKind.KNOWN, SetKind.ALLOWED]),
    st.sampled_from(CATEGORIES),
    st.integers(0, 40),
    st.sampled_from(TRANSFORMS),
    st.lists(st.sampled_from([0, 1, 255]), max_size=2),
)  # fmt: skip
conditions = st.builds(
    lambda basis, action, name, category: (basis, action, name, category),
    st.sampled_from(Basis),
    st.sampled_from(Action),
    st.sampled_from(["*", *SETS]),
    st.sampled_from(["*:0", "us:*", "us:1", "word", "none"]),
)
seen = st.builds(
    lambda quality, concentration: Seen((taken(quality), second()), concentration),
    st.integers(0, 100),
    st.one_of(st.none(), st.integers(0, 100)),
)


def taken(quality: int) -> TakenFingerprint:
    return TakenFingerprint(Subject.MAIN, Fingerprint(FingerprintAlgorithm.PDQ, Profile.PDQ_FULL, bytes(32), quality))


def second() -> TakenFingerprint:
    return TakenFingerprint(Subject.MAIN, Fingerprint(PHASH, Profile.IMAGEHASH, bytes(8), None, (bytes(8),) * 8))


@st.composite
def policies(draw: st.DrawFn) -> MatchPolicy:
    rules = []
    for place, (basis, action, name, category) in enumerate(draw(st.lists(conditions, max_size=4, unique=True))):
        allowed = Action.REFER if basis is Basis.NEAR and action is Action.CLOSE else action
        rule = Rule(f"rule-{place}", basis, SetKind.KNOWN, allowed, name, category)
        if not any(earlier.covers(rule) for earlier in rules):
            rules.append(rule)
    reach = draw(st.integers(0, 31))
    return MatchPolicy(
        "test",
        near=Nearness(reach, draw(st.integers(0, reach)), 50, draw(st.sampled_from(Transforms))),
        agreement=Agreement(required_from=draw(st.integers(0, 32)), absent_suffices=draw(st.booleans())),
        allowed_holds_back=draw(st.booleans()),
        disputed=draw(st.sampled_from([Action.CLOSE, Action.REFER])),
        rules=(*rules, *SHIPPED_RULES),
    )


def answered(
    exactly: list[Candidate], nearly: list[Candidate], look: Seen, policy: MatchPolicy
) -> tuple[tuple[Match, ...], Answer]:
    asked = Asked(exactly, [(look.fingerprints[0], one) for one in nearly], look)
    matches = judge(1, asked, policy)
    return matches, answer_of(ItemKind.RASTER, matches, look, policy)


@given(st.lists(exact, max_size=4), st.lists(near, max_size=4), seen, policies(), st.randoms())
def test_the_outcome_does_not_depend_on_the_order_of_answers(
    exactly: list[Candidate], nearly: list[Candidate], look: Seen, policy: MatchPolicy, chance: object
) -> None:
    """Releases may answer in any order."""
    _, before = answered(exactly, nearly, look, policy)
    for answers in (exactly, nearly):
        chance.shuffle(answers)  # type: ignore[attr-defined]  # hypothesis' Random
    _, after = answered(exactly, nearly, look, policy)
    assert (before.outcome, before.closed_because) == (after.outcome, after.closed_because)


@given(st.lists(exact, max_size=4), st.lists(near, max_size=4), seen, policies())
def test_only_bytes_close_and_known_ones_are_never_set_aside_as_harmless(
    exactly: list[Candidate], nearly: list[Candidate], look: Seen, policy: MatchPolicy
) -> None:
    """Whatever the rules say."""
    _, answer = answered(exactly, nearly, look, policy)
    closing = [one for one in exactly if policy.rule_for(one).action is Action.CLOSE]
    assert (answer.closed_because is not None) == (answer.outcome in {Outcome.KNOWN, Outcome.KNOWN_GOOD})
    if answer.closed_because:
        assert closing
    known = [one for one in exactly if not one.set_kind.is_harmless]
    if any(policy.rule_for(one).action is not Action.NOTE for one in known):
        assert answer.outcome in {Outcome.KNOWN, Outcome.NEAR}


@given(st.lists(exact, max_size=4), st.lists(near, max_size=4), seen, policies())
def test_an_answer_rests_on_a_match_exactly_when_one_decides(
    exactly: list[Candidate], nearly: list[Candidate], look: Seen, policy: MatchPolicy
) -> None:
    """Each match has a reason, and near ones that decide were good, near and informative enough."""
    matches, answer = answered(exactly, nearly, look, policy)
    deciding = [match for match in matches if match.standing is Standing.DECIDES]
    assert bool(deciding) == (answer.outcome in {Outcome.KNOWN, Outcome.KNOWN_GOOD, Outcome.NEAR})
    assert all(match.because for match in matches)
    for match in deciding:
        if match.candidate.basis is Basis.NEAR:
            assert match.candidate.distance <= policy.reach
            assert (look.fingerprints[0].fingerprint.quality or 0) >= 50
            little = look.concentration is not None and look.concentration >= policy.little_information_from
            assert not little or match.agreement
