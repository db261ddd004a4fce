"""The matching policy as frozen values: how near is near, what must agree, and what a match may do.

The policy is read from `config/matching.toml` by `match_policy_file`; the defaults here are the shipped ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hashsets.categories import scheme_and_grade
from hashsets.vocabulary import SECOND_ALGORITHMS, Basis, Candidate, FingerprintAlgorithm, SetKind, Transform

MAX_REACH = 31
"""Bits. The indexes answer exactly up to here; PDQ's authors draw the line here too."""

NEVER = MAX_REACH + 1
"""A distance that no near match has."""

ANY = "*"
NO_CATEGORY = "none"
"""The category pattern for entries without a category."""

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


def _check(key: str, value: object, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError(f"{key}: a whole number from 0 to {most} is needed")


class Action(StrEnum):
    """What a match may do."""

    CLOSE = "close"  # the item is closed without viewing
    REFER = "refer"  # the item is for a person, and stays open
    NOTE = "note"  # the match is recorded and changes no outcome


class Transforms(StrEnum):
    """Which of the eight symmetries of a picture are asked for."""

    ALL = "all"
    IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near is near, in bits of 256, and how good a PDQ value (0..100) must be to say so.

    `reach_when_turned` is the reach of variants other than the picture as it is; it is no larger than `reach`.
    """

    reach: int = MAX_REACH
    reach_when_turned: int = MAX_REACH
    quality_floor: int = 50
    transforms: Transforms = Transforms.ALL

    def __post_init__(self) -> None:
        """Raises ValueError for what no index could follow."""
        _check("reach", self.reach, MAX_REACH)
        _check("reach_when_turned", self.reach_when_turned, self.reach)
        _check("quality_floor", self.quality_floor, 100)

    def admits(self, distance: int, transform: Transform, quality: int | None) -> bool:
        """Whether a candidate at this distance is near, found by a fingerprint of this quality."""
        if (quality or 0) < self.quality_floor:
            return False
        if transform is Transform.IDENTITY:
            return distance <= self.reach
        return self.transforms is Transforms.ALL and distance <= self.reach_when_turned


@dataclass(frozen=True, slots=True)
class Agreement:
    """When a second algorithm must agree, and within how many bits of 64 it does.

    `required_from` is the PDQ distance from which on it must. An entry that lists no second value then holds back
    its match, unless `absent_suffices`. Pictures of little information need agreement at any distance.
    """

    reach: Mapping[FingerprintAlgorithm, int] = field(
        default_factory=lambda: {FingerprintAlgorithm.PHASH: 4, FingerprintAlgorithm.DHASH: 8}
    )
    required_from: int = NEVER
    absent_suffices: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError when an algorithm has no reach or another one than its bits allow."""
        if set(self.reach) != set(SECOND_ALGORITHMS):
            raise ValueError(f"reach: {' and '.join(SECOND_ALGORITHMS)} need one each")
        for algorithm, reach in self.reach.items():
            _check(f"reach.{algorithm}", reach, 8 * algorithm.size)
        _check("required_from", self.required_from, NEVER)


@dataclass(frozen=True, slots=True)
class Rule:
    """What matches of one sort may do; the first rule that applies decides.

    Patterns are `*` for any. A category is `scheme:grade`, with `*` for either, a word without a scheme, or `none`
    for entries without one. Case does not matter in categories and tags. `tag` asks for one of an entry's tags.
    """

    name: str
    basis: Basis
    kind: SetKind
    action: Action
    set_name: str = ANY
    category: str = ANY
    tag: str = ANY

    def __post_init__(self) -> None:
        """Raises ValueError for what no match may do."""
        if not NAME.fullmatch(self.name):
            raise ValueError("name: small letters, digits and hyphens are needed, 40 at most")
        if self.basis is Basis.NEAR and self.kind.is_harmless:
            raise ValueError("kind: likeness to something harmless proves nothing, so no rule may speak of it")
        if self.basis is Basis.NEAR and self.action is Action.CLOSE:
            raise ValueError("action: only the very bytes close an item")
        if self.kind.is_harmless and self.action is Action.REFER:
            raise ValueError("action: what is harmless is closed or noted")

    def applies(self, candidate: Candidate) -> bool:
        """Whether this rule speaks of a candidate."""
        opinion = candidate.opinion
        return (
            (candidate.basis, candidate.set_kind) == (self.basis, self.kind)
            and self.set_name in {ANY, candidate.set_name}
            and (self.category == ANY or category_fits(self.category, opinion.category))
            and (self.tag == ANY or self.tag.casefold() in {tag.casefold() for tag in opinion.tags})
        )

    def covers(self, other: Rule) -> bool:
        """Whether this rule applies wherever the other does. May miss a case; never claims one."""
        return (
            (self.basis, self.kind) == (other.basis, other.kind)
            and self.set_name in {ANY, other.set_name}
            and self.category in {ANY, other.category}
            and self.tag in {ANY, other.tag}
        )


SHIPPED_RULES = (
    Rule("exact-known", Basis.EXACT, SetKind.KNOWN, Action.CLOSE),
    Rule("exact-known-good", Basis.EXACT, SetKind.KNOWN_GOOD, Action.CLOSE),
    Rule("exact-allowed", Basis.EXACT, SetKind.ALLOWED, Action.CLOSE),
    Rule("near-known", Basis.NEAR, SetKind.KNOWN, Action.REFER),
)


@dataclass(frozen=True, slots=True)
class MatchPolicy:
    """All that turns candidates into matches, and matches into the answer for an item.

    `little_information_from` is the concentration (percent, `Raster.concentration`) from which on a picture makes no
    near match alone. With `allowed_holds_back` a near match to a known entry is held back where an allow list has a
    nearer one. `disputed` is CLOSE or REFER: what becomes of an item that a rule closes as known while sources
    contradict each other about it. `edition` changes with any value of the file.
    """

    version: str
    near: Nearness = Nearness()
    near_by_set: Mapping[str, Nearness] = field(default_factory=dict)
    agreement: Agreement = field(default_factory=Agreement)
    little_information_from: int = 80
    allowed_holds_back: bool = False
    disputed: Action = Action.CLOSE
    rules: tuple[Rule, ...] = SHIPPED_RULES
    edition: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError with the key of a value that cannot be followed."""
        if not self.version:
            raise ValueError("version: a text is needed")
        _check("little_information_from", self.little_information_from, 101)
        if self.disputed is Action.NOTE:
            raise ValueError("disputed: close or refer is needed")
        _check_rules(self.rules)

    @property
    def provenance(self) -> str:
        """What stands with each match and answer: the version that people give, and the values' own edition."""
        return f"{self.version} ({self.edition})" if self.edition else self.version

    @property
    def reach(self) -> int:
        """Reach in bits of sets without their own, and of look-alikes."""
        return self.near.reach

    @property
    def quality_floor(self) -> int:
        """PDQ quality of sets without their own floor, and of look-alikes."""
        return self.near.quality_floor

    def near_for(self, set_name: str) -> Nearness:
        """How near is near to one set."""
        return self.near_by_set.get(set_name, self.near)

    def rule_for(self, candidate: Candidate) -> Rule:
        """The first rule that applies; there always is one, but for likeness to something harmless (KeyError)."""
        for rule in self.rules:
            if rule.applies(candidate):
                return rule
        raise KeyError(candidate.basis)


def category_fits(pattern: str, category: str | None) -> bool:
    """Whether a category is one that a pattern means. `*:0` means grade 0 of any scheme that is named."""
    if pattern == NO_CATEGORY or category is None:
        return pattern == NO_CATEGORY and category is None
    wanted_scheme, wanted_grade = scheme_and_grade(pattern)
    scheme, grade = scheme_and_grade(category)
    return (scheme == wanted_scheme or (wanted_scheme == ANY and scheme != "")) and wanted_grade in {ANY, grade}


def _check_rules(rules: tuple[Rule, ...]) -> None:
    """No match without a rule, no rule without a match that could meet it."""
    for place, rule in enumerate(rules):
        for earlier in rules[:place]:
            if earlier.name == rule.name:
                raise ValueError(f"rule[{place + 1}].name: {rule.name} is taken")
            if earlier.covers(rule):
                raise ValueError(f"rule[{place + 1}]: {rule.name} never applies, since {earlier.name} comes first")
    for one in SHIPPED_RULES:  # one for each basis and kind of set that is asked, without conditions
        if not any(rule.covers(one) for rule in rules):
            raise ValueError(f"rule: {one.basis} matches of {one.kind} sets need a last rule for all of them")
