"""What a finished report leaves beside its items: identifiers, each with its service and its party."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from triage.domain.finished_reports import OF_A_FILE, FinishedReport, identifiers_to_keep, reported_identifiers
from triage.domain.legal import Legal
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
from triage.domain.senders import Sender, SenderKind

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PROVIDER = Sender(1, "example", SenderKind.PROVIDER, "US", Legal("Report"), keeps_media=True)
INCIDENT = Incident(types=(IncidentType.MATERIAL,), at=None)
ACCOUNT = Identifier(kind=IdentifierKind.ACCOUNT, value="Some\x00body")
ADDRESS = Identifier(kind=IdentifierKind.IP, value="192.0.2.1", at=AT, port=4711, country="th", event="upload")
REPORT = FinishedReport(
    report_id=1,
    submission_id=2,
    sender=PROVIDER,
    facts=ReportFacts(INCIDENT, (Party(Role.REPORTER, (ACCOUNT,)), Party(Role.CHILD, (ACCOUNT, ADDRESS)))),
    files=(FileFacts(identifiers=(ADDRESS,)),),
)


def test_identifiers_keep_their_party_and_their_files() -> None:
    """Parties count from 1; 0 is a file, whose identifiers are nobody's in particular."""
    found = list(reported_identifiers(REPORT))
    assert [(one.party, one.role, one.kind.value) for one in found] == [
        (1, "reporter", "account"),
        (2, "child", "account"),
        (2, "child", "ip"),
        (0, OF_A_FILE, "ip"),
    ]
    assert (found[2].at, found[2].port, found[2].country, found[2].event) == (AT, 4711, "TH", "upload")


def test_what_no_database_keeps_as_text_is_replaced_visibly() -> None:
    """And it is the same replacement in the value and in its spelling."""
    first = next(iter(reported_identifiers(REPORT)))
    assert first.value == "Some\N{REPLACEMENT CHARACTER}body"
    assert first.normal == "example/some\N{REPLACEMENT CHARACTER}body"


def test_whose_accounts_are_meant() -> None:
    """The platform that the report names, else a provider's own; a hotline or a unit has no accounts."""
    assert REPORT.service == "example"
    named = replace(REPORT, facts=ReportFacts(replace(INCIDENT, platform=" Chat ")))
    assert named.service == "Chat"
    hotline = replace(PROVIDER, kind=SenderKind.HOTLINE)
    assert replace(REPORT, sender=hotline).service == ""
    assert replace(named, sender=hotline).service == "Chat"


def test_nobody_is_asked_about_a_reporter() -> None:
    """Who reported is nobody's suspect: nothing of theirs is to be preserved."""
    assert list(identifiers_to_keep(REPORT)) == [ACCOUNT, ADDRESS, ADDRESS]
