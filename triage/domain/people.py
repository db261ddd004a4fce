"""People who sign in: who they are, what they may be asked for, and in which cases."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

EVERY_CASE = "*"
"""A membership of every case of the deployment, those to come included."""

LANGUAGES = ("en", "th", "km", "lo", "vi")
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")


class Role(StrEnum):
    """What a person is here for. A person may hold several; none contains another."""

    ADMINISTRATOR = "administrator"  # runs the system; opens no evidence
    CURATOR = "curator"  # hash sets and their entries
    ANALYST = "analyst"  # decides
    SUPERVISOR = "supervisor"  # decides, and is the second person
    WELFARE_LEAD = "welfare-lead"  # exposure of people, and nothing of cases
    PARTNER = "partner"  # another agency: the facts of cases that it was made a member of


@dataclass(frozen=True, slots=True)
class Membership:
    """One case (or `EVERY_CASE`) in which a person works, perhaps until a moment."""

    case_ref: str
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it still does."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Principal:
    """A person as the policy sees them.

    `language` is one of `LANGUAGES`, `time_zone` an IANA name. `proved_at` is when the person last proved who they
    are in the session that asks; None where nobody did (a command, a job).
    """

    id: int
    login: str
    name: str
    unit: str
    language: str
    time_zone: str
    roles: frozenset[Role] = frozenset()
    cases: tuple[Membership, ...] = ()
    disabled_at: datetime | None = None
    proved_at: datetime | None = None

    def cases_held(self, now: datetime) -> frozenset[str]:
        """References of the cases that they are a member of now; `EVERY_CASE` among them stands for all."""
        return frozenset(one.case_ref for one in self.cases if one.holds(now))

    def is_disabled(self, now: datetime) -> bool:
        """Whether they may do nothing any more."""
        return self.disabled_at is not None and self.disabled_at <= now


def spelled(login: str) -> str | None:
    """The one spelling of a login; None for what can be none: 2 to 64 of a-z, 0-9, `.`, `_`, `-`."""
    low = login.strip().lower()
    return low if _LOGIN.fullmatch(low) else None
