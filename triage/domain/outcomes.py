"""What became of a referral, as a closed list: told to everybody who worked on it, and to whoever reported."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from .errors import Refused

LONGEST_WORDS = 500


class OutcomeCode(StrEnum):
    """The ladder of outcomes, and the two that are none."""

    ACCEPTED = "accepted"  # another unit or country took it on
    CHILD_IDENTIFIED = "child-identified"
    CHILD_SAFE = "child-safe"
    OFFENDER_DISRUPTED = "offender-disrupted"
    ORGANISER_CHARGED = "organiser-charged"
    CONVICTION = "conviction"
    COMPENSATION = "compensation"
    NO_GROUNDS = "no-grounds"  # nothing unlawful was found
    CLOSED = "closed"  # ended without result


def as_told(codes: Iterable[str]) -> tuple[OutcomeCode, ...]:
    """Codes as a sender is told them. One that a later version wrote is left out: no sender knows it."""
    known = set(OutcomeCode)
    return tuple(OutcomeCode(code) for code in codes if code in known)


def plain_words(words: str) -> str:
    """The words of a note, trimmed; they may be empty. Raises Refused `outcome-words`."""
    said = words.strip()
    if len(said) > LONGEST_WORDS or not said.isprintable():
        raise Refused("outcome-words", f"The words have at most {LONGEST_WORDS} printable characters.")
    return said
