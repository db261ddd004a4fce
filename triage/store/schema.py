"""Bringing the schema up to date, by command and never at import; refusing to run against another one."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from triage.domain.errors import Refused
from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of

from .engine import WRITER, open_engine, telling_refusals

_log = logger_of("store")


def migration_config() -> Config:
    """Alembic's configuration without a file: the migrations lie beside the schema."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade_schema(url: str) -> None:
    """Apply every migration that the database does not have yet, in one transaction. Raises Unavailable."""
    engine = open_engine(url)
    config = migration_config()
    head = ScriptDirectory.from_config(config).get_current_head()
    with telling_refusals(), engine.connect() as connection:
        connection.execution_options(**{WRITER: True})
        config.attributes["connection"] = connection
        before = MigrationContext.configure(connection).get_current_revision()
        command.upgrade(config, "head")
        connection.commit()
    engine.dispose()
    if before != head:
        _log.info(Event.MIGRATED, version=head)


def require_current_schema(engine: Engine) -> None:
    """Raises Refused `schema-version` when the database's schema is not this program's; Unavailable, Tampered."""
    head = ScriptDirectory.from_config(migration_config()).get_current_head()
    with telling_refusals(), engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current != head:
        raise Refused("schema-version", "The database has another schema than this program: run `triage init`.")
