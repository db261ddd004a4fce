"""Trouble is told once, waited out longer and longer, and over as soon as something works."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from triage.domain.errors import Tampered, Unavailable
from triage.telemetry.events import Event
from workers.patience import LONGEST_PAUSE, Patience


class Failing:
    """Fails so many times, then works."""

    def __init__(self, times: int, code: str = "database-unavailable") -> None:
        self.left = times
        self.code = code

    def __call__(self) -> str:
        if self.left:
            self.left -= 1
            raise Unavailable(self.code, "It is away.")
        return "done"


def test_it_tries_until_it_is_done_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    """One sentence when it goes, one when it is back."""
    patience = Patience(threading.Event(), first=0.01)
    with caplog.at_level(logging.INFO, "triage.workers"):
        assert patience.until_done(Failing(3)) == "done"
    told: list[dict[str, str]] = [record.msg for record in caplog.records]  # type: ignore[misc] # structlog's form
    assert [(line["event"], line["code"]) for line in told] == [
        (Event.WAITING, "database-unavailable"),
        (Event.GOING_ON, "database-unavailable"),
    ]


def test_each_pause_is_longer_and_none_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """1, 2, 4 … 30 seconds; after a success from the beginning."""
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    patience, pauses = Patience(threading.Event()), []
    for _ in range(7):
        patience.meet(Unavailable("a-code", "x"))
        pauses.append(patience._until - now)
        now = patience._until
    assert pauses == [1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE]
    patience.recovered()
    patience.meet(Unavailable("a-code", "x"))
    assert patience._until - now == 1


def test_threads_that_meet_the_same_trouble_at_once_lengthen_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight threads would be at the longest pause in a moment."""
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    patience = Patience(threading.Event())
    for _ in range(8):
        patience.meet(Unavailable("a-code", "x"))
    assert patience._until == 1


def test_told_to_stop_it_waits_no_longer() -> None:
    """Whoever stops a service does not wait out its pauses."""
    stopping = threading.Event()
    patience = Patience(stopping, first=600)
    threading.Timer(0.1, stopping.set).start()
    assert patience.until_done(Failing(1)) is None


def test_what_does_not_verify_is_no_matter_of_patience() -> None:
    """It is raised at once."""

    def broken() -> None:
        raise Tampered("seal-broken", "A seal is broken.")

    with pytest.raises(Tampered):
        Patience(threading.Event()).until_done(broken)
