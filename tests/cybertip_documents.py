"""CyberTip documents, made up by hypothesis from the model: any that it allows. Texts are made up and harmless."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from hypothesis import strategies as st

from triage.interfaces.cybertip.model import DOCUMENTS
from triage.interfaces.cybertip.reading_xml import Node
from triage.interfaces.cybertip.schema import Child, Group, OneOf, Type
from triage.interfaces.cybertip.simple_types import Simple

_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))
_PATTERNS = {r"\+[0-9]{1,3}": st.sampled_from(["+1", "+66", "+420"]), r"[0-9]+": st.sampled_from(["1", "0042"])}
_TIMES = st.sampled_from(
    ["2024-03-09T21:07:05Z", "2024-03-09T21:07:05.123456-05:00", "1999-12-31T23:59:59", " 2024-02-29T00:00:00+14:00 "]
)
_VALUES = {
    "boolean": st.sampled_from(["true", "false", "1", "0", " true\n"]),
    "flag": st.sampled_from(["", "true", "1"]),
    "dateTime": _TIMES,
    "date": st.sampled_from(["2009-01-31", "2009-01-31Z", "2009-01-31+01:00"]),
    "int": st.integers(-(1 << 31), (1 << 31) - 1).map(str),
    "long": st.integers(-(1 << 63), (1 << 63) - 1).map(str),
    "double": st.sampled_from(["13.75", "-0", "1e3", "INF", ".5", "5."]),
}


def values(kind: Simple) -> st.SearchStrategy[str]:
    """Texts of a simple type."""
    if kind.words:
        return st.sampled_from(sorted(kind.words))
    if kind.pattern:
        return _PATTERNS[kind.pattern]
    return _VALUES.get(kind.name, _TEXTS)


@st.composite
def nodes(draw: st.DrawFn, name: str, kind: Type) -> Node:
    """An element of this type."""
    attributes = {
        word: draw(values(told.type))
        for word, told in kind.attributes.items()
        if told.is_required or draw(st.booleans())
    }
    if kind.text is not None:
        return Node(name, 1, attributes, text=draw(values(kind.text)))
    chosen = _chosen(draw, kind)
    return Node(name, 1, attributes, [draw(nodes(child.name, child.type)) for child in chosen])


def _chosen(draw: st.DrawFn, kind: Type) -> list[Child]:
    if kind.group is Group.CHOICE:
        return [draw(st.sampled_from([one for one in kind.children if isinstance(one, Child)]))]
    chosen: list[Child] = []
    for place in kind.children:
        if isinstance(place, OneOf):
            chosen += draw(st.sampled_from([[], *([one] for one in place.choices)]))
        else:
            most = place.least + 1 if place.most is None else place.most
            # Mostly little: a whole tree of everything says no more, and takes long.
            chosen += [place] * (place.least if draw(st.integers(0, 3)) else draw(st.integers(place.least, most)))
    return draw(st.permutations(chosen)) if kind.group is Group.ALL else chosen


def documents(root: str) -> st.SearchStrategy[Node]:
    """Documents with this root that the model allows; of `fileDetails` those that keep its other rules as well."""
    found = nodes(root, DOCUMENTS[root])
    return found.filter(_keeps_rules) if root == "fileDetails" else found


def _keeps_rules(node: Node) -> bool:
    texts = {child.name: child.text.strip() for child in node.children}
    viewed = texts.get("fileViewedByEsp") in {"true", "1"} or texts.get("exifViewedByEsp") not in {"true", "1"}
    names = {child.name for child in node.children} | {
        f"marked {mark.name}" for child in node.children if child.name == "fileAnnotations" for mark in child.children
    }
    extra = names & {"industryClassification", "marked potentialMeme"} or texts.get("potentialMeme") in {"true", "1"}
    return viewed and not (extra and texts.get("fileRelevance") == "Supplemental Reported")


def written(node: Node) -> bytes:
    """The document as bytes."""
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + _written(node)).encode()


def _written(node: Node) -> str:
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in node.attributes.items())
    inner = escape(node.text) + "".join(map(_written, node.children))
    return f"<{node.name}{attributes}>{inner}</{node.name}>"


REPORT = """<?xml version="1.0" encoding="UTF-8"?>
<report xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://h.invalid/xsd">
  <incidentSummary>
    <incidentType>Online Enticement of Children for Sexual Acts</incidentType>
    <platform>ExampleHost</platform>
    <escalateToHighPriority>made up: a meeting is planned</escalateToHighPriority>
    <reportAnnotations><spam/><sextortion>true</sextortion><informational/></reportAnnotations>
    <incidentDateTime>2026-03-09T21:07:05Z</incidentDateTime>
    <incidentDateTimeDescription>the first message</incidentDateTimeDescription>
  </incidentSummary>
  <internetDetails><webPageIncident thirdPartyHostedContent="true"><url>https://h.invalid/1</url></webPageIncident>
  </internetDetails>
  <internetDetails><chatImIncident><chatRoomName>room</chatRoomName><content>made up</content></chatImIncident>
  </internetDetails>
  <internetDetails><peer2peerIncident><client>none</client>
    <ipCaptureEvent><ipAddress>192.0.2.9</ipAddress></ipCaptureEvent></peer2peerIncident></internetDetails>
  <lawEnforcement><agencyName>Example Cyber Unit</agencyName><caseNumber>OP-1</caseNumber></lawEnforcement>
  <reporter>
    <reportingPerson><firstName>Test</firstName><email type="Work">desk@h.invalid</email></reportingPerson>
  </reporter>
  <personOrUserReported>
    <personOrUserReportedPerson><firstName>A</firstName><lastName>B</lastName>
      <phone countryCallingCode="+66" verified="true">800000000</phone>
      <address><city>Nowhere</city><country>TH</country></address><dateOfBirth>1980-01-01</dateOfBirth>
    </personOrUserReportedPerson>
    <espIdentifier>user-1</espIdentifier><espService>ExampleHost</espService><screenName>made_up</screenName>
    <displayName>Made Up</displayName><profileUrl>https://h.invalid/u/1</profileUrl>
    <ipCaptureEvent><ipAddress>203.0.113.7</ipAddress><eventName>Login</eventName>
      <dateTime>2026-03-09T21:07:05</dateTime><possibleProxy>0</possibleProxy><port>54321</port></ipCaptureEvent>
    <deviceId><idType>IMEI</idType><idValue>000000000000000</idValue><eventName>Upload</eventName></deviceId>
    <groupIdentifier>group-1</groupIdentifier>
    <estimatedLocation><city>Nowhere</city><countryCode>TH</countryCode></estimatedLocation>
    <associatedAccount type="Linked"><platform>Other</platform><espIdentifier>user-2</espIdentifier>
    </associatedAccount>
    <additionalInfo>of the subject</additionalInfo>
  </personOrUserReported>
  <intendedRecipient><screenName>somebody</screenName></intendedRecipient>
  <victim><victimPerson><age>12</age></victimPerson><schoolName>none</schoolName></victim>
  <additionalInfo>SYNTHETIC TEST REPORT</additionalInfo>
</report>
"""
"""A report that has a little of everything."""

FILE_DETAILS = """<fileDetails>
  <reportId>{report}</reportId><fileId>{file}</fileId>
  <originalFileName>IMG_0001.PNG</originalFileName>
  <uploadedToEspTimestamp>2026-03-09T21:07:05Z</uploadedToEspTimestamp>
  <locationOfFile>https://h.invalid/p/1</locationOfFile>
  <fileViewedByEsp>true</fileViewedByEsp><exifViewedByEsp>false</exifViewedByEsp>
  <publiclyAvailable>false</publiclyAvailable><fileRelevance>Reported</fileRelevance>
  <fileAnnotations><generativeAi/><viral>true</viral></fileAnnotations>
  <industryClassification>B2</industryClassification>
  {hashes}<ipCaptureEvent><ipAddress>203.0.113.7</ipAddress><eventName>Upload</eventName></ipCaptureEvent>
  <details type="EXIF"><nameValuePair><name>Make</name><value>SynthCam</value></nameValuePair></details>
  <additionalInfo>made up</additionalInfo>
</fileDetails>
"""


def file_details(report: int, file: str, hashes: str = "") -> bytes:
    """Details of a file of a report."""
    return FILE_DETAILS.format(report=report, file=file, hashes=hashes).encode()


def delivered(**more: object) -> dict[str, object]:
    """What a police unit receives of a report, made up; `more` goes over its reported information."""
    capture = {
        "captureType": "IP Address",
        "value": "203.0.113.7",
        "dateTime": "2026-03-09T21:07:05Z",
        "eventName": "UPLOAD",
        "port": "443",
    }
    told: dict[str, object] = {
        "reportingEsp": {"espName": "ExampleHost"},
        "incidentSummary": {
            "incidentType": {"value": "Online Enticement of Children for Sexual Acts"},
            "incidentDateTime": {"value": "03-09-2026 21:07:05 UTC"},
        },
        "additionalInformations": [{"value": "SYNTHETIC"}, {"value": "N/A"}],
        "reportedPeople": {
            "reportedPersons": [
                {
                    "firstName": {"value": "A"},
                    "lastName": {"value": "B"},
                    "espUserId": "user-1",
                    "espService": "ExampleHost",
                    "screenName": {"value": "made_up"},
                    "emails": {"emails": [{"value": "a@h.invalid", "verified": "false"}]},
                    "phones": {"phones": [{"value": "+66800000000"}]},
                    "addresses": {"addresses": [{"city": "Nowhere", "country": "th"}]},
                    "sourceInformation": {"sourceCaptures": [capture, {"captureType": "Profile URL", "value": "u"}]},
                }
            ]
        },
        "intendedRecipients": {"intendedRecipients": [{"screenName": {"value": "somebody"}}]},
        "uploadedFiles": {
            "uploadedFiles": [
                {
                    "filename": "one.png",
                    "originalFilename": "IMG_0001.PNG",
                    "submittalId": "s-1",
                    "viewedByEsp": False,
                    "ncmecTags": {"groups": [{"tags": [{"value": "made up tag"}]}]},
                    "espMetadata": {"metadatas": [{"name": "Make", "value": "SynthCam"}]},
                    "sourceInformation": {"sourceCaptures": [capture]},
                    "additionalInformations": [{"value": "of the file"}],
                },
                {"filename": "two.png", "viewedByEsp": "true"},
                {"filename": "three.png"},
            ]
        },
        "incidentDetails": {
            "webpageIncident": [
                {"sourceInformation": {"sourceCaptures": [{"captureType": "URL", "value": "https://h.invalid/1"}]}}
            ],
            "emailIncident": [{"contents": [{"value": "made up mail"}]}],
        },
    }
    return {"reportId": 4711, "dateReceived": "2026-03-10T00:00:00Z", "reportedInformation": told | more}
