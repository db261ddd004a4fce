"""Which code stands for which failure, and in which form it is told."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest

from triage.domain.errors import Conflict, NotFound, Refused, Tampered, TriageError, Unavailable, Unreadable
from triage.interfaces.ispws.answers import About, ResponseCode, done, failed, finished
from triage.interfaces.web.statuses import TooManyRequests

TABLE = [
    (Unreadable("xml-malformed", "a"), 4110, 200),
    (Unreadable("xml-invalid", "a"), 4100, 200),
    (Refused("form-invalid", "a"), 4000, 200),
    (Refused("text-invalid", "a"), 4000, 200),
    (Refused("upload-too-large", "a"), 1111, 200),
    (Refused("media-not-kept", "a"), 4000, 200),
    (Refused("scope-missing", "a"), 3100, 200),
    (Unreadable("digest-mismatch", "a"), 4200, 200),
    (NotFound("no-report", "a"), 5001, 200),
    (NotFound("no-file", "a"), 5002, 200),
    (Conflict("report-finished", "a"), 5102, 200),
    (Conflict("report-retracted", "a"), 5101, 200),
    (Conflict("report-expired", "a"), 5001, 200),
    (Conflict("files-missing", "a"), 4000, 200),
    (Unavailable("disk-full", "a"), 1000, 503),
    (Unavailable("uploads-busy", "a"), 1000, 503),
    (Tampered("release-damaged", "a"), 1000, 500),
    (TooManyRequests(2.0), 1000, 429),
]


@pytest.mark.parametrize(("error", "code", "status"), TABLE, ids=lambda value: getattr(value, "code", str(value)))
def test_each_failure_has_its_code(error: TriageError, code: int, status: int) -> None:
    """With our sentence, and the report that was asked about."""
    answer = failed(error, About(7), unscoped=ResponseCode.NOT_AUTHORISED_TO_SUBMIT)
    told = fromstring(answer.body)
    assert [child.tag for child in told] == ["responseCode", "responseDescription", "reportId"]
    assert [child.text for child in told] == [str(code), error.sentence, "7"]
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert ("retry-after" in answer.headers) is (status in {429, 503})


@pytest.mark.parametrize("code", ["key-unknown", "key-expired", "key-revoked", "sender-disabled"])
def test_who_is_not_let_in_is_told_nothing(code: str) -> None:
    """401 with an empty body; which of the four it was stays with us."""
    answer = failed(Refused(code, "a"), unscoped=ResponseCode.NOT_AUTHORISED)
    assert (answer.status_code, answer.body) == (401, b"")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_words_are_escaped() -> None:
    """A sentence of ours is text, whatever stands in it."""
    answer = failed(Refused("form-invalid", "<a> & b"), unscoped=ResponseCode.NOT_AUTHORISED)
    assert fromstring(answer.body).findtext("responseDescription") == "<a> & b"


def test_success_tells_what_was_made() -> None:
    """In the order in which the format has them."""
    told = fromstring(done(About(7, "f", "0" * 32)).body)
    assert [(child.tag, child.text) for child in told] == [
        ("responseCode", "0"),
        ("responseDescription", "Success"),
        ("reportId", "7"),
        ("fileId", "f"),
        ("hash", "0" * 32),
    ]
    told = fromstring(finished(ResponseCode.SUCCESS, 7, ["a", "b"]).body)
    assert [one.text for one in told.findall("files/fileId")] == ["a", "b"]
