"""Ways of deciding a made-up seizure: by looking at everything, stack by stack, a fixed number, and by the plan.

The grouping is the product's own: look-alike centres, and `domain/look_plan.py` with the shipped rules. The person
is simulated: how often a look is right is an assumption.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from bench.made_seizure import NOW, RECENT, Assumptions, Made, Seizure
from hashsets.vocabulary import Fingerprint, FingerprintAlgorithm, Profile
from triage.domain import look_plan
from triage.domain.links import LinkKind, traits_of
from triage.domain.look_alikes import nearest
from triage.domain.look_plan import GroupKey, LookRules, NextLook, Outline, Tie, Verdict, Why
from triage.rule_files import load_link_rules, load_match_policy
from triage.services.look_alikes import FreshCentres, LookAlikeMemory

LINKS = load_link_rules()
REACH = load_match_policy().reach
_BATCH = 256


@dataclass(slots=True)
class Run:
    """One way of deciding: how often somebody looked, what was found, what was decided wrongly."""

    looks: int = 0
    found: set[int] = field(default_factory=set)
    looked_at: set[int] = field(default_factory=set)  # series of which something was looked at, whatever was said
    missed_items: int = 0  # unlawful items decided as lawful
    accused_items: int = 0  # lawful items decided as unlawful
    reasons: Counter[Why] = field(default_factory=Counter)  # looks that the plan asked for
    firsts: Counter[Why] = field(default_factory=Counter)  # of these, those that found an urgent series


@dataclass(frozen=True, slots=True)
class Stack:
    """Look-alikes; the first stands for all."""

    members: list[Made]

    @property
    def is_recent(self) -> bool:
        """Whether any is a camera's own file of the last days."""
        return any(_is_recent(one) for one in self.members)

    @property
    def is_near_known(self) -> bool:
        """Whether facts are enough for it."""
        return any(one.is_near_known for one in self.members)


class Person:
    """Looks, and is right as often as is assumed."""

    def __init__(self, told: Assumptions, run: Run) -> None:
        self._told = told
        self._run = run
        self._random = random.Random(told.seed + 1)

    def looks_at(self, one: Made) -> bool:
        """Whether the person says unlawful."""
        self._run.looks += 1
        said = self._random.random() < (self._told.sees_unlawful if one.is_unlawful else self._told.false_alarm)
        if one.series:
            self._run.looked_at.add(one.series)
            if said:
                self._run.found.add(one.series)
        return said


def stacked(items: Sequence[Made]) -> list[Stack]:
    """The product's own placing of look-alikes around centres, batch by batch, in the order given."""
    memory = LookAlikeMemory()
    stacks: dict[int, list[Made]] = {}
    for start in range(0, len(items), _BATCH):
        batch = items[start : start + _BATCH]
        # The synthetic values are not turned: their eight variants are one.
        prints = [
            Fingerprint(FingerprintAlgorithm.PDQ, Profile.PDQ_REF512, one.value, 100, (one.value,) * 8)
            for one in batch
        ]
        fresh, new = FreshCentres(len(memory.centres.items)), []
        for one, print_, earlier in zip(batch, prints, memory.centres.near(prints, REACH), strict=True):
            joined = nearest([*earlier, *fresh.near(print_, REACH)])
            if joined is None:
                fresh.add(one.number, one.value)
                new.append(one)
            stacks.setdefault(one.number if joined is None else joined.item_id, []).append(one)
        if new:
            memory.centres.add([one.number for one in new], [one.value for one in new])
    return [Stack(members) for members in stacks.values()]


def everything(seizure: Seizure) -> Run:
    """A look at each item, the known ones included."""
    run = by_stack(seizure, [Stack([one]) for one in seizure.left])
    run.looks += seizure.assumptions.items - len(seizure.left)
    return run


def by_stack(seizure: Seizure, stacks: Sequence[Stack]) -> Run:
    """A look at the first of each stack decides all of it."""
    run = Run()
    person = Person(seizure.assumptions, run)
    for stack in stacks:
        _decide(run, stack, says=person.looks_at(stack.members[0]))
    return run


def by_number(seizure: Seizure, stacks: Sequence[Stack]) -> Run:
    """A fixed number of looks at each occasion that nothing raises, and all of it once one is unlawful."""
    told, run = seizure.assumptions, Run()
    person = Person(told, run)
    draw = random.Random(told.seed + 2)
    for tied in _occasions(stacks):
        near = [one for one in tied if one.members[0].is_near_known]
        must = [one for one in tied if one not in near and (one.is_recent or _tie(one) is None)]
        may = [one for one in tied if one not in near and one not in must]
        said = {id(one): True for one in near}
        seen = {id(one): person.looks_at(one.members[0]) for one in (*must, *_spread(may, told.sampled, draw))}
        if any(seen.values()):
            seen |= {id(one): person.looks_at(one.members[0]) for one in may if id(one) not in seen}
        said |= seen
        for stack in tied:
            _decide(run, stack, says=said.get(id(stack), False))
    return run


def by_plan(seizure: Seizure, stacks: Sequence[Stack], rules: LookRules) -> Run:
    """The product's plan, look by look, until it asks for none; then what it proposes is confirmed."""
    run = Run()
    person = Person(seizure.assumptions, run)
    groups = _Groups(seizure, stacks)
    while (chosen := groups.next(rules)) is not None:
        before = len(run.found)
        groups.hear(chosen, is_unlawful=person.looks_at(groups.representative(chosen)))
        run.reasons[chosen.why] += 1
        run.firsts[chosen.why] += len(run.found) - before
    for group, facts, stack in groups.decided():
        _decide(run, stack, says=look_plan.proposed(group, facts) is Verdict.UNLAWFUL)
    return run


def tied(seizure: Seizure, stacks: Sequence[Stack]) -> Iterator[tuple[Tie, list[Stack]]]:
    """The product's own groups of stacks."""
    groups: dict[GroupKey, list[Stack]] = {}
    for group, _, stack in _Groups(seizure, stacks).decided():
        groups.setdefault(group.key, []).append(stack)
    yield from ((key.tie, held) for key, held in groups.items())


class _Groups:
    """What the product has in its database: groups of stacks, and what was said. Items have numbers as they came."""

    def __init__(self, seizure: Seizure, stacks: Sequence[Stack]) -> None:
        came = {one.number: place for place, one in enumerate(seizure.left)}
        self._stacks = {came[stack.members[0].number]: stack for stack in stacks}
        self._facts: dict[GroupKey, dict[int, look_plan.Stack]] = {}
        for item_id, stack in self._stacks.items():
            found = [known for one in stack.members if (known := look_plan.occasion_of(one.findings))]
            key = look_plan.key_of(item_id, min(found, default=None), 0)
            self._facts.setdefault(key, {})[item_id] = _facts(item_id, stack)
        self._outlines = {key: look_plan.outline_of(key, one.values()) for key, one in self._facts.items()}

    def next(self, rules: LookRules) -> NextLook | None:
        outlines = list(self._outlines.values())
        cameras = look_plan.cameras_of(outlines)
        ordered = look_plan.in_order(outlines, rules)
        if not ordered:
            return None
        level = look_plan.level_of(ordered[0], cameras)
        return look_plan.next_in(ordered[0], list(self._facts[ordered[0].key].values()), level, rules)

    def representative(self, chosen: NextLook) -> Made:
        return self._stacks[chosen.item_id].members[0]

    def hear(self, chosen: NextLook, *, is_unlawful: bool) -> None:
        key = chosen.group.key
        said = Verdict.UNLAWFUL if is_unlawful else Verdict.LAWFUL
        held = self._facts[key]
        held[chosen.item_id] = replace(held[chosen.item_id], said=said, open_items=0)
        self._outlines[key] = look_plan.outline_of(key, held.values())

    def decided(self) -> list[tuple[Outline, look_plan.Stack, Stack]]:
        return [
            (self._outlines[key], facts, self._stacks[item_id])
            for key, held in self._facts.items()
            for item_id, facts in held.items()
        ]


def _facts(item_id: int, stack: Stack) -> look_plan.Stack:
    moments = [one.findings.captured.local.isoformat() for one in stack.members if one.findings.captured]
    return look_plan.Stack(
        item_id,
        min(moments, default=""),
        len(stack.members),
        is_near=stack.is_near_known,
        is_recent=stack.is_recent,
    )


def _occasions(stacks: Sequence[Stack]) -> list[list[Stack]]:
    """Stacks that a camera and a cell of place and time tie together; each other stack alone."""
    tied: dict[tuple[str, str], list[Stack]] = {}
    alone: list[list[Stack]] = []
    for stack in stacks:
        key = _tie(stack)
        if key is None:
            alone.append([stack])
        else:
            tied.setdefault(key, []).append(stack)
    return [*tied.values(), *alone]


def _tie(stack: Stack) -> tuple[str, str] | None:
    for one in stack.members:
        traits = traits_of(one.findings, (), LINKS)
        camera = [trait.key for trait in traits if trait.kind is LinkKind.SAME_CAMERA]
        cells = sorted(trait.key for trait in traits if trait.kind is LinkKind.SAME_PLACE_TIME)
        if camera and cells:
            return camera[0], cells[0]
    return None


def _is_recent(one: Made) -> bool:
    captured = one.findings.captured
    return (
        one.findings.camera is not None
        and captured is not None
        and captured.local >= (NOW - RECENT).replace(tzinfo=None)
    )


def _spread(stacks: Sequence[Stack], count: int, draw: random.Random) -> list[Stack]:
    """One stack from each of `count` equal stretches of the occasion's time."""
    ordered = sorted(stacks, key=_moment)
    bounds = [round(step * len(ordered) / count) for step in range(count + 1)]
    return [draw.choice(ordered[low:high]) for low, high in pairwise(bounds) if low < high]


def _moment(stack: Stack) -> datetime:
    return min(one.findings.captured.local for one in stack.members if one.findings.captured)


def _decide(run: Run, stack: Stack, *, says: bool) -> None:
    if says:
        run.accused_items += sum(not one.is_unlawful for one in stack.members)
    else:
        run.missed_items += sum(one.is_unlawful for one in stack.members)
