"""Decisions: what a person says of an item, in the words of a scheme. Superseded, never edited.

An item has at most one standing decision in a scheme, wherever the item occurs: whoever decides it in one referral
closes it in all of them. Nothing overwrites a standing decision by itself. A person supersedes it, or says another
thing beside it (a dissent), and both are kept. `supersedes` always names an older decision that stood.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .errors import Conflict, Refused
from .review_rules import ReviewRules

LONGEST_BECAUSE = 1_000
LEAST_BECAUSE = 10
"""Characters, where words are needed."""


class DecisionState(StrEnum):
    """What a decision is worth now."""

    AWAITING_SECOND = "awaiting-second"  # counts for nothing until another person confirms it
    STANDING = "standing"
    DISSENTING = "dissenting"  # another opinion, kept beside the one that stands
    SUPERSEDED = "superseded"
    UNDONE = "undone"


class SeenBasis(StrEnum):
    """What the person had been shown of the item when they decided it; the server knows, and asks nobody."""

    FACTS = "facts"
    REDUCED = "reduced"
    FULL = "full"


class Instead(StrEnum):
    """What a person wants where another decision stands already."""

    ASK = "ask"  # nothing is written, and the person is told
    SUPERSEDE = "supersede"
    DISSENT = "dissent"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision as it is kept."""

    id: int
    item_id: int
    referral_id: int
    principal_id: int
    scheme: str
    category: str
    basis: SeenBasis
    because: str
    decided_at: datetime
    spread_from: int | None
    state: DecisionState
    second_by: int | None
    second_at: datetime | None
    supersedes: int | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says."""

    category: str
    because: str = ""
    instead: Instead = Instead.ASK


@dataclass(frozen=True, slots=True)
class Current:
    """What there is of an item in the scheme: at most one of each."""

    standing: Decision | None = None
    awaiting: Decision | None = None


NOTHING_SAID = Current()


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a new decision goes. `takes_back` is the person's own, unconfirmed one that it replaces.

    `supersedes` is ended only when the new one stands. Without a state nothing new is written.
    """

    state: DecisionState | None
    supersedes: int | None = None
    takes_back: int | None = None


def place(said: Said, by: int, current: Current, rules: ReviewRules) -> Placement | None:
    """Where a decision of person `by` goes; None when the same stands already.

    Raises Conflict `decided-already`, `decision-awaits-second`, `nothing-to-dissent-from`; Refused `decision-words`.
    """
    require_words(said.because, needed=False)
    if said.instead is Instead.DISSENT:
        return _dissent(said, by, current)
    if current.awaiting is not None and current.awaiting.principal_id != by:
        raise Conflict(
            "decision-awaits-second", "Another person's decision waits to be confirmed: confirm or dissent."
        )
    if current.awaiting is not None and current.awaiting.category == said.category:
        return None
    taken_back = current.awaiting.id if current.awaiting else None
    standing = current.standing
    if standing is None:
        return Placement(_first_state(said, rules, of_another=False), takes_back=taken_back)
    if standing.category == said.category:
        return Placement(None, takes_back=taken_back) if taken_back else None
    if said.instead is not Instead.SUPERSEDE:
        raise Conflict("decided-already", "Another decision stands: supersede it, or dissent.")
    of_another = standing.principal_id != by
    require_words(said.because, needed=of_another)
    return Placement(_first_state(said, rules, of_another=of_another), standing.id, taken_back)


def _first_state(said: Said, rules: ReviewRules, *, of_another: bool) -> DecisionState:
    needs_second = said.category in rules.second_reader or (of_another and rules.second_reader_supersedes)
    return DecisionState.AWAITING_SECOND if needs_second else DecisionState.STANDING


def _dissent(said: Said, by: int, current: Current) -> Placement:
    require_words(said.because, needed=True)
    others = [one for one in (current.standing, current.awaiting) if one is not None and one.principal_id != by]
    if not any(one.category != said.category for one in others):
        raise Conflict("nothing-to-dissent-from", "No other person's decision says another thing.")
    return Placement(DecisionState.DISSENTING)


def require_words(because: str, *, needed: bool) -> None:
    """Raise Refused `decision-words` where a reason is too long, unprintable, or missing and needed."""
    words = because.strip()
    if len(words) > LONGEST_BECAUSE or not words.replace("\n", " ").isprintable():
        raise Refused("decision-words", f"The words have at most {LONGEST_BECAUSE} printable characters.")
    if needed and len(words) < LEAST_BECAUSE:
        raise Refused("decision-words", f"This needs a reason in words: at least {LEAST_BECAUSE} characters.")


@dataclass(frozen=True, slots=True)
class Stroke:
    """Decisions that one person made in one act and that still stand alike: the first of them, and how many."""

    first: Decision
    items: int


def require_second(decision: Decision, by: int) -> None:
    """Raise unless person `by` may confirm it. Conflict `not-awaiting`, Refused `same-person`."""
    if decision.state is not DecisionState.AWAITING_SECOND:
        raise Conflict("not-awaiting", f"D-{decision.id} does not wait for a second person.")
    if decision.principal_id == by:
        raise Refused("same-person", "A decision is confirmed by another person than the one who made it.")


def require_undo(decision: Decision, by: int, rules: ReviewRules, now: datetime) -> None:
    """Raise unless person `by` may take it back now.

    Refused `undo-not-own`, `undo-too-late`, `undo-confirmed`; Conflict `undo-ended` for one that is over.
    """
    if decision.principal_id != by:
        raise Refused("undo-not-own", "A decision is taken back by the person who made it.")
    if decision.state in {DecisionState.SUPERSEDED, DecisionState.UNDONE}:
        raise Conflict("undo-ended", f"D-{decision.id} is over already.")
    if decision.second_by is not None:
        raise Refused("undo-confirmed", "Another person has confirmed it: supersede it instead.")
    if not decision.decided_at <= now <= decision.decided_at + timedelta(seconds=rules.undo_seconds):
        raise Refused("undo-too-late", "It is too late to take it back: supersede it instead.")


@dataclass(frozen=True, slots=True)
class Proposal:
    """Undecided items that look like one that is decided: to be confirmed on facts, all at once or some.

    `categories` has more than one where the decided ones of the group contradict each other: then nothing can be
    confirmed at once. `decision_id` is the newest standing decision of the group.
    """

    centre_id: int
    decision_id: int
    decided_item: int
    categories: tuple[str, ...]
    item_ids: tuple[int, ...]

    @property
    def is_divided(self) -> bool:
        """Whether the group's decisions say different things."""
        return len(self.categories) > 1


class DisagreementKind(StrEnum):
    """Who disagrees."""

    PEOPLE = "people"
    HASH_SET = "hash-set"  # its opinion, in this scheme or one that maps to it, is another
    SOURCE_CHANGED = "source-changed"  # it was spread from a decision that stands no more


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two opinions of one item. `other` is the other category; `by` names a set, or is "" for a person's."""

    kind: DisagreementKind
    item_id: int
    decision_id: int
    category: str
    other: str
    by: str
    because: str
