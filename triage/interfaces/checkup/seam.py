"""One thing looked at, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it stands. A fact is neither good nor bad."""

    OK = "ok"
    FACT = "fact"
    WARN = "warn"  # works, and should be seen to
    FAIL = "fail"  # does not work, or is not safe


@dataclass(frozen=True, slots=True)
class Check:
    """`detail` says what was found, `todo` what to do about it; empty where nothing is to be done."""

    name: str
    state: State
    detail: str
    todo: str = ""


def judged(name: str, found: str, *, good: bool, otherwise: State, todo: str) -> Check:
    """OK, or `otherwise` and what to do."""
    return Check(name, State.OK, found) if good else Check(name, otherwise, found, todo)
