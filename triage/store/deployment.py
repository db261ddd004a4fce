"""Whose keys a database belongs to: asked before a store is opened, since opening one takes the keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from triage.domain.deployments import Identity

from .current_schema import require_current_schema
from .deployment_tables import deployment
from .engine import WRITER, open_engine, telling_refusals
from .rows import insert_new

_ROW = 1


def identity_of(url: str) -> Identity | None:
    """The keys that a database was begun with; None before. Raises Refused `schema-version`, Unavailable."""
    engine = open_engine(url)
    try:
        require_current_schema(engine)
        with telling_refusals(), engine.connect() as connection:
            return _identity(connection)
    finally:
        engine.dispose()


def begin_deployment(url: str, identity: Identity, now: datetime) -> Identity:
    """Record the keys, unless there are some; those that are recorded. Of several machines at once one begins."""
    engine = open_engine(url)
    row = {
        "id": _ROW,
        "vault_key_id": identity.vault_key_id,
        "log_name": identity.log_name,
        "log_key": identity.log_key,
        "begun_at": now,
    }
    try:
        with telling_refusals(), engine.connect() as connection:
            connection.execution_options(**{WRITER: True})
            insert_new(connection, deployment, [row])
            connection.commit()
        with telling_refusals(), engine.connect() as connection:
            return _identity(connection) or identity
    finally:
        engine.dispose()


def _identity(connection: Connection) -> Identity | None:
    row = connection.execute(select(deployment).where(deployment.c.id == _ROW)).one_or_none()
    return Identity(row.vault_key_id, row.log_name, row.log_key) if row else None
