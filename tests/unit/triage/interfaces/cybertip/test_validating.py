"""A table of what may be wrong with a document, and what is right all the same."""

from __future__ import annotations

import re

import pytest

from tests.cybertip_documents import REPORT, file_details
from triage.interfaces.cybertip.faults import InvalidXml
from triage.interfaces.cybertip.reading_xml import read_xml
from triage.interfaces.cybertip.validating import validate

SUMMARY = (
    "<incidentSummary><incidentType>Child Sex Tourism</incidentType>"
    "<incidentDateTime>2026-03-09T21:07:05Z</incidentDateTime></incidentSummary>"
)
REPORTER = "<reporter><reportingPerson/></reporter>"


def report(summary: str = SUMMARY, between: str = "", reporter: str = REPORTER, after: str = "") -> bytes:
    """A report as small as it may be, with more in it."""
    return f"<report>{summary}{between}{reporter}{after}</report>".encode()


def summary(inner: str, kind: str = "Child Sex Tourism", at: str = "2026-03-09T21:07:05Z") -> str:
    """A summary with more in it, before its time."""
    return (
        f"<incidentSummary><incidentType>{kind}</incidentType>{inner}<incidentDateTime>{at}</incidentDateTime>"
        "</incidentSummary>"
    )


def capture(inner: str) -> str:
    """A subject with a capture of an IP address."""
    return f"<personOrUserReported><ipCaptureEvent>{inner}</ipCaptureEvent></personOrUserReported>"


def details(inner: str) -> bytes:
    """Details of a file, as small as they may be, with more in them."""
    return f"<fileDetails><reportId>1</reportId><fileId>f</fileId>{inner}</fileDetails>".encode()


WRONG = {
    "another root": b"<fileDetails/>",
    "no summary": report(summary=""),
    "no reporter": report(reporter=""),
    "reporter before summary": f"<report>{REPORTER}{SUMMARY}</report>".encode(),
    "two summaries": report(between=SUMMARY),
    "two reporters": report(between=REPORTER),
    "a victim before a recipient": report(
        after="<victim><victimPerson/></victim><intendedRecipient><screenName>a</screenName></intendedRecipient>"
    ),
    "a victim without a person": report(after="<victim><screenName>a</screenName></victim>"),
    "two notes": report(after="<additionalInfo/><additionalInfo/>"),
    "text between elements": report(between="planted"),
    "an incident type that is none": report(summary=summary("", kind="Child Pornography")),
    "an incident type in other letters": report(summary=summary("", kind="child sex tourism")),
    "an incident type with blanks": report(summary=summary("", kind=" Child Sex Tourism ")),
    "a time that is none": report(summary=summary("", at="yesterday")),
    "a day that is none": report(summary=summary("", at="2026-02-29T00:00:00Z")),
    "a time without seconds": report(summary=summary("", at="2026-03-09T21:07Z")),
    "a time with a blank": report(summary=summary("", at="2026-03-09 21:07:05Z")),
    "a zone that is none": report(summary=summary("", at="2026-03-09T21:07:05+15:00")),
    "the year 0": report(summary=summary("", at="0000-03-09T21:07:05Z")),
    "an empty time": report(summary=summary("", at="")),
    "digits of another script": report(summary=summary("", at="٢٠٢٦-03-09T21:07:05Z")),
    "platform after annotations": report(summary=summary("<reportAnnotations/><platform>a</platform>")),
    "an annotation that says no": report(
        summary=summary("<reportAnnotations><spam>false</spam></reportAnnotations>")
    ),
    "an annotation twice": report(summary=summary("<reportAnnotations><spam/><spam/></reportAnnotations>")),
    "an annotation that is none": report(summary=summary("<reportAnnotations><planted/></reportAnnotations>")),
    "a platform of 3,001 characters": report(summary=summary(f"<platform>{'a' * 3_001}</platform>")),
    "details of nothing": report(between="<internetDetails/>"),
    "details of two things": report(between="<internetDetails><webPageIncident/><emailIncident/></internetDetails>"),
    "an element in a text": report(after="<additionalInfo>a<b/></additionalInfo>"),
    "an e-mail of a type that is none": report(
        reporter="<reporter><reportingPerson><email type='planted'>a</email></reportingPerson></reporter>"
    ),
    "a calling code without its plus": report(
        reporter="<reporter><reportingPerson><phone countryCallingCode='66'>1</phone></reportingPerson></reporter>"
    ),
    "a country that is none": report(
        reporter="<reporter><reportingPerson><address><country>ZZ</country></address></reportingPerson></reporter>"
    ),
    "a capture without an address": report(after=capture("<port>1</port>")),
    "a capture out of order": report(after=capture("<port>1</port><ipAddress>192.0.2.1</ipAddress>")),
    "a port that is no number": report(after=capture("<ipAddress>a</ipAddress><port>planted</port>")),
    "a port beyond xs:int": report(after=capture("<ipAddress>a</ipAddress><port>2147483648</port>")),
    "an event that is none": report(after=capture("<ipAddress>a</ipAddress><eventName>planted</eventName>")),
    "a boolean in words": report(after=capture("<ipAddress>a</ipAddress><possibleProxy>yes</possibleProxy>")),
    "an associated account without its type": report(
        after="<personOrUserReported><associatedAccount/></personOrUserReported>"
    ),
    "a batch without its reason": f"<report><batchedReport/>{SUMMARY}{REPORTER}</report>".encode(),
}
WRONG_DETAILS = {
    "no file": b"<fileDetails><reportId>1</reportId></fileDetails>",
    "a report's number that is none": b"<fileDetails><reportId>a</reportId><fileId>f</fileId></fileDetails>",
    "a number beyond xs:long": details("").replace(b">1<", b">9223372036854775808<"),
    "file before report": b"<fileDetails><fileId>f</fileId><reportId>1</reportId></fileDetails>",
    "metadata viewed and not the file": details("<exifViewedByEsp>true</exifViewedByEsp>"),
    "metadata viewed, the file not": details(
        "<fileViewedByEsp>0</fileViewedByEsp><exifViewedByEsp>1</exifViewedByEsp>"
    ),
    "a relevance that is none": details("<fileRelevance>reported</fileRelevance>"),
    "a class that is none": details("<industryClassification>C1</industryClassification>"),
    "a class of a supplemental file": details(
        "<fileRelevance>Supplemental Reported</fileRelevance><industryClassification>A1</industryClassification>"
    ),
    "a supplemental meme": details(
        "<fileRelevance>Supplemental Reported</fileRelevance><potentialMeme>true</potentialMeme>"
    ),
    "a supplemental meme by annotation": details(
        "<fileRelevance>Supplemental Reported</fileRelevance><fileAnnotations><potentialMeme/></fileAnnotations>"
    ),
    "a meme and annotations": details("<potentialMeme>true</potentialMeme><fileAnnotations/>"),
    "a hash without its type": details("<originalFileHash>00</originalFileHash>"),
    "two uploads": details(2 * "<ipCaptureEvent><ipAddress>a</ipAddress></ipCaptureEvent>"),
    "no pairs": details("<details type='EXIF'/>"),
    "the type at the pair": details(
        "<details><nameValuePair type='EXIF'><name>a</name><value>b</value></nameValuePair></details>"
    ),
    "a name without its value": details("<details><nameValuePair><name>a</name></nameValuePair></details>"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_report_is_refused(name: str) -> None:
    """With a line, and no word of the document."""
    refused(WRONG[name], "report")


@pytest.mark.parametrize("name", WRONG_DETAILS)
def test_wrong_file_details_are_refused(name: str) -> None:
    """The same."""
    refused(WRONG_DETAILS[name], "fileDetails")


def refused(document: bytes, root: str) -> None:
    """As invalid."""
    with pytest.raises(InvalidXml) as caught:
        validate(read_xml(document), root)
    assert re.match(r"Line \d+: ", caught.value.sentence)
    assert "planted" not in caught.value.sentence


def test_the_fault_names_the_line_of_the_element() -> None:
    """A provider's engineer finds it."""
    document = REPORT.replace("<espIdentifier>user-1</espIdentifier><espService>ExampleHost</espService>", "<age/>")
    line = 1 + document[: document.index("<age/>")].count("\n")
    with pytest.raises(InvalidXml, match=f"Line {line}: <personOrUserReported> has an element"):
        validate(read_xml(document.encode()), "report")


@pytest.mark.parametrize(
    "document",
    [
        report(),
        REPORT.encode(),
        report(summary=summary("<reportAnnotations><spam/><sextortion>1</sextortion></reportAnnotations>")),
        report(summary=summary("", at="2026-03-09T21:07:05.123456789")),
        report(between="<internetDetails><webPageIncident/></internetDetails>"),
        report(after="<personOrUserReported/><personOrUserReported/>"),
    ],
)
def test_what_is_right_passes(document: bytes) -> None:
    """Also what is odd: an empty person, a time without a zone, annotations in any order."""
    validate(read_xml(document), "report")


def test_file_details_that_are_right_pass() -> None:
    """A supplemental file that is no meme among them."""
    validate(read_xml(file_details(1, "a" * 32)), "fileDetails")
    supplemental = details(
        "<fileRelevance>Supplemental Reported</fileRelevance><potentialMeme>false</potentialMeme>"
        "<originalFileHash hashType='MD5'>no value that we know</originalFileHash>"
    )
    validate(read_xml(supplemental), "fileDetails")
