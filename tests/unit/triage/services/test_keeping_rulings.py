"""Rulings that come at once share a commit; nobody goes on before theirs is kept."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from tests.unit.triage.stored import NOW
from triage.domain.access import Action, Ruling
from triage.services.keeping_rulings import Asked, Together
from triage.store.access import Subject


def ruling(number: int) -> Asked:
    """One of many."""
    return Asked(number, Action.SEE_ITEM, Subject("item", number), Ruling(True, "allowed"), NOW)


def test_those_that_come_during_a_commit_share_the_next() -> None:
    """Twenty at once are two commits: the first one's own, and one for all that waited."""
    together, batches = Together(), []
    is_writing, may_end = threading.Event(), threading.Event()

    def write(rulings: Sequence[Asked]) -> None:
        batches.append(len(rulings))
        is_writing.set()
        may_end.wait(30)

    threads = [threading.Thread(target=together.keep, args=(ruling(one), write)) for one in range(20)]
    threads[0].start()
    assert is_writing.wait(30)
    for one in threads[1:]:
        one.start()
    while len(together._gathering.rulings) < 19:
        pass
    may_end.set()
    for one in threads:
        one.join()
    assert batches == [1, 19]


def test_a_ruling_whose_commit_failed_is_not_taken_for_kept() -> None:
    """The asker is told, and the next one's commit is its own."""
    together, kept = Together(), []

    def fail(rulings: Sequence[Asked]) -> None:
        raise OSError(f"{len(rulings)} not kept")

    with pytest.raises(OSError, match="1 not kept"):
        together.keep(ruling(1), fail)
    together.keep(ruling(2), kept.extend)
    assert [one.principal_id for one in kept] == [2]
