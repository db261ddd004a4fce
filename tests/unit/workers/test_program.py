"""The program's first instants."""

from __future__ import annotations

import subprocess
import sys

SLOW = """
import importlib.abc, signal, sys, os
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started without
class Interrupting(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)
        return None
sys.meta_path.insert(0, Interrupting())
from workers.program import main
main()
"""


def test_interrupted_while_it_loads_it_says_so() -> None:
    """As at any later moment: status 130 and one line, not the signal's own end or a traceback."""
    ran = subprocess.run([sys.executable, "-c", SLOW], capture_output=True, text=True, check=False)
    assert ran.returncode == 130
    assert ran.stderr.startswith("triage: Interrupted")
    assert "Traceback" not in ran.stderr
