"""Bringing the schema up to date, by command and never at import."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of

from .current_schema import MIGRATIONS
from .engine import WRITER, open_engine, telling_refusals

_log = logger_of("store")


def migration_config() -> Config:
    """Alembic's configuration without a file: the migrations lie beside the schema."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
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
