"""The queue: referrals that wait, most urgent first, each with why."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy import ColumnElement, and_, select
from starlette.responses import Response

from triage.interfaces.web import words
from triage.store.page_models import QueueLine
from triage.store.review_tables import claim
from triage.store.tables import referral, referral_member, submission

from .desk import AtDesk, Desk
from .telling import told as message_of

LINES = 50
_REASONS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One referral with what a line says of it."""

    line: QueueLine
    reasons: list[str]
    more: int
    submissions: list[int]

    @property
    def open(self) -> int:
        """Items that are a person's to decide, when it was last assessed."""
        facts = self.line.facts
        return facts.items - facts.known_exact


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the queue is wanted."""

    danger: int = 0
    clock: int = 0
    case: str = ""
    held: str = ""

    @property
    def is_set(self) -> bool:
        """Whether anything is left out."""
        return self != Filter()

    @property
    def query(self) -> dict[str, str]:
        """As an address carries it."""
        return {name: str(value) for name, value in (("danger", self.danger), ("clock", self.clock)) if value} | {
            name: value for name, value in (("case", self.case), ("held", self.held)) if value
        }

    def condition(self, principal_id: int) -> ColumnElement[bool]:
        """As the database is asked."""
        parts = [referral.c.danger >= self.danger, referral.c.clock >= self.clock]
        if self.case:
            of_case = (
                select(referral_member.c.referral_id)
                .join(submission, submission.c.id == referral_member.c.submission_id)
                .where(submission.c.case_ref == self.case)
            )
            parts.append(referral.c.id.in_(of_case))
        held = select(claim.c.referral_id)
        if self.held == "mine":
            parts.append(referral.c.id.in_(held.where(claim.c.principal_id == principal_id)))
        elif self.held == "free":
            parts.append(referral.c.id.not_in(held))
        return and_(*parts)


routes = APIRouter(include_in_schema=False)
"""`/queue`."""


@routes.get("/queue")
def queue(
    desk: AtDesk, danger: int = 0, clock: int = 0, case: str = "", held: str = "", after: int = 0, told: str = ""
) -> Response:
    """One page of it; `after` is the last referral of the page before."""
    wanted = Filter(_level(danger), _level(clock), case.strip()[:80], held if held in {"mine", "free"} else "")
    condition = wanted.condition(desk.who.id)
    with desk.application.store.reading() as unit:
        behind = unit.pages.referral(after) if after else None
        lines = unit.pages.queue(desk.referrals, condition, behind, LINES)
        waiting = unit.pages.queue_length(desk.referrals, condition)
        submissions = unit.pages.submissions_of([line.id for line in lines])
    rows = [_row(desk, line, submissions[line.id]) for line in lines]
    further = urlencode({**wanted.query, "after": lines[-1].id}) if len(lines) == LINES else ""
    return desk.page(
        "queue.html.j2",
        lines=rows,
        waiting=waiting,
        filter=wanted,
        next=further,
        mine=[line for line in lines if line.holder_id == desk.who.id],
        message=message_of(told),
    )


def _row(desk: Desk, line: QueueLine, submissions: list[int]) -> Row:
    rules = desk.application.referring.priority
    told = [words.reason_told(reason, line.facts, rules, desk.speaking, desk.now.date()) for reason in line.reasons]
    return Row(line, told[:_REASONS], max(0, len(told) - _REASONS), submissions)


def _level(value: int) -> int:
    return min(3, max(0, value))
