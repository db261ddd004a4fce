"""One referral: why it stands where it stands, and the facts by which most of it is decided without a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from triage.domain.access import Action
from triage.domain.errors import NotFound
from triage.domain.networks import Parting
from triage.exporters.charts import histogram, time_bins
from triage.interfaces.web import words
from triage.interfaces.web.forms import Id
from triage.services.item_facts import item_lines
from triage.services.permitting import a_referral
from triage.services.showing_referrals import SUBMISSIONS, shown_referral
from triage.store.page_models import ReferralLine
from triage.store.unit_of_work import Unit

from .desk import AtDesk
from .drawing import dots, ring, window
from .land import land
from .naming import named_in
from .telling import told_of_decision

ITEMS = 50


routes = APIRouter(include_in_schema=False)
"""`/referrals/NUMBER`."""


@routes.get("/referrals/{referral_id}")
def referral(
    desk: AtDesk, referral_id: Id, after: Id = 0, said_after: Id = 0, decided: Id = 0, told: str = "", made: Id = 0
) -> Response:
    """Its facts; `after` is the last item of the page before, `said_after` the last whose opinions stood there.

    With `decided`, decided items too.
    """
    deciding = desk.application.deciding
    releases, rules = desk.application.library.releases(), desk.application.linking.rules
    with desk.reading(Action.SEE_REFERRAL, a_referral(referral_id)) as unit:
        line = line_of(unit, referral_id)
        bases = unit.gates.bases(referral_id)
        submissions = [one.submission_id for one in bases]
        shown = shown_referral(unit, referral_id, bases, rules, releases, desk.now)
        listed = unit.pages.open_items(submissions, after=after, limit=ITEMS, decided=bool(decided))
        items = item_lines(unit, listed)
        holds = line.holder_id == desk.who.id
        said = unit.decisions.current(listed, deciding.rules.scheme) if decided or holds else {}
        message = told_of_decision(desk, unit, told, made)
        lines = unit.pages.members(referral_id, SUBMISSIONS)
        newest = [one.id for one in reversed(lines)]
        joins = unit.pages.joins(newest) if len(newest) > 1 else []
        became = unit.outcomes.of_referral(referral_id)
        partings = apart_of(unit, referral_id, submissions)
    named = named_in(desk)
    mapped = window(shown.counted.places)
    today = desk.now.date()
    expiry = line.facts.earliest_expiry
    priority = desk.application.referring.priority
    counted = shown.counted
    return desk.page(
        "referral.html.j2",
        line=line,
        page=shown,
        counted=counted,
        reasons=[words.reason_told(one, line.facts, priority, desk.speaking, today) for one in line.reasons],
        items=items,
        decided={one: named(what.standing.category) for one, what in said.items() if what.standing},
        awaiting={one: named(what.awaiting.category) for one, what in said.items() if what.awaiting},
        more_items=len(items) == ITEMS,
        with_decided=bool(decided),
        holds=holds,
        submissions=lines,
        counts=[(code, counted.outcomes[code]) for code in words.OUTCOMES if counted.outcomes.get(code)],
        submission_count=len(submissions),
        graph=ring(newest, joins),
        places=counted.places,
        window=mapped,
        dots=dots(counted.places, mapped),
        land=land(mapped) if counted.places else "",
        times=histogram([(desk.speaking.period(one), count) for one, count in time_bins(counted.months)]),
        days_left=(expiry - today).days if expiry else 0,
        scheme=deciding.schemes.scheme(deciding.rules.scheme),
        named=named,
        said_after=said_after,
        partings=partings,
        became=became,
        message=message,
    )


@routes.get("/referrals/{referral_id}/opinions")
def opinions(desk: AtDesk, referral_id: Id, after: Id = 0) -> Response:
    """What was said about its items, and the next look: asked for by its page, which is there meanwhile."""
    with desk.reading(Action.SEE_REFERRAL, a_referral(referral_id)) as unit:
        line = line_of(unit, referral_id)
        said = desk.application.deciding.opinions(unit, referral_id, after)
        plan = None if after else desk.application.deciding.look_plan(unit, referral_id)
    holds = line.holder_id == desk.who.id
    return desk.page("opinions.html.j2", line=line, opinions=said, plan=plan, holds=holds, named=named_in(desk))


@dataclass(frozen=True, slots=True)
class Apart:
    """What one plan set apart: labels of submissions here and elsewhere. `other` is that referral, where one is."""

    plan_id: int
    here: list[str]
    there: list[str]
    other: int | None
    told: bool


def apart_of(unit: Unit, referral_id: int, submissions: Sequence[int]) -> list[Apart]:
    """What people set apart from this referral, which holds these submissions, by plan."""
    by_plan: dict[int, list[Parting]] = {}
    for one in unit.partings.touching(submissions):
        by_plan.setdefault(one.plan_id, []).append(one)
    found = []
    for plan_id, partings in sorted(by_plan.items()):
        held = unit.networks.referrals_of([end for one in partings for end in one.pair])
        here = sorted(one for one, referral in held.items() if referral == referral_id)
        there = sorted(one for one, referral in held.items() if referral != referral_id)
        other = min((held[one] for one in there), default=None)
        told = any(one.told for one in partings)
        found.append(Apart(plan_id, [f"S-{one}" for one in here], [f"S-{one}" for one in there], other, told))
    return found


def line_of(unit: Unit, referral_id: int) -> ReferralLine:
    """A referral that this person may see; it can only have gone since that was asked."""
    line = unit.pages.referral(referral_id)
    if line is None:
        raise NotFound("no-referral", f"There is no referral R-{referral_id}.")
    return line
