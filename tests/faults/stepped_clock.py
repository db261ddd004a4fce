"""The `triage` program with a clock that can be stepped: `python stepped_clock.py FILE WORDS…`.

FILE says how many seconds its clock is from the machine's. Only the time of day is stepped, as on a real machine:
durations (`time.monotonic`) go on. The chamber keeps the real clock: it is told no time and tells none.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from triage.services import clock

_real_time = time.time
_offset = Path(sys.argv.pop(1))


def _ahead() -> float:
    return float(_offset.read_text(encoding="ascii"))


def _stepped_clock() -> datetime:
    return datetime.fromtimestamp(_real_time(), UTC) + timedelta(seconds=_ahead())


if __name__ == "__main__":
    time.time = lambda: _real_time() + _ahead()
    clock.system_clock = _stepped_clock

    from workers.program import main  # after the clock is stepped: whoever imports it takes it along

    main()
