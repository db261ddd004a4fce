"""Refusing to run against another schema than this program's: asked by every command, so without Alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from triage.domain.errors import Refused

from .engine import telling_refusals

MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = "alembic_version"


def newest_version() -> str:
    """The version that the last migration leaves: what its file's name begins with."""
    return max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]


def require_current_schema(engine: Engine) -> None:
    """Raises Refused `schema-version` when the database's schema is not this program's; Unavailable, Tampered."""
    with telling_refusals(), engine.connect() as connection:
        current = _version_of(connection)
    if current != newest_version():
        raise Refused("schema-version", "The database has another schema than this program: run `triage init`.")


def _version_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION):
        return None
    version: str | None = connection.exec_driver_sql(f"SELECT version_num FROM {_VERSION}").scalar()  # noqa: S608 - ours
    return version
