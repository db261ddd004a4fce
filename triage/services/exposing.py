"""Exposing how much people were exposed: to themselves and the welfare lead by name, to managers in totals only.

Nothing here counts cases per person, and nothing is in an order of persons but their names.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from triage.domain.access import Action
from triage.domain.errors import Conflict, NotFound
from triage.domain.exposure_figures import Day, ExposureFigures, figures, sample_size
from triage.domain.looks import Level
from triage.domain.people import Principal
from triage.domain.review_rules import ReviewRules
from triage.store.access import DEPLOYMENT, Subject
from triage.store.exposures import Person, ShownLook
from triage.store.unit_of_work import Store

from .clock import Clock
from .permitting import Permits, a_referral

_DAYS = 30
_ALL_TIME = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class PersonExposure:
    """One person's last thirty days, their own days, oldest first; days without a look are left out."""

    person_id: int
    name: str
    unit: str
    days: list[Day]


@dataclass(frozen=True, slots=True)
class Totals:
    """What managers see: thirty days of five people or more, taken together."""

    people: int
    looks: int
    seconds: float
    median_seconds_per_person_day: float


@dataclass(frozen=True, slots=True)
class Blind:
    """A referral to be judged again on its facts, without what was made of it before."""

    draw_id: int
    referral_id: int


@dataclass(frozen=True)
class Exposing:
    """Reads the ledger of looks, and keeps the sample that says what not looking misses."""

    store: Store
    permits: Permits
    rules: ReviewRules
    clock: Clock

    def of_person(self, principal: Principal, person_id: int) -> PersonExposure:
        """One's own, or, for the welfare lead, anybody's. Raises Refused, NotFound."""
        self.permits.ask(principal, Action.SEE_EXPOSURE, Subject("person", person_id))
        with self.store.reading() as unit:
            person = unit.exposures.person(person_id)
            if person is None:
                raise NotFound("no-person", "There is no such person.")
            return _exposure(person, unit.exposures.looks(self._since(), person_id))

    def of_everybody(self, principal: Principal) -> list[PersonExposure]:
        """The welfare lead's page: everybody by name. Raises Refused."""
        self.permits.ask(principal, Action.SEE_WELFARE, DEPLOYMENT)
        with self.store.reading() as unit:
            people, looks = unit.exposures.people(), unit.exposures.looks(self._since())
        by_person: dict[int, list[ShownLook]] = {}
        for look in looks:
            by_person.setdefault(look.principal_id, []).append(look)
        return [_exposure(person, by_person.get(person.id, [])) for person in people]

    def totals(self, principal: Principal) -> Totals:
        """Managers' page. Raises Refused `too-few-people`. One window and no parts: two totals can be subtracted."""
        with self.store.reading() as unit:
            looks = unit.exposures.looks(self._since())
        days: dict[tuple[int, date], float] = {}
        for look in looks:
            key = look.principal_id, look.shown_at.date()
            days[key] = days.get(key, 0.0) + look.seconds
        people = len({person for person, _ in days})
        self.permits.ask(principal, Action.SEE_TOTALS, Subject("total", people))
        ordered = sorted(days.values())
        middle = ordered[(len(ordered) - 1) // 2] if ordered else 0.0
        return Totals(people, len(looks), sum(look.seconds for look in looks), middle)

    def figures(self) -> ExposureFigures:
        """The figures of the whole deployment. What is about people is left out where they are fewer than five."""
        with self.store.reading() as unit:
            counts = unit.exposures.counts()
            looks = unit.exposures.looks(_ALL_TIME)
        full: dict[tuple[int, date], float] = {}
        for look in looks:
            key = look.principal_id, look.shown_at.date()
            full[key] = full.get(key, 0.0) + (look.seconds if look.level == Level.FULL else 0.0)
        return figures(counts, list(full.values()))

    def draw_sample(self) -> int:
        """Draw two to five of a hundred referrals of the low queue for blind re-triage; how many."""
        with self.store.writing() as unit:
            low = unit.exposures.low_queue()
            chosen = random.SystemRandom().sample(low, sample_size(self.rules.sample_percent, len(low)))
            unit.exposures.draw(chosen, self.clock())
            unit.commit()
        return len(chosen)

    def next_blind(self, principal: Principal) -> Blind | None:
        """One to judge again, of which the person has no memory; None when there is none."""
        with self.store.reading() as unit:
            found = unit.exposures.next_blind(principal, self.clock())
        if found is None:
            return None
        self.permits.ask(principal, Action.CLAIM, a_referral(found[1]))
        return Blind(*found)

    def answer_blind(self, principal: Principal, blind: Blind, *, is_urgent: bool) -> None:
        """On facts only. One that is found urgent says so in the referral's history. Raises Conflict."""
        self.permits.ask(principal, Action.CLAIM, a_referral(blind.referral_id))
        now = self.clock()
        with self.store.writing() as unit:
            is_theirs = unit.exposures.next_blind(principal, now) == (blind.draw_id, blind.referral_id)
            if not is_theirs or not unit.exposures.answer_blind(
                blind.draw_id, principal.id, now, is_urgent=is_urgent
            ):
                raise Conflict("blind-answered", "This one is not yours to judge, or was judged.")
            if is_urgent:
                unit.networks.add_event(blind.referral_id, "re-triaged", {"urgent": True}, now)
            unit.commit()

    def _since(self) -> datetime:
        return self.clock() - timedelta(days=_DAYS)


def _exposure(person: Person, looks: Sequence[ShownLook]) -> PersonExposure:
    zone = _zone(person.time_zone)
    days: dict[date, list[ShownLook]] = {}
    for look in looks:
        days.setdefault(look.shown_at.astimezone(zone).date(), []).append(look)
    return PersonExposure(person.id, person.name, person.unit, [_day(day, days[day]) for day in sorted(days)])


def _day(day: date, looks: Sequence[ShownLook]) -> Day:
    full = [look.seconds for look in looks if look.level == Level.FULL]
    reduced = [look.seconds for look in looks if look.level != Level.FULL]
    return Day(day, len(reduced), len(full), sum(reduced), sum(full))


def _zone(name: str) -> ZoneInfo:
    """A page of figures still opens where an account names no zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
