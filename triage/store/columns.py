"""What tables are made of: one metadata, and types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer, MetaData, TypeDecorator, text
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")
Document = JSON().with_variant(JSONB(), "postgresql")
PerhapsDocument = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def where(condition: str) -> dict[str, Any]:
    """A partial index of this condition. Queries must state it word for word, or SQLite does not use it."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class UtcDateTime(TypeDecorator[dt.datetime]):
    """Aware UTC in Python, UTC in the database (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Refuse naive times: a custody record without a zone is no record."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Give the zone back where the database dropped it."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=dt.UTC)
