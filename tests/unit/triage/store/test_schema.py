"""The migrations make exactly the schema that the code speaks of, and nothing runs against another one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect

from triage.domain.errors import Refused
from triage.store.current_schema import newest_version, require_current_schema
from triage.store.engine import open_engine
from triage.store.schema import migration_config, upgrade_schema
from triage.store.tables import metadata


@pytest.fixture
def engine(database: Path) -> Iterator[Engine]:
    opened = open_engine(f"sqlite:///{database}")
    yield opened
    opened.dispose()


def move(engine: Engine, revision: str) -> None:
    """Take the database to a revision, as an administrator would with Alembic's own command."""
    config: Config = migration_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if revision == "base" else command.upgrade)(config, revision)


def test_migrated_databases_are_what_the_metadata_describes(engine: Engine) -> None:
    """A column added in one place and forgotten in the other shows here."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_database_can_go_down_to_nothing_and_up_again(engine: Engine) -> None:
    """Down leaves no table of ours behind; up again gives the same schema."""
    before = inspect(engine).get_table_names()
    move(engine, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    move(engine, "head")
    assert inspect(engine).get_table_names() == before
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_bringing_up_to_date_twice_changes_nothing(database: Path, engine: Engine) -> None:
    """`triage init` may be run at any time."""
    upgrade_schema(f"sqlite:///{database}")
    require_current_schema(engine)


def test_the_newest_version_is_where_alembic_would_arrive() -> None:
    """It is told from the names of files, which every command can afford."""
    assert newest_version() == ScriptDirectory.from_config(migration_config()).get_current_head()


def test_a_database_without_our_schema_is_refused(tmp_path: Path) -> None:
    """An empty file, or another program's database."""
    engine = create_engine(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    with pytest.raises(Refused) as refused:
        require_current_schema(engine)
    assert refused.value.code == "schema-version"
    engine.dispose()


def test_a_database_of_a_later_program_is_refused(engine: Engine) -> None:
    """An old program must not write into a schema that it does not know."""
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Refused) as refused:
        require_current_schema(engine)
    assert refused.value.code == "schema-version"


def test_items_that_others_refer_to_stay_when_their_columns_are_loosened(engine: Engine) -> None:
    """The item table is changed where it stands: no row is lost, no foreign key broken, and a told MD5 fits in."""
    with engine.begin() as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0007")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO item (sha256, sha1, md5, size, kind, depth, outcome, first_seen)"
            " VALUES (x'01', x'02', x'03', 1, 'other', 0, 'unknown', '2026-03-16')"
        )
        connection.exec_driver_sql(
            "INSERT INTO processing_note (item_id, code, detail, stage) VALUES (1, 'empty', '', 'examine')"
        )
    move(engine, "head")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO item (md5, kind, depth, outcome, first_seen)"
            " VALUES (x'04', 'stated', 0, 'pending', '2026-03-16')"
        )
        assert connection.exec_driver_sql("SELECT count(*) FROM item").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
