"""One network, one referral: which submissions belong together, and which referral stands for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Join:
    """Two submissions (low id first) belong to one network, because."""

    low: int
    high: int
    kind: str
    because: str

    @property
    def key(self) -> tuple[int, int, str]:
        """What makes two joins the same: the pair and the kind, not the wording."""
        return (self.low, self.high, self.kind)


def join_between(one: int, other: int, kind: str, because: str) -> Join:
    """A join with its ends in order."""
    return Join(min(one, other), max(one, other), kind, because)


def components(submission_ids: Sequence[int], joins: Iterable[Join]) -> tuple[tuple[int, ...], ...]:
    """Connected groups of submissions, each sorted, in order of their smallest id."""
    leader = {submission_id: submission_id for submission_id in submission_ids}

    def find(node: int) -> int:
        while leader[node] != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for join in joins:
        if join.low in leader and join.high in leader:
            low, high = sorted((find(join.low), find(join.high)))
            leader[high] = low
    groups: dict[int, list[int]] = {}
    for submission_id in sorted(submission_ids):
        groups.setdefault(find(submission_id), []).append(submission_id)
    return tuple(tuple(group) for group in groups.values())


@dataclass(frozen=True, slots=True)
class Placement:
    """One network and the referral that stands for it; None asks for a new one. `absorbs` are merged into it."""

    submissions: tuple[int, ...]
    referral_id: int | None
    absorbs: tuple[int, ...] = ()


def place_networks(networks: Sequence[Sequence[int]], held: Mapping[int, int]) -> tuple[Placement, ...]:
    """Assign referrals to networks so that numbers stay stable.

    `held` maps submissions to the referral that holds them now. Where referrals meet, the oldest (smallest id) goes
    on and absorbs the others. Where one referral falls apart, the part with its oldest submission keeps the number.
    """
    claims: dict[int, int] = {}  # referral → position of the network that keeps it
    oldest: dict[int, int] = {}
    for position, network in enumerate(networks):
        for submission_id in network:
            referral_id = held.get(submission_id)
            if referral_id is not None and submission_id < oldest.get(referral_id, submission_id + 1):
                oldest[referral_id] = submission_id
                claims[referral_id] = position
    placements = []
    for position, network in enumerate(networks):
        kept = sorted(referral_id for referral_id, claimer in claims.items() if claimer == position)
        placements.append(
            Placement(tuple(network), kept[0] if kept else None, tuple(kept[1:])),
        )
    return tuple(placements)
