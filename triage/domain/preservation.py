"""The preservation clock: who holds what, and until when, by estimate. It starts with the event, not our receipt.

Evidence at a provider or operator is gone long before mutual legal assistance answers, so a referral says what to
ask for first. Every entry comes from a fact that has a time of its own; a time that is not told is never made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from triage.domain.finished_reports import FinishedReport, identifiers_to_keep
from triage.domain.identifiers import country_of, is_address, normal, storable, told_country
from triage.domain.reports import Identifier, IdentifierKind
from triage.domain.retention import HolderKind, RetentionRules
from triage.domain.senders import SenderKind

NETWORK_OPERATOR, PHONE_OPERATOR = "network operator", "phone operator"
"""Holders whose names nobody told."""

STILL_ASKED = timedelta(days=14)
"""For so long after its estimated end a record is still worth asking for: expiry is an estimate."""

_OF_AN_ACCOUNT = frozenset(
    {
        IdentifierKind.ACCOUNT,
        IdentifierKind.SCREEN_NAME,
        IdentifierKind.EMAIL,
        IdentifierKind.PROFILE_URL,
        IdentifierKind.GROUP,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreservationEntry:
    """One thing to ask for. `identifier` is what to name; `rule` is which rule of which edition estimated the end."""

    holder: str
    holder_kind: HolderKind
    country: str
    identifier: str
    since: datetime
    expires_on: date
    rule: str


def preservation(finished: FinishedReport, rules: RetentionRules, now: datetime) -> tuple[PreservationEntry, ...]:
    """What the report gives to ask for, the earliest end first; each once. Times of the future count as now."""
    found = {_key(one): one for one in _entries(finished, _Clock(rules, now))}
    return tuple(sorted(found.values(), key=lambda one: (one.expires_on, *_key(one)[:3], one.since)))


def soonest(expiries: Iterable[date], today: date) -> date | None:
    """The end that decides: the earliest that has not passed, or has so lately that asking is still worth it.

    Where all passed before that, the latest of them; None where there is none. An old capture must not hide a fresh
    one.
    """
    ends = sorted(expiries)
    return next((end for end in ends if end >= today - STILL_ASKED), ends[-1] if ends else None)


def address_with_port(address: str, port: int | None) -> str:
    """How an operator is asked: behind one address are many subscribers, whom the port tells apart."""
    return address if port is None else f"{address} port {port}"


@dataclass(frozen=True, slots=True)
class _Clock:
    rules: RetentionRules
    now: datetime

    def entry(
        self, holder: str, kind: HolderKind, country: str, identifier: str, at: datetime | None
    ) -> Iterator[PreservationEntry]:
        """An entry, where there is a holder, something to name, a time and a rule."""
        rule = self.rules.rule(country, kind)
        if at is None or rule is None or not holder or not identifier:
            return
        since = min(at, self.now).astimezone(UTC)
        yield PreservationEntry(
            holder=holder,
            holder_kind=kind,
            country=country,
            identifier=identifier,
            since=since,
            expires_on=since.date() + timedelta(days=rule.days),
            rule=rule.name,
        )


def _entries(finished: FinishedReport, clock: _Clock) -> Iterator[PreservationEntry]:
    service, incident, named = finished.service, finished.facts.incident, storable(finished.reference)
    country = _country_of_service(finished, service)
    reported_at = finished.reported_at or clock.now
    yield from clock.entry(service, HolderKind.REPORT_CONTENT, country, named, reported_at)
    yield from clock.entry(service, HolderKind.MESSAGE_CONTENT, country, named, incident.at)
    for file in finished.files:
        what = storable(file.url) or named
        yield from clock.entry(service, HolderKind.TRAFFIC_DATA, country, what, file.uploaded_at)
    for told in identifiers_to_keep(finished):
        yield from _of_identifier(finished, told, clock)


def _of_identifier(finished: FinishedReport, told: Identifier, clock: _Clock) -> Iterator[PreservationEntry]:
    spelling = normal(told, finished.service)
    if told.kind is IdentifierKind.IP and is_address(spelling):
        place = told_country(told.country)  # where the operator is, even if it runs a proxy
        what = address_with_port(spelling, told.port)
        yield from clock.entry(NETWORK_OPERATOR, HolderKind.TRAFFIC_DATA, place, what, told.at)
    elif told.kind is IdentifierKind.PHONE:
        place = country_of(told)
        yield from clock.entry(PHONE_OPERATOR, HolderKind.SUBSCRIBER_RECORDS, place, spelling, told.at)
    elif told.kind in _OF_AN_ACCOUNT:
        holder = storable(told.service.strip()) or finished.service
        place = _country_of_service(finished, holder)
        yield from clock.entry(holder, HolderKind.SUBSCRIBER_RECORDS, place, storable(told.value.strip()), told.at)


def _country_of_service(finished: FinishedReport, service: str) -> str:
    """A provider's own country; where another service is meant, nobody told."""
    sender = finished.sender
    own = sender.kind is SenderKind.PROVIDER and service in {sender.name, finished.service}
    return told_country(sender.country) if own else ""


def _key(one: PreservationEntry) -> tuple[str, str, str, datetime]:
    return one.holder, one.holder_kind.value, one.identifier, one.since
