"""Who works for long gives way to pages and doors on the same machine: a picture can wait, a person should not."""

from __future__ import annotations

import os

from triage.settings import WorkSettings


def give_way(work: WorkSettings) -> None:
    """For as long as this process lives, with all that it starts: a chamber is as nice as its worker."""
    os.setpriority(os.PRIO_PROCESS, 0, max(work.nice, os.getpriority(os.PRIO_PROCESS, 0)))
