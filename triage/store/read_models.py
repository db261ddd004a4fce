"""Lists and counts for pages, commands and services. Reads only."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, literal_column, select

from triage.domain.errors import NotFound
from triage.domain.matches import Standing

from .deployment_tables import shelved_part
from .job_tables import job
from .rows import among, sliced
from .tables import item, match, occurrence, processing_note, referral_member, sealed_object, source_note, submission

_HELD_BACK: ColumnElement[str] = literal_column(f"'{Standing.HELD_BACK}'")
"""Word for word: by a parameter no plan could use the index of these alone."""


@dataclass(frozen=True, slots=True)
class SubmissionStatus:
    """Where a submission stands. Outcomes count distinct items; occurrences count places."""

    id: int
    case_ref: str
    exhibit_ref: str
    state: str
    in_place: bool
    urgent: bool
    created_at: datetime
    received_at: datetime | None
    occurrences: int
    items: int
    bytes: int
    outcomes: dict[str, int]
    closed_without_viewing: int
    held_back: dict[str, int]  # why near matches did not count → items
    source_notes: dict[str, int]
    processing_notes: dict[str, int]
    jobs: dict[str, dict[str, int]]  # stage → state → count
    referral_id: int | None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Distinct items of several submissions by outcome, how many are closed unseen, and notes by code."""

    outcomes: dict[str, int]
    closed: int
    notes: dict[str, int]


@dataclass(frozen=True, slots=True)
class ReadModels:
    """Reads within one unit of work."""

    connection: Connection

    def extensions(self, item_ids: Sequence[int]) -> dict[int, str]:
        """A file-name extension under which each item was found, lower case without the dot; "" where none."""
        found: dict[int, str] = {}
        place = func.row_number().over(partition_by=occurrence.c.item_id, order_by=occurrence.c.path)  # no min(bytea)
        for part in sliced(item_ids):
            numbered = (
                select(occurrence.c.item_id, occurrence.c.path, place.label("place"))
                .where(among(self.connection, occurrence.c.item_id, part))
                .subquery()
            )
            for row in self.connection.execute(select(numbered).where(numbered.c.place == 1)):
                extension = os.path.splitext(bytes(row.path))[1]  # noqa: PTH122 - raw byte paths
                found[row.item_id] = extension.decode("ascii", "ignore").lower().lstrip(".")
        return found

    def containers_without_members(self, item_ids: Sequence[int]) -> set[int]:
        """Items that have processing notes and no members: containers that could not be opened."""
        noted = set(
            self.connection.execute(
                select(processing_note.c.item_id)
                .where(among(self.connection, processing_note.c.item_id, item_ids))
                .distinct()
            ).scalars()
        )
        parents = set(
            self.connection.execute(
                select(occurrence.c.parent_item_id)
                .where(among(self.connection, occurrence.c.parent_item_id, item_ids))
                .distinct()
            ).scalars()
        )
        return noted - parents

    def submissions_holding(self, item_ids: Sequence[int]) -> list[int]:
        """Submissions in which any of these items occurs."""
        named = among(self.connection, occurrence.c.item_id, item_ids)
        query = select(occurrence.c.submission_id).where(named).distinct()
        return sorted(self.connection.execute(query).scalars())

    def status(self, submission_id: int) -> SubmissionStatus:
        """Counts of one submission by stage and outcome. Raises NotFound."""
        row = self.connection.execute(select(submission).where(submission.c.id == submission_id)).one_or_none()
        if row is None:
            raise NotFound("no-submission", f"There is no submission S-{submission_id}.")
        held = select(occurrence.c.item_id).where(occurrence.c.submission_id == submission_id).distinct().subquery()
        counts = self.connection.execute(
            select(
                item.c.outcome,
                func.count().label("items"),
                func.sum(item.c.size).label("bytes"),
                func.sum(case((item.c.closed_because.is_not(None), 1), else_=0)).label("closed"),
            )
            .join(held, held.c.item_id == item.c.id)
            .group_by(item.c.outcome)
        ).all()
        jobs: dict[str, dict[str, int]] = {}
        for stage, state, count in self.connection.execute(
            select(job.c.stage, job.c.state, func.count())
            .where(job.c.submission_id == submission_id)
            .group_by(job.c.stage, job.c.state)
        ):
            jobs.setdefault(stage, {})[state] = count
        return SubmissionStatus(
            id=row.id,
            case_ref=row.case_ref,
            exhibit_ref=row.exhibit_ref,
            state=row.state,
            in_place=row.in_place,
            urgent=row.urgent,
            created_at=row.created_at,
            received_at=row.received_at,
            occurrences=self.connection.execute(
                select(func.count()).select_from(occurrence).where(occurrence.c.submission_id == submission_id)
            ).scalar_one(),
            items=sum(entry.items for entry in counts),
            bytes=int(sum(entry.bytes or 0 for entry in counts)),
            outcomes={entry.outcome: entry.items for entry in counts},
            closed_without_viewing=int(sum(entry.closed or 0 for entry in counts)),
            held_back=self.held_back([submission_id]),
            source_notes=self._counted(source_note, source_note.c.submission_id == submission_id),
            processing_notes=self._counted(processing_note, processing_note.c.item_id.in_(select(held.c.item_id))),
            jobs=jobs,
            referral_id=self.connection.execute(
                select(referral_member.c.referral_id).where(referral_member.c.submission_id == submission_id)
            ).scalar_one_or_none(),
        )

    def _counted(self, table: Any, condition: Any) -> dict[str, int]:
        rows = self.connection.execute(
            select(table.c.code, func.count()).where(condition).group_by(table.c.code).order_by(table.c.code)
        )
        return {row[0]: int(row[1]) for row in rows}

    def outcomes(self, submission_ids: Sequence[int]) -> Outcomes:
        """Distinct items of these submissions together."""
        held = held_by(submission_ids)
        closed = func.sum(case((item.c.closed_because.is_not(None), 1), else_=0))
        rows = self.connection.execute(
            select(item.c.outcome, func.count(), closed).where(item.c.id.in_(held)).group_by(item.c.outcome)
        ).all()
        return Outcomes(
            outcomes={row[0]: int(row[1]) for row in rows},
            closed=sum(int(row[2]) for row in rows),
            notes=self._counted(processing_note, processing_note.c.item_id.in_(held)),
        )

    def held_back(self, submission_ids: Sequence[int]) -> dict[str, int]:
        """Items of these submissions by why a near match of theirs did not count."""
        rows = self.connection.execute(
            select(match.c.because, func.count(match.c.item_id.distinct()))
            .where(match.c.item_id.in_(held_by(submission_ids)), match.c.standing == _HELD_BACK)
            .group_by(match.c.because)
            .order_by(match.c.because)
        )
        return {row[0]: int(row[1]) for row in rows}

    def referenced_bytes(self) -> dict[str, int]:
        """Sealed bytes by vault segment, as the database knows them: evidence, and releases that are shared."""
        totals: Counter[str] = Counter()
        for table in (sealed_object, shelved_part):
            rows = self.connection.execute(
                select(table.c.segment, func.sum(table.c.stored_length)).group_by(table.c.segment)
            )
            totals.update({segment: int(total) for segment, total in rows})
        return dict(totals)

    def items_pending(self) -> tuple[int, int]:
        """Items without an answer, and items in all."""
        pending = select(func.count()).select_from(item).where(item.c.outcome == "pending")
        total = select(func.count()).select_from(item)
        return self.connection.execute(pending).scalar_one(), self.connection.execute(total).scalar_one()

    def job_states(self) -> dict[str, dict[str, int]]:
        """Jobs of the whole deployment: stage → state → count."""
        states: dict[str, dict[str, int]] = {}
        for stage, state, count in self.connection.execute(
            select(job.c.stage, job.c.state, func.count()).group_by(job.c.stage, job.c.state)
        ):
            states.setdefault(stage, {})[state] = count
        return states


def held_by(submission_ids: Sequence[int]) -> Any:
    """A query for the items that occur in any of these submissions."""
    return select(occurrence.c.item_id).where(occurrence.c.submission_id.in_(submission_ids)).distinct()
