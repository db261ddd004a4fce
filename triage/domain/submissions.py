"""A delivery to us, and the places where its items were found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from triage.domain.legal import Handling, Origin
from triage.domain.reports import Viewed


class SubmissionState(StrEnum):
    """Receiving until the whole source has been walked once; a new walk of the same source reopens it."""

    RECEIVING = "receiving"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a person states when handing something in. `source` is an absolute path as bytes, or names a report.

    `basis` is what it was acquired under; `may_share_with` names countries or agencies.
    """

    case_ref: str
    exhibit_ref: str
    basis: str
    source: bytes
    in_place: bool = False
    preserve_until: date | None = None
    origin: Origin = Origin.SEIZURE
    may_share_with: tuple[str, ...] = ()
    handling: tuple[Handling, ...] = (Handling.H1, Handling.H2)


@dataclass(frozen=True, slots=True)
class Submission:
    """One delivery as recorded."""

    id: int
    delivery: Delivery
    state: SubmissionState
    created_at: datetime
    received_at: datetime | None
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One occurrence before it has an id: where an item was found and what the place said of it."""

    path: bytes
    size: int
    mtime_ns: int
    parent_item_id: int = 0
    viewed: Viewed | None = None  # by a person at the sender; None where there is no such sender
