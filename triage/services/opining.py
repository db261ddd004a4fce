"""Opinions of a referral's items: what look-alikes of decided ones propose, and where opinions differ.

A window of items at a time, so that a referral of a million costs what one of some thousands does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from triage.domain.categories import Schemes
from triage.domain.decisions import Decision, DecisionState, Disagreement, DisagreementKind, Proposal
from triage.store.opinions import SETTLED
from triage.store.unit_of_work import Unit

WINDOW = 2_000
"""Items of a referral that are asked about at once."""


@dataclass(frozen=True, slots=True)
class Opinions:
    """What was said about some of a referral's items. `last` is the last of them, 0 where none are left after it."""

    proposals: list[Proposal]
    disagreements: list[Disagreement]
    last: int


def opinions(unit: Unit, referral_id: int, scheme: str, schemes: Schemes, after: int = 0) -> Opinions:
    """Of the referral's next items after this one."""
    items = unit.opinions.window(referral_id, after, WINDOW)
    said = unit.opinions.said(list(items))
    proposed = unit.opinions.proposals(left(items, said, scheme), scheme)
    return Opinions(proposed, disagreements(unit, said, schemes), max(items) if len(items) == WINDOW else 0)


def proposal_of(unit: Unit, referral_id: int, scheme: str, centre_id: int) -> Proposal | None:
    """What one group proposes for the referral, wherever in it the items lie."""
    items = unit.opinions.group(referral_id, centre_id)
    found = unit.opinions.proposals(left(items, unit.opinions.said(list(items)), scheme), scheme)
    return found[0] if found else None


def left(items: Mapping[int, str], said: Sequence[Decision], scheme: str) -> list[int]:
    """Those that nothing closes: neither their answer, nor a standing decision, nor one that waits in the scheme."""
    closed = {
        one.item_id
        for one in said
        if one.state is DecisionState.STANDING
        or (one.state is DecisionState.AWAITING_SECOND and one.scheme == scheme)
    }
    return [item_id for item_id, outcome in items.items() if outcome not in SETTLED and item_id not in closed]


def disagreements(unit: Unit, said: Sequence[Decision], schemes: Schemes) -> list[Disagreement]:
    """Where people, or a hash set and a person, say different things, and where a source stands no more."""
    return [*_dissents(said), *_of_ended_sources(unit, said), *_of_sets(unit, said, schemes)]


def _dissents(said: Sequence[Decision]) -> Iterator[Disagreement]:
    """People said another thing than what stands or waits."""
    current = [one for one in said if one.state is not DecisionState.DISSENTING]
    of_item: dict[tuple[int, str], list[Decision]] = {}
    for one in said:
        if one.state is DecisionState.DISSENTING:
            of_item.setdefault((one.item_id, one.scheme), []).append(one)
    pairs = [(one, other) for one in current for other in of_item.get((one.item_id, one.scheme), ())]
    for one, other in sorted(pairs, key=lambda pair: (pair[0].item_id, pair[1].id)):
        if one.category != other.category:
            yield _differs(DisagreementKind.PEOPLE, one, other.category, because=other.because)


def _of_ended_sources(unit: Unit, said: Sequence[Decision]) -> Iterator[Disagreement]:
    """It was spread from a decision that stands no more."""
    spread = [(one, one.spread_from) for one in said if one.spread_from and one.state is DecisionState.STANDING]
    sources = unit.opinions.decisions(sorted({source for _, source in spread}))
    for one, number in sorted(spread, key=lambda pair: pair[0].item_id):
        source = sources[number]
        if source.state is not DecisionState.STANDING:
            yield _differs(DisagreementKind.SOURCE_CHANGED, one, source.category, because=source.because)


def _of_sets(unit: Unit, said: Sequence[Decision], schemes: Schemes) -> Iterator[Disagreement]:
    """A set's opinion, in the decision's scheme or one that maps to it, is another."""
    standing: dict[int, list[Decision]] = {}
    for one in said:
        if one.state is DecisionState.STANDING:
            standing.setdefault(one.item_id, []).append(one)
    for opinion in unit.opinions.of_sets(sorted(standing)):
        found = schemes.of_hash_set(opinion.category)
        if found is None:
            continue
        for one in standing[opinion.item_id]:
            mapped = schemes.mapped(found[0].name, found[1], one.scheme)
            if mapped is not None and mapped != one.category:
                yield _differs(DisagreementKind.HASH_SET, one, mapped, by=opinion.set_name)


def _differs(kind: DisagreementKind, one: Decision, other: str, *, by: str = "", because: str = "") -> Disagreement:
    return Disagreement(kind, one.item_id, one.id, one.category, other, by, because)
