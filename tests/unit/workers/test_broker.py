"""Doorbells: each ring is answered once, by as many threads as asked for."""

from __future__ import annotations

import threading

from workers.broker import open_doorbells


def test_every_ring_is_answered_once() -> None:
    """Whatever the answer takes; stopping waits for those in hand."""
    answered: list[int] = []
    all_there = threading.Event()

    def answer(job_id: int) -> None:
        answered.append(job_id)
        if len(answered) == 20:
            all_there.set()

    bells = open_doorbells(answer, threads=2)
    for job_id in range(20):
        bells.ring(job_id)
    assert all_there.wait(30)
    bells.stop(5)
    assert sorted(answered) == list(range(20))


def test_two_rings_are_answered_at_once_by_two_threads() -> None:
    """Each waits for the other: one thread alone would never end."""
    together = threading.Barrier(3)

    def answer(_: int) -> None:
        together.wait(30)

    bells = open_doorbells(answer, threads=2)
    bells.ring(1)
    bells.ring(2)
    together.wait(30)
    bells.stop(5)
