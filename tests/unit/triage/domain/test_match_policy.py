"""The matching policy: what it may say, what it refuses, and what the shipped file says."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from hashsets.vocabulary import Basis, Candidate, Opinion, SetKind, Transform
from triage.domain.match_policy import (
    NEVER,
    SHIPPED_RULES,
    Action,
    MatchPolicy,
    Nearness,
    Rule,
    Transforms,
    category_fits,
)
from triage.domain.match_policy_file import parse_match_policy
from triage.rule_files import load_match_policy
from triage.settings import config_folder

Change = Callable[[dict[str, Any]], object]


def shipped() -> dict[str, Any]:
    return tomllib.loads((config_folder() / "matching.toml").read_text(encoding="utf-8"))


def changed(change: Change) -> dict[str, Any]:
    values = copy.deepcopy(shipped())
    change(values)
    return values


def candidate(category: str | None = None, *, kind: SetKind = SetKind.KNOWN, tags: tuple[str, ...] = ()) -> Candidate:
    opinion = Opinion(category, tags=tags)
    return Candidate(0, "a-set", kind, "a-r1", "e", Basis.EXACT, "md5", None, 0, Transform.IDENTITY, opinion)


def test_the_shipped_file_is_what_the_code_takes_for_granted() -> None:
    """Defaults stand in two places, and they are the same: reach 31, floor 50, exact closes, near refers."""
    policy = load_match_policy()
    plain = MatchPolicy(policy.version, edition=policy.edition)
    assert policy == plain
    assert policy.agreement.required_from == NEVER


def test_provenance_changes_with_any_value() -> None:
    """Even when somebody forgets to raise the version."""
    before = load_match_policy()
    after = parse_match_policy(changed(lambda v: v["near"]["pdq"].update(reach_when_turned=30)))
    assert after.version == before.version
    assert after.provenance != before.provenance
    assert before.provenance.startswith(before.version)


def test_what_a_set_does_not_say_is_as_for_all_others() -> None:
    """Its turned variants never reach farther than it does itself."""
    policy = parse_match_policy(
        changed(lambda v: v["sets"].update({"a": {"pdq": {"reach": 20}}, "b": {"pdq": {"transforms": "identity"}}}))
    )
    assert policy.near_for("a") == Nearness(20, 20)
    assert policy.near_for("b") == Nearness(transforms=Transforms.IDENTITY)
    assert policy.near_for("any other") == policy.near


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda v: v.update(vresion="x"), "matching.vresion"),
        (lambda v: v.pop("version"), "matching.version"),
        (lambda v: v.update(version=" "), "matching.version"),
        (lambda v: v.update(disputed="note"), "matching.disputed"),
        (lambda v: v["near"].update(phash={"reach": 3}), "matching.near.phash"),
        (lambda v: v["near"]["pdq"].update(reach=32), "matching.near.pdq.reach"),
        (lambda v: v["near"]["pdq"].update(reach=True), "matching.near.pdq.reach"),
        (lambda v: v["near"]["pdq"].update(reach=20), "matching.near.pdq.reach_when_turned"),
        (lambda v: v["near"]["pdq"].update(quality_floor=101), "matching.near.pdq.quality_floor"),
        (lambda v: v["near"]["pdq"].update(transforms="some"), "matching.near.pdq.transforms"),
        (lambda v: v["sets"].update(a={"pdq": {"raech": 3}}), "matching.sets.a.pdq.raech"),
        (
            lambda v: v["sets"].update(a={"pdq": {"reach": 9, "reach_when_turned": 10}}),
            "matching.sets.a.pdq.reach_wh",
        ),
        (lambda v: v["sets"].update(a=3), "matching.sets.a"),
        (lambda v: v["agreement"]["reach"].update(phash=65), "matching.agreement.reach.phash"),
        (lambda v: v["agreement"]["reach"].update(ahash=1), "matching.agreement.reach.ahash"),
        (lambda v: v["agreement"].update(required_from=33), "matching.agreement.required_from"),
        (lambda v: v["agreement"].update(absent_suffices=1), "matching.agreement.absent_suffices"),
        (lambda v: v["little_information"].update(from_concentration=102), "matching.little_information.from_c"),
        (lambda v: v["allow_lists"].update(nearer_holds_back="no"), "matching.allow_lists.nearer_holds_back"),
        (lambda v: v["allow_lists"].update(more=True), "matching.allow_lists.more"),
        (lambda v: v.update(rule=[]), "matching.rule"),
        (lambda v: v["rule"][0].update(action="open"), "matching.rule[1].action"),
        (lambda v: v["rule"][0].update(catgeory="us:1"), "matching.rule[1].catgeory"),
        (lambda v: v["rule"][0].update(name="Not A Name"), "matching.rule[1].name"),
        (lambda v: v["rule"][0].update(name="little-information"), "matching.rule[1].name"),
        (lambda v: v["rule"][3].update(action="close"), "matching.rule[4].action"),
        (lambda v: v["rule"][3].update(kind="known-good"), "matching.rule[4].kind"),
        (lambda v: v["rule"][1].update(action="refer"), "matching.rule[2].action"),
        (lambda v: v["rule"].pop(), "matching.rule"),
        (lambda v: v["rule"][0].update(category="us:1"), "matching.rule"),
        (lambda v: v["rule"].append(dict(v["rule"][0], name="late", category="us:5")), "matching.rule[5]"),
        (lambda v: v["rule"].insert(0, dict(v["rule"][0], category="us:5")), "matching.rule[2].name"),
    ],
)
def test_a_bad_value_is_refused_with_its_place(change: Change, path: str) -> None:
    """Unknown keys, values out of range, rules that could do harm, that never apply, or that leave a gap."""
    with pytest.raises(ValueError, match=r".") as refused:
        parse_match_policy(changed(change))
    assert str(refused.value).startswith(path)


@pytest.mark.parametrize(
    ("pattern", "category", "fits"),
    [
        ("us:5", "us:5", True),
        ("us:5", " US:5 ", True),
        ("us:5", "uk:5", False),
        ("us:*", "us:1", True),
        ("us:*", "uk:1", False),
        ("*:0", "vics:0", True),
        ("*:0", "0", False),
        ("*:0", None, False),
        ("baseline", "Baseline", True),
        ("baseline", "us:baseline", False),
        ("none", None, True),
        ("none", "us:1", False),
    ],
)
def test_patterns_of_categories(pattern: str, category: str | None, fits: bool) -> None:
    """Scheme and grade, either of them any; a word without a scheme; none at all."""
    assert category_fits(pattern, category) is fits


def test_the_first_rule_that_applies_decides() -> None:
    """By tag, by category, and at last by nothing in particular."""
    tagged = Rule("special", Basis.EXACT, SetKind.KNOWN_GOOD, Action.NOTE, tag="nsrl-special:M")
    graded = Rule("compare", Basis.EXACT, SetKind.KNOWN, Action.REFER, category="uk:8")
    policy = MatchPolicy("test", rules=(tagged, graded, *SHIPPED_RULES))
    assert policy.rule_for(candidate(kind=SetKind.KNOWN_GOOD, tags=("NSRL-special:m", "x"))) is tagged
    assert policy.rule_for(candidate(kind=SetKind.KNOWN_GOOD, tags=("x",))).name == "exact-known-good"
    assert policy.rule_for(candidate("uk:8")) is graded
    assert policy.rule_for(candidate("uk:1")).name == "exact-known"
    assert policy.rule_for(candidate(kind=SetKind.ALLOWED)).name == "exact-allowed"
