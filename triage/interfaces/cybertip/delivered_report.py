"""What police units receive of a CyberTip report as JSON → what our domain says of a report and its files.

Paths after public readers of such exports; no specification is public. So whatever is missing is missing, and what is
not understood is left where it is: only an object without any `reportedInformation` is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hashsets.vocabulary import Digest
from triage.domain.errors import Unreadable
from triage.domain.reports import (
    FileFacts,
    Identifier,
    IdentifierKind,
    Incident,
    Party,
    Relevance,
    ReportFacts,
    Role,
    Viewed,
)

from .file_facts import SCHEME, digest_of
from .identifiers import port_of
from .incidents import incident_of
from .loose_json import inside, loaded, moment, several, text, yes_or_no
from .nodes import lines

_CLASSES = frozenset({"A1", "A2", "B1", "B2"})
_PEOPLE = (
    ("reportedPeople", Role.SUBJECT),
    ("intendedRecipients", Role.RECIPIENT),
    ("childVictims", Role.CHILD),
    ("victims", Role.CHILD),
)
_NAMES = ("firstName", "middleName", "lastName")
_ADDRESS_PARTS = ("street1", "street2", "city", "state", "postalCode", "country")
_CAPTURES = {
    "ip address": IdentifierKind.IP,
    "profile url": IdentifierKind.PROFILE_URL,
    "device id": IdentifierKind.DEVICE,
}
_SAID = (
    ("age", "approximateAge"),
    ("gender", "gender"),
    ("physical description", "physicalDescription"),
    ("vehicle", "vehicleDescription"),
    ("contact", "additionalContactInformation"),
)


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """A file that the report lists. `names` are those under which its bytes may lie beside the document."""

    facts: FileFacts
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeliveredReport:
    """A report with the files that it lists; `reference` is the report's number there, or empty."""

    reference: str
    facts: ReportFacts
    files: tuple[DeliveredFile, ...]


def delivered_report(document: bytes) -> DeliveredReport:
    """The report in a JSON document. Raises Unreadable `json-invalid`, `no-cybertip`."""
    root = loaded(document)
    told = inside(root, "reportedInformation")
    if not isinstance(told, dict):
        raise Unreadable("no-cybertip", "The document holds no reported information: it is no such report.")
    return DeliveredReport(
        reference=text(root, "reportId")[:64],
        facts=_facts(told, text(root, "dateReceived")),
        files=tuple(_file(one) for one in several(told, "uploadedFiles") if isinstance(one, dict)),
    )


def _facts(told: object, received: str) -> ReportFacts:
    summary = inside(told, "incidentSummary")
    kind, at = text(summary, "incidentType"), text(summary, "incidentDateTime")
    company = text(told, "reportingEsp", "espName")
    details = inside(told, "incidentDetails")
    pages = [url for page in several(details, "webpageIncident") for url in _urls(page)]
    return ReportFacts(
        incident=Incident(
            types=(incident_of(kind),),
            at=moment(at),
            platform=text(summary, "platform") or company,
            escalated=bool(text(summary, "escalateToHighPriority")),
            summary="\n".join(
                lines(
                    ("type as received", kind),
                    ("escalated because", text(summary, "escalateToHighPriority")),
                    ("time", text(summary, "incidentDateTimeDescription")),
                    *([("time as received", at)] if at and moment(at) is None else []),
                )
            ),
        ),
        parties=tuple(_parties(told)),
        urls=tuple(dict.fromkeys(pages)),
        note="\n".join(
            [
                *lines(("reported by", company), ("received by the clearing house", received)),
                *_additional(told),
                *(
                    f"e-mail: {words}"
                    for mail in several(details, "emailIncident")
                    for content in several(mail, "contents")
                    if (words := text(content) or text(content, "value"))
                ),
            ]
        ),
    )


def _parties(told: object) -> Iterator[Party]:
    for key, role in _PEOPLE:
        for person in several(told, key):
            found = tuple(_identifiers(person))
            note = [*lines(*((label, text(person, name)) for label, name in _SAID)), *_additional(person)]
            if found or note:
                yield Party(role, found, "\n".join(note))


def _identifiers(person: object) -> Iterator[Identifier]:
    service = text(person, "espService")
    single = (
        (IdentifierKind.NAME, " ".join(part for part in (text(person, name) for name in _NAMES) if part), ""),
        (IdentifierKind.BIRTH_DATE, text(person, "dateOfBirth"), ""),
        (IdentifierKind.ACCOUNT, text(person, "espUserId"), service),
        (IdentifierKind.SCREEN_NAME, text(person, "screenName"), service),
        (IdentifierKind.DISPLAY_NAME, text(person, "displayName"), service),
        (IdentifierKind.IP, text(person, "ipAddress"), ""),
    )
    yield from (Identifier(kind=kind, value=value, service=of) for kind, value, of in single if value)
    for key, kind in (("emails", IdentifierKind.EMAIL), ("phones", IdentifierKind.PHONE)):
        for one in several(person, key):
            if value := text(one) or text(one, "value"):
                yield Identifier(kind=kind, value=value, verified=yes_or_no(one, "verified"))
    for address in several(person, "addresses"):
        if value := ", ".join(part for part in (text(address, name) for name in _ADDRESS_PARTS) if part):
            yield Identifier(kind=IdentifierKind.ADDRESS, value=value, country=_country(text(address, "country")))
    yield from _captures(person)


def _country(words: str) -> str:
    code = words.upper()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else ""


def _captures(holder: object) -> Iterator[Identifier]:
    for capture in several(holder, "sourceInformation", "sourceCaptures"):
        kind = _CAPTURES.get(text(capture, "captureType").casefold())
        value = text(capture, "value")
        if kind is not None and value:
            yield Identifier(
                kind=kind,
                value=value,
                event=text(capture, "eventName").lower(),
                at=moment(text(capture, "dateTime")),
                port=port_of(text(capture, "port")),
                possible_proxy=yes_or_no(capture, "possibleProxy"),
            )


def _urls(holder: object) -> Iterator[str]:
    for capture in several(holder, "sourceInformation", "sourceCaptures"):
        if text(capture, "captureType").casefold() == "url" and (value := text(capture, "value")):
            yield value
    if value := text(holder, "url"):
        yield value


def _additional(holder: object) -> list[str]:
    found = (text(told) or text(told, "value") for told in several(holder, "additionalInformations"))
    return lines(*(("additional", words) for words in found))


def _file(told: object) -> DeliveredFile:
    name, original = text(told, "filename"), text(told, "originalFilename")
    classification = text(told, "industryClassification").upper()
    relevance = text(told, "fileRelevance").casefold()
    captures = [moment(text(one, "dateTime")) for one in several(told, "sourceInformation", "sourceCaptures")]
    facts = FileFacts(
        name=original or name,
        viewed=_viewed(yes_or_no(told, "viewedByEsp")),
        metadata_viewed=_viewed(yes_or_no(told, "exifViewedByEsp")),
        publicly_available=yes_or_no(told, "publiclyAvailable"),
        relevance=Relevance.SUPPLEMENTAL if relevance.startswith("supplemental") else Relevance.REPORTED,
        classification=f"{SCHEME}:{classification}" if classification in _CLASSES else "",
        uploaded_at=next((at for at in captures if at is not None), None),
        url=next(_urls(told), ""),
        digests=tuple(_digests(told)),
        identifiers=tuple(_captures(told)),
        details=tuple(_details(told)),
        note="\n".join(_additional(told)),
    )
    return DeliveredFile(facts, tuple(dict.fromkeys(one for one in (name, original) if one)))


def _viewed(said: bool | None) -> Viewed:
    if said is None:
        return Viewed.UNKNOWN
    return Viewed.YES if said else Viewed.NO


def _digests(told: object) -> Iterable[Digest]:
    """The verification hash, which is of the delivered bytes and therefore compared."""
    digest = digest_of("md5", text(told, "verificationHash"))
    return (digest,) if digest else ()


def _details(told: object) -> Iterator[tuple[str, str]]:
    if value := text(told, "submittalId"):
        yield "submittal id", value
    for group in several(told, "ncmecTags", "groups"):
        for tag in several(group, "tags"):
            if value := text(tag) or text(tag, "value"):
                yield "tag", value
    for pair in several(told, "espMetadata", "metadatas"):
        if value := text(pair, "value"):
            yield text(pair, "name"), value
