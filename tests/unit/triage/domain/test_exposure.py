"""The time policy as a rule: windows, breaks, shifts, clocks; and its file, read strictly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from triage.domain.exposure import (
    ExposurePolicy,
    Flagging,
    Seen,
    day_begins,
    judge_time,
    parse_exposure,
    seconds_of,
)
from triage.domain.reports import FileMark
from triage.rule_files import load_exposure_policy

NOON = datetime(2026, 3, 16, 12, tzinfo=UTC)
ZONE = ZoneInfo("UTC")
POLICY = ExposurePolicy(
    day_seconds=600,
    hour_seconds=100,
    day_looks=20,
    hour_looks=5,
    break_after_seconds=60,
    break_minutes=10,
    shift_begins=time(8),
    shift_ends=time(16),
    quiet_minutes=30,
    longest_look_seconds=60,
    token_seconds=60,
    flagged_day_seconds=40,
    flagged_day_looks=3,
    flagging=Flagging((FileMark.VIOLENCE,), ("violence",)),
    edition="e",
)


def ago(minutes: float, seconds: float = 1.0) -> Seen:
    return Seen(NOON - timedelta(minutes=minutes), seconds)


def flagged(minutes: float, seconds: float = 1.0) -> Seen:
    return Seen(NOON - timedelta(minutes=minutes), seconds, is_flagged=True)


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ([], "fits"),
        ([flagged(120)] * 2, "fits"),
        ([flagged(120)] * 3, "look-flagged-limit"),
        ([flagged(120, 40)], "look-flagged-limit"),
        ([flagged(120, 30), ago(120, 30)], "fits"),
        ([flagged(13 * 60)] * 3, "fits"),
        ([ago(5)] * 5, "look-hour-limit"),
    ],
)
def test_what_is_flagged_is_capped_apart(seen: list[Seen], code: str) -> None:
    """Its own looks alone fill its cap; the other limits go before, and do not feel it."""
    ruling = judge_time(seen, POLICY, NOON, ZONE, is_flagged=True)
    assert ruling.code == code
    assert judge_time(seen, POLICY, NOON, ZONE).code == ("fits" if code == "look-flagged-limit" else code)


def test_a_cap_of_nothing_shows_nothing() -> None:
    """Unless another person overrides it."""
    none = replace(POLICY, flagged_day_looks=0)
    assert judge_time([], none, NOON, ZONE, is_flagged=True).code == "look-flagged-limit"


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ([], "fits"),
        ([ago(5)] * 4, "fits"),
        ([ago(5)] * 5, "look-hour-limit"),
        ([ago(61)] * 5, "fits"),
        ([ago(30, 100)], "look-hour-limit"),
        ([ago(120, 600)], "look-day-limit"),
        ([ago(120)] * 20, "look-day-limit"),
        ([ago(13 * 60, 600)], "fits"),
        ([ago(-30)] * 5, "look-hour-limit"),
        ([ago(5, 59)], "fits"),
        ([ago(5, 60)], "look-break-due"),
        ([ago(11, 60)], "fits"),
        ([ago(9, 30), ago(4, 30)], "look-break-due"),
        ([ago(30, 30), ago(4, 30)], "fits"),
    ],
)
def test_each_limit_says_no_by_its_name(seen: list[Seen], code: str) -> None:
    """And none of them a moment before."""
    assert judge_time(seen, POLICY, NOON, ZONE).code == code


@pytest.mark.parametrize(
    ("hour", "minute", "code"),
    [
        (7, 59, "look-outside-shift"),
        (8, 0, "fits"),
        (15, 29, "fits"),
        (15, 30, "look-outside-shift"),
        (23, 0, "look-outside-shift"),
    ],
)
def test_nothing_near_the_end_of_a_shift(hour: int, minute: int, code: str) -> None:
    """By the person's own clock, whatever the server's says."""
    for zone in ("UTC", "Asia/Bangkok", "America/New_York", "Asia/Kathmandu"):
        local = datetime(2026, 7, 1, hour, minute, tzinfo=ZoneInfo(zone))
        assert judge_time([], POLICY, local.astimezone(UTC), ZoneInfo(zone)).code == code


def test_the_day_is_ones_own_and_never_short() -> None:
    """Midnight, or twelve hours ago; also across a change of the clocks."""
    bangkok = ZoneInfo("Asia/Bangkok")
    assert day_begins(NOON, bangkok) == datetime(2026, 3, 15, 17, tzinfo=UTC)
    assert day_begins(NOON.replace(hour=18), bangkok) == NOON.replace(hour=6)
    berlin = ZoneInfo("Europe/Berlin")
    assert day_begins(datetime(2026, 3, 29, 20, tzinfo=UTC), berlin) == datetime(2026, 3, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "counted"),
    [(5.0, 5.0), (0.0, 0.0), (31.0, 30.0), (-1.0, 30.0), (float("nan"), 30.0), (float("inf"), 30.0)],
)
def test_what_a_page_tells_is_bounded_by_the_servers_clock(told: float, counted: float) -> None:
    """Nonsense counts as all of the time."""
    assert seconds_of(told, NOON - timedelta(seconds=30), NOON, POLICY) == counted
    assert seconds_of(float("nan"), NOON - timedelta(hours=3), NOON, POLICY) == 60
    assert seconds_of(5.0, NOON + timedelta(hours=1), NOON, POLICY) == 0


def test_the_shipped_policy_is_read() -> None:
    """Less than the five hours a day of those who do nothing else."""
    assert load_exposure_policy().day_seconds <= 5 * 3600


FILE: dict[str, Any] = {
    "day_seconds": 3600,
    "hour_seconds": 900,
    "day_looks": 300,
    "hour_looks": 90,
    "break_after_seconds": 900,
    "break_minutes": 10,
    "shift_begins": "06:00",
    "shift_ends": "16:30",
    "quiet_minutes": 30,
    "longest_look_seconds": 60,
    "token_seconds": 60,
    "flagged_day_seconds": 120,
    "flagged_day_looks": 10,
    "flagged_marks": ["violence"],
    "flagged_tags": ["Violence"],
}


@pytest.mark.parametrize(
    "change",
    [
        {"day_seconds": 20_000},
        {"hour_looks": 0},
        {"token_seconds": 3600},
        {"shift_ends": "5 o'clock"},
        {"shift_ends": "16:30+07:00"},
        {"shift_ends": "05:00"},
        {"nonsense": 1},
        {"flagged_day_looks": -1},
        {"flagged_marks": ["no such mark"]},
        {"flagged_tags": ['%"']},
    ],
)
def test_a_policy_that_could_harm_refuses_to_start(change: dict[str, Any]) -> None:
    """By the key's path; more than five hours a day is refused too."""
    assert parse_exposure(FILE).hour_looks == 90
    with pytest.raises(ValueError, match="exposure"):
        parse_exposure(FILE | change)
