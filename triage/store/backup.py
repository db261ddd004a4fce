"""A copy of a SQLite database as it is at one moment, taken while others write."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from triage.domain.errors import Refused, Unavailable

_HEAD = "SELECT size, note FROM custody_checkpoint ORDER BY size DESC LIMIT 1"


def copy_database(engine: Engine, target: Path) -> tuple[int, str]:
    """Write the copy beside `target` and put it there whole; an older one is replaced. Returns its log's head.

    Raises Refused `backup-elsewhere` for a database that is not SQLite; Unavailable `backup-not-written`.
    """
    source = engine.url.database
    if engine.dialect.name != "sqlite" or source is None:
        raise Refused("backup-elsewhere", "PostgreSQL is backed up with its own tools: docs/backup.md.")
    draft = target.with_name(f".{target.name}.draft")
    try:
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(draft)) as written:
            # In one step: one that stops in between begins anew whenever a worker has committed, perhaps for ever.
            read.backup(written, pages=-1)
            written.execute("PRAGMA journal_mode=DELETE")  # one file, whole without another beside it
            head: tuple[int, str] | None = written.execute(_HEAD).fetchone()
        descriptor = os.open(draft, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.rename(target)
    except (sqlite3.Error, OSError) as error:
        draft.unlink(missing_ok=True)
        raise Unavailable("backup-not-written", "The database cannot be copied there: is there room?") from error
    return head or (0, "")
