"""Work that is owed: one stage over a batch of items, or over a submission."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Stage(StrEnum):
    """The steps after receiving, in the order in which an item meets them."""

    EXPAND = "expand"
    EXAMINE = "examine"
    LOOK_CLOSER = "look-closer"  # the exact values of what estimates could not decide
    MATCH = "match"
    REMATCH = "rematch"  # the same question again, when what is known has changed
    LINK = "link"
    REFER = "refer"


EXCLUSIVE_STAGES = frozenset({Stage.LINK, Stage.REFER})
"""Stages that read and change the whole network: one such job at a time in a deployment."""


class Rank(IntEnum):
    """Whose jobs go first, over all cases and stages."""

    URGENT = 0
    NORMAL = 1


class JobState(StrEnum):
    """Ready covers waiting and leased: a lease is a time, not a state, so nothing has to clean up after a death."""

    READY = "ready"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be written. `item_ids` is empty for stages over a whole submission.

    A job of a re-match names it, and submission 0: its items may lie in any. Without items it lists what is to be
    matched again.
    """

    stage: Stage
    submission_id: int
    item_ids: tuple[int, ...] = ()
    rematch_id: int | None = None

    @property
    def priority(self) -> int:
        """Smaller is sooner. Later stages first: what can be answered now is answered before more is begun."""
        return _PRIORITY[self.stage]


_PRIORITY = {
    Stage.EXPAND: 100,
    Stage.EXAMINE: 100,
    Stage.REMATCH: 90,
    Stage.LOOK_CLOSER: 85,
    Stage.MATCH: 80,
    Stage.LINK: 50,
    Stage.REFER: 50,
}


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to finish one job. A later lease of the same job carries a higher fence and ends this one."""

    job_id: int
    fence: int
    stage: Stage
    submission_id: int
    item_ids: tuple[int, ...]
    attempts: int
    rematch_id: int | None = None
    trace: str | None = None
    """The trace in which the job was written, as a W3C `traceparent`; None where none was recorded."""


@dataclass(frozen=True, slots=True)
class Ring:
    """A doorbell to be rung: for this job, at the line that takes urgent jobs only, or at the one for all."""

    job_id: int
    urgent_line: bool
    lane: int


@dataclass(frozen=True, slots=True)
class Places:
    """How many doorbells may be rung now at either line. Urgent jobs may take places of both."""

    normal: int
    urgent: int


def item_range(item_ids: tuple[int, ...]) -> str:
    """Item ids as compact ranges for a custody record: `1-64,70`."""
    spans: list[list[int]] = []
    for number in sorted(item_ids):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)
