"""Whatever is fed to the chamber, each file gets its answer and nobody dies of it but who should."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.odd_pictures import SLOW
from tests.hostile.odd_videos import ENDLESS

ROOT = Path(__file__).parents[2]
DEADLY = {"pictures": [SLOW], "videos": [ENDLESS]}
LEAST = {"pictures": 1500, "metadata": 500, "videos": 600, "archives": 400}


@pytest.mark.timeout(600)
def test_the_hostile_corpus_costs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A worker feeds every file through one chamber: all answered, no worker lost, one child, to its CPU limit."""
    worker = subprocess.run(
        [sys.executable, "-m", "tests.hostile.feeding"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    report = json.loads(worker.stdout)
    with capsys.disabled():
        for kind, outcome in report["kinds"].items():
            words = ", ".join(
                f"{name.replace('_', ' ')} {outcome[name]}"
                for name in ("tried", "decoded", "noted", "chamber_deaths")
            )
            sys.stdout.write(f"\nhostile {kind}: {words}, worker deaths {report['worker_deaths']}\n")
    for kind, outcome in report["kinds"].items():
        assert outcome["tried"] > LEAST[kind]
        assert outcome["silent"] == []
        assert outcome["deadly"] == DEADLY.get(kind, [])
        assert outcome["codes"].get("time-limit", 0) == len(DEADLY.get(kind, []))
    assert worker.returncode == 0, worker.stderr[-2000:]


def test_a_killed_worker_leaves_no_chamber() -> None:
    """At ten moments of a chamber's start and life; `python -m tests.hostile.orphans 50` tries more."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.hostile.orphans", "10"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == {"workers killed": 10, "chambers left behind": 0}
