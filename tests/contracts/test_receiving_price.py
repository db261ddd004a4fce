"""What the database reads for one batch of files, however many its submission has already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, text

from tests.contracts.queues import NOW
from tests.contracts.test_ringing import cost, submitted
from triage.domain.submissions import Found
from triage.store.tables import item, occurrence
from triage.store.unit_of_work import Store

FEW, MANY = 200, 10_000
BATCH = range(64)


def receive(store: Store, submission: int, numbers: range) -> None:
    """Occurrences, each of an item of its own, as very many batches leave them."""
    with store.writing() as unit:
        items = [
            {
                "id": 1_000_000 * submission + number,
                "sha256": f"{submission}-{number}".encode().ljust(32),
                "sha1": bytes(20),
                "md5": bytes(16),
                "size": 1,
                "kind": "picture",
                "depth": 0,
                "outcome": "pending",
                "first_seen": NOW,
            }
            for number in numbers
        ]
        unit.connection.execute(insert(item), items)
        unit.submissions.add_occurrences(
            submission,
            [(1_000_000 * submission + number, Found(path_of(number), 1, 1)) for number in numbers],
        )
        unit.commit()


def path_of(number: int) -> bytes:
    return b"%d.jpg" % number


def what_is_known_already(submission: int) -> Callable[[Any], object]:
    found = [(path_of(number), 1, 1) for number in BATCH]
    return lambda unit: unit.submissions.already_found(submission, 0, found)


def what_is_new_here(submission: int) -> Callable[[Any], object]:
    return lambda unit: unit.submissions.not_found_yet(submission, [1_000_000 * submission + one for one in BATCH])


@pytest.mark.parametrize("question", [what_is_known_already, what_is_new_here])
def test_it_does_not_grow_with_a_submission_that_came_since_the_last_statistics(
    store: Store, question: Callable[[int], Callable[[Any], object]]
) -> None:
    """The server knows that every submission is large, and has never seen this one; it would guess it empty."""
    for number in range(3):
        receive(store, submitted(store, f"EARLIER-{number}"), range(FEW * 10))
    with store.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()
    late = submitted(store, "LATE")
    receive(store, late, range(FEW))
    few = cost(store, question(late), occurrence.name)
    receive(store, late, range(FEW, MANY))
    many = cost(store, question(late), occurrence.name)
    assert many <= 2 * few + 20, (few, many)
