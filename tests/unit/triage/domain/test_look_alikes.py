"""Which centre an item joins."""

from __future__ import annotations

from itertools import permutations

from hashsets.vocabulary import Transform
from triage.domain.look_alikes import Neighbour, nearest


def test_nothing_near_joins_nothing() -> None:
    """Then the item becomes a centre itself."""
    assert nearest([]) is None


def test_the_least_distance_wins_then_the_simplest_transform_then_the_earliest() -> None:
    """One order for every machine: whatever the sequence in which an index answers."""
    best = Neighbour(1, order=5, distance=3, transform=Transform.IDENTITY)
    later = Neighbour(2, order=6, distance=3, transform=Transform.IDENTITY)
    turned = Neighbour(3, order=0, distance=3, transform=Transform.FLIP_X)
    farther = Neighbour(4, order=1, distance=4, transform=Transform.IDENTITY)
    for order in permutations([best, later, turned, farther]):
        assert nearest(order) is best
    assert nearest([turned, later]) is later
    assert nearest([farther, turned]) is turned
