"""What is worth a line. `docs/operations.md` explains each; nothing is said item by item."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """The only sentences that a log of ours holds. Whatever varies stands in fields."""

    STARTED = "started"
    STOPPED = "stopped"
    MIGRATED = "schema brought up to date"
    JOB_CLAIMED = "job claimed"
    JOB_FINISHED = "job finished"
    JOB_LOST = "job lost to another worker"
    JOB_GIVEN_BACK = "job given back"
    JOB_TRIED_LATER = "job failed, tried later"
    JOB_SPLIT = "job failed, split into its items"
    JOB_DEAD = "job dead"
    WAITING = "cannot go on, trying again until it is mended"
    GOING_ON = "going on again"
    SILENT_TOO_LONG = "silent too long, jobs given to others"
    LEFT_UNSAID = "left without a word"
    LINE_STOPPED = "line stopped"
    CHAMBER_DIED = "chamber ended"
    REQUEST = "request answered"
    BACKED_UP = "backup written"
    LOG_RESUMED = "custody log resumed"
    NOT_READY = "not ready"
    UNEXPECTED = "unexpected error"
    LIBRARY = "a library's message, withheld"
    WITHHELD = "message withheld"
