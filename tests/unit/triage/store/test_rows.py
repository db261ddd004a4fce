"""Inserting in bulk without doubling, and slices that fit a statement."""

from __future__ import annotations

import pytest

from triage.store.rows import insert_new, sliced
from triage.store.tables import provenance
from triage.store.unit_of_work import Store


def test_what_is_there_already_stays_as_it_is(store: Store) -> None:
    """A repeated stage writes nothing twice, also within one call."""
    with store.writing() as unit:
        insert_new(unit.connection, provenance, [{"tool": "a"}])
        insert_new(unit.connection, provenance, [{"tool": "a"}, {"tool": "b"}, {"tool": "b"}])
        insert_new(unit.connection, provenance, [])
        found = unit.connection.exec_driver_sql("SELECT tool FROM provenance ORDER BY id").scalars().all()
    assert found == ["a", "b"]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 10, 11])
def test_slices_hold_everything_once_in_order(count: int) -> None:
    """None is empty, none is longer than asked."""
    parts = list(sliced(range(count), 5))
    assert [one for part in parts for one in part] == list(range(count))
    assert all(1 <= len(part) <= 5 for part in parts)
