"""What a chamber has been through, as numbers for people and metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from triage.domain.findings import NoteCode


class Renewal(StrEnum):
    """Why a child was replaced that had done nothing wrong."""

    TASKS = "tasks"
    BUSY = "busy"
    MEMORY = "memory"  # it kept too much between two tasks
    LEFT = "left"  # the task was given up on our side


@dataclass(frozen=True, slots=True)
class Tally:
    """Tasks finished, children lost by the note that says why, and children replaced. Never falls."""

    tasks: int = 0
    deaths: Mapping[NoteCode, int] = field(default_factory=dict)
    renewals: Mapping[Renewal, int] = field(default_factory=dict)


def added(tallies: Iterable[Tally]) -> Tally:
    """Several chambers' numbers as one."""
    tasks, deaths, renewals = 0, Counter[NoteCode](), Counter[Renewal]()
    for tally in tallies:
        tasks += tally.tasks
        deaths.update(tally.deaths)
        renewals.update(tally.renewals)
    return Tally(tasks, dict(deaths), dict(renewals))
