"""The rules of priority as data: what each counts, what it compares with, and the sentence it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter

from .referral_facts import DAYS_TO_EXPIRY, NUMBER_FACTS, WORD_FACTS
from .tables import Table, edition_of

_MANY = 1_000_000_000


class Axis(StrEnum):
    """What a level is about. The order here is the order of the queue and of the reasons."""

    DANGER = "danger"
    CLOCK = "clock"
    SOLVABILITY = "solvability"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Condition:
    """A fact within bounds, both included; or at least a percentage of another fact that is not zero."""

    fact: str
    any_of: tuple[str, ...] = ()
    at_least: int | None = None
    at_most: int | None = None
    percent_of: str | None = None
    percent_at_least: int | None = None


@dataclass(frozen=True, slots=True)
class PriorityRule:
    """One rule; it holds when every condition does.

    A raising rule gives its axis `level` (1 to 3), a lowering one takes `level` (1 or 2) away. No lowering takes an
    axis under the level of a `firm` rule. A rule that holds speaks for those that it `covers`: they count, unsaid.
    `source` says where the rule comes from.
    """

    name: str
    axis: Axis
    level: int
    lowers: bool
    firm: bool
    covers: tuple[str, ...]
    when: tuple[Condition, ...]
    sentence: str
    sentence_one: str | None
    source: str

    def sentence_for(self, count: int) -> str:
        """The sentence with the number of the first condition; {days} is the same number without its sign."""
        template = self.sentence_one if self.sentence_one and abs(count) == 1 else self.sentence
        return template.format(count=f"{count:,}", days=f"{abs(count):,}")


@dataclass(frozen=True, slots=True)
class PriorityRules:
    """All rules in the order of the file. `otherwise` is the sentence when none holds; `edition` their provenance."""

    edition: str
    rules: tuple[PriorityRule, ...]
    otherwise: str


def parse_rules(values: Mapping[str, object]) -> PriorityRules:
    """The rules of a loaded TOML mapping.

    Raises ValueError with the key's path for an unknown key or fact, a bad value, a template with an unknown
    placeholder, a name used twice, or for covering what is not a rule of the same axis that raises no higher.
    """
    root = Table(values, "priority")
    rules = tuple(_rule(table) for table in root.tables("rule"))
    otherwise = _template(root, "otherwise", {"count"})
    root.refuse_the_rest()
    names = [rule.name for rule in rules]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise root.refuse(f"rule[{place + 1}].name", f"{name!r} is used twice")
    for place, rule in enumerate(rules):
        for name in rule.covers:
            if not any(other.name == name and _may_cover(rule, other) for other in rules):
                raise root.refuse(f"rule[{place + 1}].covers", f"{name!r} is no rule of this axis raising no higher")
    return PriorityRules(edition_of(values), rules, otherwise)


def _rule(table: Table) -> PriorityRule:
    lowers = table.has("lowers_by")
    rule = PriorityRule(
        name=table.text("name"),
        axis=_axis(table),
        level=table.integer("lowers_by", 1, 2) if lowers else table.integer("raises_to", 1, 3),
        lowers=lowers,
        firm=table.flag("firm") if table.has("firm") and not lowers else False,
        covers=table.texts("covers") if table.has("covers") else (),
        when=tuple(_condition(condition) for condition in table.tables("when")),
        sentence=_template(table, "sentence", {"count", "days"}),
        sentence_one=_template(table, "sentence_one", {"count", "days"}) if table.has("sentence_one") else None,
        source=table.text("source"),
    )
    table.refuse_the_rest()
    return rule


def _may_cover(rule: PriorityRule, other: PriorityRule) -> bool:
    if rule is other or rule.lowers or other.lowers:
        return False
    return rule.axis is other.axis and rule.level >= other.level


def _axis(table: Table) -> Axis:
    word = table.text("axis")
    if word not in tuple(Axis):
        raise table.refuse("axis", f"one of {', '.join(Axis)} is needed")
    return Axis(word)


def _condition(table: Table) -> Condition:
    fact = table.text("fact")
    if fact not in NUMBER_FACTS | WORD_FACTS | {DAYS_TO_EXPIRY}:
        raise table.refuse("fact", f"no such fact: {fact!r}")
    condition = Condition(
        fact=fact,
        any_of=table.texts("any_of") if fact in WORD_FACTS else (),
        at_least=table.integer("at_least", -_MANY, _MANY) if table.has("at_least") else None,
        at_most=table.integer("at_most", -_MANY, _MANY) if table.has("at_most") else None,
        percent_of=_whole(table) if table.has("percent_at_least") else None,
        percent_at_least=table.integer("percent_at_least", 1, 100) if table.has("percent_at_least") else None,
    )
    table.refuse_the_rest()
    if condition.at_least is None and condition.at_most is None and condition.percent_of is None:
        raise table.refuse("at_least", "at_least, at_most or percent_at_least is needed")
    return condition


def _whole(table: Table) -> str:
    whole = table.text("percent_of")
    if whole not in NUMBER_FACTS:
        raise table.refuse("percent_of", f"no such count: {whole!r}")
    return whole


def _template(table: Table, key: str, placeholders: set[str]) -> str:
    """A sentence whose only placeholders are plain ones of those named, so that formatting can never fail later."""
    text = table.text(key)
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise table.refuse(key, "braces do not pair") from error
    for _, name, options, conversion in parts:
        if name is not None and (name not in placeholders or options or conversion):
            raise table.refuse(key, f"only {', '.join(sorted(placeholders))} may stand in braces")
    return text
