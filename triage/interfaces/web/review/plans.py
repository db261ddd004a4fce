"""Acts that take two people: asked for with their terms, agreed to by another person, carried out once."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from triage.domain.access import Action
from triage.domain.errors import Refused
from triage.domain.plans import DeletionGround, PlanState
from triage.interfaces.web import words
from triage.interfaces.web.forms import Form, Id, Sent
from triage.services.exporting_media import Sending
from triage.services.permitting import a_referral, an_item
from triage.store.access import Subject

from .desk import AtDesk
from .referrals import line_of
from .telling import go
from .telling import told as message_of

routes = APIRouter(include_in_schema=False)
"""`/plans/NUMBER`, and the forms that make plans."""

_PIECE = 1 << 16
_LABELS = re.compile(r"[\s,;]+")
_SHOWN = 100


@routes.get("/plans/{plan_id}")
def plan(desk: AtDesk, plan_id: Id, told: str = "") -> Response:
    """Its terms, where it stands, and what can be done."""
    found = desk.application.planning.plan(desk.who, plan_id)
    state = found.state(desk.now)
    own = found.asked_by == desk.who.id
    return desk.page(
        "plan.html.j2",
        plan=found,
        keys=desk.application.planning.keys_before([found]),
        state=state,
        can_carry_out=own and (state is PlanState.GRANTED or (state is PlanState.BEGUN and _goes_on(found.action))),
        message=message_of(told),
    )


@routes.post("/plans/{plan_id}/carry-out")
def carry_out(desk: AtDesk, plan_id: Id) -> Response:
    """Once. An export is the answer itself."""
    application = desk.application
    action = application.planning.plan(desk.who, plan_id).action
    if action is Action.EXPORT_MEDIA:
        sending = application.exporting_media.begin(desk.who, plan_id)
        headers = {
            "Content-Disposition": f'attachment; filename="{sending.name}"',
            "Cache-Control": "no-store",
        }
        return StreamingResponse(_streamed(sending), media_type="application/octet-stream", headers=headers)
    if action is Action.DELETE:
        application.erasing.erase(desk.who, plan_id)
        return go(f"/plans/{plan_id}", "erased")
    application.splitting.split(desk.who, plan_id)
    return go(f"/plans/{plan_id}", "split")


@routes.get("/referrals/{referral_id}/export")
def exporting(desk: AtDesk, referral_id: Id) -> Response:
    """What would go, to whom it may, and the form."""
    with desk.reading(Action.SEE_REFERRAL, a_referral(referral_id)) as unit:
        line = line_of(unit, referral_id)
    choice = desk.application.exporting_media.choice(desk.who, referral_id)
    return desk.page("export.html.j2", line=line, choice=choice)


@routes.post("/referrals/{referral_id}/export")
def ask_to_export(desk: AtDesk, referral_id: Id, form: Sent) -> Response:
    """Put it before a second person."""
    named = _items(form)
    made = desk.application.exporting_media.plan(
        desk.who,
        referral_id,
        form.text("receiver"),
        form.text("key"),
        form.text("because"),
        named or None,
        with_known=not named and form.text("which") == "known",
    )
    return go(f"/plans/{made}", "asked")


@routes.get("/referrals/{referral_id}/split")
def splitting(desk: AtDesk, referral_id: Id, apart: Annotated[list[Id] | None, Query()] = None) -> Response:
    """Its submissions; with `apart` what a split would leave, and the form that asks for it."""
    with desk.reading(Action.SEE_REFERRAL, a_referral(referral_id)) as unit:
        line = line_of(unit, referral_id)
        members = unit.pages.members(referral_id)
        joins = unit.pages.joins([one.id for one in members])
    parts = desk.application.splitting.preview(desk.who, referral_id, apart) if apart else ()
    return desk.page(
        "split.html.j2", line=line, submissions=members[:_SHOWN], joins=joins, apart=apart or [], parts=parts
    )


@routes.post("/referrals/{referral_id}/split")
def ask_to_split(desk: AtDesk, referral_id: Id, form: Sent) -> Response:
    """Put it before a supervisor of another unit."""
    made = desk.application.splitting.plan(desk.who, referral_id, form.numbers("apart"), form.text("because"))
    return go(f"/plans/{made}", "asked")


@routes.post("/referrals/{referral_id}/join-again")
def join_again(desk: AtDesk, referral_id: Id, form: Sent) -> Response:
    """What a plan set apart may be joined again."""
    parts = desk.application.splitting.join_again(
        desk.who, referral_id, form.number("plan") or 0, form.text("because")
    )
    return go(f"/referrals/{parts[0]}", "joined-again")


@routes.get("/items/{item_id}/erase")
def erasing_item(desk: AtDesk, item_id: Id) -> Response:
    """The form, with this item in it."""
    desk.require_seen(Action.SEE_ITEM, an_item(item_id))
    desk.application.planning.may_plan(desk.who, Action.DELETE, an_item(item_id))
    address = f"/items/{item_id}/erase"
    return desk.page("erase.html.j2", label=f"I-{item_id}", address=address, reach=None, grounds=words.ERASING)


@routes.post("/items/{item_id}/erase")
def ask_to_erase_items(desk: AtDesk, item_id: Id, form: Sent) -> Response:
    """The one of the page, and what is named beside it."""
    items = [item_id, *_items(form)]
    made = desk.application.erasing.plan_items(desk.who, items, _ground(form), *_why(form))
    return go(f"/plans/{made}", "asked")


@routes.get("/submissions/{submission_id}/erase")
def erasing_submission(desk: AtDesk, submission_id: Id) -> Response:
    """How much it would come to, and the form."""
    desk.require_seen(Action.SEE_SUBMISSION, Subject("submission", submission_id))
    reach = desk.application.erasing.reach(desk.who, submission_id)
    address = f"/submissions/{submission_id}/erase"
    return desk.page("erase.html.j2", label=f"S-{submission_id}", address=address, reach=reach, grounds=words.ERASING)


@routes.post("/submissions/{submission_id}/erase")
def ask_to_erase_submission(desk: AtDesk, submission_id: Id, form: Sent) -> Response:
    """What came with it alone."""
    made = desk.application.erasing.plan_submission(desk.who, submission_id, _ground(form), *_why(form))
    return go(f"/plans/{made}", "asked")


def _goes_on(action: Action) -> bool:
    """Whether an act that was cut off can be ended."""
    return action is Action.DELETE


def _why(form: Form) -> tuple[str, str]:
    return form.text("reference"), form.text("because")


def _ground(form: Form) -> DeletionGround:
    try:
        return DeletionGround(form.text("ground"))
    except ValueError:
        raise Refused("plan-ground", "A deletion rests on one of the grounds that are listed.") from None


def _items(form: Form) -> list[int]:
    """Labels of items as a person types them: `I-3 I-7, 9`. Raises Refused `label-invalid`."""
    found = []
    for label in filter(None, _LABELS.split(form.text("items"))):
        number = label.upper().removeprefix("I-")
        if not number.isascii() or not number.isdecimal() or len(number) > 18:
            raise Refused("label-invalid", "Write items as I-3 I-7.")
        found.append(int(number))
    return found


def _streamed(sending: Sending) -> Iterator[bytes]:
    """What is written, as it is written. Whatever ends it early leaves the reader a file that does not open."""
    reader, writer = os.pipe()
    failed: list[BaseException] = []

    def write() -> None:
        try:
            with open(writer, "wb") as out:  # noqa: PTH123 - a pipe has no path
                sending.write(out)
        except BaseException as error:  # noqa: BLE001 - told to whoever reads
            failed.append(error)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        with closing(open(reader, "rb")) as source:  # noqa: PTH123 - a pipe has no path
            while piece := source.read1(_PIECE):
                yield piece
    finally:
        thread.join()
    if failed:
        raise failed[0]
