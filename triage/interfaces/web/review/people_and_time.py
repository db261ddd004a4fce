"""What looking does to people: one's own exposure, welfare in totals, and what became of the work."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from triage.domain.access import POLICY, Action
from triage.domain.errors import Refused, Unreadable
from triage.domain.outcomes import OutcomeCode
from triage.interfaces.web.forms import Id, Sent
from triage.services.accessing import SENTENCES

from .desk import AtDesk
from .telling import go
from .telling import told as message_of

routes = APIRouter(include_in_schema=False)
"""`/exposure`, `/welfare`, notes and outcomes."""


@routes.get("/exposure")
def exposure(desk: AtDesk, told: str = "") -> Response:
    """One's own last thirty days, and what is left of today."""
    application = desk.application
    mine = application.exposing.of_person(desk.who, desk.who.id)
    return desk.page(
        "exposure.html.j2",
        mine=mine,
        looks=sum(one.looks_reduced + one.looks_full for one in mine.days),
        left=application.revealing.time_left(desk.who),
        notes=application.telling_outcomes.notes(desk.who),
        declined=application.claiming.declined(desk.who),
        message=message_of(told),
    )


@routes.post("/notes/{note_id}/read")
def read(desk: AtDesk, note_id: Id) -> Response:
    """A note is read."""
    desk.application.telling_outcomes.mark_read(desk.who, note_id)
    return go("/exposure", "read")


@routes.post("/declined/{referral_id}/offer-again")
def offer_again(desk: AtDesk, referral_id: Id) -> Response:
    """The person takes an opting-out back."""
    desk.application.claiming.offer_again(desk.who, referral_id)
    return go("/exposure")


@routes.get("/welfare")
def welfare(desk: AtDesk) -> Response:
    """Figures of the deployment, totals for managers, names for the welfare lead alone."""
    exposing = desk.application.exposing
    if not desk.who.roles & (POLICY[Action.SEE_TOTALS].roles | POLICY[Action.SEE_WELFARE].roles):
        raise Refused("role-lacks", SENTENCES["role-lacks"])
    totals, refused = None, ""
    try:
        totals = exposing.totals(desk.who)
    except Refused as error:
        refused = error.sentence
    people = exposing.of_everybody(desk.who) if desk.who.roles & POLICY[Action.SEE_WELFARE].roles else None
    return desk.page(
        "welfare.html.j2", figures=exposing.figures(), totals=totals, totals_refused=refused, people=people
    )


@routes.post("/referrals/{referral_id}/outcome")
def outcome(desk: AtDesk, referral_id: Id, form: Sent) -> Response:
    """What became of it, told to everybody who worked on it."""
    try:
        code = OutcomeCode(form.text("code"))
    except ValueError as error:
        raise Unreadable("outcome-unknown", "There is no such outcome.") from error
    desk.application.telling_outcomes.tell(desk.who, referral_id, code, form.text("words"))
    return go(f"/referrals/{referral_id}", "told")
