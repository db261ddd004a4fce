"""Lines of a report's tables as the database counts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from hashsets.vocabulary import SetKind
from triage.domain.links import LinkKind
from triage.domain.priority import Assessment


@dataclass(frozen=True, slots=True)
class MatchLine:
    """Items that one release lists under one category and series, by how they were reached.

    `without_effect` counts items whose match was held back or only noted.
    """

    set_name: str
    release_id: str
    set_kind: SetKind
    category: str | None
    series: str | None
    exact: int
    near: int
    without_effect: int


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A look-alike group: how many of its items are here, the farthest of them in bits from the centre."""

    centre_id: int
    items: int
    farthest: int


@dataclass(frozen=True, slots=True)
class CameraLine:
    """Items that claim one camera; times by its own clock."""

    make: str
    model: str
    serial: str | None
    items: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """Items taken in one cell of about 100 m; the position is the cell's middle."""

    latitude: float
    longitude: float
    items: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class ReferralLine:
    """A referral and the network that it stands for. `items` counts distinct ones over all its submissions."""

    id: int
    assessment: Assessment
    submissions: tuple[int, ...]
    items: int
    earliest_expiry: date | None


@dataclass(frozen=True, slots=True)
class CommonTrait:
    """A value shared by so many items, everywhere, that it links nothing."""

    kind: LinkKind
    because: str
    members: int
