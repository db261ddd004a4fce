"""The doors for bytes in parts, over one store and a folder of their own, for tests of uploads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.triage.services.listing import recorded_library
from tests.unit.triage.stored import ACTOR, NOW
from triage.domain.errors import TriageError
from triage.domain.legal import Legal
from triage.domain.match_policy import MatchPolicy
from triage.domain.senders import Scope, SenderKind
from triage.domain.submissions import Delivery
from triage.domain.uploads import NewUpload, UploadState
from triage.services.admitting import Admitted, Admitting
from triage.services.knowing import Knowing
from triage.services.taking_uploads import TakingUploads
from triage.services.uploading import Uploading
from triage.settings import UploadSettings
from triage.store.intake_tables import report
from triage.store.unit_of_work import Store
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault
from triage.vault.spool import Spools

LEGAL = Legal("made-up warrant 1")

DATA = b"nothing but noise " * 5_000

SETTINGS = UploadSettings(max_bytes=10**9, open_uploads=5, open_bytes=10**9, keep_hours=1, idle_seconds=30)


class Doors:
    """The services of one process over a store; `restarted` gives those of the next process."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        path = folder / "vault.key"
        keys = FileKeyProvider(path) if path.exists() else FileKeyProvider.create(path, evidence_exists=False)
        self.vault = LocalVault(folder / "vault", keys)
        self.spools = Spools(folder / "spool", keys)
        self.now = NOW
        self.admitting = Admitting(store, lambda: self.now, ACTOR)
        self.uploading = Uploading(store, self.spools, SETTINGS, lambda: self.now)
        (folder / "hashsets").mkdir(exist_ok=True)
        self.library = recorded_library(store, folder / "hashsets")
        self.knowing = Knowing(store, self.library, MatchPolicy("policy 1"), lambda: self.now, ACTOR)
        self.taking = TakingUploads(
            store, self.vault, self.spools, self.uploading.remembered, self.knowing, lambda: self.now, ACTOR
        )

    def restarted(self) -> Doors:
        return Doors(self.store, self.folder)

    def sender(self, name: str = "unit-one", *, sandbox: bool = False, keeps_media: bool = True) -> Admitted:
        self.admitting.add_sender(name, SenderKind.UNIT, "TH", LEGAL, keeps_media=keeps_media)
        issued = self.admitting.issue(name, frozenset(Scope), timedelta(days=1), sandbox=sandbox)
        return self.admitting.admit(issued.token)

    def submission(self) -> int:
        with self.store.writing() as unit:
            opened = unit.submissions.open(Delivery("C", "E", "B", b"push:1:x"), NOW)
            unit.commit()
        return opened.id

    def report_of(self, who: Admitted) -> int:
        row = {
            "public_id": "r" * 32,
            "sender_id": who.sender.id,
            "sandbox": False,
            "door": "api",
            "state": "open",
            "facts": {},
            "opened_at": NOW,
            "changed_at": NOW,
        }
        with self.store.writing() as unit:
            report_id: int = unit.connection.execute(report.insert().values(row).returning(report.c.id)).scalar_one()
            unit.commit()
        return report_id

    def pushed(self, who: Admitted, data: bytes = DATA, **more: object) -> str:
        """An upload of a pushed submission, still without bytes."""
        new = NewUpload(length=len(data), submission_id=self.submission(), path=b"a/b\xff", mtime_ns=7)
        return self.uploading.open(who, replace(new, **more)).public_id  # type: ignore[arg-type]

    def send(self, who: Admitted, public_id: str, data: bytes, offset: int = 0) -> int:
        with self.uploading.go_on(who, public_id, offset, len(data)) as writing:
            for start in range(0, len(data), 30_000):
                writing.append(data[start : start + 30_000])
            return writing.finish().offset

    def state(self, who: Admitted, public_id: str) -> tuple[UploadState, str | None]:
        kept = self.uploading.look(who, public_id)
        return kept.state, kept.because


def refused(code: str, call: object, *words: object) -> TriageError:
    """The call must be refused with this code."""
    with pytest.raises(TriageError) as told:
        call(*words)  # type: ignore[operator]
    assert told.value.code == code
    return told.value
