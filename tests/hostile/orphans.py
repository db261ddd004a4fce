"""Kill workers at any moment of a chamber's life and count who is left: `python -m tests.hostile.orphans [ROUNDS]`.

This process adopts whatever its children leave behind, so that nobody is overlooked.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
LATEST_KILL_SECONDS = 3.0
SECONDS_TO_DIE = 1.0

WORKER = "from triage.chamber.parent import Chamber; c = Chamber(); c.layers(); import time; time.sleep(60)"


def children() -> set[int]:
    """Processes whose parent this one is or has become, dead ones that nobody reaped included."""
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()}


def survivors() -> int:
    """How many orphans still run after the time that dying takes."""
    deadline = time.monotonic() + SECONDS_TO_DIE
    while time.monotonic() < deadline:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not children():
            return 0
        time.sleep(0.01)
    return len(children())


def kill_at(seconds: float) -> int:
    """Start a worker, kill it so much later; how many it left behind."""
    worker = subprocess.Popen([sys.executable, "-c", WORKER])
    time.sleep(seconds)
    worker.kill()
    worker.wait()
    return survivors()


def report(rounds: int) -> dict[str, int]:
    """Kills spread evenly over the start of worker and chamber."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    left = sum(kill_at(LATEST_KILL_SECONDS * number / rounds) for number in range(rounds))
    return {"workers killed": rounds, "chambers left behind": left}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(report(int(sys.argv[1]) if len(sys.argv) > 1 else 50)) + "\n")
