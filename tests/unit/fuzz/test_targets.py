"""Every fuzz target over its seeds and some hundred changes of them, the same on every run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.mutations import mutated
from fuzz.target import Broken, Target, require
from fuzz.targets import TARGETS

ROOT = Path(__file__).parents[3]
CHANGED = 150


@pytest.mark.filterwarnings("ignore")  # parsers' words, which the child silences too
@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_a_promise_holds_for_seeds_and_changed_seeds(target: Target) -> None:
    """Whatever a target raises is a finding: `python -m fuzz TARGET` looks for more."""
    seeds = list(target.seeds())
    assert seeds
    for data in (*seeds, *mutated(seeds, CHANGED, target.longest, target.name), b""):
        target.check(data)


def test_changes_are_the_same_on_every_run() -> None:
    """A red build can be repeated; other names give other changes."""
    first, again, other = (list(mutated([b"seed" * 9], 50, 64, name)) for name in ("a", "a", "b"))
    assert first == again != other
    assert all(len(data) <= 64 for data in first)


def test_a_broken_promise_is_raised() -> None:
    """Not an assert, which an optimising interpreter would drop."""
    with pytest.raises(Broken, match="it holds"):
        require(holds=False, promise="it holds")


def test_the_command_lists_and_tries() -> None:
    """As the README says; an unknown target is wrong usage."""
    listed = subprocess.run([sys.executable, "-m", "fuzz"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(TARGETS)
    tried = subprocess.run(
        [sys.executable, "-m", "fuzz", "sniff", "--seconds", "0"], cwd=ROOT, capture_output=True, text=True,
    check=True
    )  # fmt: skip
    assert "every promise kept" in tried.stdout
    assert (
        subprocess.run([sys.executable, "-m", "fuzz", "x"], cwd=ROOT, capture_output=True, check=False).returncode
        == 2
    )
