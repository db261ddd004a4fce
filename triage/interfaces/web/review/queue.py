"""The queue: referrals that wait, most urgent first, each with why. What a person opted out of is not in theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from triage.domain.claims import QueueFilter, ReferralState
from triage.interfaces.web import words
from triage.interfaces.web.forms import Id, Sent
from triage.store.claims import QueueLine

from .desk import AtDesk, Desk
from .telling import Message, go, told_of_decision
from .telling import told as message_of

LINES = 50
_REASONS = 3

routes = APIRouter(include_in_schema=False)
"""`/queue` and saved views."""


class Asked(BaseModel):
    """What an address asks for; what makes no sense asks for nothing."""

    model_config = ConfigDict(extra="ignore")

    state: str = "open"
    danger: str = ""
    clock: str = ""
    solvability: str = ""
    network: str = ""
    case: str = ""
    has: str = ""
    days: str = ""
    free: str = ""
    offset: str = ""
    told: str = ""
    made: str = ""

    @property
    def filter(self) -> QueueFilter:
        """As the queue is asked."""
        return QueueFilter(
            state=ReferralState(self.state) if self.state in {"open", "done", "facts-enough"} else ReferralState.OPEN,
            danger=_number(self.danger, 3),
            clock=_number(self.clock, 3),
            solvability=_number(self.solvability, 3),
            network=_number(self.network, 3),
            case_ref=self.case.strip()[:80],
            has_near=self.has == "near",
            has_unknown=self.has == "unknown",
            expiring_within_days=_number(self.days, 3_660) if self.days.isdecimal() else None,
            free_only=self.free == "1",
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One referral with what a line says of it. `open` counts what was a person's to decide when it was assessed."""

    line: QueueLine
    reasons: list[str]
    more: int

    @property
    def open(self) -> int:
        """Items that no rule closed."""
        return self.line.facts.items - self.line.facts.known_exact

    @property
    def levels(self) -> dict[str, int]:
        """By axis, in the queue's order."""
        return {axis: getattr(self.line, axis) for axis in words.AXES}


@routes.get("/queue")
def queue(desk: AtDesk, asked: Annotated[Asked, Query()]) -> Response:
    """One page of it."""
    wanted = asked.filter
    offset = _number(asked.offset, 10_000_000)
    found = desk.application.claiming.queue(desk.who, wanted, LINES, offset)
    query = {name: value for name, value in asked.model_dump(exclude={"told", "made", "offset"}).items() if value}
    further = urlencode({**query, "offset": offset + LINES}) if offset + LINES < found.total else ""
    return desk.page(
        "queue.html.j2",
        lines=[_row(desk, line) for line in found.lines],
        waiting=found.total,
        wanted=wanted,
        query=query,
        is_filtered=wanted != QueueFilter(),
        further=further,
        mine=found.mine,
        views=[(one, urlencode(_address(one.filter))) for one in found.views],
        message=_message(desk, asked),
    )


@routes.post("/views")
def save_view(desk: AtDesk, form: Sent) -> Response:
    """Keep the filter under a name."""
    asked = Asked(**{name: form.text(name) for name in Asked.model_fields if form.text(name)})
    desk.application.claiming.save_view(desk.who, form.text("name"), asked.filter)
    return go("/queue", "view-saved", **_address(asked.filter))


@routes.post("/views/{view_id}/forget")
def forget_view(desk: AtDesk, view_id: Id) -> Response:
    """Drop one of one's own."""
    desk.application.claiming.forget_view(desk.who, view_id)
    return go("/queue")


def _message(desk: Desk, asked: Asked) -> Message | None:
    made = _number(asked.made, 999_999_999)
    if not made:
        return message_of(asked.told)
    with desk.application.store.reading() as unit:
        return told_of_decision(desk, unit, asked.told, made)


def _row(desk: Desk, line: QueueLine) -> Row:
    rules, today = desk.application.referring.priority, desk.now.date()
    told = [words.reason_told(one, line.facts, rules, desk.speaking, today) for one in line.reasons[:_REASONS]]
    return Row(line, told, max(0, len(line.reasons) - _REASONS))


def _address(wanted: QueueFilter) -> dict[str, str | int]:
    """A filter as an address asks for it."""
    has = "near" if wanted.has_near else "unknown" if wanted.has_unknown else ""
    named: dict[str, str | int] = {
        "state": "" if wanted.state is ReferralState.OPEN else wanted.state.value,
        "danger": wanted.danger,
        "clock": wanted.clock,
        "solvability": wanted.solvability,
        "network": wanted.network,
        "case": wanted.case_ref,
        "has": has,
        "days": "" if wanted.expiring_within_days is None else wanted.expiring_within_days,
        "free": "1" if wanted.free_only else "",
    }
    return {name: value for name, value in named.items() if value or (name == "days" and value == 0)}


def _number(text: str, most: int) -> int:
    return min(most, int(text)) if text.isdecimal() and len(text) < 10 else 0
