"""Making a deployment, and letting another machine join it: folders, keys, schema, witness. Opens no services.

Keys are made once, where the deployment begins. The database remembers whose they are, so that a machine with others
is refused before it writes anything.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from triage.domain.checkpoints import LogSigner
from triage.domain.deployments import Identity, require_same
from triage.domain.errors import Refused, Unavailable
from triage.services.clock import system_clock
from triage.settings import DATABASE_NAME, Settings
from triage.store.deployment import begin_deployment, identity_of
from triage.store.engine import open_engine
from triage.store.unit_of_work import Store
from triage.telemetry.logs import configure_logs
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
    """Where one machine of a deployment keeps what."""

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
    def spool(self) -> Path:
        """What arrives in parts, sealed, until all of it is here."""
        return self.data / "spool"

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

    @property
    def key_files(self) -> tuple[Path, Path, Path]:
        """What a machine must have a copy of before it joins."""
        return self.vault_key, self.log_key, self.log_name

    def make(self) -> None:
        """Make the folders that are missing, for the owner alone."""
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.hash_sets.mkdir(exist_ok=True, mode=0o700)

    def signer(self) -> LogSigner:
        """The custody log's name and key. Raises Unavailable, Refused `key-exposed`."""
        try:
            return FileSigningKey.load(self.log_key, self.log_name.read_text(encoding="utf-8").strip())
        except OSError as error:
            raise Unavailable("key-missing", "The custody log's name or key cannot be read.") from error

    def identity(self) -> Identity:
        """Whose keys are here. Raises Unavailable, Refused `key-exposed`."""
        verifier = self.signer().verifier
        return Identity(FileKeyProvider(self.vault_key).key_id, verifier.name, verifier.public_key)


def initialise(settings: Settings) -> None:
    """Make a new deployment: keys, custody log, vault, database. Run again it only brings the schema up to date.

    Raises Refused: `keys-elsewhere` (the database was begun with keys that are not here), `other-deployment` (other
    keys are), `key-lost` (there is evidence and no key), `witness-lost`; what preparing the vault raises.
    """
    from triage.store.schema import upgrade_schema  # noqa: PLC0415 - keeps Alembic from every other command's start

    configure_logs(settings.log.format, settings.log.level)
    folders = Folders.of(settings)
    folders.make()
    upgrade_schema(settings.database_url)
    if folders.database.exists():
        folders.database.chmod(0o600)
    begun = identity_of(settings.database_url) or _begin(settings, folders)
    store = _own_store(settings, folders, begun)
    try:
        open_vault(settings, folders).prepare()
        if not folders.witness.exists():
            with store.reading() as unit:
                records, _ = unit.custody.head()
            if records:  # an empty witness would agree with whatever stands there now
                raise Refused(
                    "witness-lost",
                    "The custody log has records and there is no witness of it here: put it back; or, on a machine"
                    " that joins, run `triage join`.",
                )
            LogMirror.create(folders.witness)
    finally:
        store.close()


def prepare_joining(settings: Settings) -> None:
    """Make what this machine needs to work with a database that another one began; its witness is empty at first.

    Raises Refused: `not-initialised` (nobody began it), `keys-elsewhere`, `other-deployment`, `schema-version`.
    """
    folders = Folders.of(settings)
    begun = identity_of(settings.database_url)
    if not begun:
        raise Refused("not-initialised", "No deployment was begun with this database: run `triage init` instead.")
    _own_store(settings, folders, begun).close()
    folders.make()
    open_vault(settings, folders).prepare()
    if not folders.witness.exists():
        LogMirror.create(folders.witness)


def open_store(settings: Settings) -> Store:
    """The database of this deployment. Raises Refused `not-initialised`, `other-deployment`, `schema-version`."""
    folders = Folders.of(settings)
    if not folders.log_name.exists() or not folders.vault_key.exists():
        raise Refused(
            "not-initialised", f"There is no deployment in {settings.data}. Make one with: triage --data … init"
        )
    begun = identity_of(settings.database_url)
    if not begun:
        raise Refused("not-initialised", "The database was never begun: run `triage init`.")
    return _own_store(settings, folders, begun)


def open_vault(settings: Settings, folders: Folders) -> Vault:
    """The vault that the settings name. Reaches nothing yet. Raises Unavailable, Refused for keys and credentials."""
    keys = FileKeyProvider(folders.vault_key)
    if settings.vault.url:
        return S3Vault(Bucket(settings.vault.url, settings.vault.s3), keys)
    return LocalVault(folders.vault, keys)


def _evidence_exists(settings: Settings, folders: Folders) -> bool:
    if settings.vault.url:
        return any(True for _ in Bucket(settings.vault.url, settings.vault.s3).segments())
    return folders.vault.is_dir() and any(folders.vault.iterdir())


def _own_store(settings: Settings, folders: Folders, begun: Identity) -> Store:
    """The database, if the keys at hand are those that it was begun with."""
    if not all(path.exists() for path in folders.key_files):
        raise Refused(
            "keys-elsewhere",
            f"The database was begun with keys that are not all in {folders.vault_key.parent}: copy that folder from"
            " a machine that works with it, or put it back from its backup.",
        )
    require_same(begun, folders.identity())
    return Store(open_engine(settings.database_url), folders.signer(), LogMirror(folders.witness))


def _begin(settings: Settings, folders: Folders) -> Identity:
    """Make the keys that are missing and record whose they are. Of two machines at once the first begins."""
    if not folders.vault_key.exists():
        FileKeyProvider.create(folders.vault_key, evidence_exists=_evidence_exists(settings, folders))
    if not folders.log_name.exists():
        if folders.log_key.exists():  # made after the name: the name was lost
            raise Refused("key-lost", "The custody log has a key and its name is missing: restore keys/log-name.")
        create_whole(folders.log_name, f"triage.invalid/custody/{secrets.token_hex(8)}\n".encode())
    if not folders.log_key.exists():
        name = folders.log_name.read_text(encoding="utf-8").strip()
        FileSigningKey.create(folders.log_key, name, log_exists=folders.witness.exists())
    return begin_deployment(settings.database_url, folders.identity(), system_clock())
