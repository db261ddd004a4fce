from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.unit.triage.interfaces.api.conftest import Served
from triage.interfaces.api.admission import Pace, Recalled
from triage.interfaces.web.statuses import TooManyRequests, headers_of


@dataclass
class Clock:
    """Seconds that a test moves."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_key_may_ask_so_many_at_once_and_then_at_its_pace() -> None:
    """Each key has a bucket of its own."""
    clock = Clock()
    pace = Pace(2.0, 3, clock)
    for _ in range(3):
        pace.take(1)
    with pytest.raises(TooManyRequests) as refused:
        pace.take(1)
    assert headers_of(refused.value) == {"Retry-After": "1"}
    pace.take(2)
    clock.now += 0.5
    pace.take(1)
    with pytest.raises(TooManyRequests):
        pace.take(1)


def test_a_rest_never_fills_more_than_the_bucket() -> None:
    """However long it was."""
    clock = Clock()
    pace = Pace(2.0, 3, clock)
    pace.take(1)
    clock.now += 3_600
    for _ in range(3):
        pace.take(1)
    with pytest.raises(TooManyRequests):
        pace.take(1)


def test_a_key_is_recalled_for_half_a_minute(served: Served) -> None:
    """And only the very same token."""
    clock = Clock()
    recalled = Recalled(clock)
    token = served.key()["Authorization"].split()[1]
    assert recalled.recall(token) is None
    admitted = recalled.admit(served.services.admitting, token)
    assert recalled.recall(token) == admitted
    assert recalled.recall(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    clock.now += 31
    assert recalled.recall(token) is None


def test_a_key_that_asks_too_fast_is_told_when_to_ask_again(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 429 and Retry-After."""
    key = served.key()
    monkeypatch.setattr("triage.interfaces.api.admission.Pace.take", _too_fast)
    answer = served.report(key)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "8")
    assert answer.json()["error"]["code"] == "too-many-requests"


def _too_fast(_pace: Pace, _key_id: int) -> None:
    raise TooManyRequests(7.2)
