"""One item by its facts. What comes from evidence is shown as text, its control characters made visible."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from triage.domain.access import Action
from triage.domain.decisions import DecisionState
from triage.domain.errors import NotFound
from triage.interfaces.web.forms import Id
from triage.services.item_facts import ItemPage, item_page
from triage.services.permitting import an_item
from triage.store.page_models import Occurring
from triage.store.unit_of_work import Unit

from .desk import AtDesk
from .naming import named_in
from .telling import told as message_of

_MOST = 400


@dataclass(frozen=True, slots=True)
class Place:
    """An occurrence with its place as a person may read it."""

    submission_id: int
    case_ref: str
    parent_item_id: int
    place: str
    viewed: str | None


routes = APIRouter(include_in_schema=False)
"""`/items/NUMBER`."""

_MAY_END = (DecisionState.STANDING, DecisionState.AWAITING_SECOND)


@routes.get("/items/{item_id}")
def item(desk: AtDesk, item_id: Id, referral: Id = 0, told: str = "") -> Response:
    """Its facts, what was said of it, and what can be done where its referral is in the person's hands."""
    deciding = desk.application.deciding
    with desk.reading(Action.SEE_ITEM, an_item(item_id)) as unit:
        found = page_of(unit, item_id)
        occurrences = unit.pages.occurrences(item_id, desk.submissions)
        holder = unit.pages.referral(referral, desk.referrals) if referral else None
        is_erased = bool(unit.erasures.among([item_id]))
        holds = holder is not None and holder.holder_id == desk.who.id
        seen = unit.viewings.bases(desk.who.id, [item_id]).get(item_id) if holds else None
        decisions = unit.decisions.history(item_id)
        own = [one for one in decisions if one.principal_id == desk.who.id and one.second_by is None]
        strokes = {one.id: unit.decisions.stroke_size(one) for one in own if one.state in _MAY_END}
    digests = found.line.item.digests
    return desk.page(
        "item.html.j2",
        page=found,
        occurrences=[_place(one) for one in occurrences],
        digests=[(one.algorithm.value, one.value.hex()) for one in digests.as_digests()],
        referral_id=referral if holder else 0,
        holds=holds,
        seen=seen,
        scheme=deciding.schemes.scheme(deciding.rules.scheme),
        named=named_in(desk),
        decisions=decisions,
        strokes=strokes,
        standing=any(one.state is DecisionState.STANDING for one in decisions),
        is_erased=is_erased,
        message=message_of(told),
    )


def page_of(unit: Unit, item_id: int) -> ItemPage:
    """All facts of an item that this person may see; it can only have gone since that was asked."""
    found = item_page(unit, item_id)
    if found is None:
        raise NotFound("no-item", f"There is no item I-{item_id}.")
    return found


def readable(path: bytes) -> str:
    """A path as text: what is no UTF-8 is written as an escape; pages write what is no sign so by themselves."""
    shown = path.decode("utf-8", "backslashreplace").replace("\n", "\\u000a").replace("\t", "\\u0009")
    return shown if len(shown) <= _MOST else f"…{shown[-_MOST:]}"


def _place(one: Occurring) -> Place:
    return Place(one.submission_id, one.case_ref, one.parent_item_id, readable(one.path), one.viewed)
