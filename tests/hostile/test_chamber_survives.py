"""Whatever is fed to the chamber, each file gets its answer and nobody dies of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_the_hostile_corpus_costs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A worker feeds every file through one chamber: all answered, no death of the chamber, none of the worker."""
    worker = subprocess.run(
        [sys.executable, "-m", "tests.hostile.feeding"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    worker_deaths = int(worker.returncode != 0)
    assert worker_deaths == 0, worker.stderr[-2000:]
    outcome = json.loads(worker.stdout)
    with capsys.disabled():
        counts = ("tried", "decoded", "noted", "chamber_deaths")
        words = ", ".join(f"{name.replace('_', ' ')} {outcome[name]}" for name in counts)
        sys.stdout.write(f"\nhostile corpus: {words}, worker deaths {worker_deaths}\n")
    assert outcome["tried"] > 600
    assert outcome["silent"] == []
    assert outcome["deadly"] == []
