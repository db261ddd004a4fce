"""Made-up senders and reports, and the services that take them, for tests of every door."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hashsets.library import Library
from tests.unit.triage.services.listing import recorded_library
from triage.chamber.parent import Chamber
from triage.domain.legal import Handling, Legal
from triage.domain.match_policy import MatchPolicy
from triage.domain.reports import (
    Door,
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
from triage.domain.senders import Scope, SenderKind
from triage.services.admitting import Admitted, Admitting
from triage.services.coming_reports import GivenFile, GivenReport, Preparing
from triage.services.knowing import Knowing
from triage.services.lending_writers import Writers
from triage.services.preserving import Preserving
from triage.services.sighting import Sighting
from triage.services.taking_reports import TakingReports
from triage.services.uploading import Uploading
from triage.settings import load_retention_rules, load_settings
from triage.store.unit_of_work import Store
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
