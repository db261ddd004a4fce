"""A counted run counts everything that its command started."""

from __future__ import annotations

import subprocess
import sys

_COUNT = """
import sys
from bench.processes import run_counted
usage = run_counted(sys.argv[1:])
print(usage.cpu, usage.peak_mb, usage.output)
"""
_BURN = "import time\nwhile time.process_time() < 0.5: pass"
_ORPHAN = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {_BURN!r}]); print('gone')"


def _counted(*command: str) -> list[str]:
    """What a counted run of a command says, in a process of its own: being a subreaper is for life."""
    done = subprocess.run([sys.executable, "-c", _COUNT, *command], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_a_command_s_time_memory_and_output_are_reported() -> None:
    """Half a second of work is at least half a second of CPU, in more than five megabytes."""
    cpu, peak, *output = _counted(sys.executable, "-c", _BURN + "\nprint('done')")
    assert float(cpu) >= 0.5
    assert float(peak) > 5
    assert output == ["done"]


def test_children_that_outlive_their_parent_are_counted() -> None:
    """A forkserver's children become orphans; their work is still the command's."""
    cpu, _, *output = _counted(sys.executable, "-c", _ORPHAN)
    assert output == ["gone"]
    assert float(cpu) >= 0.5


def test_a_failing_command_is_no_measurement() -> None:
    """Its figures would look splendid."""
    failing = [sys.executable, "-c", _COUNT, sys.executable, "-c", "raise SystemExit(3)"]
    done = subprocess.run(failing, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "ended with 3" in done.stderr
