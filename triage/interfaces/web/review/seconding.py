"""What needs another person: requests, decisions that wait for a second reader, and the blind sample."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from triage.domain.errors import NotFound
from triage.interfaces.web.forms import Id, Sent
from triage.services.exposing import Blind

from .desk import AtDesk
from .naming import named_in
from .telling import go
from .telling import told as message_of

routes = APIRouter(include_in_schema=False)
"""`/second` and `/blind`."""


@routes.get("/second")
def second(desk: AtDesk, told: str = "") -> Response:
    """All that waits for this person as a second one."""
    application = desk.application
    requests = application.approving.waiting_for(desk.who)
    plans = application.planning.by_subject([one.subject for one in requests])
    return desk.page(
        "second.html.j2",
        requests=requests,
        plans=plans,
        keys=application.planning.keys_before(plans.values()),
        mine=[(one, one.state(desk.now)) for one in application.planning.mine(desk.who)],
        own=[(one, one.state(desk.now)) for one in application.approving.mine(desk.who)],
        awaiting=application.deciding.awaiting(desk.who),
        blind=application.exposing.next_blind(desk.who),
        named=named_in(desk),
        message=message_of(told),
    )


@routes.post("/second/{request_id}")
def answer(desk: AtDesk, request_id: Id, form: Sent) -> Response:
    """Agree, or not."""
    granted = form.text("answer") == "yes"
    desk.application.approving.answer(desk.who, request_id, granted=granted)
    return go("/second", "granted" if granted else "declined")


@routes.post("/blind")
def answer_blind(desk: AtDesk, form: Sent) -> Response:
    """Urgent, or not, by the facts."""
    draw, referral = form.number("draw"), form.number("referral")
    if draw is None or referral is None:
        raise NotFound("no-referral", "There is no such referral.")
    urgent = form.text("urgent") == "yes"
    desk.application.exposing.answer_blind(desk.who, Blind(draw, referral), is_urgent=urgent)
    return go("/second")
