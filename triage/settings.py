"""Settings: `config/default.toml`, then an administrator's file, then the environment. Unknown keys refuse."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from triage.domain.errors import Refused

DATABASE_NAME = "triage.sqlite3"
LEAST_RULINGS_DAYS = 90
_PREFIX, _NESTED = "TRIAGE_", "__"
_READ_ELSEWHERE = ("TRIAGE_CONFIG", "TRIAGE_TEST_")
"""Names in the environment that are no settings: the command line's own option, and what tests are told."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(_Section):
    """Where the database is; an empty URL means SQLite in the data folder."""

    url: str


class S3Settings(_Section):
    """How a store is reached; used when the vault's URL names one."""

    endpoint: str = Field(pattern=r"^(https?://[^/?#@\s]+/?)?$")
    region: str = Field(min_length=1)
    access_key_id: str
    secret_access_key: SecretStr
    credentials_file: str
    ca_file: str
    allow_http: bool
    checksum: Literal["", "SHA256", "CRC64NVME"]
    request_seconds: float = Field(gt=0, le=3600)
    give_up_seconds: float = Field(ge=0, le=3600)


class VaultSettings(_Section):
    """Where sealed evidence is; an empty URL means a folder in the data folder."""

    url: str = Field(pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*)?$")
    s3: S3Settings


class QueueSettings(_Section):
    """How doorbells reach worker processes. An empty URL means within `triage work` alone."""

    url: str = Field(pattern=r"^$|^(redis|rediss|unix)://")
    namespace: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")


class ReceiveSettings(_Section):
    """How a source is read."""

    batch_items: int = Field(ge=1, le=4096)
    batch_bytes: int = Field(ge=1)
    stream_above_bytes: int = Field(ge=0)
    threads: int = Field(ge=1, le=64)


class ArchiveSettings(_Section):
    """Limits on what one archive may unfold into."""

    max_depth: int = Field(ge=0, le=32)
    max_members: int = Field(ge=1)
    max_total_bytes: int = Field(ge=1)
    max_member_bytes: int = Field(ge=1)
    max_ratio: int = Field(ge=1)


class ExamineSettings(_Section):
    """How pictures are examined."""

    luma_first: bool


class IntakeSettings(_Section):
    """What is done with what senders hand in over the network."""

    keeps_media: bool
    unkept_max_bytes: int = Field(ge=1)


class WorkSettings(_Section):
    """How jobs are worked. `nice`: how far working processes give way to others of the machine."""

    threads: int = Field(ge=0, le=256)
    lease_seconds: float = Field(gt=0)
    max_attempts: int = Field(ge=1)
    retry_seconds: float = Field(ge=0)
    nice: int = Field(default=0, ge=0, le=19)

    @property
    def worker_threads(self) -> int:
        """Threads as counted: 0 means one for each core that this process may use."""
        return self.threads or len(os.sched_getaffinity(0))


class ChamberSettings(_Section):
    """Limits of one chamber process."""

    wall_seconds: float = Field(gt=0)
    cpu_seconds: int = Field(ge=1, le=3000)
    memory_bytes: int = Field(ge=1 << 28)
    recycle_after: int = Field(ge=1)


class LogSettings(_Section):
    """What this program writes of itself to standard error, and from which level on."""

    format: Literal["json", "plain"]
    level: Literal["debug", "info", "warning", "error"]


class TraceSettings(_Section):
    """Where spans are sent; an empty endpoint records none."""

    endpoint: str = Field(pattern=r"^(https?://[^\s]+)?$")


class ServeSettings(_Section):
    """Where `triage serve` listens, and under which names beside that address it may be asked."""

    host: str
    port: int = Field(ge=0, le=65535)
    names: tuple[str, ...]
    proxies: tuple[str, ...]

    @field_validator("proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for one in proxies:
            ip_network(one)  # ValueError
        return proxies


class SignInSettings(_Section):
    """Under which address people sign in, and how long that lasts. An empty origin: on this machine only."""

    origin: str = Field(pattern=r"^(https://[a-z0-9.-]+(:[0-9]{1,5})?)?$")
    idle_minutes: int = Field(ge=1, le=240)
    absolute_hours: int = Field(ge=1, le=24)
    enrol_hours: int = Field(ge=1, le=168)
    address_tries: int = Field(ge=3, le=100_000)
    address_tries_a_minute: float = Field(gt=0, le=100_000)


class OidcSettings(_Section):
    """An identity provider (OpenID Connect). An empty issuer: there is none."""

    issuer: str = Field(pattern=r"^(https://[^\s?#]+|http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?[^\s?#]*)?$")
    client_id: str
    client_secret: SecretStr
    name: str


class ApiSettings(_Section):
    """What one request of the reporting interface may hold, and how fast a key may ask."""

    max_body_bytes: int = Field(ge=1_024, le=1 << 30)
    max_files: int = Field(ge=1, le=1_000)
    requests_per_second: float = Field(gt=0)
    burst: int = Field(ge=1)


class IspwsSettings(_Section):
    """The door in the shape of the CyberTipline Reporting API, and the import of such reports."""

    xsd: str
    document_bytes: int = Field(ge=1 << 10, le=64 << 20)
    upload_bytes: int = Field(ge=1, le=4 << 30)
    import_bytes: int = Field(ge=1, le=16 << 30)


class UploadSettings(_Section):
    """What senders may upload in parts, and for how long unfinished parts are kept."""

    max_bytes: int = Field(ge=1)
    open_uploads: int = Field(ge=1)
    open_bytes: int = Field(ge=1)
    keep_hours: float = Field(gt=0)
    idle_seconds: float = Field(gt=0)


class KeepSettings(_Section):
    """For how many days what people did here is kept. 0 rulings_days: for ever."""

    ended_sessions_days: int = Field(ge=1, le=3_650)
    rulings_days: int = Field(ge=0, le=36_500)

    @field_validator("rulings_days")
    @classmethod
    def _long_enough(cls, days: int) -> int:
        if 0 < days < LEAST_RULINGS_DAYS:
            raise ValueError(f"rulings are kept for ever (0), or {LEAST_RULINGS_DAYS} days at least")
        return days


class PluginNames(_Section):
    """What may be loaded beside what ships: names of entry points."""

    formats: tuple[str, ...]


class Settings(BaseSettings):
    """Everything a deployment can set."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter=_NESTED,
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )
    _files: ClassVar[list[Path]] = []

    data: Path
    keys: str
    database: DatabaseSettings
    vault: VaultSettings
    queue: QueueSettings
    receive: ReceiveSettings
    archives: ArchiveSettings
    examine: ExamineSettings
    intake: IntakeSettings
    work: WorkSettings
    chamber: ChamberSettings
    log: LogSettings
    trace: TraceSettings
    serve: ServeSettings
    sign_in: SignInSettings
    oidc: OidcSettings
    api: ApiSettings
    ispws: IspwsSettings
    uploads: UploadSettings
    keep: KeepSettings

    @property
    def database_url(self) -> str:
        """The database to open."""
        return self.database.url or f"sqlite:///{self.data.absolute() / DATABASE_NAME}"

    @property
    def keys_folder(self) -> Path:
        """Where the keys lie, made by `init` and only read afterwards."""
        return Path(self.keys).absolute() if self.keys else self.data.absolute() / "keys"

    @property
    def has_many_machines(self) -> bool:
        """Whether other machines may work on the same database: on any but SQLite's file."""
        return not self.database_url.startswith("sqlite")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments over environment over files; a later file over an earlier one."""
        files = [TomlConfigSettingsSource(settings_cls, toml_file=path) for path in reversed(cls._files)]
        return (init_settings, env_settings, *files)


@cache
def config_folder() -> Path:
    """The folder of shipped configuration: beside the packages in a checkout, inside `triage` when installed."""
    packaged = Path(__file__).parent / "_config"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "config"


def load_settings(own_file: Path | None = None, data: Path | None = None) -> Settings:
    """Read the settings; `own_file` may be the name of a shipped profile. Raises Refused with each bad key's path."""
    files = [config_folder() / "default.toml"]
    if own_file is not None:
        files.append(_found(own_file))
    _refuse_unknown_variables()
    reader = type("_Reader", (Settings,), {"_files": files, "__module__": __name__})
    try:
        settings: Settings = reader(**({"data": data} if data else {}))
    except ValidationError as error:
        raise Refused("config-invalid", _explain(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused("config-invalid", f"A settings file is not TOML: {error}") from error
    return settings


def _found(own_file: Path) -> Path:
    """The file, or the shipped profile of this name."""
    for path in (own_file, config_folder() / "profiles" / f"{own_file}.toml"):
        if path.is_file():
            return path
    raise Refused("config-missing", f"The settings file {own_file} does not exist.")


def load_plugin_names() -> PluginNames:
    """The plug-ins of `config/plugins.toml`."""
    try:
        return PluginNames(**config_toml("plugins.toml"))
    except ValidationError as error:
        raise Refused("config-invalid", f"plugins.toml: {_explain(error)}") from error


def _refuse_unknown_variables() -> None:
    """A mistyped section in the environment would be overlooked where a mistyped key in it is not."""
    for name in sorted(os.environ):
        section = name.removeprefix(_PREFIX).split(_NESTED)[0].lower()
        ours = name.startswith(_PREFIX) and not name.startswith(_READ_ELSEWHERE)
        if ours and section not in Settings.model_fields:
            raise Refused("config-invalid", f"Settings refuse: the environment's {name} is no setting.")


def config_toml(name: str) -> dict[str, Any]:
    """A shipped file of configuration, as TOML has it."""
    with (config_folder() / name).open("rb") as file:
        return tomllib.load(file)


def _explain(error: ValidationError) -> str:
    parts = [f"{'.'.join(str(step) for step in problem['loc'])}: {problem['msg']}" for problem in error.errors()]
    return "Settings refuse: " + "; ".join(parts)
