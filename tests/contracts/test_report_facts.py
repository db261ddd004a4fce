"""What reports say, counted by either database: for the priority rules, and for pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.reported import NOT_VIEWED, VIEWED, FinishedReports, account, address, subject
from tests.unit.triage.stored import NOW, Scene
from triage.domain.items import Outcome
from triage.domain.referral_facts import ReferralFacts
from triage.domain.reports import FileFacts, FileMark, Identifier, IdentifierKind, IncidentType, Party, Role
from triage.domain.senders import SenderKind
from triage.store.referral_facts import count_facts
from triage.store.report_facts import MANY_REPORTS
from triage.store.unit_of_work import Store

EMAIL = Identifier(kind=IdentifierKind.EMAIL, value="Someone@example.org")
PHONE = Identifier(kind=IdentifierKind.PHONE, value="+66 81 234 5678")
MEME = FileFacts(marks=(FileMark.VIRAL, FileMark.MEME))
MADE = FileFacts(marks=(FileMark.GENERATED,))


@pytest.fixture
def desk(store: Store) -> FinishedReports:
    """Where finished reports arrive."""
    return FinishedReports(store)


def facts(store: Store, *submissions: int) -> ReferralFacts:
    with store.reading() as unit:
        return count_facts(unit.connection, submissions, NOW)


def test_a_seizure_has_no_facts_of_reports(store: Store) -> None:
    """Also where another submission has."""
    FinishedReports(store).report(subject(account("one"), EMAIL))
    found = facts(store, Scene(store).submission())
    assert found == ReferralFacts(distinct_submissions=1, distinct_cases=1)


def test_types_and_escalation_are_those_of_any_report(store: Store, desk: FinishedReports) -> None:
    one = desk.report(types=(IncidentType.MATERIAL, IncidentType.ENTICEMENT))
    two = desk.report(types=(IncidentType.MATERIAL,))
    assert facts(store, one, two).incident_types == ("enticement", "material")
    assert not facts(store, one, two).reporter_escalated
    assert facts(store, one, desk.report(escalated=True)).reporter_escalated


def test_identifiers_count_once_however_they_are_spelt(store: Store, desk: FinishedReports) -> None:
    """In one report or in several of the network."""
    one = desk.report(subject(account("Some Body"), EMAIL, PHONE), subject(account("some body ")))
    two = desk.report(subject(replace(EMAIL, value="SOMEONE@EXAMPLE.ORG"), replace(PHONE, value="0066812345678")))
    found = facts(store, one, two)
    assert (found.accounts, found.emails, found.phones) == (1, 1, 1)


def test_a_reporters_own_identifiers_find_nobody(store: Store, desk: FinishedReports) -> None:
    """Everyone else's count: a recipient's or a child's leads somewhere too."""
    told = (account("one"), EMAIL, PHONE, address("192.0.2.1", 1, NOW))
    assert facts(store, desk.report(Party(Role.REPORTER, told))).accounts == 0
    found = facts(store, desk.report(Party(Role.RECIPIENT, told)))
    assert (found.accounts, found.emails, found.phones, found.ips_with_port) == (1, 1, 1, 1)
    reporter = facts(store, desk.report(Party(Role.REPORTER, told)))
    assert (reporter.emails, reporter.phones, reporter.ips_with_port, reporter.fresh_ips_with_port) == (0, 0, 0, 0)


def test_a_screen_name_beside_an_account_is_the_same_account(store: Store, desk: FinishedReports) -> None:
    """Without one it is an account of its own."""
    name = Identifier(kind=IdentifierKind.SCREEN_NAME, value="somebody")
    assert facts(store, desk.report(subject(account("1"), name))).accounts == 1
    assert facts(store, desk.report(subject(account("1")), subject(name))).accounts == 2


def test_an_address_needs_port_and_time_to_count(store: Store, desk: FinishedReports) -> None:
    """Another port is another subscriber; another time of the same is not counted again."""
    good = address("192.0.2.1", 1, NOW)
    told = (
        good,
        replace(good, port=2),
        replace(good, at=NOW - timedelta(days=1)),
        address("192.0.2.2", None, NOW),
        address("192.0.2.3", 3),
    )
    found = facts(store, desk.report(subject(*told)))
    assert (found.ips_with_port, found.fresh_ips_with_port) == (2, 2)


def test_an_address_of_a_file_counts(store: Store, desk: FinishedReports) -> None:
    one = desk.report(files=[("a", FileFacts(identifiers=(address("192.0.2.1", 1, NOW),)))])
    assert facts(store, one).ips_with_port == 1


def test_an_address_is_fresh_while_its_operator_keeps_it(store: Store, desk: FinishedReports) -> None:
    """By the rules of its country; one later capture is enough. An address without a port is never fresh."""
    old = address("192.0.2.1", 1, NOW - timedelta(days=91), "TH")
    assert facts(store, desk.report(subject(old))).fresh_ips_with_port == 0
    edge = replace(old, at=NOW - timedelta(days=90))
    assert facts(store, desk.report(subject(edge))).fresh_ips_with_port == 1
    assert facts(store, desk.report(subject(replace(old, country="VN")))).fresh_ips_with_port == 1
    assert facts(store, desk.report(subject(old, replace(old, at=NOW)))).fresh_ips_with_port == 1
    assert facts(store, desk.report(subject(address("192.0.2.1", None, NOW)))).fresh_ips_with_port == 0


def test_a_childs_account_in_several_reports(store: Store, desk: FinishedReports) -> None:
    """Wherever the other report is, and whatever the account is there; the same service only; not a reporter's."""
    child = Party(Role.CHILD, (account("Kid"), account("Other")))
    one = desk.report(child)
    assert facts(store, one).child_accounts_in_several_reports == 0
    desk.report(Party(Role.REPORTER, (account("kid"),)))
    FinishedReports(store).report(Party(Role.CHILD, (account("kid"),)))  # of another provider
    assert facts(store, one).child_accounts_in_several_reports == 0
    desk.report(Party(Role.RECIPIENT, (account("KID"),)))
    assert facts(store, one).child_accounts_in_several_reports == 1


def test_a_subject_in_several_reports_is_no_child(store: Store, desk: FinishedReports) -> None:
    one, two = desk.report(subject(account("kid"))), desk.report(subject(account("kid")))
    assert facts(store, one, two).child_accounts_in_several_reports == 0


def test_independent_signs_of_one_country(store: Store, desk: FinishedReports) -> None:
    """Kinds count, not values; of different countries they do not add up; proxies, children, reporters say none."""
    thai = [address(f"192.0.2.{number}", country="TH") for number in range(3)]
    assert facts(store, desk.report(subject(*thai))).agreeing_jurisdiction_signs == 1
    assert facts(store, desk.report(subject(*thai, PHONE))).agreeing_jurisdiction_signs == 2
    lao = replace(PHONE, value="+856 20 1234 5678")
    assert facts(store, desk.report(subject(*thai, lao))).agreeing_jurisdiction_signs == 1
    hidden = replace(thai[0], possible_proxy=True)
    assert facts(store, desk.report(subject(hidden, PHONE))).agreeing_jurisdiction_signs == 1
    assert facts(store, desk.report(Party(Role.CHILD, (*thai, PHONE)))).agreeing_jurisdiction_signs == 0
    assert facts(store, desk.report(subject(account("one")))).agreeing_jurisdiction_signs == 0


def test_marks_count_where_every_report_here_says_so(store: Store, desk: FinishedReports) -> None:
    """They lower: one sender's mark must not outweigh another's silence. Items set aside are not counted."""
    one = desk.report(files=[("a", MEME), ("b", MEME), ("c", MADE)])
    assert (facts(store, one).marked_meme, facts(store, one).marked_generated) == (2, 1)
    two = desk.report(files=[("a", VIEWED)])
    assert facts(store, one, two).marked_meme == 1
    good = desk.report(files=[("d", MEME)], outcome=Outcome.KNOWN_GOOD)
    assert facts(store, good).marked_meme == 0


def test_widely_reported_is_what_many_reports_outside_have(store: Store, desk: FinishedReports) -> None:
    """Seizures are no reports, and the network's own are not unrelated."""
    one, two = desk.report(files=[("a", VIEWED), ("b", VIEWED)]), desk.report(files=[("a", VIEWED)])
    for _ in range(MANY_REPORTS - 1):
        desk.report(files=[("a", NOT_VIEWED)])
    assert facts(store, one, two).widely_reported == 0
    assert facts(store, one).widely_reported == 1  # the network is smaller: one report more is outside
    desk.report(files=[("a", NOT_VIEWED)])
    assert facts(store, one, two).widely_reported == 1


def test_the_earliest_end_that_still_matters_decides(store: Store, desk: FinishedReports) -> None:
    """Of what holders keep and of what was said by hand."""
    one = desk.report(subject(address("192.0.2.1", 1, NOW - timedelta(days=80), "TH")))
    assert facts(store, one).earliest_expiry == NOW.date() + timedelta(days=10)
    with store.reading() as unit:
        assert unit.submissions.get(one).delivery.preserve_until == NOW.date() + timedelta(days=10)
    by_hand = Scene(store).submission(preserve_until=NOW.date() + timedelta(days=5))
    assert facts(store, one, by_hand).earliest_expiry == NOW.date() + timedelta(days=5)
    gone = desk.report(subject(address("192.0.2.1", 1, NOW - timedelta(days=300), "TH")))
    assert facts(store, gone).earliest_expiry == NOW.date() + timedelta(days=365)  # the report's own contents


def test_counts_for_a_page(store: Store, desk: FinishedReports) -> None:
    """Files as the sender told them, however many items they gave."""
    graded = replace(VIEWED, classification="ncmec:A1")
    one = desk.report(files=[("a", graded), ("a", NOT_VIEWED), ("b", MEME)])
    two = desk.report(files=[("c", graded)])
    with store.reading() as unit:
        found = unit.report_rows.counts([one, two])
        none = unit.report_rows.counts([])
    assert (found.reports, found.files) == (2, 4)
    assert found.viewed == {"yes": 2, "no": 1, "unknown": 1}
    assert found.classifications == {"ncmec:A1": 2}
    assert found.marks == {"meme": 1, "viral": 1}
    assert (none.reports, none.files, none.marks) == (0, 0, {})


def test_a_page_lists_subjects_and_neither_children_nor_reporters(store: Store, desk: FinishedReports) -> None:
    """Those in the most reports first."""
    others = (Party(Role.CHILD, (account("kid"),)), Party(Role.REPORTER, (EMAIL,)))
    one = desk.report(subject(account("Some Body"), PHONE), *others)
    two = desk.report(subject(account("some body")))
    with store.reading() as unit:
        found = unit.report_rows.subjects([one, two], 10)
        short = unit.report_rows.subjects([one, two], 1)
    assert [(two.kind, two.reports, two.country) for two in found] == [("account", 2, ""), ("phone", 1, "TH")]
    assert len(short) == 1


def test_what_is_to_be_preserved_by_its_end(store: Store, desk: FinishedReports) -> None:
    """What is worth asking for first; what is long gone last; each once however often it is written."""
    old, lately, fresh = (
        address(f"192.0.2.{number}", 1, NOW - timedelta(days=days), "TH") for number, days in enumerate((200, 95, 10))
    )
    one = desk.report(subject(old, lately, fresh))
    today = NOW.date()
    with store.reading() as unit:
        listed = [found.entry.identifier for found in unit.preservation.of_submissions([one], 10, today)]
        short = unit.preservation.of_submissions([one], 2, today)
        ahead = unit.preservation.all(today, 10)
        everything = unit.preservation.all(None, 10)
        counts = unit.preservation.count([one])
    assert listed == ["192.0.2.1 port 1", "192.0.2.2 port 1", "1", "192.0.2.0 port 1"]
    assert [found.entry.identifier for found in short] == listed[:2]
    assert [found.entry.identifier for found in ahead] == listed[1:3]
    assert [found.entry.identifier for found in everything] == [listed[3], *listed[:3]]
    assert counts == {"report-content": 1, "traffic-data": 3}


def test_a_submission_said_to_end_earlier_stays_so(store: Store, desk: FinishedReports) -> None:
    """What a person said outweighs a later estimate, and gives way to an earlier one."""
    one = desk.report()
    earlier = date(2026, 3, 20)
    with store.writing() as unit:
        (found,) = unit.preservation.of_submissions([one], 1, NOW.date())
        unit.preservation.add({one: [replace(found.entry, expires_on=earlier, identifier="x")]}, NOW.date())
        unit.preservation.add({one: [found.entry]}, NOW.date())
        assert unit.submissions.get(one).delivery.preserve_until == earlier
        assert len(unit.preservation.of_submissions([one], 10, NOW.date())) == 2


def test_a_hotlines_reports_count_like_a_providers(store: Store) -> None:
    assert facts(store, FinishedReports(store, SenderKind.HOTLINE).report(subject(EMAIL))).emails == 1
