"""The documents that police units receive: read as far as they are understood, and never with surprise."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import md5
from typing import Any

import pytest

from hashsets.vocabulary import Digest, DigestAlgorithm
from tests.cybertip_documents import delivered
from triage.domain.errors import Unreadable
from triage.domain.reports import Identifier, IdentifierKind, IncidentType, Relevance, Role, Viewed
from triage.interfaces.cybertip.delivered_report import DeliveredReport, delivered_report
from triage.interfaces.cybertip.loose_json import MOST_BYTES

AT = datetime(2026, 3, 9, 21, 7, 5, tzinfo=UTC)


def read(**more: object) -> DeliveredReport:
    """The report in a document with more in it."""
    return delivered_report(json.dumps(delivered(**more)).encode())


def test_all_that_is_understood_is_taken() -> None:
    """Incident, persons, recipients, pages, mails; a time in the form of their pages."""
    report = read()
    facts = report.facts
    assert report.reference == "4711"
    assert facts.incident.types == (IncidentType.ENTICEMENT,)
    assert (facts.incident.at, facts.incident.platform, facts.incident.escalated) == (AT, "ExampleHost", False)
    assert [(party.role, len(party.identifiers)) for party in facts.parties] == [
        (Role.SUBJECT, 8),
        (Role.RECIPIENT, 1),
    ]
    subject = facts.parties[0].identifiers
    assert subject[0] == Identifier(kind=IdentifierKind.NAME, value="A B")
    assert Identifier(kind=IdentifierKind.EMAIL, value="a@h.invalid", verified=False) in subject
    assert Identifier(kind=IdentifierKind.ADDRESS, value="Nowhere, th", country="TH") in subject
    assert Identifier(kind=IdentifierKind.IP, value="203.0.113.7", event="upload", at=AT, port=443) in subject
    assert facts.urls == ("https://h.invalid/1",)
    assert facts.note.split("\n") == [
        "reported by: ExampleHost",
        "received by the clearing house: 2026-03-10T00:00:00Z",
        "additional: SYNTHETIC",
        "e-mail: made up mail",
    ]


def test_of_a_file_all_is_taken_too() -> None:
    """Viewed yes, no and unknown are three things, and the text `true` is yes."""
    one, two, three = read().files
    assert one.names == ("one.png", "IMG_0001.PNG")
    assert (one.facts.name, one.facts.note, one.facts.uploaded_at) == ("IMG_0001.PNG", "additional: of the file", AT)
    assert one.facts.details == (("submittal id", "s-1"), ("tag", "made up tag"), ("Make", "SynthCam"))
    assert [file.facts.viewed for file in (one, two, three)] == [Viewed.NO, Viewed.YES, Viewed.UNKNOWN]
    assert one.facts.relevance is Relevance.REPORTED


@pytest.mark.parametrize(
    ("said", "viewed"),
    [
        (True, Viewed.YES),
        ("Yes", Viewed.YES),
        (1, Viewed.YES),
        ({"value": True}, Viewed.YES),
        (False, Viewed.NO),
        ("false", Viewed.NO),
        ("No", Viewed.NO),
        (0, Viewed.NO),
        (None, Viewed.UNKNOWN),
        ("N/A", Viewed.UNKNOWN),
        ("perhaps", Viewed.UNKNOWN),
        ([], Viewed.UNKNOWN),
        (2, Viewed.UNKNOWN),
    ],
)
def test_only_what_says_so_was_viewed(said: object, viewed: Viewed) -> None:
    """`bool("false")` would open the gate."""
    [file] = read(uploadedFiles={"uploadedFiles": [{"filename": "a", "viewedByEsp": said}]}).files
    assert file.facts.viewed is viewed


def test_a_verification_hash_is_a_digest_when_it_is_one() -> None:
    """Upper case as they write it; anything else is left."""
    digest = md5(b"made up")
    files = [{"filename": "a", "verificationHash": digest.hexdigest().upper()}, {"verificationHash": "planted"}]
    one, other = read(uploadedFiles={"uploadedFiles": files}).files
    assert one.facts.digests == (Digest(DigestAlgorithm.MD5, digest.digest()),)
    assert other.facts.digests == ()


@pytest.mark.parametrize("odd", [None, [], {}, "text", 7, True, [None], [[]], {"value": []}, [7, "text"], 1e400])
@pytest.mark.parametrize("key", sorted(delivered()["reportedInformation"]))  # type: ignore[call-overload]  # a dict, typed as object
def test_what_is_missing_or_odd_is_left(key: str, odd: object) -> None:
    """Whatever stands in any place: the rest is read."""
    report = read(**{key: odd})
    assert report.reference == "4711"
    assert report.facts.incident.types


def test_what_no_database_keeps_is_replaced() -> None:
    """NUL and halves of characters, which JSON can say and text cannot."""
    text = json.dumps(delivered()).replace("SYNTHETIC", r"a\u0000b\ud800c")
    assert "additional: a\ufffdb\ufffdc" in delivered_report(text.encode()).facts.note


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"", "json-invalid"),
        (b"planted", "json-invalid"),
        (b"[]", "json-invalid"),
        (b'{"a": ' + b"[" * 100_000, "json-invalid"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "json-invalid"),
        (b"\xff\xfe\xff", "json-invalid"),
        (b"{}" + b" " * MOST_BYTES, "json-invalid"),
        (b"{}", "no-cybertip"),
        (b'{"reportedInformation": []}', "no-cybertip"),
        (json.dumps({"@odata.context": "made up", "value": []}).encode(), "no-cybertip"),
    ],
)
def test_what_is_no_report_has_a_code(document: bytes, code: str) -> None:
    """And a sentence without a word of it."""
    with pytest.raises(Unreadable) as caught:
        delivered_report(document)
    assert caught.value.code == code
    assert "planted" not in caught.value.sentence


def test_a_byte_order_mark_is_read_over() -> None:
    """As exporters write it."""
    found: Any = delivered_report(json.dumps(delivered()).encode("utf-8-sig"))
    assert found.reference == "4711"
