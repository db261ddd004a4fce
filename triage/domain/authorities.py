"""Authorities: what lets us look at a file that nobody at its sender has opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from triage.domain.errors import Refused


class AuthorityKind(StrEnum):
    """What an authority rests on. Which of them are enough, and for what, is the law's to say."""

    WARRANT = "warrant"
    CONSENT = "consent"
    STATUTE = "statute"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAuthority:
    """An authority as a person states it. `person` gave it, or is the one on whose word it is recorded.

    It holds for one submission, or with `item_id` for that item in it and for nothing that came out of that item.
    `given_at` is aware; an authority of tomorrow may be recorded today, and counts from tomorrow on.
    """

    kind: AuthorityKind
    reference: str
    person: str
    given_at: datetime
    submission_id: int
    item_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority(NewAuthority):
    """An authority as recorded. One that was withdrawn stays, with who withdrew it and why, and counts no more."""

    id: int
    recorded_at: datetime
    recorded_by: str
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_because: str | None = None

    def counts(self, now: datetime) -> bool:
        """Whether it lets anybody do anything at this moment."""
        return self.withdrawn_at is None and self.given_at <= now

    def covers(self, submission_id: int, item_id: int) -> bool:
        """Whether it speaks of this item where it lies in this submission."""
        return self.submission_id == submission_id and self.item_id in {None, item_id}


def require_stated(new: NewAuthority) -> None:
    """Raise Refused `authority-incomplete` where nobody could later find what was relied upon."""
    if not new.reference.strip() or not new.person.strip():
        raise Refused("authority-incomplete", "An authority needs a reference and the person who gave it.")
    if new.given_at.utcoffset() is None:
        raise Refused("authority-incomplete", "The time at which an authority was given needs an offset.")
