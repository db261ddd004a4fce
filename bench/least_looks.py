"""How few looks could do: whoever knows which groups are which, and not which occasions hide something.

A bound beneath every order of looks over a made-up seizure: each stack without traces takes one look, since nothing
tells such stacks apart; an occasion of nothing but unlawful ones takes one; of each other occasion so many stacks
are looked at as keep the chance that four drawn at random stay unseen within a bound. Nothing else is looked at, no
look is wrong, and nothing is decided beyond what is found. What is missed is computed and not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from math import comb

from bench.made_deciding import Stack
from triage.domain.look_plan import Tie

_SERIES = 4

Group = tuple[Tie, list[Stack]]


def least(groups: Iterable[Group], bound: float, *, most_copies: bool = False) -> tuple[float, float]:
    """Looks, and the expected number of urgent series missed. `most_copies`: the largest, not by lot."""
    looks, missed = 0, 0.0
    for tie, group in groups:
        far = [one for one in group if not one.is_near_known]
        if tie is not Tie.OCCASION:
            looks += len(far)
        elif all(one.members[0].is_unlawful for one in group):
            looks += bool(far)
        else:
            drawn = _drawn(len(far), bound)
            looks += drawn
            missed += sum(_unseen(far, hidden, drawn, most_copies=most_copies) for hidden in _hidden(far))
    return looks, missed


def _hidden(stacks: Sequence[Stack]) -> Iterator[int]:
    yield from {one.members[0].series for one in stacks} - {0}


def _unseen(stacks: Sequence[Stack], series: int, drawn: int, *, most_copies: bool) -> float:
    """The chance that no look falls on the series."""
    if most_copies:
        largest = sorted(stacks, key=lambda one: -len(one.members))[:drawn]
        return float(all(one.members[0].series != series for one in largest))
    of_it = sum(one.members[0].series == series for one in stacks)
    return comb(len(stacks) - of_it, drawn) / comb(len(stacks), drawn)


@lru_cache(maxsize=4_096)
def _drawn(stacks: int, bound: float) -> int:
    of_it = min(_SERIES, stacks)
    return next((n for n in range(stacks) if comb(stacks - of_it, n) <= bound * comb(stacks, n)), stacks)
