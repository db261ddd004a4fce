"""The custody log and what the access policy refused, newest first: ids and codes only, and nothing of looks."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from triage.domain.access import Action
from triage.store.access import DEPLOYMENT

from .desk import AtDesk

routes = APIRouter(include_in_schema=False)
"""`/audit`."""

_RECORDS = 100


@routes.get("/audit")
def audit(desk: AtDesk) -> Response:
    """The newest records."""
    desk.application.accessing.ask(desk.who, Action.SEE_AUDIT, DEPLOYMENT)
    with desk.application.store.reading() as unit:
        size, checkpoint = unit.custody.head()
        records = unit.pages.newest_records(_RECORDS)
        refusals = unit.pages.newest_refusals(_RECORDS)
        witnessed = desk.application.store.mirror.view().size
    return desk.page(
        "audit.html.j2", size=size, checkpoint=checkpoint, records=records, refusals=refusals, witnessed=witnessed
    )
