"""Stacks of look-alikes around a centre: every member is near the centre itself, so that likeness cannot drift.

Linking whatever is near something near chains: in a peer, 3,000 pictures each like the next became one group.
A submission's items are placed in the order of their content address, each with the nearest centre so far or as a
new one: within a submission the result depends on the content alone. Between submissions the one that is linked first
gives the centre.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hashsets.vocabulary import TRANSFORMS, Transform


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Something earlier within reach. `order` is its place among all earlier ones; `transform` turns us into it."""

    item_id: int
    order: int
    distance: int
    transform: Transform


def nearest(neighbours: Sequence[Neighbour]) -> Neighbour | None:
    """The one to join: least distance, then the simplest transform, then the earliest."""
    return min(
        neighbours,
        key=lambda near: (near.distance, TRANSFORMS.index(near.transform), near.order),
        default=None,
    )
