"""Where the `triage` program begins: so small that Ctrl-C while the rest is loaded is answered like any other."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> None:
    """Entry of the `triage` console script."""
    try:
        import workers.command  # noqa: PLC0415 - what takes time is loaded where an interruption is caught

        status = workers.command.obey()
    except KeyboardInterrupt:
        sys.stderr.write("triage: Interrupted; run the same command again to go on. [interrupted]\n")
        status = INTERRUPTED
    sys.exit(status)
