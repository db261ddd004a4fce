"""What became of referrals, and the notes that tell it to whoever worked on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CTE, ColumnElement, Connection, ScalarSelect, func, insert, literal, select, update

from .review_tables import note_back, outcome_told, worked_on
from .rows import insert_or_ignore
from .tables import referral, referral_member


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome of a referral."""

    id: int
    referral_id: int
    code: str
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """An outcome as a person is told it."""

    id: int
    outcome: Outcome
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Access to outcomes and notes within one unit of work."""

    connection: Connection

    def tell(self, referral_id: int, code: str, words: str, by: int, now: datetime) -> tuple[int, int]:
        """Write an outcome, and a note for each person who worked on the referral or on one that went on in it.

        The outcome's id, and how many notes.
        """
        row = {"referral_id": referral_id, "code": code, "words": words, "at": now, "by": by}
        made = insert(outcome_told).values(row).returning(outcome_told.c.id)
        outcome_id: int = self.connection.execute(made).scalar_one()
        within = _with_merged(literal(referral_id))
        people = select(worked_on.c.principal_id).join(within, within.c.id == worked_on.c.referral_id).distinct()
        told = [
            {"principal_id": one, "outcome_id": outcome_id}
            for one in sorted(self.connection.execute(people).scalars())
        ]
        if told:
            self.connection.execute(insert_or_ignore(self.connection, note_back), told)
        return outcome_id, len(told)

    def of_referral(self, referral_id: int) -> list[Outcome]:
        """All that became of it and of those that went on in it, oldest first."""
        within = _with_merged(literal(referral_id))
        query = (
            select(outcome_told).join(within, within.c.id == outcome_told.c.referral_id).order_by(outcome_told.c.id)
        )
        return [
            Outcome(row.id, row.referral_id, row.code, row.words, row.at) for row in self.connection.execute(query)
        ]

    def notes(self, principal_id: int, limit: int) -> list[Note]:
        """A person's notes, unread ones first, then the newest."""
        rows = self.connection.execute(
            select(outcome_told, note_back.c.id.label("note_id"), note_back.c.read_at)
            .join(note_back, note_back.c.outcome_id == outcome_told.c.id)
            .where(note_back.c.principal_id == principal_id)
            .order_by(note_back.c.read_at.is_not(None), note_back.c.id.desc())
            .limit(limit)
        )
        return [
            Note(row.note_id, Outcome(row.id, row.referral_id, row.code, row.words, row.at), row.read_at)
            for row in rows
        ]

    def unread(self, principal_id: int) -> int:
        """How many notes the person has not read."""
        mine = (note_back.c.principal_id == principal_id, note_back.c.read_at.is_(None))
        return self.connection.execute(select(func.count()).select_from(note_back).where(*mine)).scalar_one()

    def mark_read(self, principal_id: int, note_id: int, now: datetime) -> bool:
        """Whether it was the person's own and unread."""
        mine = (note_back.c.id == note_id, note_back.c.principal_id == principal_id, note_back.c.read_at.is_(None))
        return self.connection.execute(update(note_back).where(*mine).values(read_at=now)).rowcount == 1

    def codes_of_submission(self, submission_id: int) -> list[str]:
        """What became of the referral that holds a submission, and of those that went on in it: for its sender.

        Each code once, where it was told last; the latest is last. Nobody's words, and nothing of other submissions.
        """
        holds = select(referral_member.c.referral_id).where(referral_member.c.submission_id == submission_id)
        within = _with_merged(holds.scalar_subquery())
        last = func.max(outcome_told.c.id)
        query = (
            select(outcome_told.c.code)
            .join(within, within.c.id == outcome_told.c.referral_id)
            .group_by(outcome_told.c.code)
            .order_by(last)
        )
        return list(self.connection.execute(query).scalars())


def _with_merged(referral_id: ColumnElement[int] | ScalarSelect[int]) -> CTE:
    """The ids of a referral and of all that went on in it, also by way of others."""
    these = select(referral.c.id).where(referral.c.id == referral_id).cte("these", recursive=True)
    merged = select(referral.c.id).join(these, referral.c.merged_into == these.c.id)
    return these.union(merged.where(referral.c.merged_into.is_not(None)))
