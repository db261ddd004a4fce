"""The seams of the reporting doors: CyberTip's XML, its forms, and the JSON that police units receive."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator

from fuzz.target import Target, at_once, require
from triage.domain.errors import Refused, Unreadable
from triage.domain.reports import FileFacts, ReportFacts, Viewed
from triage.interfaces.cybertip.delivered_report import delivered_report
from triage.interfaces.cybertip.faults import InvalidXml, MalformedXml
from triage.interfaces.cybertip.file_facts import file_details
from triage.interfaces.cybertip.model import DOCUMENTS
from triage.interfaces.cybertip.reading_xml import Node, XmlLimits, read_xml
from triage.interfaces.cybertip.report_facts import report_facts
from triage.interfaces.cybertip.validating import validate
from triage.interfaces.ispws.bodies import form
from triage.store.report_documents import file_document, report_document

_LIMITS = XmlLimits(depth=12, elements=200, attributes=8, attribute_length=64)
_FORM_BYTES = 512

REPORT = b"""<?xml version="1.0" encoding="UTF-8"?><report><incidentSummary>
<incidentType>Child Sex Tourism</incidentType><platform>p</platform><reportAnnotations><spam/></reportAnnotations>
<incidentDateTime>2026-03-09T21:07:05Z</incidentDateTime></incidentSummary>
<internetDetails><webPageIncident><url>https://h.invalid/</url></webPageIncident></internetDetails>
<reporter><reportingPerson><firstName>T</firstName><email type="Work">a@h.invalid</email></reportingPerson></reporter>
<personOrUserReported><screenName>s</screenName><ipCaptureEvent><ipAddress>192.0.2.1</ipAddress>
<dateTime>2026-03-09T21:07:05</dateTime><port>1</port></ipCaptureEvent></personOrUserReported></report>"""
DETAILS = b"""<fileDetails><reportId>1</reportId><fileId>f</fileId><fileViewedByEsp>false</fileViewedByEsp>
<fileAnnotations><viral/></fileAnnotations><originalFileHash hashType="MD5">00000000000000000000000000000000
</originalFileHash><details type="EXIF"><nameValuePair><name>a</name><value>b</value></nameValuePair></details>
</fileDetails>"""
BOMBS = (
    b'<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]><report>&b;</report>',
    b'<!DOCTYPE r SYSTEM "https://h.invalid/x"><report/>',
    b'<?xml version="1.0" encoding="UTF-16"?><report/>',
    "<?xml version='1.0' encoding='utf-16'?><report/>".encode("utf-16"),
)
DELIVERED = json.dumps(
    {
        "reportId": 1,
        "reportedInformation": {
            "incidentSummary": {
                "incidentType": {"value": "a"},
                "incidentDateTime": {"value": "03-09-2026 21:07:05 UTC"},
            },
            "reportedPeople": {
                "reportedPersons": [{"screenName": {"value": "s"}, "emails": {"emails": [{"value": "e"}]}}]
            },
            "uploadedFiles": {
                "uploadedFiles": [{"filename": "a", "viewedByEsp": False, "verificationHash": "00" * 16}]
            },
        },
    }
).encode()
_TYPES = (b"multipart/form-data; boundary=b", b"application/x-www-form-urlencoded")
_PART = b"--b\r\nContent-Disposition: form-data; name="
_FORMS = (
    _TYPES[0] + b"\n" + _PART + b'"id"\r\n\r\n1\r\n' + _PART + b'"file"; filename="a"\r\n\r\nbytes\r\n--b--\r\n',
    _TYPES[1] + b"\nid=1&file=%20",
    b'multipart/form-data; boundary="b"\n--b--',
)


def _xml(data: bytes) -> None:
    """A document of the model, or a fault by line; what passes has facts that a database keeps."""
    try:
        root = read_xml(data, _LIMITS)
        validate(root, root.name if root.name in DOCUMENTS else "report")
    except (MalformedXml, InvalidXml) as fault:
        require(holds=fault.line >= 1, promise="a fault has a line")
        return
    require(holds=b"<!DOCTYPE" not in data, promise="no document type is taken")
    require(holds=_size(root) <= _LIMITS.elements, promise="within its limits")
    if root.name == "report":
        _kept(report_facts(root))
    else:
        details = file_details(root)
        said = next((one.text.strip() for one in root.children if one.name == "fileViewedByEsp"), "")
        require(holds=(details.facts.viewed is Viewed.YES) == (said in {"true", "1"}), promise="viewed only if said")
        _kept_file(details.facts)


def _size(node: Node) -> int:
    return 1 + sum(map(_size, node.children))


def _kept(facts: ReportFacts) -> None:
    text = json.dumps(report_document(facts), ensure_ascii=False)
    text.encode()
    require(holds="\\u0000" not in text.replace("\\\\", ""), promise="no NUL")
    require(holds=bool(facts.incident.types), promise="an incident has a type")
    times = [facts.incident.at, *(one.at for party in facts.parties for one in party.identifiers)]
    require(holds=all(at is None or at.tzinfo is not None for at in times), promise="times have a zone")
    ports = [one.port for party in facts.parties for one in party.identifiers]
    require(holds=all(port is None or 0 < port < 65_536 for port in ports), promise="ports are ports")


def _kept_file(facts: FileFacts) -> None:
    json.dumps(file_document(facts), ensure_ascii=False).encode()
    require(holds=facts.uploaded_at is None or facts.uploaded_at.tzinfo is not None, promise="times have a zone")


def _json(data: bytes) -> None:
    with contextlib.suppress(Unreadable):
        report = delivered_report(data)
        _kept(report.facts)
        for file in report.files:
            _kept_file(file.facts)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 7):
        yield body[start : start + 7]


def _forms(data: bytes) -> None:
    """The first line is the type."""
    kind, _, body = data.partition(b"\n")
    with contextlib.suppress(Refused):
        found = at_once(form(kind.decode("latin-1"), _pieces(body), _FORM_BYTES))
        require(holds=len(found.file or b"") <= _FORM_BYTES, promise="a file is within its limit")
        require(holds=len(found.fields) <= 16, promise="few fields")


TARGETS = (
    Target(
        "cybertip-xml", "facts that a database keeps, or a fault by line", _xml, lambda: [REPORT, DETAILS, *BOMBS]
    ),
    Target("cybertip-json", "facts that a database keeps, or Unreadable", _json, lambda: [DELIVERED, b"{}"]),
    Target("ispws-forms", "fields and a file within limits, or Refused", _forms, lambda: _FORMS),
)
