"""The time policy: how much looking is good for a person. `config/exposure.toml` as a value, and the rule over it.

Windows end now and begin by the server's clock; a look in the future counts, so that a clock set back gives nothing.
The day is the person's own, and never shorter than twelve hours: changing the time zone begins no new day. Blur
protects nobody (two experiments of 2026), so seconds of both levels count alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from .reports import FileMark
from .tables import Table, edition_of

_HOUR = timedelta(hours=1)
_SHORTEST_DAY = timedelta(hours=12)
_TAG = re.compile(r"[a-z0-9][a-z0-9 .:-]*")


@dataclass(frozen=True, slots=True)
class Flagging:
    """Which material is flagged as violent: what senders mark files as, and tags of sets' entries, in lower case."""

    marks: tuple[FileMark, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExposurePolicy:
    """Limits for one person. Seconds of looking, numbers of looks, minutes of the clock, local hours.

    What is flagged as violent is looked at by choice alone, and has a cap of its own within the others.

    After `break_after_seconds` of looking without a pause of `break_minutes`, such a pause is due. Nothing is shown
    before `shift_begins`, nor from `quiet_minutes` before `shift_ends` on, by the person's own clock.
    """

    day_seconds: int
    hour_seconds: int
    day_looks: int
    hour_looks: int
    break_after_seconds: int
    break_minutes: int
    shift_begins: time
    shift_ends: time
    quiet_minutes: int
    longest_look_seconds: int
    token_seconds: int
    flagged_day_seconds: int
    flagged_day_looks: int
    flagging: Flagging
    edition: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One look that was shown, or is about to be: when, for how many seconds, and whether at what is flagged."""

    at: datetime
    seconds: float
    is_flagged: bool = False


@dataclass(frozen=True, slots=True)
class TimeRuling:
    """Whether a look fits the policy now. `code` is `fits`, or which limit says no; what is left, never below 0."""

    code: str
    day_seconds_left: float
    hour_seconds_left: float
    day_looks_left: int
    hour_looks_left: int
    flagged_seconds_left: float
    flagged_looks_left: int

    @property
    def fits(self) -> bool:
        """Whether it does."""
        return self.code == "fits"


def day_begins(now: datetime, zone: tzinfo) -> datetime:
    """The beginning of the person's day in UTC: their midnight, or twelve hours ago where that is earlier."""
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)
    return min(midnight, now.astimezone(UTC) - _SHORTEST_DAY)


def judge_time(
    seen: Sequence[Seen], policy: ExposurePolicy, now: datetime, zone: tzinfo, *, is_flagged: bool = False
) -> TimeRuling:
    """Apply the policy to what the person has seen; anything before the day's beginning is ignored.

    `is_flagged` tells of the look that is asked for: then its own cap must have room as well.
    """
    ordered = sorted((one for one in seen if one.at >= day_begins(now, zone)), key=lambda one: one.at)
    hour = [one for one in ordered if one.at + timedelta(seconds=one.seconds) > now - _HOUR]
    day_left = max(0.0, policy.day_seconds - sum(one.seconds for one in ordered))
    hour_left = max(0.0, policy.hour_seconds - sum(one.seconds for one in hour))
    looks_left = max(0, policy.day_looks - len(ordered)), max(0, policy.hour_looks - len(hour))
    code = _code(ordered, policy, now, zone, day_left=day_left, hour_left=hour_left, looks_left=looks_left)
    flagged = [one for one in ordered if one.is_flagged]
    flagged_left = max(0.0, policy.flagged_day_seconds - sum(one.seconds for one in flagged))
    flagged_looks = max(0, policy.flagged_day_looks - len(flagged))
    if code == "fits" and is_flagged and not (flagged_left and flagged_looks):
        code = "look-flagged-limit"
    return TimeRuling(code, day_left, hour_left, *looks_left, flagged_left, flagged_looks)


def _code(
    ordered: Sequence[Seen],
    policy: ExposurePolicy,
    now: datetime,
    zone: tzinfo,
    *,
    day_left: float,
    hour_left: float,
    looks_left: tuple[int, int],
) -> str:
    if not _within_shift(policy, now.astimezone(zone)):
        return "look-outside-shift"
    if day_left <= 0 or not looks_left[0]:
        return "look-day-limit"
    if hour_left <= 0 or not looks_left[1]:
        return "look-hour-limit"
    return "look-break-due" if _break_due(ordered, policy, now) else "fits"


def _within_shift(policy: ExposurePolicy, local: datetime) -> bool:
    last = datetime.combine(local.date(), policy.shift_ends) - timedelta(minutes=policy.quiet_minutes)
    return policy.shift_begins <= local.time() and local.replace(tzinfo=None) < last


def _break_due(ordered: Sequence[Seen], policy: ExposurePolicy, now: datetime) -> bool:
    pause = timedelta(minutes=policy.break_minutes)
    run, ended = 0.0, None
    for one in ordered:
        if ended is not None and one.at - ended >= pause:
            run = 0.0
        run += one.seconds
        ended = one.at + timedelta(seconds=one.seconds)
    return ended is not None and run >= policy.break_after_seconds and now - ended < pause


def seconds_of(told: float, shown_at: datetime, now: datetime, policy: ExposurePolicy) -> float:
    """How long a look lasted: what the page tells, within what the server's clock and the longest look allow.

    A number that is none, or negative, is believed to hide something: then all of the time since counts.
    """
    most = min(max(0.0, (now - shown_at).total_seconds()), float(policy.longest_look_seconds))
    return most if not 0 <= told <= most else told


def parse_exposure(values: Mapping[str, object]) -> ExposurePolicy:
    """The policy of a loaded TOML mapping. Raises ValueError with the key's path."""
    root = Table(values, "exposure")
    policy = ExposurePolicy(
        day_seconds=root.integer("day_seconds", 1, 18_000),
        hour_seconds=root.integer("hour_seconds", 1, 3_600),
        day_looks=root.integer("day_looks", 1, 10_000),
        hour_looks=root.integer("hour_looks", 1, 3_600),
        break_after_seconds=root.integer("break_after_seconds", 1, 18_000),
        break_minutes=root.integer("break_minutes", 1, 240),
        shift_begins=_clock(root, "shift_begins"),
        shift_ends=_clock(root, "shift_ends"),
        quiet_minutes=root.integer("quiet_minutes", 0, 240),
        longest_look_seconds=root.integer("longest_look_seconds", 1, 600),
        token_seconds=root.integer("token_seconds", 5, 300),
        flagged_day_seconds=root.integer("flagged_day_seconds", 0, 18_000),
        flagged_day_looks=root.integer("flagged_day_looks", 0, 10_000),
        flagging=Flagging(_marks(root, "flagged_marks"), _tags(root, "flagged_tags")),
        edition=edition_of(values),
    )
    root.refuse_the_rest()
    if policy.shift_begins >= policy.shift_ends:
        raise ValueError("exposure.shift_ends: later than shift_begins")
    return policy


def _marks(table: Table, key: str) -> tuple[FileMark, ...]:
    try:
        return tuple(FileMark(one) for one in table.texts(key))
    except ValueError as error:
        raise table.refuse(key, f"a list of {', '.join(FileMark)} is needed") from error


def _tags(table: Table, key: str) -> tuple[str, ...]:
    found = tuple(one.strip().lower() for one in table.texts(key))
    if not all(_TAG.fullmatch(one) for one in found):
        raise table.refuse(key, "tags of letters, digits, spaces, points, colons and hyphens are needed")
    return found


def _clock(table: Table, key: str) -> time:
    said = table.text(key)
    try:
        found = time.fromisoformat(said)
    except ValueError as error:
        raise table.refuse(key, "a time of day is needed, as in 16:00") from error
    if found.tzinfo is not None:
        raise table.refuse(key, "a time of day without a zone is needed: it is the person's own")
    return found
