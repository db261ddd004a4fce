"""Matching again: which matches stand, which are new, which have ended and why, and what that comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from hashsets.vocabulary import Basis

from .items import Outcome
from .matches import Match


class EndedBecause(StrEnum):
    """Why a match no longer stands. It is kept as it was measured."""

    RETRACTED = "retracted"  # under the policy in force, no release in force leads to it any more
    SUPERSEDED = "superseded"  # the same entry of the same set leads to the item still, through another release
    DECIDED = "decided"  # a likeness, and the very bytes are listed now: it was not asked for again


@dataclass(frozen=True, slots=True)
class StandingMatch:
    """A match that stands, by the number of its record."""

    id: int
    match: Match


@dataclass(frozen=True, slots=True)
class EndedMatch:
    """A match that held from `found_at` to `ended_at`."""

    match: Match
    found_at: datetime
    ended_at: datetime
    because: EndedBecause


@dataclass(frozen=True, slots=True)
class MatchChanges:
    """What matching an item again came to.

    `added` are to be written, `ended` are numbers of records. Of those `new` and `retracted` count what was not said
    before and what is not said any more. `restated` says that an entry goes on to lead here, with another opinion.
    """

    added: tuple[Match, ...] = ()
    ended: tuple[tuple[int, EndedBecause], ...] = ()
    new: int = 0
    retracted: int = 0
    restated: bool = False


def match_changes(standing: Sequence[StandingMatch], found: Sequence[Match]) -> MatchChanges:
    """The difference between the matches of an item that stand and those just found."""
    facts, known = {_fact(match) for match in found}, {_fact(entry.match) for entry in standing}
    gone = [entry for entry in standing if _fact(entry.match) not in facts]
    added = tuple(match for match in found if _fact(match) not in known)
    went_on = {_way(match): match for match in added}
    came_from = {_way(entry.match) for entry in gone}
    decided = any(match.candidate.basis is Basis.EXACT for match in found)
    ended = tuple((entry.id, _why(entry.match, went_on, decided=decided)) for entry in gone)
    return MatchChanges(
        added,
        ended,
        new=sum(_way(match) not in came_from for match in added),
        retracted=sum(why is EndedBecause.RETRACTED for _, why in ended),
        restated=any(
            entry.match.candidate.opinion != went_on[_way(entry.match)].candidate.opinion
            for entry in gone
            if _way(entry.match) in went_on
        ),
    )


def _fact(match: Match) -> Match:
    """The match without what belongs to the asking: its place in a batch, our own word, second values compared."""
    return replace(match, candidate=replace(match.candidate, query=0, state=None, second_values=()))


def _way(match: Match) -> tuple[str, ...]:
    """How an entry of a set leads to the item, whichever release says so."""
    candidate = match.candidate
    return candidate.set_name, candidate.entry_key, match.subject, candidate.algorithm, candidate.profile or ""


def _why(match: Match, went_on: Mapping[tuple[str, ...], Match], *, decided: bool) -> EndedBecause:
    if _way(match) in went_on:
        return EndedBecause.SUPERSEDED
    if decided and match.candidate.basis is Basis.NEAR:
        return EndedBecause.DECIDED
    return EndedBecause.RETRACTED


@dataclass(frozen=True, slots=True)
class Comparison:
    """A version of the policy against the library's version: ids of releases joined by `+`."""

    id: int
    policy: str
    releases: str


@dataclass(frozen=True, slots=True)
class ItemChange:
    """An item whose answer or matches a re-match changed."""

    item_id: int
    before: Outcome
    after: Outcome
    added: int
    retracted: int


@dataclass(frozen=True, slots=True)
class RematchResult:
    """What a re-match changed: items by the answers before and after (`unknown>known`), and matches."""

    changes: Mapping[str, int] = field(default_factory=dict)
    added: int = 0
    retracted: int = 0


@dataclass(frozen=True, slots=True)
class Rematch:
    """One run over all items whose answer rests on another comparison than `after`.

    `before` is what its items rested on, as far as one comparison says it. While it runs its target may move on; then
    `because` has a further reason. `items` are in its jobs so far.
    """

    id: int
    because: tuple[str, ...]
    before: Comparison | None
    after: Comparison
    items: int
    started_at: datetime
    finished_at: datetime | None = None
    result: RematchResult | None = None


_SAID_OF = (Outcome.KNOWN, Outcome.NEAR, Outcome.KNOWN_GOOD)


def in_words(changes: Mapping[str, int]) -> str:
    """`142 newly known, 3 no longer; 1 newly near`, of changes written as `unknown>known`."""
    said = [phrase for outcome in _SAID_OF if (phrase := _phrase(outcome, changes))]
    return "; ".join(said) or "no answer changed"


def _phrase(outcome: Outcome, changes: Mapping[str, int]) -> str:
    newly = sum(count for change, count in changes.items() if change.endswith(f">{outcome}"))
    no_longer = sum(count for change, count in changes.items() if change.startswith(f"{outcome}>"))
    if newly and no_longer:
        return f"{newly:,} newly {outcome}, {no_longer:,} no longer"
    if newly:
        return f"{newly:,} newly {outcome}"
    return f"{no_longer:,} no longer {outcome}" if no_longer else ""
