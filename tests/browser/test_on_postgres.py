"""Journeys of this room again where people work over PostgreSQL: the same pages, before a server's database."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, insert, select, text

from tests.browser.test_keyboard import test_from_signing_in_to_a_decision_by_keyboard
from tests.browser.test_looks import test_one_look_shows_one_reduced_rendition_once
from tests.browser.test_next_look import test_following_it_the_plan_goes_on_and_ends
from tests.browser.test_reach import test_opting_out_leaves_no_trace_for_managers, test_two_people_at_once
from tests.browser.test_taking_back import test_what_ended_a_referral_is_taken_back_from_the_queue
from tests.browser.test_two_people import test_what_was_decided_at_once_is_taken_back_or_confirmed_at_once
from tests.integration.conftest import empty, postgres_database, postgres_server
from triage.settings import Settings, load_settings
from triage.store.tables import metadata

__all__ = [
    "postgres_database",
    "postgres_server",
    "test_following_it_the_plan_goes_on_and_ends",
    "test_from_signing_in_to_a_decision_by_keyboard",
    "test_one_look_shows_one_reduced_rendition_once",
    "test_opting_out_leaves_no_trace_for_managers",
    "test_two_people_at_once",
    "test_what_ended_a_referral_is_taken_back_from_the_queue",
    "test_what_was_decided_at_once_is_taken_back_or_confirmed_at_once",
]


@pytest.fixture
def chosen(cloned: Path, postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The clone, with every row of its database in PostgreSQL."""
    empty(postgres_database)
    source, target = create_engine(f"sqlite:///{cloned / 'triage.sqlite3'}"), create_engine(postgres_database)
    with source.connect() as old, target.begin() as new:
        for table in metadata.sorted_tables:
            rows = [dict(row) for row in old.execute(select(table)).mappings()]
            if rows:
                new.execute(insert(table), rows)
            key = table.primary_key.columns.values()
            if len(key) == 1 and rows and new.scalar(select(func.pg_get_serial_sequence(table.name, key[0].name))):
                newest = max(row[key[0].name] for row in rows)
                named = {"table": table.name, "key": key[0].name, "newest": newest}
                new.execute(text("SELECT setval(pg_get_serial_sequence(:table, :key), :newest)"), named)
    source.dispose()
    target.dispose()
    (cloned / "triage.sqlite3").unlink()
    monkeypatch.setenv("TRIAGE_DATABASE__URL", postgres_database)
    return load_settings(data=cloned)
