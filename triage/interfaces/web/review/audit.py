"""The custody log and the access policy's answers, newest first. Ids and codes only, as they stand there."""

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
        rulings = unit.pages.newest_rulings(_RECORDS)
        witnessed = desk.application.store.mirror.view().size
    return desk.page(
        "audit.html.j2", size=size, checkpoint=checkpoint, records=records, rulings=rulings, witnessed=witnessed
    )
