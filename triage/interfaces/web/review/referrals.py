"""One referral: why it stands where it stands, and the facts by which most of it is decided without a look."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from triage.domain.errors import NotFound
from triage.exporters.charts import histogram, time_bins
from triage.interfaces.web import words
from triage.interfaces.web.forms import Id
from triage.services.item_facts import item_lines
from triage.services.referral_pages import referral_page
from triage.store.page_models import ReferralLine
from triage.store.unit_of_work import Unit

from .desk import AtDesk, Desk
from .drawing import ring, window
from .naming import named_in
from .telling import told as message_of

ITEMS = 50
_ROWS = 30


routes = APIRouter(include_in_schema=False)
"""`/referrals/NUMBER`."""


@routes.get("/referrals/{referral_id}")
def referral(desk: AtDesk, referral_id: Id, after: Id = 0, decided: Id = 0, told: str = "") -> Response:
    """Its facts; `after` is the last item of the page before. With `decided`, decided items too."""
    deciding = desk.application.deciding
    releases = desk.application.library.releases()
    with desk.application.store.reading() as unit:
        line = visible_referral(desk, unit, referral_id)
        submissions = unit.pages.submissions_of([referral_id])[referral_id]
        facts = referral_page(unit, referral_id, desk.application.linking.rules, releases, _ROWS, desk.now)
        items = item_lines(unit, unit.pages.open_items(submissions, after=after, limit=ITEMS, decided=bool(decided)))
        said = unit.decisions.current([one.item.id for one in items], deciding.rules.scheme)
        lines = unit.pages.submission_lines(submissions)
        joins = unit.pages.joins(submissions)
        captured = unit.pages.captured(submissions)
        places = unit.pages.places(submissions)
        proposals = unit.decisions.proposals(referral_id, deciding.rules.scheme)
    named = named_in(desk)
    today = desk.now.date()
    expiry = line.facts.earliest_expiry
    rules = desk.application.referring.priority
    return desk.page(
        "referral.html.j2",
        line=line,
        page=facts,
        reasons=[words.reason_told(one, line.facts, rules, desk.speaking, today) for one in line.reasons],
        items=items,
        decided={one: named(what.standing.category) for one, what in said.items() if what.standing},
        more_items=len(items) == ITEMS,
        with_decided=bool(decided),
        holds=line.holder_id == desk.who.id,
        submissions=lines,
        counts=[(code, facts.outcomes[code]) for code in words.OUTCOMES if facts.outcomes.get(code)],
        graph=ring(submissions, joins),
        places=places,
        window=window(places),
        times=histogram(time_bins(captured)),
        days_left=(expiry - today).days if expiry else 0,
        history=facts.history[::-1],
        scheme=deciding.schemes.scheme(deciding.rules.scheme),
        named=named,
        proposals=proposals,
        disagreements=deciding.disagreements(desk.who, referral_id),
        message=message_of(told),
    )


def visible_referral(desk: Desk, unit: Unit, referral_id: int) -> ReferralLine:
    """A referral that this person may see. Raises NotFound, the same for one that is not there."""
    line = unit.pages.referral(referral_id, desk.referrals)
    if line is None:
        raise NotFound("no-referral", f"There is no referral R-{referral_id}.")
    return line
