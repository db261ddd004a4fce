"""What the review pages list. Every question is bounded, whatever the deployment has grown to. Reads only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Float, Row, Select, and_, cast, func, select, true

from triage.domain.access import Action
from triage.domain.custody import CustodyAction
from triage.domain.items import Item, Outcome
from triage.domain.referral_facts import ReferralFacts, facts_of

from .deployment_tables import custody_event
from .engine import database_now
from .items import item_of
from .review_tables import access_asked, claim, decision, principal
from .rows import among
from .tables import (
    finding,
    item,
    look_alike,
    network_join,
    occurrence,
    processing_note,
    raster,
    referral,
    referral_member,
    referral_summary,
    submission,
)

OF_LOOKS = (Action.REVEAL.value, Action.REVEAL_KNOWN.value, Action.OVERRIDE_TIME.value, Action.SEE_EXPOSURE.value)
"""Who looks is welfare data: the person and the welfare lead see it, and no page of managers or administrators."""

_LOOK_RECORDS = (CustodyAction.VIEWED.value, CustodyAction.LOOK_REFUSED.value)
_READ_FOR_ONE = 4  # records read for each that is listed: looks are few, and the list may come out shorter
_FEW, _NEXT = 20, 4
"""Of more submissions than a few, their next items are asked about first, so many times as many as are listed: of
each submission some would be asked about otherwise, to list the first of all."""
OPEN_OUTCOMES = (
    Outcome.NEAR,
    Outcome.UNKNOWN,
    Outcome.TOO_POOR,
    Outcome.UNDECODABLE,
    Outcome.NOT_EXAMINED,
)
"""Answers that leave an item to a person."""


@dataclass(frozen=True, slots=True)
class ReferralLine:
    """One referral as it was last assessed. `holder` is who has claimed it now, by name."""

    id: int
    state: str
    merged_into: int | None
    levels: Mapping[str, int]
    reasons: Sequence[Mapping[str, Any]]
    facts: ReferralFacts
    created_at: datetime
    updated_at: datetime
    holder_id: int | None = None
    holder: str | None = None


@dataclass(frozen=True, slots=True)
class SubmissionLine:
    """One submission in the list."""

    id: int
    case_ref: str
    exhibit_ref: str
    origin: str
    basis: str
    state: str
    urgent: bool
    created_at: datetime
    preserve_until: date | None
    referral_id: int | None


@dataclass(frozen=True, slots=True)
class Occurring:
    """One place where an item was found. `path` is evidence: as bytes, for whoever may see facts."""

    submission_id: int
    case_ref: str
    parent_item_id: int
    path: bytes
    size: int
    viewed: str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """One record of the custody log; its text is gone where it was lawfully deleted."""

    seq: int
    event: Mapping[str, Any] | None

    @property
    def is_of_a_look(self) -> bool:
        """Whether it says who looked, was refused a look, or was granted one."""
        if self.event is None:
            return False
        return self.event["action"] in _LOOK_RECORDS or self.event["purpose"] in {"exposure", *OF_LOOKS}


@dataclass(frozen=True, slots=True)
class RulingLine:
    """One refusal of the access policy."""

    at: datetime
    login: str | None
    action: str
    subject: str
    code: str


@dataclass(frozen=True, slots=True)
class Shape:
    """What a decoder found of a picture: format, sides in pixels, frames; of a video seconds, where it tells them."""

    format: str
    width: int
    height: int
    frames: int
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ListedItem:
    """One item of a list, its picture where it is one, and the centre of its look-alikes where it has some."""

    item: Item
    shape: Shape | None
    centre: int | None


@dataclass(frozen=True, slots=True)
class PageModels:
    """Reads within one unit of work. `visible` is what the reader may see: a condition on the table listed."""

    connection: Connection

    def referral(self, referral_id: int, visible: ColumnElement[bool] | None = None) -> ReferralLine | None:
        """One referral, open or not."""
        holding = and_(claim.c.referral_id == referral.c.id, claim.c.lease_until > database_now(self.connection))
        held = referral.outerjoin(claim, holding).outerjoin(principal, principal.c.id == claim.c.principal_id)
        query = (
            select(referral, principal.c.id.label("holder_id"), principal.c.name.label("holder"))
            .select_from(held)
            .where(referral.c.id == referral_id, _all(visible))
        )
        row = self.connection.execute(query).one_or_none()
        return _referral_line(row) if row else None

    def summary(self, referral_id: int) -> tuple[Mapping[str, Any], datetime] | None:
        """What was counted of a referral's items for its assessment, and when; None where it never was."""
        query = select(referral_summary.c.counted, referral_summary.c.at)
        row = self.connection.execute(query.where(referral_summary.c.referral_id == referral_id)).one_or_none()
        return (row.counted, row.at) if row else None

    def summed_up_at(self, referral_id: int) -> datetime | None:
        """The moment whose counts the summary holds."""
        query = select(referral_summary.c.at).where(referral_summary.c.referral_id == referral_id)
        return self.connection.execute(query).scalar_one_or_none()

    def submissions_of(self, referral_ids: Sequence[int]) -> dict[int, list[int]]:
        """Referral → its submissions."""
        query = (
            select(referral_member.c.referral_id, referral_member.c.submission_id)
            .where(among(self.connection, referral_member.c.referral_id, referral_ids))
            .order_by(referral_member.c.submission_id)
        )
        found: dict[int, list[int]] = {one: [] for one in referral_ids}
        for referral_id, submission_id in self.connection.execute(query):
            found[referral_id].append(submission_id)
        return found

    def submissions(
        self, visible: ColumnElement[bool] | None = None, before: int | None = None, limit: int = 50
    ) -> list[SubmissionLine]:
        """Newest first, from before this id on."""
        older = true() if before is None else submission.c.id < before
        return self._submissions(and_(_all(visible), older), limit)

    def submission(self, submission_id: int, visible: ColumnElement[bool] | None = None) -> SubmissionLine | None:
        """One submission."""
        found = self._submissions(and_(submission.c.id == submission_id, _all(visible)), 1)
        return found[0] if found else None

    def members(self, referral_id: int, limit: int | None = None) -> list[SubmissionLine]:
        """Submissions of a referral, newest first."""
        return self._submissions(referral_member.c.referral_id == referral_id, limit)

    def open_items(
        self,
        submission_ids: Sequence[int],
        outcomes: Sequence[Outcome] = OPEN_OUTCOMES,
        after: int = 0,
        limit: int = 50,
        *,
        decided: bool = False,
    ) -> list[int]:
        """Items of these submissions with one of these answers, by id; `decided`: also those that have a decision."""
        standing = select(decision.c.id).where(decision.c.item_id == item.c.id, decision.c.state == "standing")
        open_still = true() if decided else ~standing.correlate(item).exists()
        wanted = and_(item.c.outcome.in_(outcomes), open_still)
        if len(submission_ids) > _FEW:
            listed = self._open_among_next(submission_ids, wanted, after, limit)
            if len(listed) == limit:
                return listed
        found = select(occurrence.c.item_id).join(item, item.c.id == occurrence.c.item_id).where(wanted)
        return list(self.connection.execute(self._first(found, submission_ids, after, limit)).scalars())

    def _open_among_next(
        self, submission_ids: Sequence[int], wanted: ColumnElement[bool], after: int, limit: int
    ) -> list[int]:
        """Those of the next items that are wanted, which may be too few. Nothing is asked of items behind these."""
        within = self._first(select(occurrence.c.item_id), submission_ids, after, _NEXT * limit).subquery()
        query = select(item.c.id).join(within, within.c.item_id == item.c.id).where(wanted)
        return list(self.connection.execute(query.order_by(item.c.id).limit(limit)).scalars())

    def _first(self, found: Select[Any], submission_ids: Sequence[int], after: int, limit: int) -> Select[Any]:
        """The first items of these submissions after one, by id; `found` selects items of occurrences."""
        found = found.where(occurrence.c.item_id > after).distinct()
        if self.connection.dialect.name != "postgresql":
            query = found.where(among(self.connection, occurrence.c.submission_id, submission_ids))
            return query.order_by(occurrence.c.item_id).limit(limit)
        # The first of each submission, in the index's own order: else all of a large one would be read and sorted.
        inside = found.where(occurrence.c.submission_id == submission.c.id)
        first = inside.order_by(occurrence.c.item_id).limit(limit).lateral()
        named = among(self.connection, submission.c.id, submission_ids)
        query = select(first.c.item_id).select_from(submission.join(first, true())).where(named).distinct()
        return query.order_by(first.c.item_id).limit(limit)

    def occurrences(
        self, item_id: int, visible: ColumnElement[bool] | None = None, limit: int = 50
    ) -> list[Occurring]:
        """Where an item was found, in order of the submissions."""
        query = (
            select(occurrence, submission.c.case_ref)
            .join(submission, submission.c.id == occurrence.c.submission_id)
            .where(occurrence.c.item_id == item_id, _all(visible))
            .order_by(occurrence.c.submission_id, occurrence.c.id)
            .limit(limit)
        )
        return [
            Occurring(row.submission_id, row.case_ref, row.parent_item_id, row.path, row.size, row.viewed)
            for row in self.connection.execute(query)
        ]

    def group_sizes(self, centres: Sequence[int]) -> dict[int, int]:
        """Look-alike centre → items around it, itself included."""
        query = (
            select(look_alike.c.centre_id, func.count())
            .where(among(self.connection, look_alike.c.centre_id, centres))
            .group_by(look_alike.c.centre_id)
        )
        return {centre: int(count) for centre, count in self.connection.execute(query)}

    def items(self, item_ids: Sequence[int]) -> list[ListedItem]:
        """The items named, by id; those that do not exist are left out."""
        shape = (raster.c.format, raster.c.width, raster.c.height, raster.c.frames, raster.c.seconds)
        query = (
            select(item, *shape, look_alike.c.centre_id)
            .outerjoin(raster, raster.c.item_id == item.c.id)
            .outerjoin(look_alike, look_alike.c.item_id == item.c.id)
            .where(among(self.connection, item.c.id, item_ids))
            .order_by(item.c.id)
        )
        return [
            ListedItem(
                item_of(row),
                Shape(row.format, row.width, row.height, row.frames, row.seconds) if row.format else None,
                row.centre_id,
            )
            for row in self.connection.execute(query)
        ]

    def notes(self, item_ids: Sequence[int]) -> dict[int, list[str]]:
        """Item → codes of what could not be done."""
        query = (
            select(processing_note.c.item_id, processing_note.c.code)
            .where(among(self.connection, processing_note.c.item_id, item_ids))
            .order_by(processing_note.c.item_id, processing_note.c.code)
        )
        found: dict[int, list[str]] = {}
        for item_id, code in self.connection.execute(query):
            found.setdefault(item_id, []).append(code)
        return found

    def captured(self, submission_ids: Sequence[int]) -> dict[date, int]:
        """Items by the first day of the month in which they were taken, by the cameras' clocks."""
        local = finding.c.value["local"].as_string()
        months = (
            select(func.substr(local, 1, len("2026-11")).label("month"))
            .where(finding.c.kind == "captured", finding.c.item_id.in_(self._held(submission_ids)))
            .subquery()
        )
        rows = self.connection.execute(select(months.c.month, func.count()).group_by(months.c.month))
        return {date.fromisoformat(f"{month}-01"): int(count) for month, count in rows}

    def places(self, submission_ids: Sequence[int], limit: int = 500) -> list[tuple[float, float, int]]:
        """(latitude, longitude, items), rounded to about a kilometre, most items first."""
        cells = (
            select(
                *(
                    func.round(cast(finding.c.value[name].as_string(), Float) * 100).label(name)
                    for name in ("latitude", "longitude")
                )
            )
            .where(finding.c.kind == "place", finding.c.item_id.in_(self._held(submission_ids)))
            .subquery()
        )
        rows = self.connection.execute(
            select(cells.c.latitude, cells.c.longitude, func.count())
            .group_by(cells.c.latitude, cells.c.longitude)
            .order_by(func.count().desc(), cells.c.latitude, cells.c.longitude)
            .limit(limit)
        )
        return [(row[0] / 100, row[1] / 100, int(row[2])) for row in rows]

    def joins(self, submission_ids: Sequence[int]) -> list[tuple[int, int, str, str]]:
        """(submission, submission, kind, because) of what ties these submissions together now."""
        query = (
            select(network_join)
            .where(
                network_join.c.withdrawn_at.is_(None),
                among(self.connection, network_join.c.low_id, submission_ids),
                among(self.connection, network_join.c.high_id, submission_ids),
            )
            .order_by(network_join.c.low_id, network_join.c.high_id, network_join.c.id)
        )
        return [(row.low_id, row.high_id, row.kind, row.because) for row in self.connection.execute(query)]

    def newest_records(self, limit: int) -> list[Recorded]:
        """The custody log's newest records, newest first, less those of looks."""
        newest = select(custody_event.c.seq, custody_event.c.event).order_by(custody_event.c.seq.desc())
        found = (
            Recorded(row.seq, json.loads(row.event) if row.event else None)
            for row in self.connection.execute(newest.limit(limit * _READ_FOR_ONE))
        )
        return list(islice((one for one in found if not one.is_of_a_look), limit))

    def newest_refusals(self, limit: int) -> list[RulingLine]:
        """What the access policy refused last, newest first, less what concerns looks."""
        query = (
            select(access_asked, principal.c.login)
            .select_from(access_asked.outerjoin(principal, principal.c.id == access_asked.c.principal_id))
            .where(access_asked.c.allowed.is_(False), access_asked.c.action.not_in(OF_LOOKS))
            .order_by(access_asked.c.id.desc())
            .limit(limit)
        )
        return [
            RulingLine(row.at, row.login, row.action, row.subject, row.code) for row in self.connection.execute(query)
        ]

    def _submissions(self, condition: ColumnElement[bool], limit: int | None = None) -> list[SubmissionLine]:
        wanted = [submission.c[name] for name in SubmissionLine.__dataclass_fields__ if name in submission.c]
        query = (
            select(*wanted, referral_member.c.referral_id)
            .outerjoin(referral_member, referral_member.c.submission_id == submission.c.id)
            .where(condition)
            .order_by(submission.c.id.desc())
            .limit(limit)
        )
        return [SubmissionLine(**row) for row in self.connection.execute(query).mappings()]

    def _held(self, submission_ids: Sequence[int]) -> Any:
        named = among(self.connection, occurrence.c.submission_id, submission_ids)
        return select(occurrence.c.item_id).where(named)


def _all(condition: ColumnElement[bool] | None) -> ColumnElement[bool]:
    return true() if condition is None else condition


def _referral_line(row: Row[Any]) -> ReferralLine:
    return ReferralLine(
        id=row.id,
        state=row.state,
        merged_into=row.merged_into,
        levels={axis: getattr(row, axis) for axis in ("danger", "clock", "solvability", "network")},
        reasons=row.reasons,
        facts=facts_of(row.facts),
        created_at=row.created_at,
        updated_at=row.updated_at,
        holder_id=row.holder_id,
        holder=row.holder,
    )
