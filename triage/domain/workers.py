"""A process that takes jobs, as others know it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LOST_AFTER = 30.0
"""Seconds of silence after which a process is given up and its jobs go to others. Its fences make that safe."""


class WorkerKind(StrEnum):
    """Whose doorbells it answers."""

    OWN = "own"  # `triage work`: it rings for itself
    SHARED = "shared"  # `triage worker`: rung for by any relay


@dataclass(frozen=True, slots=True)
class Worker:
    """One life of one process. `name` is given once; `threads` are those that take any job.

    Times in seconds by the database's clock: `started_at` since 1970, `silent_for` since it was last seen.
    """

    name: str
    kind: WorkerKind
    host: str
    pid: int
    threads: int
    started_at: float = 0.0
    silent_for: float = 0.0
