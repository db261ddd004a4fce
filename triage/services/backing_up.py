"""Backing up: the database first, then what it speaks of. Keys and witness are never in the same place."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Refused, Unavailable
from triage.settings import DATABASE_NAME
from triage.store.backup import copy_database
from triage.store.unit_of_work import Store
from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of
from triage.vault.copying import Copied, copy_folder

from .clock import Clock

_log = logger_of("services")
MANIFEST = "backup.json"


@dataclass(frozen=True, slots=True)
class Backup:
    """What stands in a backup. `log_records` is how much of the custody log its database holds."""

    at: datetime
    log_records: int
    checkpoint: str
    key_id: str  # the vault key without which it cannot be opened
    vault: Copied
    hash_sets: Copied


@dataclass(frozen=True)
class BackingUp:
    """Copies sealed bytes; opens none."""

    store: Store
    vault: Path
    hash_sets: Path
    key_id: str
    clock: Clock
    actor: str

    def back_up(self, target: Path) -> Backup:
        """Make or renew the backup in `target`, laid out like a data folder, while work goes on.

        Vault and releases are copied after the database, and only ever grow: whatever its rows point to is there.
        Raises Refused `backup-elsewhere` (PostgreSQL), `backup-inside`; Unavailable.
        """
        if self.store.engine.dialect.name != "sqlite":
            raise Refused("backup-elsewhere", "PostgreSQL is backed up with its own tools: docs/backup.md.")
        if target.resolve().is_relative_to(self.vault.parent.resolve()):
            raise Refused("backup-inside", "A backup inside the deployment would be lost with it.")
        try:
            target.mkdir(parents=True, exist_ok=True, mode=0o700)
            (target / MANIFEST).unlink(missing_ok=True)  # written last: without it a backup is not whole
        except OSError as error:
            raise Unavailable("backup-not-written", f"Nothing can be written there (error {error.errno}).") from None
        self._record()
        log_records, checkpoint = copy_database(self.store.engine, target / DATABASE_NAME)
        made = Backup(
            self.clock(),
            log_records,
            checkpoint,
            self.key_id,
            copy_folder(self.vault, target / self.vault.name),
            copy_folder(self.hash_sets, target / self.hash_sets.name),
        )
        _write(target / MANIFEST, made)
        _log.info(Event.BACKED_UP, records=made.log_records, files=made.vault.files, bytes=made.vault.bytes)
        return made

    def _record(self) -> None:
        """Before it is made: the copy's own log ends by saying what it is."""
        event = CustodyEvent(self.clock(), self.actor, CustodyAction.BACKED_UP, "deployment:all", "backup", {})
        with self.store.writing() as unit:
            unit.custody.append([event])
            unit.commit()


def _write(path: Path, made: Backup) -> None:
    document = asdict(made) | {"at": made.at.isoformat()}
    try:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        path.chmod(0o600)
    except OSError as error:
        raise Unavailable("backup-not-written", f"Nothing can be written there (error {error.errno}).") from None
