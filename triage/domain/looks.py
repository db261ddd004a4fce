"""A look: why a person asks for one rendition of one item, at which level, and what makes it harder to get.

Nothing is shown without one. Of what moves a look is at one still, the one that was asked for; another still is
another look, with everything that a look needs. Each has a reason from a closed list; what is decided already, and
what another item stands for, needs words beside it; what is known needs a second person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .errors import Refused
from .renditions import middle_still

LONGEST_WORDS = 500
LEAST_WORDS = 10
"""Characters: enough for a sentence that means something to whoever reads it later."""
FLAGGED = "It is marked as violent: it is shown only to whoever chooses that."


class Reason(StrEnum):
    """Why facts are not enough."""

    LEGAL_THRESHOLD = "legal-threshold"
    VICTIM_IDENTIFICATION = "victim-identification"
    COURT = "court"
    QUALITY_CHECK = "quality-check"


class Level(StrEnum):
    """How much of it is shown."""

    REDUCED = "reduced"  # small, grey, blurred
    FULL = "full"


@dataclass(frozen=True, slots=True)
class LookFacts:
    """What is so of an item before a look at it. `stands_for` is the representative of its group, or the item itself.

    `stills`: how many may be asked for, 1 of what does not move; `seen`: those that this person has been shown at any
    level, None for what does not move. `representative_settled`: its representative was looked at or decided.
    `is_flagged`: it, or what looks like it, is flagged as violent.
    """

    item_id: int
    is_known: bool
    is_decided: bool
    stands_for: int
    representative_settled: bool
    stills: int
    seen: frozenset[int | None]
    is_flagged: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks. `accepts_flagged`: they choose to look although it is flagged as violent.

    `still` counts from 1; None stands for the middle one, and for all that does not move.
    """

    reason: Reason
    words: str
    level: Level
    accepts_flagged: bool = False
    still: int | None = None


def still_asked(asked: Asked, facts: LookFacts) -> int | None:
    """The still to be shown, None of what does not move. Raises Refused `look-still` where it has none such."""
    if asked.still is not None and not 1 <= asked.still <= facts.stills:
        raise Refused("look-still", "It has no such still.")
    if facts.stills == 1:
        return None
    return middle_still(facts.stills) if asked.still is None else asked.still


def require_grounds(asked: Asked, facts: LookFacts) -> None:
    """Raise Refused where the grounds are not enough for a look at this item.

    `look-words` (the words are missing, too short or too long), `look-still` (there is none of that number),
    `look-reduced-first` (each still for itself), `look-representative-first`, `look-flagged` (nobody is shown what is
    flagged as violent without having chosen so).
    That a look at what is known needs a second person is the policy's to say.
    """
    still_asked(asked, facts)
    words = asked.words.strip()
    if len(words) > LONGEST_WORDS or not words.isprintable():
        raise Refused("look-words", f"The words have at most {LONGEST_WORDS} printable characters.")
    is_member = facts.stands_for != facts.item_id
    if is_member and not facts.representative_settled:
        raise Refused("look-representative-first", f"I-{facts.stands_for} stands for its group: look at it first.")
    if (facts.is_known or facts.is_decided or is_member) and len(words) < LEAST_WORDS:
        raise Refused("look-words", f"A look at this needs a reason in words: at least {LEAST_WORDS} characters.")
    if asked.level is Level.FULL and still_asked(asked, facts) not in facts.seen:
        raise Refused("look-reduced-first", "It is shown reduced first; that may be enough.")
    if facts.is_flagged and not asked.accepts_flagged:
        raise Refused("look-flagged", FLAGGED)
