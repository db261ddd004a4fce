"""Where a person works: the services, who they are, how they are spoken to, and what they may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement
from starlette.requests import Request

from triage.bootstrap import Application

from .rendering import Reader


@dataclass(frozen=True, slots=True)
class Desk:
    """One request of one person. The three conditions filter every list; None: everything may be seen."""

    application: Application
    reader: Reader
    principal_id: int
    referrals: ColumnElement[bool] | None = None
    submissions: ColumnElement[bool] | None = None
    items: ColumnElement[bool] | None = None

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)


OpenDesk = Callable[[Request], Desk]
"""Who asks? Raises Refused `sign-in-first` where nobody has signed in."""
