"""Where the marks of a referral's drawings stand. Pure geometry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

GRAPH_WIDTH, GRAPH_HEIGHT, PAIR_HEIGHT = 640, 360, 90
_AIR, _LEAST_DEGREES, _ASPECT = 0.25, 8.0, 2.0


@dataclass(frozen=True, slots=True)
class Node:
    """A submission."""

    label: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Edge:
    """What ties two submissions."""

    low: str
    high: str
    because: str
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Graph:
    """Submissions on a ring, so that no tie hides another."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: int = GRAPH_WIDTH
    height: int = GRAPH_HEIGHT


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the map: x is the longitude, y the latitude upside down, in degrees."""

    x: float
    y: float
    width: float
    height: float

    @property
    def dot(self) -> float:
        """The radius of a place, the same on the page whatever the window shows."""
        return round(self.width / 90, 3)

    @property
    def rim(self) -> float:
        """The width of the line around it."""
        return round(self.width / 600, 3)


@dataclass(frozen=True, slots=True)
class Dot:
    """A place, and others so near that their marks would hide each other. `items` are of all of them."""

    latitude: float
    longitude: float
    items: int


def ring(submissions: Sequence[int], joins: Sequence[tuple[int, int, str, str]]) -> Graph:
    """The submissions and their joins, as (low, high, kind, because). Two lie side by side, and need less height."""
    count = max(1, len(submissions))
    is_pair = count <= 2
    height, first = (PAIR_HEIGHT, math.pi) if is_pair else (GRAPH_HEIGHT, -math.pi / 2)
    nodes = {}
    for place, one in enumerate(submissions):
        angle = 2 * math.pi * place / count + first
        x = GRAPH_WIDTH / 2 + math.cos(angle) * GRAPH_WIDTH * 0.4
        y = height * (0.62 if is_pair else 0.5) + math.sin(angle) * height * 0.36
        nodes[one] = Node(f"S-{one}", round(x, 1), round(y, 1))
    edges = tuple(
        Edge(a.label, b.label, because, a.x, a.y, b.x, b.y)
        for low, high, _, because in joins
        if (a := nodes.get(low)) and (b := nodes.get(high))
    )
    return Graph(tuple(nodes.values()), edges, height=height)


def window(places: Sequence[tuple[float, float, int]]) -> Window:
    """The part of the map that holds these places (latitude, longitude, count), twice as wide as high."""
    latitudes = [place[0] for place in places] or [0.0]
    longitudes = [place[1] for place in places] or [0.0]
    high = max(_LEAST_DEGREES, (max(latitudes) - min(latitudes)) * (1 + 2 * _AIR))
    wide = max(high * _ASPECT, (max(longitudes) - min(longitudes)) * (1 + 2 * _AIR))
    high = max(high, wide / _ASPECT)
    x = (max(longitudes) + min(longitudes)) / 2 - wide / 2
    y = -(max(latitudes) + min(latitudes)) / 2 - high / 2
    return Window(round(x, 2), round(y, 2), round(wide, 2), round(high, 2))


def dots(places: Sequence[tuple[float, float, int]], shown: Window) -> list[Dot]:
    """Marks for these places (latitude, longitude, items), each where most of its items are; the largest first."""
    cells: dict[tuple[int, int], list[tuple[float, float, int]]] = {}
    for place in places:
        cells.setdefault((int(place[1] // (2 * shown.dot)), int(place[0] // (2 * shown.dot))), []).append(place)
    largest = [max(cell, key=lambda place: place[2]) for cell in cells.values()]
    found = [
        Dot(latitude, longitude, sum(place[2] for place in cell))
        for (latitude, longitude, _), cell in zip(largest, cells.values(), strict=True)
    ]
    return sorted(found, key=lambda one: -one.items)
