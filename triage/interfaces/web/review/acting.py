"""What a person does with a referral: takes it, gives it back, decides, most of it on facts alone."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from triage.domain.claims import QueueFilter
from triage.domain.decisions import Instead, Said
from triage.domain.errors import NotFound
from triage.interfaces.web.forms import Form, Id, Sent
from triage.services.deciding import Decided

from .desk import AtDesk
from .telling import go

routes = APIRouter(include_in_schema=False)
"""Forms of the queue, of referrals and of decisions."""


@routes.post("/queue/next")
def take_next(desk: AtDesk) -> Response:
    """The most urgent one that is free."""
    taken = desk.application.claiming.take_next(desk.who, QueueFilter())
    return go(f"/referrals/{taken.referral_id}", "claimed") if taken else go("/queue", "nothing-waits")


@routes.post("/referrals/{referral_id}/claim")
def claim(desk: AtDesk, referral_id: Id) -> Response:
    """The one named."""
    desk.application.claiming.take(desk.who, referral_id)
    return go(f"/referrals/{referral_id}", "claimed")


@routes.post("/referrals/{referral_id}/renew")
def renew(desk: AtDesk, referral_id: Id) -> Response:
    """Its page is still open."""
    claiming = desk.application.claiming
    claiming.renew(desk.who, claiming.claim_on(desk.who, referral_id))
    return Response(status_code=204)


@routes.post("/referrals/{referral_id}/put-back")
def put_back(desk: AtDesk, referral_id: Id) -> Response:
    """Into the queue, for anybody."""
    claiming = desk.application.claiming
    claiming.put_back(desk.who, claiming.claim_on(desk.who, referral_id))
    return go("/queue", "put-back")


@routes.post("/referrals/{referral_id}/opt-out")
def opt_out(desk: AtDesk, referral_id: Id) -> Response:
    """Not for me: one click, no reason, no trace."""
    claiming = desk.application.claiming
    claiming.opt_out(desk.who, claiming.claim_on(desk.who, referral_id))
    return go("/queue", "opted-out")


@routes.post("/referrals/{referral_id}/hand-over")
def hand_over(desk: AtDesk, referral_id: Id, form: Sent) -> Response:
    """To a colleague, by login."""
    claiming = desk.application.claiming
    with desk.application.store.reading() as unit:
        to = unit.people.of_login(form.text("to").strip().lower())
    if to is None:
        raise NotFound("no-person", "There is no such person.")
    claiming.hand_over(desk.who, claiming.claim_on(desk.who, referral_id), to.principal)
    return go("/queue", "handed-over")


@routes.post("/referrals/{referral_id}/decide")
def decide(desk: AtDesk, referral_id: Id, form: Sent) -> Response:
    """The items that were marked, or all that is left."""
    held = desk.application.claiming.claim_on(desk.who, referral_id)
    deciding = desk.application.deciding
    if form.text("which") == "rest":
        return _gone_on(referral_id, deciding.decide_rest(desk.who, held, _said(form)))
    marked = form.numbers("item")
    if not marked:
        return go(f"/referrals/{referral_id}", "nothing-marked")
    return _gone_on(referral_id, deciding.decide(desk.who, held, marked, _said(form)))


@routes.post("/referrals/{referral_id}/set-aside")
def set_aside(desk: AtDesk, referral_id: Id, form: Sent) -> Response:
    """The facts were enough: what is left needs no decision."""
    held = desk.application.claiming.claim_on(desk.who, referral_id)
    desk.application.deciding.set_aside(desk.who, held, form.text("because"))
    return go("/queue", "set-aside")


@routes.post("/referrals/{referral_id}/reopen")
def reopen(desk: AtDesk, referral_id: Id, form: Sent) -> Response:
    """There is more to it."""
    desk.application.deciding.reopen(desk.who, referral_id, form.text("because"))
    return go(f"/referrals/{referral_id}", "reopened")


@routes.post("/referrals/{referral_id}/confirm-alike")
def confirm_alike(desk: AtDesk, referral_id: Id, form: Sent) -> Response:
    """Decide a look-alike group as one of it was decided, by the facts."""
    held = desk.application.claiming.claim_on(desk.who, referral_id)
    deciding = desk.application.deciding
    shown = {int(one) for one in form.text("items").split(",") if one.isdecimal() and len(one) < 19}
    centre = form.number("centre")
    found = deciding.proposal(desk.who, referral_id, centre) if centre else None
    if found is None:
        return go(f"/referrals/{referral_id}", "unchanged")
    return _gone_on(referral_id, deciding.confirm_proposal(desk.who, held, found, sorted(shown)))


@routes.post("/referrals/{referral_id}/confirm-group")
def confirm_group(desk: AtDesk, referral_id: Id, form: Sent) -> Response:
    """Decide what is left of a camera's day, an archive or the like as looks at it said, by the facts."""
    held = desk.application.claiming.claim_on(desk.who, referral_id)
    centre = form.number("centre") or 0
    return _gone_on(referral_id, desk.application.deciding.confirm_group(desk.who, held, centre, form.text("mark")))


@routes.post("/decisions/{decision_id}/undo")
def undo(desk: AtDesk, decision_id: Id, form: Sent) -> Response:
    """Take one's own back, or all of the act."""
    desk.application.deciding.undo(desk.who, decision_id, whole_stroke=bool(form.text("whole")))
    return go(_back(form), "undone")


@routes.post("/decisions/{decision_id}/confirm")
def confirm(desk: AtDesk, decision_id: Id, form: Sent) -> Response:
    """Be the second person, for one decision or all of its act."""
    confirmed = desk.application.deciding.confirm(desk.who, decision_id, whole_stroke=bool(form.text("whole")))
    return go(_back(form), "confirmed-in-part" if confirmed.left_alone else "confirmed")


@routes.post("/decisions/{decision_id}/dissent")
def dissent(desk: AtDesk, decision_id: Id, form: Sent) -> Response:
    """Say another thing beside it."""
    desk.application.deciding.dissent(desk.who, decision_id, form.text("category"), form.text("because"))
    return go(_back(form), "dissented")


def _said(form: Form) -> Said:
    instead = form.text("instead")
    return Said(
        form.text("category"),
        form.text("because"),
        Instead(instead) if instead in set(Instead) else Instead.ASK,
    )


def _gone_on(referral_id: int, made: Decided) -> Response:
    first = {"made": min(made.decisions.values())} if made.decisions else {}
    if referral_id in made.done:
        return go("/queue", "done", **first)
    if made.left_alone:
        code = "left-alone"
    elif made.awaiting:
        code = "awaiting-second"
    else:
        code = "decided" if made.decisions else "unchanged"
    return go(f"/referrals/{referral_id}", code, **first)


def _back(form: Form) -> str:
    """Where the form stood: a page of a referral or item, or the queue."""
    kind, _, number = form.text("back").partition(":")
    return f"/{kind}s/{number}" if kind in {"referral", "item"} and number.isdecimal() else "/second"
