"""A report that is finished: what becomes of it beside items, namely identifiers and what is to be preserved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from triage.domain.identifiers import country_of, normal, storable
from triage.domain.reports import FileFacts, Identifier, IdentifierKind, ReportFacts, Role
from triage.domain.senders import Sender, SenderKind

OF_A_FILE = "file"
"""The role of identifiers that a file has: whose they are is not said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedReport:
    """All that was told of one report, and what it has become.

    `reference` is what the sender calls it, else the id that we gave it. `reported_at` is when it was made, where
    that is not now (a file that a police unit was handed).
    """

    report_id: int
    submission_id: int
    sender: Sender
    facts: ReportFacts
    files: tuple[FileFacts, ...] = ()
    reference: str = ""
    reported_at: datetime | None = None

    @property
    def service(self) -> str:
        """Whose service the report is about: the one it names; else a provider's own; else nobody knows."""
        own = self.sender.name if self.sender.kind is SenderKind.PROVIDER else ""
        return storable(self.facts.incident.platform.strip()) or own


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedIdentifier:
    """One identifier of a report as it is kept. `party` counts from 1; 0 is a file. `normal` is for comparing."""

    party: int
    role: str
    kind: IdentifierKind
    value: str
    normal: str
    service: str
    event: str
    at: datetime | None
    port: int | None
    country: str


def reported_identifiers(finished: FinishedReport) -> Iterator[ReportedIdentifier]:
    """Every identifier of the report and of its files, each with the service that it belongs to."""
    for role, party, told in _told(finished):
        service = storable(told.service.strip()) or finished.service
        yield ReportedIdentifier(
            party=party,
            role=role,
            kind=told.kind,
            value=storable(told.value),
            normal=normal(told, finished.service),
            service=service,
            event=storable(told.event),
            at=told.at,
            port=told.port,
            country=country_of(told),
        )


def identifiers_to_keep(finished: FinishedReport) -> Iterator[Identifier]:
    """Those whose records somebody should preserve: everyone's but the reporter's, who is nobody's suspect."""
    for role, _, told in _told(finished):
        if role != Role.REPORTER:
            yield told


def _told(finished: FinishedReport) -> Iterator[tuple[str, int, Identifier]]:
    for party, one in enumerate(finished.facts.parties, start=1):
        for told in one.identifiers:
            yield one.role.value, party, told
    for file in finished.files:
        for told in file.identifiers:
            yield OF_A_FILE, 0, told
