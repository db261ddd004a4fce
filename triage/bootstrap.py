"""The one place that chooses adapters: reads settings, opens what they name, returns a frozen set of services."""

from __future__ import annotations

import getpass
import importlib.metadata
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path

from hashsets.errors import HashSetError
from hashsets.formats.detect import FORMATS, Format
from hashsets.library import Library
from hashsets.plugins import plugged_formats
from triage.chamber.limits import ChamberLimits, ExamineLimits
from triage.domain.checkpoints import LogSigner
from triage.domain.errors import Refused, TriageError, Unavailable
from triage.services.auditing import Auditing
from triage.services.backing_up import BackingUp
from triage.services.clock import system_clock
from triage.services.examining import Examining
from triage.services.expanding import Expanding
from triage.services.exporting_sets import ExportingSets
from triage.services.giving_up import GivingUp
from triage.services.hurrying import Hurrying
from triage.services.importing import Importing
from triage.services.judging_entries import JudgingEntries
from triage.services.keeping import Keeping
from triage.services.linking import Linking
from triage.services.look_alikes import LookAlikeMemory
from triage.services.looking_up import LookingUp
from triage.services.matching import Matching
from triage.services.observing import Observing
from triage.services.putting_in_force import PuttingInForce
from triage.services.receiving import Receiving
from triage.services.recording_sets import RecordingSets
from triage.services.referring import Referring
from triage.services.rematching import Rematching
from triage.services.reporting import Reporting
from triage.services.restoring import Restoring
from triage.services.retrying import Retrying
from triage.settings import (
    DATABASE_NAME,
    Settings,
    load_link_rules,
    load_match_policy,
    load_plugin_names,
    load_priority_rules,
)
from triage.store.engine import open_engine
from triage.store.schema import require_current_schema, upgrade_schema
from triage.store.unit_of_work import Store
from triage.telemetry.logs import configure_logs
from triage.telemetry.traces import configure_traces, stop_traces
from triage.vault.bucket import Bucket
from triage.vault.files import create_whole
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault
from triage.vault.s3 import S3Vault
from triage.vault.seam import Vault
from triage.vault.witness import FileSigningKey, LogMirror

_LOG_NAME = "log-name"


@dataclass(frozen=True)
class Folders:
    """Where one deployment keeps what."""

    data: Path
    keys: Path

    @classmethod
    def of(cls, settings: Settings) -> Folders:
        """The folders that the settings name."""
        return cls(settings.data.absolute(), settings.keys_folder)

    @property
    def database(self) -> Path:
        """The SQLite file, where the database is one."""
        return self.data / DATABASE_NAME

    @property
    def vault(self) -> Path:
        """Sealed evidence."""
        return self.data / "vault"

    @property
    def witness(self) -> Path:
        """The custody log's copy outside the database."""
        return self.data / "custody"

    @property
    def hash_sets(self) -> Path:
        """Releases of known-hash sets."""
        return self.data / "hashsets"

    @property
    def vault_key(self) -> Path:
        """The key that wraps every item's key."""
        return self.keys / "vault.key"

    @property
    def log_key(self) -> Path:
        """The key that signs checkpoints."""
        return self.keys / "custody.key"

    @property
    def log_name(self) -> Path:
        """The custody log's public name."""
        return self.keys / _LOG_NAME


@dataclass(frozen=True)
class Application:
    """All services of one deployment, opened together."""

    settings: Settings
    store: Store
    vault: Vault
    library: Library
    receiving: Receiving
    expanding: Expanding
    examining: Examining
    matching: Matching
    rematching: Rematching
    linking: Linking
    referring: Referring
    giving_up: GivingUp
    retrying: Retrying
    hurrying: Hurrying
    importing: Importing
    putting_in_force: PuttingInForce
    judging_entries: JudgingEntries
    exporting_sets: ExportingSets
    looking_up: LookingUp
    auditing: Auditing
    reporting: Reporting
    observing: Observing
    backing_up: BackingUp
    restoring: Restoring
    chamber_limits: ChamberLimits
    stop: threading.Event

    def close(self) -> None:
        """Let go of the database, and send what is left of the trace."""
        self.store.close()
        stop_traces()


def initialise(settings: Settings) -> None:
    """Make a new deployment: keys, custody log, vault, database. Run again it only brings the schema up to date.

    Raises Refused when keys are missing while evidence exists: a lost key comes back from its backup.
    """
    configure_logs(settings.log.format, settings.log.level)
    folders = Folders.of(settings)
    folders.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    folders.hash_sets.mkdir(exist_ok=True, mode=0o700)
    if not folders.vault_key.exists():
        FileKeyProvider.create(folders.vault_key, evidence_exists=_evidence_exists(settings, folders))
    _open_vault(settings, folders).prepare()
    if not folders.log_name.exists():
        if folders.log_key.exists():  # made after the name: the name was lost
            raise Refused("key-lost", "The custody log has a key and its name is missing: restore keys/log-name.")
        create_whole(folders.log_name, f"triage.invalid/custody/{secrets.token_hex(8)}\n".encode())
    if not folders.log_key.exists():
        FileSigningKey.create(folders.log_key, _log_name(folders), log_exists=folders.witness.exists())
    upgrade_schema(settings.database_url)
    if not folders.witness.exists():
        if _log_has_records(settings, folders):  # an empty witness would agree with whatever stands there now
            raise Refused("witness-lost", "The custody log has records and its witness is missing: restore it.")
        LogMirror.create(folders.witness)
    if folders.database.exists():
        folders.database.chmod(0o600)


def open_application(settings: Settings) -> Application:
    """Open an existing deployment. Raises Refused `not-initialised`, Unavailable, Tampered."""
    configure_logs(settings.log.format, settings.log.level)
    folders = Folders.of(settings)
    if not folders.log_name.exists() or not folders.vault_key.exists():
        raise Refused(
            "not-initialised", f"There is no deployment in {settings.data}. Make one with: triage --data … init"
        )
    clock, actor, stop = system_clock, f"{getpass.getuser()}@triage", threading.Event()
    policy, rules = load_match_policy(), load_link_rules()
    keys = FileKeyProvider(folders.vault_key)
    vault = _open_vault(settings, folders)
    keeping = Keeping(vault)
    store = Store(open_engine(settings.database_url), _signer(folders), LogMirror(folders.witness))
    try:
        require_current_schema(store.engine)
    except TriageError:
        store.engine.dispose()
        raise
    library = Library.open(folders.hash_sets, formats=(*FORMATS, *_plugged_formats()))
    matching = Matching(store, library, policy, clock, actor)
    rematching = Rematching(store, library, matching, settings.work, clock, actor)
    recording = RecordingSets(store, rematching, clock, actor)
    configure_traces(settings.trace.endpoint, _version())
    return Application(
        settings=settings,
        store=store,
        vault=vault,
        library=library,
        receiving=Receiving(store, vault, settings.receive, clock, actor),
        expanding=Expanding(
            store, vault, keeping, settings.archives, settings.receive, settings.work, clock, actor, stop.is_set
        ),
        examining=Examining(
            store, keeping, settings.work, clock, actor, stop.is_set, luma_first=settings.examine.luma_first
        ),
        matching=matching,
        rematching=rematching,
        linking=Linking(store, LookAlikeMemory(), policy, rules, settings.work, clock, actor),
        referring=Referring(store, rules, load_priority_rules(), clock, actor),
        giving_up=GivingUp(store, settings.work, clock, actor),
        retrying=Retrying(store, rematching, clock, actor),
        hurrying=Hurrying(store, clock, actor),
        importing=Importing(library, recording),
        putting_in_force=PuttingInForce(library, recording),
        judging_entries=JudgingEntries(library, recording),
        exporting_sets=ExportingSets(library, recording),
        looking_up=LookingUp(library, policy),
        auditing=Auditing(store, vault, keeping, library, LogMirror(folders.witness), clock, actor),
        observing=Observing(store, library, LogMirror(folders.witness), vault.check),
        backing_up=BackingUp(store, folders.vault, folders.hash_sets, keys.key_id, clock, actor),
        restoring=Restoring(
            store, LogMirror(folders.witness), lambda: LogMirror.create(folders.witness), clock, actor
        ),
        reporting=Reporting(store, library, policy, rules, clock, actor, _version()),
        chamber_limits=ChamberLimits(
            wall_seconds=settings.chamber.wall_seconds,
            cpu_seconds=settings.chamber.cpu_seconds,
            memory_bytes=settings.chamber.memory_bytes,
            tasks=settings.chamber.recycle_after,
            examine=ExamineLimits(
                quality_floor=policy.quality_floor, little_information_from=policy.little_information_from
            ),
        ),
        stop=stop,
    )


def _open_vault(settings: Settings, folders: Folders) -> Vault:
    keys = FileKeyProvider(folders.vault_key)
    if settings.vault.url:
        return S3Vault(Bucket(settings.vault.url, settings.vault.s3), keys)
    return LocalVault(folders.vault, keys)


def _evidence_exists(settings: Settings, folders: Folders) -> bool:
    if settings.vault.url:
        return any(True for _ in Bucket(settings.vault.url, settings.vault.s3).segments())
    return folders.vault.is_dir() and any(folders.vault.iterdir())


def _version() -> str:
    try:
        return importlib.metadata.version("triage-pipeline")
    except importlib.metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "from source"


def _log_has_records(settings: Settings, folders: Folders) -> bool:
    store = Store(open_engine(settings.database_url), _signer(folders), LogMirror(folders.witness))
    try:
        with store.reading() as unit:
            return unit.custody.head()[0] > 0
    finally:
        store.close()


def _plugged_formats() -> tuple[Format, ...]:
    try:
        return plugged_formats(load_plugin_names().formats)
    except HashSetError as error:
        raise Refused(error.code, f"Plug-ins: {error.sentence}.") from error


def _log_name(folders: Folders) -> str:
    return folders.log_name.read_text(encoding="utf-8").strip()


def _signer(folders: Folders) -> LogSigner:
    try:
        return FileSigningKey.load(folders.log_key, _log_name(folders))
    except OSError as error:
        raise Unavailable("key-missing", "The custody log's name or key cannot be read.") from error
