"""The matching policy from the loaded `config/matching.toml`. Every key is needed, and no other is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

from hashsets.vocabulary import SECOND_ALGORITHMS, Basis, SetKind

from .match_policy import ANY, MAX_REACH, NEVER, Action, Agreement, MatchPolicy, Nearness, Rule, Transforms
from .matches import Because
from .tables import Table, edition_of

Made = TypeVar("Made")
Word = TypeVar("Word", bound=StrEnum)


def parse_match_policy(values: Mapping[str, object]) -> MatchPolicy:
    """The policy of a loaded TOML mapping. Raises ValueError with the path of a bad, missing or unknown key."""
    root = Table(values, "matching")
    information, allowed = root.table("little_information"), root.table("allow_lists")
    near = _near(root.table("near"))
    policy = _made(
        root,
        lambda: MatchPolicy(
            version=root.text("version"),
            near=near,
            near_by_set=_near_by_set(root.table("sets"), near),
            agreement=_agreement(root.table("agreement")),
            little_information_from=information.integer("from_concentration", 0, 101),
            allowed_holds_back=allowed.flag("nearer_holds_back"),
            disputed=_word(root, "disputed", Action),
            rules=tuple(_rule(table) for table in root.tables("rule")),
            edition=edition_of(values),
        ),
    )
    for table in (information, allowed, root):
        table.refuse_the_rest()
    return policy


def _near(table: Table) -> Nearness:
    """How near is near to sets that say nothing of their own."""
    pdq = table.table("pdq")
    reach = pdq.integer("reach", 0, MAX_REACH)
    near = Nearness(
        reach=reach,
        reach_when_turned=pdq.integer("reach_when_turned", 0, reach),
        quality_floor=pdq.integer("quality_floor", 0, 100),
        transforms=_word(pdq, "transforms", Transforms),
    )
    for one in (pdq, table):
        one.refuse_the_rest()
    return near


def _near_by_set(table: Table, others: Nearness) -> dict[str, Nearness]:
    return {name: _near_to_set(table.table(name), others) for name in table.names()}


def _near_to_set(table: Table, others: Nearness) -> Nearness:
    """What a set does not say is as for all others; its turned variants never reach farther than it does."""
    pdq = table.table("pdq")

    def own(key: str, most: int, otherwise: int) -> int:
        return pdq.integer(key, 0, most) if pdq.has(key) else otherwise

    reach = own("reach", MAX_REACH, others.reach)
    near = Nearness(
        reach=reach,
        reach_when_turned=own("reach_when_turned", reach, min(reach, others.reach_when_turned)),
        quality_floor=own("quality_floor", 100, others.quality_floor),
        transforms=_word(pdq, "transforms", Transforms) if pdq.has("transforms") else others.transforms,
    )
    for one in (pdq, table):
        one.refuse_the_rest()
    return near


def _agreement(table: Table) -> Agreement:
    reach = table.table("reach")
    agreement = Agreement(
        reach={one: reach.integer(one.value, 0, 8 * one.size) for one in SECOND_ALGORITHMS},
        required_from=table.integer("required_from", 0, NEVER),
        absent_suffices=table.flag("absent_suffices"),
    )
    for one in (reach, table):
        one.refuse_the_rest()
    return agreement


def _rule(table: Table) -> Rule:
    rule = _made(
        table,
        lambda: Rule(
            name=table.text("name"),
            basis=_word(table, "basis", Basis),
            kind=_word(table, "kind", SetKind),
            action=_word(table, "action", Action),
            set_name=_pattern(table, "set"),
            category=_pattern(table, "category"),
            tag=_pattern(table, "tag"),
        ),
    )
    table.refuse_the_rest()
    if rule.name in set(Because):
        raise table.refuse("name", "this word stands for a reason of its own")
    return rule


def _pattern(table: Table, key: str) -> str:
    return table.text(key) if table.has(key) else ANY


def _word(table: Table, key: str, words: type[Word]) -> Word:
    text = table.text(key)
    if text not in set(words):
        raise table.refuse(key, f"one of {', '.join(words)} is needed")
    return words(text)


def _made(table: Table, make: Callable[[], Made]) -> Made:
    """What `make` makes; a refusal of the value itself is given the table's path."""
    try:
        return make()
    except ValueError as error:
        if str(error).startswith("matching"):
            raise
        raise ValueError(f"{table.path}.{error}") from error
