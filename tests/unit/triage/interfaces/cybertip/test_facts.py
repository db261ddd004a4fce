"""What a document says, in our own words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import md5, sha1

import pytest

from hashsets.vocabulary import Digest, DigestAlgorithm
from tests.cybertip_documents import REPORT, file_details
from triage.domain.reports import (
    FileMark,
    Identifier,
    IdentifierKind,
    IncidentType,
    ReportFacts,
    Role,
    Viewed,
)
from triage.interfaces.cybertip import file_facts
from triage.interfaces.cybertip.incidents import ANNOTATIONS, INCIDENTS, MARKS, incident_of
from triage.interfaces.cybertip.model import FILE_DETAILS, INCIDENT_TYPE
from triage.interfaces.cybertip.model import REPORT as REPORT_TYPE
from triage.interfaces.cybertip.reading_xml import read_xml
from triage.interfaces.cybertip.report_facts import report_facts
from triage.interfaces.cybertip.schema import OneOf
from triage.interfaces.cybertip.simple_types import calendar_date, date_time
from triage.interfaces.cybertip.validating import validate

AT = datetime(2026, 3, 9, 21, 7, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def facts() -> ReportFacts:
    """Of the report that has a little of everything."""
    root = read_xml(REPORT.encode())
    validate(root, "report")
    return report_facts(root)


def test_the_incident_has_its_type_and_its_annotations(facts: ReportFacts) -> None:
    """One type, then what it was annotated with; a reason for haste is an escalation."""
    incident = facts.incident
    assert incident.types == (IncidentType.ENTICEMENT, IncidentType.SPAM, IncidentType.SEXTORTION)
    assert (incident.at, incident.platform, incident.escalated) == (AT, "ExampleHost", True)
    assert incident.summary == "escalated because: made up: a meeting is planned\ntime: the first message"


def test_the_subject_has_all_identifiers(facts: ReportFacts) -> None:
    """With service, scheme, event, time and port where they are told."""
    subject = facts.parties[0]
    assert subject.role is Role.SUBJECT
    assert subject.identifiers == (
        Identifier(kind=IdentifierKind.NAME, value="A B"),
        Identifier(kind=IdentifierKind.BIRTH_DATE, value="1980-01-01"),
        Identifier(kind=IdentifierKind.PHONE, value="+66 800000000", verified=True),
        Identifier(kind=IdentifierKind.ADDRESS, value="Nowhere, TH", country="TH"),
        Identifier(kind=IdentifierKind.ACCOUNT, value="user-1", service="ExampleHost"),
        Identifier(kind=IdentifierKind.SCREEN_NAME, value="made_up", service="ExampleHost"),
        Identifier(kind=IdentifierKind.DISPLAY_NAME, value="Made Up", service="ExampleHost"),
        Identifier(kind=IdentifierKind.PROFILE_URL, value="https://h.invalid/u/1", service="ExampleHost"),
        Identifier(kind=IdentifierKind.GROUP, value="group-1", service="ExampleHost"),
        Identifier(
            kind=IdentifierKind.IP, value="203.0.113.7", event="login", at=AT, port=54321, possible_proxy=False
        ),
        Identifier(kind=IdentifierKind.DEVICE, value="000000000000000", scheme="IMEI", event="upload"),
    )
    assert subject.note == "estimated location: Nowhere, TH\nadditional: of the subject"


def test_the_other_parties_are_told_apart(facts: ReportFacts) -> None:
    """An associated account, a recipient, a child, an address whose owner is not told, the reporter."""
    rest = [(party.role, [one.value for one in party.identifiers], party.note) for party in facts.parties[1:]]
    assert rest == [
        (Role.SUBJECT, ["user-2"], "associated account: Linked\nplatform: Other"),
        (Role.RECIPIENT, ["somebody"], ""),
        (Role.CHILD, [], "age: 12\nschool: none"),
        (Role.SUBJECT, ["192.0.2.9"], "from the incident's details"),
        (Role.REPORTER, ["Test", "desk@h.invalid"], ""),
    ]


def test_what_has_no_place_of_its_own_is_a_line(facts: ReportFacts) -> None:
    """Nothing that an investigator may need is lost; URLs are recorded."""
    assert facts.urls == ("https://h.invalid/1",)
    assert facts.note.split("\n") == [
        "marked as informational",
        "incident: webPageIncident",
        "hosted by another company",
        "incident: chatImIncident",
        "chat room: room",
        "content: made up",
        "incident: peer2peerIncident",
        "client: none",
        "law enforcement: Example Cyber Unit",
        "their case: OP-1",
        "additional: SYNTHETIC TEST REPORT",
        "times without a zone were read as UTC",
    ]


def test_every_word_of_the_format_has_one_of_ours() -> None:
    """A word that is added to the model needs a meaning."""
    assert set(INCIDENTS) == INCIDENT_TYPE.words
    summary = REPORT_TYPE.child("incidentSummary")
    assert summary
    annotations = summary.type.child("reportAnnotations")
    assert annotations
    assert set(ANNOTATIONS) == {one.name for one in annotations.type.children if not isinstance(one, OneOf)}
    marks = FILE_DETAILS.child("fileAnnotations")
    assert marks
    assert set(MARKS) == {one.name for one in marks.type.children if not isinstance(one, OneOf)}


@pytest.mark.parametrize("words", INCIDENTS)
def test_free_words_for_incidents_mean_the_same(words: str) -> None:
    """Police units receive the same words, and others like them."""
    assert incident_of(words) is INCIDENTS[words]
    assert incident_of(f"Apparent {words.upper()} (Unconfirmed)") is INCIDENTS[words]


def test_a_file_is_what_its_details_say() -> None:
    """Digests that we know are compared; values of other kinds are kept under their names."""
    known = md5(b"made up").hexdigest(), sha1(b"made up").hexdigest()
    hashes = (
        f'<originalFileHash hashType="MD5">{known[0].upper()}</originalFileHash>'
        f'<originalFileHash hashType="SHA-1"> {known[1]} </originalFileHash>'
        '<originalFileHash hashType="MD5">short</originalFileHash>'
        '<originalFileHash hashType="PhotoDNA">made up</originalFileHash>'
    )
    told = file_facts.file_details(read_xml(file_details(7, "ab", hashes)))
    assert (told.report_id, told.file_id) == (7, "ab")
    facts = told.facts
    assert facts.digests == (
        Digest(DigestAlgorithm.MD5, bytes.fromhex(known[0])),
        Digest(DigestAlgorithm.SHA1, bytes.fromhex(known[1])),
    )
    assert facts.details == (("hash MD5", "short"), ("hash PhotoDNA", "made up"), ("Make", "SynthCam"))
    assert facts.marks == (FileMark.GENERATED, FileMark.VIRAL)
    assert (facts.name, facts.classification, facts.uploaded_at) == ("IMG_0001.PNG", "ncmec:B2", AT)
    assert (facts.viewed, facts.metadata_viewed, facts.publicly_available) == (Viewed.YES, Viewed.NO, False)
    assert [one.value for one in facts.identifiers] == ["203.0.113.7"]


@pytest.mark.parametrize(
    ("said", "viewed"),
    [
        ("", Viewed.UNKNOWN),
        ("<fileViewedByEsp>false</fileViewedByEsp>", Viewed.NO),
        ("<fileViewedByEsp>0</fileViewedByEsp>", Viewed.NO),
        ("<fileViewedByEsp> true </fileViewedByEsp>", Viewed.YES),
    ],
)
def test_nobody_viewed_what_nobody_says_was_viewed(said: str, viewed: Viewed) -> None:
    """Silence stays silence: the legal gate treats it as no, and a page can say that nothing was told."""
    document = f"<fileDetails><reportId>1</reportId><fileId>f</fileId>{said}</fileDetails>"
    assert file_facts.file_details(read_xml(document.encode())).facts.viewed is viewed


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("2026-03-09T21:07:05Z", AT),
        ("2026-03-09T16:07:05-05:00", AT),
        ("2026-03-09T21:07:05", AT.replace(tzinfo=None)),
        ("2026-03-09T21:07:05.5Z", AT.replace(microsecond=500_000)),
        ("2026-03-09T21:07:05.1234567891Z", AT.replace(microsecond=123_456)),
        ("0001-01-01T00:00:00+14:00", None),
        ("2026-03-09T24:00:00Z", None),
        ("2026-13-09T21:07:05Z", None),
        ("10000-03-09T21:07:05Z", None),
    ],
)
def test_times_are_read_as_they_stand(words: str, found: datetime | None) -> None:
    """A time that Python's calendar does not have is refused rather than moved."""
    assert date_time(words) == found


def test_days_are_read_as_they_stand() -> None:
    """Without their zone, which a day of birth hardly has."""
    assert calendar_date("2026-03-09+07:00") == date(2026, 3, 9)
    assert calendar_date("2026-02-30") is None
