"""What a report says, as documents in the database and back. Parts that say nothing are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hashsets.vocabulary import Digest, DigestAlgorithm, Fingerprint, FingerprintAlgorithm, Profile
from triage.domain.reports import (
    FileFacts,
    FileMark,
    Identifier,
    IdentifierKind,
    Incident,
    IncidentType,
    Party,
    Relevance,
    ReportFacts,
    Role,
    Viewed,
)

Written = dict[str, Any]


def report_document(facts: ReportFacts) -> Written:
    """All that a report says beside its files."""
    incident = facts.incident
    return _told(
        incident=_told(
            types=[one.value for one in incident.types],
            at=_time(incident.at),
            platform=incident.platform,
            escalated=incident.escalated,
            summary=incident.summary,
        ),
        parties=[
            _told(role=party.role.value, identifiers=_identifiers(party.identifiers), note=party.note)
            for party in facts.parties
        ],
        urls=list(facts.urls),
        note=facts.note,
    )


def report_facts(document: Mapping[str, Any]) -> ReportFacts:
    """The inverse of `report_document`; other keys are left alone."""
    incident = document["incident"]
    return ReportFacts(
        Incident(
            types=tuple(map(IncidentType, incident.get("types", ()))),
            at=_time_of(incident.get("at")),
            platform=incident.get("platform", ""),
            escalated=incident.get("escalated", False),
            summary=incident.get("summary", ""),
        ),
        parties=tuple(
            Party(Role(one["role"]), _identifiers_of(one.get("identifiers", ())), one.get("note", ""))
            for one in document.get("parties", ())
        ),
        urls=tuple(document.get("urls", ())),
        note=document.get("note", ""),
    )


def file_document(facts: FileFacts) -> Written:
    """All that a report says of one file. Bytes are hexadecimal."""
    return _told(
        name=facts.name,
        viewed=facts.viewed.value,
        metadata_viewed=facts.metadata_viewed.value,
        publicly_available=facts.publicly_available,
        relevance=facts.relevance.value,
        classification=facts.classification,
        marks=[mark.value for mark in facts.marks],
        uploaded_at=_time(facts.uploaded_at),
        url=facts.url,
        digests=[[one.algorithm.value, one.value.hex()] for one in facts.digests],
        fingerprints=[fingerprint_document(one) for one in facts.fingerprints],
        identifiers=_identifiers(facts.identifiers),
        details=[list(pair) for pair in facts.details],
        note=facts.note,
    )


def file_facts(document: Mapping[str, Any]) -> FileFacts:
    """The inverse of `file_document`; other keys are left alone."""
    return FileFacts(
        name=document.get("name", ""),
        viewed=Viewed(document["viewed"]),
        metadata_viewed=Viewed(document["metadata_viewed"]),
        publicly_available=document.get("publicly_available"),
        relevance=Relevance(document["relevance"]),
        classification=document.get("classification", ""),
        marks=tuple(map(FileMark, document.get("marks", ()))),
        uploaded_at=_time_of(document.get("uploaded_at")),
        url=document.get("url", ""),
        digests=tuple(
            Digest(DigestAlgorithm(word), bytes.fromhex(value)) for word, value in document.get("digests", ())
        ),
        fingerprints=tuple(map(fingerprint_of, document.get("fingerprints", ()))),
        identifiers=_identifiers_of(document.get("identifiers", ())),
        details=tuple((name, value) for name, value in document.get("details", ())),
        note=document.get("note", ""),
    )


def _told(**values: Any) -> Written:
    return {name: value for name, value in values.items() if value or (value is not None and name in _EITHER)}


_EITHER = {"publicly_available", "possible_proxy", "verified", "port", "quality"}
"""Facts of which "no" and nought say something else than silence."""


def _identifiers(identifiers: Sequence[Identifier]) -> list[Written]:
    return [
        _told(
            kind=one.kind.value,
            value=one.value,
            service=one.service,
            scheme=one.scheme,
            event=one.event,
            at=_time(one.at),
            port=one.port,
            country=one.country,
            possible_proxy=one.possible_proxy,
            verified=one.verified,
        )
        for one in identifiers
    ]


def _identifiers_of(documents: Sequence[Mapping[str, Any]]) -> tuple[Identifier, ...]:
    return tuple(
        Identifier(**{**one, "kind": IdentifierKind(one["kind"]), "at": _time_of(one.get("at"))}) for one in documents
    )


def fingerprint_document(one: Fingerprint) -> Written:
    """A fingerprint. Bytes are hexadecimal."""
    return _told(
        algorithm=one.algorithm.value,
        profile=one.profile.value,
        value=one.value.hex(),
        quality=one.quality,
        variants=[value.hex() for value in one.variants],
    )


def fingerprint_of(document: Mapping[str, Any]) -> Fingerprint:
    """The inverse of `fingerprint_document`."""
    return Fingerprint(
        FingerprintAlgorithm(document["algorithm"]),
        Profile(document["profile"]),
        bytes.fromhex(document["value"]),
        document.get("quality"),
        tuple(map(bytes.fromhex, document.get("variants", ()))),
    )


def _time(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def _time_of(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
