"""A delivery to us, and the places where its items were found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class SubmissionState(StrEnum):
    """Receiving until the whole source has been walked once; a new walk of the same source reopens it."""

    RECEIVING = "receiving"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a person states when handing something in. `source` is an absolute path as bytes."""

    case_ref: str
    exhibit_ref: str
    basis: str
    source: bytes
    in_place: bool = False
    preserve_until: date | None = None


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
