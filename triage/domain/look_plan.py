"""Which picture is worth the next look, and when no further one is: by facts and earlier looks, never by pixels.

Look-alikes are one stack, and a look at the stack's representative stands for it. Stacks that one camera took on one
day are an occasion; others lie in one archive; the rest have no traces. In each such group a few stacks are looked
at, one drawn by lot from each of several equal stretches of its time, until the chance that a series of so many
stacks stays unseen is at most a stated bound, however the series is strewn. The bound is stricter where facts raise
the group, and where the same camera took something unlawful. Where an occasion is mixed, looks go on beside every
unlawful stack until lawful ones lie on both sides; without times to go by, they go on to the last stack. What a mixed
day says of its camera makes the bound of that camera's other days the strict one.

`bench.exposure` drives this module with a simulated person. docs/review.md states the rule for those who use it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache
from math import prod

from .findings import Findings

RUN = 4_096
"""Item numbers in one run: without an occasion a group has no more stacks than this."""


class Tie(StrEnum):
    """What holds the stacks of a group together."""

    OCCASION = "occasion"  # one camera, one day
    ARCHIVE = "archive"
    NOTHING = "nothing"  # no traces: only that they arrived one after the other


class Verdict(StrEnum):
    """What a person said after a look."""

    LAWFUL = "lawful"
    UNLAWFUL = "unlawful"


class Level(IntEnum):
    """How much speaks for looking closely; the graver the higher."""

    QUIET = 0
    CAMERA = 1  # the same camera took something unlawful on another day
    MIXED = 2  # on another day the same camera took unlawful ones among lawful ones
    RAISED = 3  # taken lately, or edited so that the thumbnail shows another picture
    FOUND = 4  # something in it is unlawful by a look, or near to what is known


class Why(StrEnum):
    """Why this is the next look."""

    FOUND = "found"
    BESIDE = "beside"  # taken next to something unlawful
    RECENT = "recent"
    THUMBNAIL = "thumbnail"
    MIXED = "mixed"
    CAMERA = "camera"
    FIRST = "first"  # nobody has looked at anything of the group
    SPREAD = "spread"


@dataclass(frozen=True, slots=True)
class LookRules:
    """`series`: so many stacks, or more, are to be found. The bounds are chances that all of them stay unseen."""

    series: int
    quiet: float
    camera: float
    mixed: float
    raised: float

    def bound(self, level: Level) -> float:
        """The chance that is accepted at this level."""
        told = {Level.QUIET: self.quiet, Level.CAMERA: self.camera, Level.MIXED: self.mixed}
        return told.get(level, self.raised)


@dataclass(frozen=True, slots=True)
class GroupKey:
    """A group of stacks: `camera` and `day` of an occasion, or the item that is their archive and their `run`."""

    tie: Tie
    day: str = ""
    camera: str = ""
    archive: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Stack:
    """Look-alikes. `moment` is the earliest capture that its files state, as ISO 8601 text, or "".

    `open_items` are those that nobody has decided. `said` is what was said after a look at one of it. `is_near`: near
    to what is known, or decided as unlawful, on facts alone. `is_recent` and `disagrees` (with its thumbnail) raise
    its group.
    """

    item_id: int
    moment: str
    open_items: int
    said: Verdict | None = None
    is_near: bool = False
    is_recent: bool = False
    disagrees: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """A group in numbers of stacks, without those that facts alone call unlawful; these are `near`.

    `lawful` and `unlawful` were looked at. `open` and `open_near` have items that nobody has decided, `open_items` in
    all. `waiting`: open, and not looked at. `beside`: of these, next in time to an unlawful or near one.
    """

    key: GroupKey
    stacks: int
    open: int
    waiting: int
    lawful: int
    unlawful: int
    recent: int
    disagreeing: int
    near: int
    open_near: int
    beside: int
    open_items: int

    @property
    def looks(self) -> int:
        """How many were looked at."""
        return self.lawful + self.unlawful

    @property
    def is_mixed(self) -> bool:
        """Whether it has lawful and unlawful ones."""
        return bool(self.lawful and (self.unlawful or self.near))


@dataclass(frozen=True, slots=True)
class Cameras:
    """`raised` took two unlawful stacks on one day, or more; `mixed`, of these, two lawful ones beside them."""

    raised: frozenset[str] = frozenset()
    mixed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NextLook:
    """The item that stands for its stack, why, and the group as it is before the look."""

    item_id: int
    why: Why
    group: Outline


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left to decide: looks that are due by what is known now; groups and stacks for which facts are enough.

    `chance` is the greatest, over groups that need no further look, that a series of theirs stays unseen.
    """

    looks: int
    groups_looking: int
    groups_on_facts: int
    stacks_on_facts: int
    items_on_facts: int
    chance: float


def occasion_of(findings: Findings) -> tuple[str, str] | None:
    """The day and the camera, as the file states them; None where either is missing. A serial is not needed."""
    camera, captured = findings.camera, findings.captured
    if camera is None or captured is None:
        return None
    return captured.local.date().isoformat(), "\t".join((camera.make, camera.model, camera.serial or ""))


def key_of(item_id: int, occasion: tuple[str, str] | None, archive: int) -> GroupKey:
    """The group of a stack that the item stands for: the least occasion, or archive (0: none), of its members."""
    if occasion:
        return GroupKey(Tie.OCCASION, *occasion)
    return GroupKey(Tie.ARCHIVE if archive else Tie.NOTHING, archive=archive, run=item_id // RUN)


def outline_of(key: GroupKey, stacks: Iterable[Stack]) -> Outline:
    """Count a group."""
    every = list(stacks)
    far = [one for one in every if not one.is_near]
    return Outline(
        key=key,
        stacks=len(far),
        open=sum(one.open_items > 0 for one in far),
        waiting=sum(map(_is_waiting, far)),
        lawful=sum(one.said is Verdict.LAWFUL for one in far),
        unlawful=sum(one.said is Verdict.UNLAWFUL for one in far),
        recent=sum(one.is_recent for one in every),
        disagreeing=sum(one.disagrees for one in every),
        near=len(every) - len(far),
        open_near=sum(one.is_near and one.open_items > 0 for one in every),
        beside=len(_beside(every)),
        open_items=sum(one.open_items for one in every),
    )


def cameras_of(outlines: Iterable[Outline]) -> Cameras:
    """What days say of their cameras. One stack alone may be a person's mistake; two are not."""
    told = [one for one in outlines if one.key.camera and one.unlawful + one.near > 1]
    mixed = frozenset(one.key.camera for one in told if one.lawful > 1)
    return Cameras(frozenset(one.key.camera for one in told), mixed)


def level_of(group: Outline, cameras: Cameras) -> Level:
    """How much speaks for looking closely at a group."""
    if group.unlawful or group.near:
        return Level.FOUND
    if group.recent or group.disagreeing:
        return Level.RAISED
    if group.key.camera in cameras.mixed:
        return Level.MIXED
    return Level.CAMERA if group.key.camera in cameras.raised else Level.QUIET


def looks_due(group: Outline, level: Level, rules: LookRules) -> int:
    """Looks that a group needs by what is known now; 0 where facts are enough for what is left of it."""
    due = max(0, min(looks_needed(group.stacks, rules.series, rules.bound(level)) - group.looks, group.waiting))
    if not group.is_mixed:
        return due
    return max(due, group.beside) if group.key.tie is Tie.OCCASION else group.waiting


def in_order(outlines: Sequence[Outline], rules: LookRules) -> list[Outline]:
    """Groups that may need a look, the most worth it first: by level, then where least of what is due was done.

    What has no traces comes last: a series among it is no more likely, and takes many times the looks to be found.
    """
    cameras = cameras_of(outlines)
    ranked: list[tuple[bool, int, float, str, str, int, int, Outline]] = []
    for group in outlines:
        level = level_of(group, cameras)
        due = looks_due(group, level, rules)
        if due:
            last = group.key.tie is Tie.NOTHING
            key = group.key
            done = group.looks / (group.looks + due)
            ranked.append((last, -level, done, key.day, key.camera, key.archive, key.run, group))
    return [entry[-1] for entry in sorted(ranked, key=lambda entry: entry[:-1])]


def next_in(group: Outline, stacks: Sequence[Stack], level: Level, rules: LookRules) -> NextLook | None:
    """The next look within a group; None where facts are enough for what is left of it."""
    if not looks_due(group, level, rules):
        return None
    far = sorted((one for one in stacks if not one.is_near), key=_by_time)
    needed = looks_needed(group.stacks, rules.series, rules.bound(level))
    if group.looks < needed:
        chosen, why = _drawn(far, min(needed, len(far))), _why(group, level)
    elif group.key.tie is Tie.OCCASION:
        chosen, why = next(iter(_beside(stacks)), None), Why.BESIDE
    else:
        chosen, why = next(filter(_is_waiting, far), None), Why.FOUND
    return NextLook(chosen.item_id, why, group) if chosen else None


def proposed(group: Outline, stack: Stack) -> Verdict:
    """What facts and looks say of a stack of a group that needs no further look."""
    if stack.said is not None:
        return stack.said
    is_unlawful = stack.is_near or bool(group.unlawful and not group.lawful)
    return Verdict.UNLAWFUL if is_unlawful else Verdict.LAWFUL


def remaining(outlines: Sequence[Outline], rules: LookRules) -> Remaining:
    """Sum up what is left."""
    cameras = cameras_of(outlines)
    looks = looking = groups = stacks = items = 0
    chance = 0.0
    for group in outlines:
        due = looks_due(group, level_of(group, cameras), rules)
        looks += due
        looking += bool(due)
        if not due and group.open_items:
            groups += 1
            stacks += group.open + group.open_near
            items += group.open_items
            if group.open:
                chance = max(chance, chance_unseen(group.stacks, rules.series, group.looks))
    return Remaining(looks, looking, groups, stacks, items, chance)


@lru_cache(maxsize=65_536)
def looks_needed(stacks: int, series: int, bound: float) -> int:
    """The fewest looks, one drawn from each of as many equal stretches, that keep `chance_unseen` within `bound`.

    Two at least, since a look can be wrong; never more than there are stacks.
    """
    # At its worst the chance is no less than where the series lies at random: fewer looks need not be tried.
    least = bisect_left(range(stacks), -bound, key=lambda looks: -_chance_at_random(stacks, series, looks))
    tried = range(max(2, least), stacks)
    return next((looks for looks in tried if chance_unseen(stacks, series, looks) <= bound), stacks)


def chance_unseen(stacks: int, series: int, looks: int) -> float:
    """The chance that no look falls on a series of `series` stacks (all, where there are fewer), at its worst.

    One stack is drawn from each of `looks` equal stretches. Draws are independent, so the chance is the product of
    each stretch's share outside of the series; it is greatest where the series is spread evenly over the stretches.
    """
    if not stacks:
        return 0.0
    if looks >= stacks:
        return 0.0
    if not looks:
        return 1.0
    size, larger = divmod(stacks, looks)
    free = {(size + 1, size + 1): larger, (size, size): looks - larger}  # (stacks, of them outside) → stretches
    for _ in range(min(series, stacks)):
        best = max((one for one, count in free.items() if count and one[1]), key=lambda one: (one[1] - 1) / one[1])
        free[best] -= 1
        fewer = (best[0], best[1] - 1)
        free[fewer] = free.get(fewer, 0) + 1
    chance = 1.0
    for (stretch, outside), count in free.items():
        chance *= (outside / stretch) ** count if count else 1.0
    return chance


def _chance_at_random(stacks: int, series: int, looks: int) -> float:
    return prod((stacks - looks - one) / (stacks - one) for one in range(min(series, stacks)))


def lot(item_id: int) -> int:
    """A number that is as good as drawn at random, the same for the same item always (splitmix64)."""
    mixed = (item_id + 0x9E3779B97F4A7C15) & _ALL
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _ALL
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _ALL
    return mixed ^ (mixed >> 31)


_ALL = 2**64 - 1


def _by_time(stack: Stack) -> tuple[str, int]:
    return stack.moment, stack.item_id


def _is_waiting(stack: Stack) -> bool:
    """Whether a look at it could say something new."""
    return stack.said is None and stack.open_items > 0 and not stack.is_near


def _drawn(stacks: Sequence[Stack], count: int) -> Stack | None:
    """By lot: from the stretches in which nobody has looked, else from all that wait."""
    waiting: list[Stack] = []
    for step in range(count):
        stretch = stacks[step * len(stacks) // count : (step + 1) * len(stacks) // count]
        if not any(one.said for one in stretch):
            waiting += filter(_is_waiting, stretch)
    return min(waiting or filter(_is_waiting, stacks), key=lambda one: lot(one.item_id), default=None)


def _beside(stacks: Sequence[Stack]) -> list[Stack]:
    """Those that wait next to one that is unlawful or near to what is known, by time."""
    ordered = sorted(stacks, key=_by_time)
    unlawful = [one.is_near or one.said is Verdict.UNLAWFUL for one in ordered]
    return [
        one for place, one in enumerate(ordered) if _is_waiting(one) and any(unlawful[max(0, place - 1) : place + 2])
    ]


def _why(group: Outline, level: Level) -> Why:
    if level is Level.FOUND:
        return Why.FOUND
    if level is Level.RAISED:
        return Why.RECENT if group.recent else Why.THUMBNAIL
    if level in {Level.MIXED, Level.CAMERA}:
        return Why.MIXED if level is Level.MIXED else Why.CAMERA
    return Why.SPREAD if group.lawful else Why.FIRST
