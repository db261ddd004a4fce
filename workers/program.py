"""Where the `triage` program begins: so small that Ctrl-C while the rest is loaded is answered like any other."""

from __future__ import annotations

import gc
import sys

INTERRUPTED = 130
_NEW_OBJECTS = 20_000
"""Between two looks for garbage. After Python's own 700, loading is looked through thousands of times for nothing."""


def main() -> None:
    """Entry of the `triage` console script."""
    gc.set_threshold(_NEW_OBJECTS)
    try:
        import workers.command  # noqa: PLC0415 - what takes time is loaded where an interruption is caught

        status = workers.command.obey()
    except KeyboardInterrupt:
        sys.stderr.write("triage: Interrupted; run the same command again to go on. [interrupted]\n")
        status = INTERRUPTED
    sys.exit(status)
