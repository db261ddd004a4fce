"""One network, one referral: which submissions belong together, and which referral stands for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Join:
    """Two submissions (low id first) belong to one network, because.

    `count` is how many things its ground rests on, where it was just found; a join that is read back has 1.
    """

    low: int
    high: int
    kind: str
    because: str
    count: int = 1

    @property
    def key(self) -> tuple[int, int, str]:
        """What makes two joins the same: the pair and the kind, not the wording."""
        return (self.low, self.high, self.kind)


def join_between(one: int, other: int, kind: str, because: str, count: int = 1) -> Join:
    """A join with its ends in order."""
    return Join(min(one, other), max(one, other), kind, because, count)


@dataclass(frozen=True, slots=True)
class Parting:
    """A person set two submissions apart (low id first), by a plan that a second person agreed to.

    `grounds` are those that the pair had then, kind to count; `told` what has been said of it in histories since. It
    stands until a person ends it: what a person decided is no rule's to undo.
    """

    id: int
    low: int
    high: int
    plan_id: int
    grounds: Mapping[str, int]
    told: Mapping[str, int]

    @property
    def pair(self) -> tuple[int, int]:
        """Both ends."""
        return (self.low, self.high)

    def new_grounds(self, joins: Iterable[Join]) -> tuple[Join, ...]:
        """Those of its pair's joins that nobody has been told of: of another kind, or resting on more than before."""
        said = {kind: max(self.grounds.get(kind, 0), self.told.get(kind, 0)) for kind in {*self.grounds, *self.told}}
        mine = (one for one in joins if (one.low, one.high) == self.pair)
        return tuple(one for one in mine if one.count > said.get(one.kind, 0))


def components(
    submission_ids: Sequence[int], joins: Iterable[Join], apart: Iterable[tuple[int, int]] = ()
) -> tuple[tuple[int, ...], ...]:
    """Connected groups of submissions, each sorted, in order of their smallest id.

    Pairs that are `apart` are in no group together, whatever ties them: a join that would bring them together, itself
    or by what hangs on its ends, connects nothing. Earlier joins come before later ones.
    """
    groups = {submission_id: {submission_id} for submission_id in submission_ids}
    kept_from: dict[int, set[int]] = {}
    for one, other in apart:
        kept_from.setdefault(one, set()).add(other)
        kept_from.setdefault(other, set()).add(one)
    for join in joins:
        if join.low not in groups or join.high not in groups:
            continue
        into, joined = groups[join.low], groups[join.high]
        if into is joined or any(kept_from.get(member, _NOBODY) & joined for member in into & kept_from.keys()):
            continue
        if len(into) < len(joined):
            into, joined = joined, into
        into |= joined
        groups.update(dict.fromkeys(joined, into))
    return tuple(sorted({min(group): tuple(sorted(group)) for group in groups.values()}.values()))


_NOBODY: frozenset[int] = frozenset()


def held_back(networks: Iterable[Sequence[int]], joins: Iterable[Join]) -> tuple[Join, ...]:
    """Joins that connect nothing, because somebody set apart what they would bring together."""
    network_of = {submission_id: place for place, network in enumerate(networks) for submission_id in network}
    return tuple(join for join in joins if network_of.get(join.low) != network_of.get(join.high))


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
