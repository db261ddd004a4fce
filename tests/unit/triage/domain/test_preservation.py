"""The preservation clock: it starts with what has a time of its own, and nothing else starts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain.finished_reports import FinishedReport
from triage.domain.legal import Legal
from triage.domain.preservation import NETWORK_OPERATOR, PHONE_OPERATOR, preservation, soonest
from triage.domain.reports import (
    FileFacts,
    Identifier,
    IdentifierKind,
    Incident,
    IncidentType,
    Party,
    ReportFacts,
    Role,
)
from triage.domain.retention import HolderKind, parse_retention
from triage.domain.senders import Sender, SenderKind

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
AT = NOW - timedelta(days=10)
DAYS = {"report-content": 100, "subscriber-records": 40, "message-content": 30, "traffic-data": 90}
RULES = parse_retention(
    {
        "default": {
            "confirmed": False,
            "holder": [{"kind": kind, "days": days, "source": "made up"} for kind, days in DAYS.items()],
        },
        "us": {"confirmed": False, "holder": [{"kind": "report-content", "days": 365, "source": "made up"}]},
        "th": {"confirmed": False, "holder": [{"kind": "traffic-data", "days": 20, "source": "made up"}]},
    }
)
PROVIDER = Sender(1, "example", SenderKind.PROVIDER, "US", Legal("Report"), keeps_media=True)
ADDRESS = Identifier(kind=IdentifierKind.IP, value="192.0.2.1", at=AT, port=4711, country="TH")
ACCOUNT = Identifier(kind=IdentifierKind.ACCOUNT, value="SomeBody", at=AT)
PHONE = Identifier(kind=IdentifierKind.PHONE, value="+66 81 234 5678", at=AT)


def report(*identifiers: Identifier, at: datetime | None = None, role: Role = Role.SUBJECT) -> FinishedReport:
    incident = Incident(types=(IncidentType.MATERIAL,), at=at)
    facts = ReportFacts(incident, (Party(role, identifiers),))
    return FinishedReport(report_id=1, submission_id=2, sender=PROVIDER, facts=facts, reference="R-77")


def told(finished: FinishedReport) -> set[tuple[str, str, str, str, date]]:
    return {
        (one.holder, one.holder_kind.value, one.country, one.identifier, one.expires_on)
        for one in preservation(finished, RULES, NOW)
    }


CONTENTS = ("example", "report-content", "US", "R-77", NOW.date() + timedelta(days=365))


def test_contents_of_a_report_count_from_the_report() -> None:
    """From now, or from when it was made, where a unit was handed it later."""
    assert told(report()) == {CONTENTS}
    earlier = replace(report(), reported_at=AT)
    assert told(earlier) == {(*CONTENTS[:4], AT.date() + timedelta(days=365))}


def test_an_address_counts_from_its_capture_under_its_countrys_rules() -> None:
    """The operator is asked with the port; without a country the default answers."""
    assert told(report(ADDRESS)) - {CONTENTS} == {
        (NETWORK_OPERATOR, "traffic-data", "TH", "192.0.2.1 port 4711", AT.date() + timedelta(days=20))
    }
    bare = replace(ADDRESS, country="", port=None)
    assert told(report(bare)) - {CONTENTS} == {
        (NETWORK_OPERATOR, "traffic-data", "", "192.0.2.1", AT.date() + timedelta(days=90))
    }


def test_accounts_phones_files_and_the_incident() -> None:
    """Each by its own time and its own holder."""
    found = replace(
        report(ACCOUNT, replace(ACCOUNT, service="other"), PHONE, at=AT),
        files=(FileFacts(uploaded_at=AT, url="https://example.org/1"), FileFacts(uploaded_at=AT)),
    )
    day = AT.date()
    assert told(found) - {CONTENTS} == {
        ("example", "subscriber-records", "US", "SomeBody", day + timedelta(days=40)),
        ("other", "subscriber-records", "", "SomeBody", day + timedelta(days=40)),
        (PHONE_OPERATOR, "subscriber-records", "TH", "+66812345678", day + timedelta(days=40)),
        ("example", "message-content", "US", "R-77", day + timedelta(days=30)),
        ("example", "traffic-data", "US", "https://example.org/1", day + timedelta(days=90)),
        ("example", "traffic-data", "US", "R-77", day + timedelta(days=90)),
    }


@pytest.mark.parametrize("timeless", [replace(one, at=None) for one in (ADDRESS, ACCOUNT, PHONE)])
def test_no_fact_without_a_time_of_its_own_invents_one(timeless: Identifier) -> None:
    """Not even where the incident or a file beside it has one."""
    beside = replace(report(timeless, at=AT), files=(FileFacts(uploaded_at=AT, identifiers=(timeless,)),))
    without = replace(report(at=AT), files=(FileFacts(uploaded_at=AT),))
    assert told(beside) == told(without)


def test_a_time_of_the_future_counts_as_now() -> None:
    """A sender's clock ahead does not buy evidence more time."""
    ahead = replace(ADDRESS, at=NOW + timedelta(days=400))
    (entry,) = (one for one in preservation(report(ahead), RULES, NOW) if one.holder == NETWORK_OPERATOR)
    assert (entry.since, entry.expires_on) == (NOW, NOW.date() + timedelta(days=20))


def test_days_are_counted_in_utc() -> None:
    """An event late in the evening of one zone is the next day's in another."""
    local = datetime(2026, 3, 2, 1, 0, tzinfo=timezone(timedelta(hours=7)))
    (entry,) = (
        one for one in preservation(report(replace(ADDRESS, at=local)), RULES, NOW) if one.holder == NETWORK_OPERATOR
    )
    assert entry.expires_on == date(2026, 3, 1) + timedelta(days=20)


def test_nobody_is_asked_about_a_reporter_or_at_an_address_that_is_none() -> None:
    assert told(report(ADDRESS, ACCOUNT, PHONE, role=Role.REPORTER)) == {CONTENTS}
    assert told(report(replace(ADDRESS, value="not an address"))) == {CONTENTS}


def test_a_hotline_holds_nothing_of_a_platform_that_nobody_named() -> None:
    """Its own country says nothing of where the records are."""
    hotline = replace(PROVIDER, kind=SenderKind.HOTLINE)
    assert told(replace(report(ACCOUNT, at=AT), sender=hotline)) == set()
    named = report(at=AT)
    named = replace(
        named, sender=hotline, facts=replace(named.facts, incident=replace(named.facts.incident, platform="p"))
    )
    assert {(one[0], one[2]) for one in told(named)} == {("p", "")}


def test_each_capture_counts_and_each_once() -> None:
    """Two days behind one address may be two subscribers; the same said twice is one thing to ask for."""
    again = replace(ADDRESS, value="::ffff:192.0.2.1")
    later = replace(ADDRESS, at=AT + timedelta(days=1))
    found = [one for one in preservation(report(ADDRESS, again, later), RULES, NOW) if one.holder == NETWORK_OPERATOR]
    assert [one.since for one in found] == [AT, AT + timedelta(days=1)]


def test_an_entry_says_which_rule_estimated_it() -> None:
    """With the edition of the files, so that it can be found later."""
    rules = {one.holder_kind: one.rule for one in preservation(report(ADDRESS, ACCOUNT), RULES, NOW)}
    assert rules[HolderKind.TRAFFIC_DATA] == f"th/traffic-data@{RULES.edition}"
    assert rules[HolderKind.SUBSCRIBER_RECORDS] == f"default/subscriber-records@{RULES.edition}"


def test_an_old_capture_does_not_hide_a_fresh_one() -> None:
    """What passed lately is still asked for; what is long gone gives way; where all is gone, the latest is told."""
    today = NOW.date()
    days = {days: today + timedelta(days=days) for days in (-200, -100, -14, -1, 0, 3)}
    assert soonest([], today) is None
    assert soonest([days[3], days[-200]], today) == days[3]
    assert soonest([days[3], days[-14]], today) == days[-14]
    assert soonest([days[3], days[0], days[-1]], today) == days[-1]
    assert soonest([days[-200], days[-100]], today) == days[-100]


TIMES = st.none() | st.datetimes(timezones=st.just(UTC))


@given(st.lists(st.tuples(st.sampled_from(IdentifierKind), st.text(max_size=9), TIMES), max_size=6), TIMES, TIMES)
def test_whatever_is_told_every_entry_starts_at_a_told_time_or_now(
    told_of: list[tuple[IdentifierKind, str, datetime | None]], at: datetime | None, uploaded: datetime | None
) -> None:
    """No crash at either end of the calendar, no time from nowhere, no end before its beginning."""
    identifiers = [Identifier(kind=kind, value=value, at=when) for kind, value, when in told_of]
    finished = replace(report(*identifiers, at=at), files=(FileFacts(uploaded_at=uploaded),))
    given = {at, uploaded, *(when for _, _, when in told_of)} - {None}
    for entry in preservation(finished, RULES, NOW):
        assert entry.since in given | {NOW}
        assert entry.since <= NOW
        assert entry.expires_on >= entry.since.date()
