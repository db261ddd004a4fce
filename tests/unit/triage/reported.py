"""Finished reports written as the doors write them, for tests of what is made of them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert

from tests.unit.triage.stored import NOW, digests_of
from triage.domain.finished_reports import FinishedReport
from triage.domain.items import ItemKind, Outcome
from triage.domain.legal import Legal, Origin
from triage.domain.matches import Answer
from triage.domain.reports import (
    FileFacts,
    Identifier,
    IdentifierKind,
    Incident,
    IncidentType,
    Party,
    ReportFacts,
    Role,
    Viewed,
)
from triage.domain.senders import Sender, SenderKind
from triage.domain.submissions import Delivery, Found
from triage.services.preserving import Preserving
from triage.settings import load_retention_rules
from triage.store.intake_tables import report, reported_file, sender
from triage.store.items import NewItem
from triage.store.unit_of_work import Store

LEGAL = Legal("Report of a provider", ("TH", "US"))


def account(value: str, at: datetime | None = None, service: str = "") -> Identifier:
    return Identifier(kind=IdentifierKind.ACCOUNT, value=value, at=at, service=service)


def address(value: str, port: int | None = None, at: datetime | None = None, country: str = "") -> Identifier:
    return Identifier(kind=IdentifierKind.IP, value=value, port=port, at=at, country=country)


def subject(*identifiers: Identifier) -> Party:
    return Party(Role.SUBJECT, identifiers)


@dataclass
class Desk:
    """Where finished reports arrive: each in one line, with items, identifiers and what is to be preserved."""

    store: Store
    kind: SenderKind = SenderKind.PROVIDER
    legal: Legal = LEGAL
    made: int = 0
    _sender: Sender | None = field(default=None)

    def sender(self) -> Sender:
        """Who sends, made at the first report."""
        if self._sender is None:
            name = f"sender-{secrets.token_hex(4)}"
            row = {
                "name": name,
                "kind": self.kind,
                "country": "US",
                "acquired_under": self.legal.acquired_under,
                "may_share_with": list(self.legal.may_share_with),
                "handling": [one.value for one in self.legal.handling],
                "keeps_media": True,
                "created_at": NOW,
            }
            with self.store.writing() as unit:
                number = unit.connection.execute(insert(sender).values(row).returning(sender.c.id)).scalar_one()
                unit.commit()
            self._sender = Sender(number, name, self.kind, "US", self.legal, keeps_media=True)
        return self._sender

    def report(
        self,
        *parties: Party,
        files: Sequence[tuple[str, FileFacts]] = (),
        types: tuple[IncidentType, ...] = (IncidentType.MATERIAL,),
        at: datetime | None = None,
        escalated: bool = False,
        outcome: Outcome = Outcome.UNKNOWN,
    ) -> int:
        """A finished report; its submission's id. Files are named by their content: equal names are equal bytes."""
        self.made += 1
        sent_by, public_id = self.sender(), secrets.token_hex(16)
        facts = ReportFacts(Incident(types=types, at=at, escalated=escalated), parties)
        delivery = Delivery(
            case_ref=f"{sent_by.name}/{self.made}",
            exhibit_ref=public_id,
            basis=self.legal.acquired_under,
            source=b"report:" + public_id.encode(),
            origin=Origin(self.kind.value),
            may_share_with=self.legal.may_share_with,
            handling=self.legal.handling,
        )
        with self.store.writing() as unit:
            submission_id = unit.submissions.open(delivery, NOW).id
            row = {
                "public_id": public_id,
                "sender_id": sent_by.id,
                "sandbox": False,
                "door": "api",
                "state": "finished",
                "facts": _document(facts),
                "opened_at": NOW,
                "changed_at": NOW,
                "submission_id": submission_id,
            }
            report_id = unit.connection.execute(insert(report).values(row).returning(report.c.id)).scalar_one()
            for position, (content, file) in enumerate(files):
                digests = digests_of(content.encode())
                ids = unit.items.add([NewItem(digests, 10, ItemKind.RASTER, 0)], NOW).ids
                item_id = ids.get(digests.sha256) or unit.items.ids_by_sha256([digests.sha256])[digests.sha256]
                unit.items.set_outcomes({item_id: Answer(outcome, "")})
                place = Found(str(position).encode(), 10, 1, viewed=file.viewed)
                unit.submissions.add_occurrences(submission_id, [(item_id, place)])
                unit.connection.execute(
                    insert(reported_file).values(
                        public_id=secrets.token_hex(16),
                        report_id=report_id,
                        position=position,
                        facts=_file_document(file),
                        viewed=file.viewed,
                        known="",
                        item_id=item_id,
                    )
                )
            finished = FinishedReport(
                report_id=report_id,
                submission_id=submission_id,
                sender=sent_by,
                facts=facts,
                files=tuple(file for _, file in files),
                reference=str(self.made),
            )
            unit.report_rows.add_identifiers([finished])
            Preserving(load_retention_rules()).preserve(unit, [finished], NOW)
            unit.commit()
        return submission_id


def _document(facts: ReportFacts) -> dict[str, object]:
    incident: dict[str, object] = {"types": [one.value for one in facts.incident.types]}
    return {"incident": incident | ({"escalated": True} if facts.incident.escalated else {})}


def _file_document(file: FileFacts) -> dict[str, object]:
    told: dict[str, object] = {"viewed": file.viewed.value}
    if file.classification:
        told["classification"] = file.classification
    return told | ({"marks": [mark.value for mark in file.marks]} if file.marks else {})


VIEWED, NOT_VIEWED = FileFacts(viewed=Viewed.YES), FileFacts(viewed=Viewed.NO)
