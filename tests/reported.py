"""Made-up senders and reports: the services that take them, and finished ones for what comes after."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hashsets.library import Library
from tests.unit.triage.services.listing import recorded_library
from tests.unit.triage.stored import NOW as STORED
from tests.unit.triage.stored import digests_of
from triage.chamber.parent import Chamber
from triage.domain.finished_reports import FinishedReport
from triage.domain.items import ItemKind, Outcome
from triage.domain.legal import Handling, Legal, Origin
from triage.domain.match_policy import MatchPolicy
from triage.domain.matches import Answer
from triage.domain.reports import (
    Door,
    FileFacts,
    Identifier,
    IdentifierKind,
    Incident,
    IncidentType,
    Party,
    ReportFacts,
    ReportState,
    Role,
    Viewed,
)
from triage.domain.senders import Scope, Sender, SenderKind
from triage.domain.submissions import Delivery, Found
from triage.rule_files import load_retention_rules
from triage.services.admitting import Admitted, Admitting
from triage.services.coming_reports import GivenFile, GivenReport, Preparing
from triage.services.knowing import Knowing
from triage.services.lending_writers import Writers
from triage.services.preserving import Preserving
from triage.services.sighting import Sighting
from triage.services.taking_reports import TakingReports
from triage.services.uploading import Uploading
from triage.settings import load_settings
from triage.store.items import NewItem
from triage.store.kept_reports import NewReport, NewReportedFile
from triage.store.unit_of_work import Store, Unit
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault
from triage.vault.spool import Spools

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ACTOR = "tester@triage"
BOTH = frozenset({Scope.REPORT, Scope.KNOWN})
LEGAL = Legal("made-up statute 1", ("TH",), (Handling.H1,))
FACTS = ReportFacts(
    Incident(types=(IncidentType.MATERIAL,), at=NOW - timedelta(days=2), platform="example"),
    parties=(
        Party(Role.SUBJECT, (Identifier(kind=IdentifierKind.IP, value="192.0.2.7", port=4711, at=NOW),), "made up"),
    ),
    urls=("https://example.invalid/never-fetched",),
)


@dataclass
class Clock:
    """A clock that a test moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, time: timedelta) -> None:
        """Let time pass."""
        self.now += time


@dataclass
class Desk:
    """The services around reports, over one store and a vault of their own."""

    store: Store
    vault: LocalVault
    library: Library
    folder: Path
    keys: FileKeyProvider
    clock: Clock = field(default_factory=Clock)
    sighting: Sighting = field(default_factory=lambda: Sighting(Chamber, 1 << 20))

    @classmethod
    def over(cls, store: Store, folder: Path) -> Desk:
        """In a folder of its own."""
        keys = FileKeyProvider.create(folder / "vault.key", evidence_exists=False)
        (folder / "hashsets").mkdir()
        library = recorded_library(store, folder / "hashsets")
        return cls(store, LocalVault(folder / "vault", keys), library, folder, keys)

    @property
    def admitting(self) -> Admitting:
        """Who comes in."""
        return Admitting(self.store, self.clock, ACTOR)

    @property
    def knowing(self) -> Knowing:
        """What is known."""
        return Knowing(self.store, self.library, MatchPolicy("policy 1"), self.clock, ACTOR)

    @property
    def taking(self) -> TakingReports:
        """What takes reports."""
        return TakingReports(
            Preparing(self.store, Writers(self.vault), self.knowing, self.sighting),
            Preserving(load_retention_rules()),
            self.uploading,
            self.clock,
            ACTOR,
        )

    @property
    def uploading(self) -> Uploading:
        """What takes bytes in parts."""
        settings = load_settings(data=self.folder).uploads
        return Uploading(self.store, Spools(self.folder / "spool", self.keys), settings, self.clock)

    def sender(
        self,
        name: str = "example-provider",
        scopes: frozenset[Scope] = BOTH,
        *,
        sandbox: bool = False,
        keeps_media: bool = True,
        kind: SenderKind = SenderKind.PROVIDER,
    ) -> Admitted:
        """A sender with a key, admitted."""
        if name not in {one.name for one in self.admitting.senders()}:
            self.admitting.add_sender(name, kind, "TH", LEGAL, keeps_media=keeps_media)
        issued = self.admitting.issue(name, scopes, timedelta(days=365), sandbox=sandbox)
        return self.admitting.admit(issued.token)


def file_of(data: bytes, name: str = "picture.jpg", viewed: Viewed = Viewed.NO) -> GivenFile:
    """A file with bytes."""
    return GivenFile(FileFacts(name=name, viewed=viewed), data)


def report_of(admitted: Admitted, *files: GivenFile, finish: bool = True, **more: object) -> GivenReport:
    """A whole report."""
    return GivenReport(admitted=admitted, door=Door.API, facts=FACTS, files=files, finish=finish, **more)  # type: ignore[arg-type]  # its fields


OF_PROVIDER = Legal("Report of a provider", ("TH", "US"))
VIEWED, NOT_VIEWED = FileFacts(viewed=Viewed.YES), FileFacts(viewed=Viewed.NO)


def account(value: str, at: datetime | None = None, service: str = "") -> Identifier:
    """An account with a provider."""
    return Identifier(kind=IdentifierKind.ACCOUNT, value=value, at=at, service=service)


def address(value: str, port: int | None = None, at: datetime | None = None, country: str = "") -> Identifier:
    """An address of the network."""
    return Identifier(kind=IdentifierKind.IP, value=value, port=port, at=at, country=country)


def subject(*identifiers: Identifier) -> Party:
    """Whom a report is about."""
    return Party(Role.SUBJECT, identifiers)


@dataclass
class FinishedReports:
    """Finished reports of one sender, each in one line: with answered items, and without a door or a vault."""

    store: Store
    kind: SenderKind = SenderKind.PROVIDER
    legal: Legal = OF_PROVIDER
    made: int = 0
    _sender: Sender | None = field(default=None)

    def sender(self) -> Sender:
        """Who sends, made at the first report."""
        if self._sender is None:
            name = f"sender-{secrets.token_hex(4)}"
            with self.store.writing() as unit:
                unit.senders.add(name, self.kind, "US", self.legal, STORED, keeps_media=True)
                self._sender = unit.senders.named(name)
                unit.commit()
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
            submission_id = unit.submissions.open(delivery, STORED).id
            new = NewReport(
                public_id=public_id,
                sender_id=sent_by.id,
                sandbox=False,
                door=Door.API,
                facts=facts,
                reference=None,
                idempotency_key=None,
                asked=None,
                state=ReportState.FINISHED,
                at=STORED,
                submission_id=submission_id,
            )
            report_id = unit.reports.add([new])[public_id]
            for position, (content, file) in enumerate(files):
                item_id = _item_of(unit, content, outcome)
                place = Found(str(position).encode(), 10, 1, viewed=file.viewed)
                unit.submissions.add_occurrences(submission_id, [(item_id, place)])
                row = NewReportedFile(
                    public_id=secrets.token_hex(16), position=position, facts=file, known="", item_id=item_id
                )
                unit.reports.add_files([(report_id, row)])
            finished = FinishedReport(
                report_id=report_id,
                submission_id=submission_id,
                sender=sent_by,
                facts=facts,
                files=tuple(file for _, file in files),
                reference=str(self.made),
            )
            unit.report_rows.add_identifiers([finished])
            Preserving(load_retention_rules()).preserve(unit, [finished], STORED)
            unit.commit()
        return submission_id


def _item_of(unit: Unit, content: str, outcome: Outcome) -> int:
    digests = digests_of(content.encode())
    ids = unit.items.add([NewItem(digests, 10, ItemKind.RASTER, 0)], STORED).ids
    item_id = ids.get(digests.sha256) or unit.items.ids_by_sha256([digests.sha256])[digests.sha256]
    unit.items.set_outcomes({item_id: Answer(outcome, "")})
    return item_id
