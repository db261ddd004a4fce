"""How many looks it takes to decide every item of a seizure, and what is missed by not looking. No times.

A made-up seizure (`made_seizure.py`: numbers, no pictures) is decided in four ways: looking at everything; after an
exact-hash filter; after exact and near stacking (a look at each stack); and as here. Here what is known is closed;
look-alikes are decided by the item that stands for them, and on facts where that is near to a known one; what the
facts raise (a camera's own recent files) and what has no traces is looked at stack by stack; of each other occasion
(same camera, place and time) a few stacks spread over its time are looked at, and all of them once one is unlawful.

The grouping is the product's own: look-alike centres, cameras, cells of place and time, with the shipped rules. What
is simulated is the seizure and the person: how often a look is right is an assumption, as are all shares. An urgent
series counts as found when a look at one of its items said unlawful. After the comparison one assumption is changed
at a time. With other seizures the numbers will differ.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from bench.figures import Figure, arguments, report
from bench.made_seizure import NOW, RECENT, Assumptions, Made, Seizure, made
from hashsets.vocabulary import Fingerprint, FingerprintAlgorithm, Profile
from triage.domain.links import LinkKind, traits_of
from triage.domain.look_alikes import nearest
from triage.services.look_alikes import FreshCentres, LookAlikeMemory
from triage.settings import load_link_rules, load_match_policy

RULES = load_link_rules()
REACH = load_match_policy().reach
_BATCH = 256
GOAL = "at most 25, nothing urgent missed"


@dataclass(slots=True)
class Run:
    """One way of deciding: how often somebody looked, what was found, what was decided wrongly."""

    looks: int = 0
    found: set[int] = field(default_factory=set)
    missed_items: int = 0  # unlawful items decided as lawful


@dataclass(frozen=True, slots=True)
class Stack:
    """Look-alikes; the first stands for all."""

    members: list[Made]

    @property
    def is_raised(self) -> bool:
        """Whether a fact of any member says that a child may be in danger: a camera's own file of the last days."""
        return any(_is_recent(one) for one in self.members)


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
        if said and one.series:
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


def occasions(stacks: Sequence[Stack]) -> list[list[Stack]]:
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
        traits = traits_of(one.findings, (), RULES)
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


def by_facts(seizure: Seizure, stacks: Sequence[Stack]) -> Run:
    """As here; see the top of the file."""
    told, run = seizure.assumptions, Run()
    person = Person(told, run)
    draw = random.Random(told.seed + 2)
    for tied in occasions(stacks):
        near = [one for one in tied if one.members[0].is_near_known]
        must = [one for one in tied if one not in near and (one.is_raised or _tie(one) is None)]
        may = [one for one in tied if one not in near and one not in must]
        said = {id(one): True for one in near}
        seen = {id(one): person.looks_at(one.members[0]) for one in (*must, *_spread(may, told.sampled, draw))}
        if any(seen.values()):
            seen |= {id(one): person.looks_at(one.members[0]) for one in may if id(one) not in seen}
        said |= seen
        for stack in tied:
            _decide(run, stack, says=said.get(id(stack), False))
    return run


def _spread(stacks: Sequence[Stack], count: int, draw: random.Random) -> list[Stack]:
    """One stack from each of `count` equal stretches of the occasion's time."""
    ordered = sorted(stacks, key=_moment)
    bounds = [round(step * len(ordered) / count) for step in range(count + 1)]
    return [draw.choice(ordered[low:high]) for low, high in pairwise(bounds) if low < high]


def _moment(stack: Stack) -> datetime:
    return min(one.findings.captured.local for one in stack.members if one.findings.captured)


def _decide(run: Run, stack: Stack, *, says: bool) -> None:
    if not says:
        run.missed_items += sum(one.is_unlawful for one in stack.members)


def _per_thousand(seizure: Seizure, run: Run) -> float:
    return 1_000 * run.looks / seizure.assumptions.items


def _missed(seizure: Seizure, run: Run) -> float:
    return 100 * (1 - len(run.found) / len(seizure.series))


def _compared(told: Assumptions) -> Iterator[Figure]:
    """The four ways over one seizure."""
    seizure = made(told)
    stacks = stacked(seizure.left)
    ours, near = by_facts(seizure, stacks), by_stack(seizure, stacks)
    peers = (
        ("everything", everything(seizure)),
        ("exact-hash filter", by_stack(seizure, [Stack([one]) for one in seizure.left])),
        ("exact and near stacking", near),
    )
    unlawful = sum(one.is_unlawful for one in seizure.left)
    for name, run in peers:
        yield Figure(
            "looks per 1,000 items", _per_thousand(seizure, ours), "", name, _per_thousand(seizure, run), GOAL
        )
        yield Figure("urgent series missed", _missed(seizure, ours), "%", name, _missed(seizure, run), "0")
        yield Figure(
            "unlawful items called lawful",
            100 * ours.missed_items / unlawful,
            "%",
            name,
            100 * run.missed_items / unlawful,
        )
    yield Figure("urgent series in the seizure", len(seizure.series), "")


def _varied(told: Assumptions) -> Iterator[Figure]:
    """One assumption changed at a time; the means of several seizures."""
    changes: tuple[tuple[str, dict[str, float]], ...] = (
        ("as assumed", {}),
        ("copies of a picture: 2", {"family": 2.0}),
        ("copies of a picture: 8", {"family": 8.0}),
        ("lawful without traces: 10 % of the rest", {"stray": 0.10, "own": 0.67}),
        ("urgent among the owner's occasions: 60 %", {"urgent_among_own": 0.6}),
        ("urgent with a wrong clock: 50 %", {"urgent_clock_wrong": 0.5}),
        ("a look sees 90 % of what is unlawful", {"sees_unlawful": 0.90}),
        ("nothing is near to a known one", {"near_known": 0.0}),
        ("one look at an occasion", {"sampled": 1}),
        ("five looks at an occasion", {"sampled": 5}),
        ("eight looks at an occasion", {"sampled": 8}),
    )
    for name, change in changes:
        runs = []
        for seed in range(told.seed, told.seed + 3):
            seizure = made(replace(told, **change, seed=seed))  # type: ignore[arg-type]
            runs.append((seizure, by_facts(seizure, stacked(seizure.left))))
        looks = sum(_per_thousand(*run) for run in runs) / len(runs)
        missed = sum(_missed(*run) for run in runs) / len(runs)
        yield Figure(f"{name}: looks per 1,000 items", looks, "")
        yield Figure(f"{name}: urgent series missed", missed, "%")


def main() -> None:
    """Print the figures."""
    chosen = arguments(__doc__ or "").parse_args()
    told = Assumptions(items=4_000 if chosen.quick else 20_000)
    report("exposure", [*_compared(told), *_varied(told)], as_json=chosen.json)


if __name__ == "__main__":
    main()
