"""One referral: why it stands where it stands, and the facts by which most of it is decided without a look."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from triage.domain.errors import NotFound
from triage.exporters.charts import histogram, time_bins
from triage.interfaces.web import words
from triage.services.item_facts import item_lines
from triage.services.referral_pages import referral_page
from triage.store.page_models import QueueLine
from triage.store.unit_of_work import Unit

from .desk import AtDesk, Desk
from .drawing import ring, window

ITEMS = 50
_ROWS = 30


routes = APIRouter(include_in_schema=False)
"""`/referrals/NUMBER`."""


@routes.get("/referrals/{referral_id}")
def referral(desk: AtDesk, referral_id: int, after: int = 0) -> Response:
    """Its facts; `after` is the last item of the page before."""
    return referral_shown(desk, referral_id, after=after)


def referral_shown(desk: Desk, referral_id: int, *, after: int = 0, message: object = None) -> Response:
    """The page of a referral. Raises NotFound where there is none that the person may see."""
    releases = desk.application.library.releases()
    with desk.application.store.reading() as unit:
        line = visible_referral(desk, unit, referral_id)
        submissions = unit.pages.submissions_of([referral_id])[referral_id]
        facts = referral_page(unit, referral_id, desk.application.linking.rules, releases, _ROWS)
        items = item_lines(unit, unit.pages.open_items(submissions, after=after, limit=ITEMS))
        lines = unit.pages.submission_lines(submissions)
        joins = unit.pages.joins(submissions)
        captured = unit.pages.captured(submissions)
        places = unit.pages.places(submissions)
    today = desk.now.date()
    expiry = line.facts.earliest_expiry
    return desk.page(
        "referral.html.j2",
        line=line,
        page=facts,
        reasons=[
            words.reason_told(reason, line.facts, desk.application.referring.priority, desk.speaking, today)
            for reason in line.reasons
        ],
        items=items,
        decided=dict.fromkeys((one.item.id for one in items), ""),
        more_items=len(items) == ITEMS,
        holds=line.holder_id == desk.who.id,
        submissions=lines,
        counts=[(code, facts.outcomes[code]) for code in words.OUTCOMES if facts.outcomes.get(code)],
        graph=ring(submissions, joins),
        places=places,
        window=window(places),
        times=histogram(time_bins(captured)),
        days_left=(expiry - today).days if expiry else 0,
        history=facts.history[::-1],
        message=message,
    )


def visible_referral(desk: Desk, unit: Unit, referral_id: int) -> QueueLine:
    """A referral that this person may see. Raises NotFound, the same for one that is not there."""
    line = unit.pages.referral(referral_id, desk.referrals)
    if line is None:
        raise NotFound("no-referral", f"There is no referral R-{referral_id}.")
    return line
