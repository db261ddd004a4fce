"""A look at one item: asked for with a reason, opened once by a script, and over when the page is left.

The picture travels as bytes to one script, which draws it: no page names a picture, none is in a cache, and no menu
of the browser can save or print it from an address.
"""

from __future__ import annotations

import json

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from triage.domain.access import Action, Purpose
from triage.domain.errors import NotFound, Refused, Unreadable
from triage.domain.looks import Asked, Level, Reason
from triage.domain.renditions import middle_still
from triage.interfaces.web import words
from triage.interfaces.web.forms import Form, Id, Sent
from triage.services.permitting import an_item

from .desk import AtDesk, Desk
from .items import page_of
from .telling import go

routes = APIRouter(include_in_schema=False)
"""`/items/NUMBER/look` and `/looks/…`."""

_MOST_BYTES = 4096
_SECONDS_AT_MOST = 86_400.0


@routes.get("/items/{item_id}/look")
def asking(desk: AtDesk, item_id: Id, referral: Id) -> Response:
    """What a look needs, and how much looking is left today."""
    return _asking(desk, item_id, referral)


@routes.post("/items/{item_id}/look")
def ask(desk: AtDesk, item_id: Id, form: Sent) -> Response:
    """Yes, with a page that can open it once; or no, with what is missing."""
    referral = _number(form, "referral")
    is_chosen = form.text("flagged") == "yes"
    asked = Asked(_reason(form), form.text("words"), _level(form), accepts_flagged=is_chosen, still=_still(form))
    try:
        look = desk.application.revealing.ask(desk.who, item_id, referral, asked, form.number("override"))
    except Refused as refused:
        if refused.code == "step-up-needed":
            raise
        return _asking(desk, item_id, referral, refused, asked)
    longest = desk.application.revealing.policy.longest_look_seconds
    return desk.page("look.html.j2", look=look, item_id=item_id, referral_id=referral, longest=longest)


@routes.post("/items/{item_id}/second-person")
def ask_second(desk: AtDesk, item_id: Id, form: Sent) -> Response:
    """It is known: a colleague judges the reason first."""
    desk.application.approving.request(
        desk.who, Action.REVEAL_KNOWN, an_item(item_id), form.text("words"), Purpose(_reason(form))
    )
    return go(f"/items/{item_id}", "asked", referral=_number(form, "referral"))


@routes.post("/looks/open")
async def open_look(request: Request, desk: AtDesk) -> Response:
    """Spend the token, and send the bytes to the script that asked."""
    token = await _token(request)
    shown = await run_in_threadpool(desk.application.revealing.open, token, desk.who)
    headers = {
        "X-Look": str(shown.look_id),
        "X-Longest-Seconds": str(shown.longest_seconds),
        "Cache-Control": "no-store",
        "Content-Disposition": "attachment; filename=look",
    }
    return Response(shown.rendition.jpeg, media_type="application/octet-stream", headers=headers)


@routes.post("/looks/{look_id}/end")
async def end_look(request: Request, desk: AtDesk, look_id: Id) -> Response:
    """The script says how long it was shown; the server's own clock bounds that."""
    try:
        seconds = float((await request.body())[:32].decode("ascii"))
    except ValueError as error:
        raise Unreadable("seconds-invalid", "Seconds are a number.") from error
    if not 0 <= seconds <= _SECONDS_AT_MOST:
        raise Unreadable("seconds-invalid", "Seconds are a number.")
    await run_in_threadpool(desk.application.revealing.end, desk.who, look_id, seconds)
    return Response(status_code=204)


def _asking(
    desk: Desk, item_id: int, referral_id: int, refused: Refused | None = None, asked: Asked | None = None
) -> Response:
    """The form; after a refusal with what was asked, so that nobody writes a reason twice."""
    with desk.reading(Action.SEE_ITEM, an_item(item_id)) as unit:
        found = page_of(unit, item_id)
        submissions = unit.pages.submissions_of([referral_id])[referral_id]
        gate = unit.gates.of_item(item_id, submissions, desk.now)
    revealing = desk.application.revealing
    is_flagged = revealing.is_flagged(item_id)
    return desk.page(
        "asking.html.j2",
        status=403 if refused else 200,
        page=found,
        referral_id=referral_id,
        reasons=words.LOOK_REASONS,
        gate=gate,
        is_flagged=is_flagged,
        left=revealing.time_left(desk.who, is_flagged=is_flagged),
        refused=refused,
        asked=asked,
        still=(asked.still if asked else None) or middle_still(found.line.stills),
    )


async def _token(request: Request) -> str:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise Unreadable("token-invalid", "That is no token.")
    try:
        token = json.loads(body)["token"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable("token-invalid", "That is no token.") from error
    if not isinstance(token, str):
        raise Unreadable("token-invalid", "That is no token.")
    return token


def _reason(form: Form) -> Reason:
    try:
        return Reason(form.text("reason"))
    except ValueError:
        raise Refused("look-reason", "A look needs one of the reasons that are listed.") from None


def _level(form: Form) -> Level:
    return Level.FULL if form.text("level") == Level.FULL else Level.REDUCED


def _still(form: Form) -> int | None:
    """The still that was chosen. What was sent and is no number is no still of anything, and not the middle one."""
    if not form.text("still"):
        return None
    number = form.number("still")
    return 0 if number is None else number


def _number(form: Form, name: str) -> int:
    number = form.number(name)
    if number is None:
        raise NotFound("no-referral", "There is no such referral.")
    return number
