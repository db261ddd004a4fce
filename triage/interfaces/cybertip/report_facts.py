"""A validated `report` → what our domain says of a report.

Whatever has no place of its own there and may matter to an investigator stands as a labelled line in a note. What
every report of a company repeats (template, terms of service, legal URL) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from triage.domain.reports import Identifier, Incident, IncidentType, Party, ReportFacts, Role

from . import identifiers
from .incidents import ANNOTATIONS, INCIDENTS
from .nodes import among, first, lines, moment, text, yes_or_no
from .reading_xml import Node
from .simple_types import date_time

_PERSONS = (
    ("personOrUserReported", "personOrUserReportedPerson", Role.SUBJECT),
    ("intendedRecipient", "intendedRecipientPerson", Role.RECIPIENT),
    ("victim", "victimPerson", Role.CHILD),
)
_SAID = (
    ("compromisedAccount", "account compromised"),
    ("thirdPartyUserReported", "account of another company's service"),
    ("accountTemporarilyDisabled", "account disabled for a time"),
    ("accountPermanentlyDisabled", "account disabled for good"),
)


def report_facts(report: Node) -> ReportFacts:
    """The facts of a validated `report`."""
    summary = first(report, "incidentSummary")
    assert summary is not None
    urls, parties, told = _details(report)
    naive = _says_time_without_zone(report)
    return ReportFacts(
        incident=_incident(summary),
        parties=(*_people(report), *parties, *_reporters(report)),
        urls=tuple(urls),
        note="\n".join(
            [
                *(
                    ["a batch of reports about something that spreads widely"]
                    if first(report, "batchedReport")
                    else []
                ),
                *(["marked as informational"] if first(first(summary, "reportAnnotations"), "informational") else []),
                *told,
                *_law_enforcement(first(report, "lawEnforcement")),
                *lines(("additional", text(report, "additionalInfo"))),
                *(["times without a zone were read as UTC"] if naive else []),
            ]
        ),
    )


def _incident(summary: Node) -> Incident:
    annotations = first(summary, "reportAnnotations")
    marked = [ANNOTATIONS[child.name] for child in (annotations.children if annotations else ())]
    kind = INCIDENTS[first_text(summary, "incidentType")]
    escalation = text(summary, "escalateToHighPriority")
    return Incident(
        types=tuple(dict.fromkeys([kind, *_known(marked)])),
        at=moment(text(summary, "incidentDateTime")),
        platform=text(summary, "platform"),
        escalated=bool(escalation),
        summary="\n".join(
            lines(("escalated because", escalation), ("time", text(summary, "incidentDateTimeDescription")))
        ),
    )


def first_text(node: Node, name: str) -> str:
    """The text of the first child of this name as it stands: words of an enumeration keep their blanks."""
    found = first(node, name)
    return found.text if found is not None else ""


def _known(marked: Sequence[IncidentType | None]) -> Iterator[IncidentType]:
    yield from (kind for kind in marked if kind is not None)


def _people(report: Node) -> Iterator[Party]:
    for name, person_name, role in _PERSONS:
        for account in among(report, name):
            person = first(account, person_name)
            note = lines(
                ("age", text(person, "age")),
                ("school", text(account, "schoolName")),
                ("vehicle", text(account, "vehicleDescription")),
                ("profile", text(account, "profileBio")),
                ("estimated location", identifiers.location_of(account)),
                *(("earlier report", prior.text.strip()) for prior in among(account, "priorCTReports")),
                *(("additional", told.text.strip()) for told in among(account, "additionalInfo")),
            )
            note += [words for said, words in _SAID if yes_or_no(account, said)]
            yield Party(
                role,
                (*identifiers.of_person(person), *identifiers.of_account(account)),
                "\n".join(note),
            )
            yield from (_associated(one, role) for one in among(account, "associatedAccount"))


def _associated(account: Node, role: Role) -> Party:
    note = lines(
        ("associated account", account.attributes["type"]),
        ("platform", text(account, "platform")),
        ("approximate age", text(account, "approximateAge")),
        ("profile", text(account, "profileBio")),
        ("additional", text(account, "additionalInfo")),
    )
    return Party(role, (*identifiers.of_person(account), *identifiers.of_account(account)), "\n".join(note))


def _reporters(report: Node) -> Iterator[Party]:
    reporter = first(report, "reporter")
    for name, note in (("reportingPerson", ""), ("contactPerson", "to be contacted")):
        found = tuple(identifiers.of_person(first(reporter, name)))
        if found:
            yield Party(Role.REPORTER, found, note)


def _details(report: Node) -> tuple[list[str], list[Party], list[str]]:
    """URLs, identifiers whose owner is not told, and notes of all `internetDetails`."""
    urls: list[str] = []
    found: list[Identifier] = []
    told: list[str] = []
    for details in among(report, "internetDetails"):
        [incident] = details.children
        urls += [url.text.strip() for url in among(incident, "url") if url.text.strip()]
        found += [one for email in among(incident, "emailAddress") for one in identifiers.of_email(email)]
        found += [one for phone in among(incident, "phoneNumber") for one in identifiers.of_phone(phone)]
        found += [one for place in among(incident, "incidentAddress") for one in identifiers.of_address(place)]
        found += identifiers.of_captures(incident)
        told += [f"incident: {incident.name}", *_incident_notes(incident)]
    return urls, [Party(Role.SUBJECT, tuple(found), "from the incident's details")] if found else [], told


def _incident_notes(incident: Node) -> list[str]:
    third = incident.attributes.get("thirdPartyHostedContent", "").strip() in {"true", "1"}
    return [
        *(["hosted by another company"] if third else []),
        *lines(
            ("newsgroup", text(incident, "name")),
            ("chat client", text(incident, "chatClient")),
            ("chat room", text(incident, "chatRoomName")),
            ("game", text(incident, "gameName")),
            ("console", text(incident, "console")),
            ("latitude", text(incident, "latitude")),
            ("longitude", text(incident, "longitude")),
            ("location", text(incident, "locationName")),
            ("client", text(incident, "client")),
            ("file names", text(incident, "fileNames")),
            ("content", text(incident, "content")),
            ("additional", text(incident, "additionalInfo")),
        ),
    ]


def _law_enforcement(agency: Node | None) -> list[str]:
    officer = first(agency, "officerContact")
    abroad = first(agency, "servedLegalProcessInternational")
    country = abroad.attributes.get("fleaCountry", "") if abroad is not None else ""
    return [
        *lines(
            ("law enforcement", text(agency, "agencyName")),
            ("their case", text(agency, "caseNumber")),
            ("their officer", ", ".join(one.value for one in identifiers.of_person(officer))),
        ),
        *(["reported to law enforcement"] if yes_or_no(agency, "reportedToLe") else []),
        *(["legal process served within the country"] if yes_or_no(agency, "servedLegalProcessDomestic") else []),
        *(
            [f"legal process served from abroad {country}".strip()]
            if yes_or_no(agency, "servedLegalProcessInternational")
            else []
        ),
    ]


def _says_time_without_zone(node: Node) -> bool:
    """Whether anywhere a time stands without its zone."""
    texts = (node.text, *node.attributes.values())
    if any(found is not None and found.tzinfo is None for found in map(date_time, texts)):
        return True
    return any(_says_time_without_zone(child) for child in node.children)
