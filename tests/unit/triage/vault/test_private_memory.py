"""A process that holds plaintext leaves no dump of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]
SEEN = """
import ctypes, resource, sys
sys.argv = ["triage", "--version-of-nothing"]
from workers.program import main
try:
    main()
except SystemExit:
    pass
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def test_the_program_keeps_its_memory_to_itself() -> None:
    """From its entry on, whatever the command: no core file, not dumpable."""
    ran = subprocess.run([sys.executable, "-c", SEEN], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "(0, 0) 0"
