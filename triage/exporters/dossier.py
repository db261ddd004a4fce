"""Everything a report on one submission shows, as frozen values. No I/O, no image bytes, no file names of evidence.

Labels (`S-1`, `R-1`, `I-12`, `G-3`) are how the rest of the program calls submissions, referrals, items and groups.
Mappings hold counts of distinct items unless they say otherwise; what occurs nowhere may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from hashsets.disputes import DisputeKind
from hashsets.reports import NotComparable
from hashsets.vocabulary import SetKind, Transform
from triage.domain.checkpoints import Checkpoint
from triage.domain.findings import NoteCode
from triage.domain.items import Outcome
from triage.domain.legal import Handling, Origin
from triage.domain.match_policy import MatchPolicy
from triage.domain.matches import Because
from triage.domain.priority import Assessment
from triage.domain.rematches import EndedBecause
from triage.domain.reports import FileMark, IncidentType, Viewed
from triage.domain.retention import HolderKind


@dataclass(frozen=True, slots=True)
class Heading:
    """What was handed in, under which law, and when this report was made. Both times carry an offset."""

    submission: str
    case_ref: str
    exhibit_ref: str
    basis: str
    received_at: datetime | None
    produced_at: datetime
    tool_version: str
    origin: Origin = Origin.SEIZURE
    handling: tuple[Handling, ...] = ()
    may_share_with: tuple[str, ...] = ()
    receiver: str = ""  # for whom this page was made, where somebody was named
    checkpoint: Checkpoint | None = None
    signed_checkpoint: str = ""  # the signed note of `checkpoint`, to be kept: an audit can be given it


@dataclass(frozen=True, slots=True)
class Totals:
    """Files met on the source, places where items were found (archive members included), distinct items, bytes."""

    files: int = 0
    occurrences: int = 0
    items: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class ReferralSummary:
    """One referral that the submission belongs to.

    `submissions` are the labels of all that it joins, this one included; `joined_because` says why they belong
    together; `links_nothing` names values too common to link anything.
    """

    label: str
    assessment: Assessment
    submissions: tuple[str, ...]
    items: int
    earliest_expiry: date | None = None
    joined_because: tuple[str, ...] = ()
    links_nothing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportedFacts:
    """What a provider's or hotline's report says, counted: no identifiers. `facts` are named as priority rules do.

    `viewed` (by a person at the sender), `classifications` (the sender's own) and `marks` count files.
    """

    files: int
    viewed: Mapping[Viewed, int]
    classifications: Mapping[str, int] = field(default_factory=dict)
    marks: Mapping[FileMark, int] = field(default_factory=dict)
    facts: Mapping[str, int] = field(default_factory=dict)
    incident_types: tuple[IncidentType, ...] = ()


@dataclass(frozen=True, slots=True)
class SetMatches:
    """Items of this submission that one release lists under one category and series.

    `without_effect` counts items whose match was held back or only noted.
    """

    set_name: str
    release_id: str
    kind: SetKind
    category: str | None
    series: str | None
    exact: int = 0
    near: int = 0
    without_effect: int = 0


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Items about whose very bytes sources contradict each other: what each says, as (set, its kind, category)."""

    kind: DisputeKind
    says: tuple[tuple[str, SetKind, str | None], ...]
    items: int


@dataclass(frozen=True, slots=True)
class EndedSetMatch:
    """A match that an earlier report may have shown and that no longer holds."""

    item: str
    set_name: str
    release_id: str
    entry_key: str
    ended_at: datetime
    because: EndedBecause


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """Pictures that look like one of them, the centre. `farthest` is the largest distance from it in bits of 256."""

    label: str
    centre: str
    items: int
    farthest: int


@dataclass(frozen=True, slots=True)
class CameraUse:
    """Items that claim one camera. Times are the camera's own clock, without an offset."""

    make: str
    model: str
    serial: str | None
    items: int
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlaceUse:
    """Items taken near one position in WGS 84 degrees. The report rounds to two decimals, about a kilometre."""

    latitude: float
    longitude: float
    items: int
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class ArchiveUse:
    """One archive and the distinct items that came out of it, nested archives included."""

    label: str
    members: int


@dataclass(frozen=True, slots=True)
class ReleaseUse:
    """One release that the submission was compared with."""

    set_name: str
    release_id: str
    kind: SetKind
    source: str
    entries: int
    imported_at: datetime
    not_comparable: NotComparable | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """How the results came about: the match policy, the releases asked, and the programs that read the files."""

    policy: MatchPolicy
    releases: tuple[ReleaseUse, ...] = ()
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubmissionDossier:
    """The whole report. Tables may come in any order; the exporter puts the largest first.

    `distances` counts near matches by bits of 256, `transforms` by how the known picture was turned;
    `captured` counts items by the first day of the month in which they were taken, by the cameras' clocks.
    `held_back` counts items by why a near match of theirs did not count. `do_not_render` counts items whose legal
    gate is shut; `preservation` counts what holders of data are to be asked for, by kind of record.
    """

    heading: Heading
    totals: Totals
    outcomes: Mapping[Outcome, int]
    method: Method
    closed_without_viewing: int = 0
    do_not_render: int = 0
    reported: ReportedFacts | None = None
    preservation: Mapping[HolderKind, int] = field(default_factory=dict)
    preserve_until: date | None = None
    referrals: tuple[ReferralSummary, ...] = ()
    matches: tuple[SetMatches, ...] = ()
    ended: tuple[EndedSetMatch, ...] = ()  # the latest of `ended_count`
    ended_count: int = 0
    held_back: Mapping[Because, int] = field(default_factory=dict)
    disagreements: tuple[Disagreement, ...] = ()
    distances: Mapping[int, int] = field(default_factory=dict)
    transforms: Mapping[Transform, int] = field(default_factory=dict)
    look_alikes: tuple[LookAlikes, ...] = ()
    cameras: tuple[CameraUse, ...] = ()
    places: tuple[PlaceUse, ...] = ()
    archives: tuple[ArchiveUse, ...] = ()
    captured: Mapping[date, int] = field(default_factory=dict)
    undated: int = 0
    notes: Mapping[NoteCode, int] = field(default_factory=dict)
