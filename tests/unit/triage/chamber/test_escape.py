"""Ways out, tried from inside a sealed process: each fails in a known way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from triage.chamber.sealing import FLOOR, THREADS

ROOT = Path(__file__).parents[4]

OTHERWISE = {"clone3": "ENOSYS", "take all memory": "MemoryError", "raise the memory limit": "ValueError",
             "import something": "ModuleNotFoundError"}  # fmt: skip
"""What fails otherwise than by EPERM: glibc falls back from clone3 to clone; memory has its limit; Python's words."""


def tried(*words: str) -> dict[str, Any]:
    inside = subprocess.run(
        [sys.executable, "-m", "tests.unit.triage.chamber.escapes", str(os.getpid()), *words],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    assert inside.returncode == 0, inside.stderr[-2000:]
    found: dict[str, Any] = json.loads(inside.stdout)
    return found


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return tried()


def test_every_way_out_is_refused(document: dict[str, Any]) -> None:
    """Files, sockets, processes, programs, executable memory, clocks, keys, namespaces, limits, modules."""
    assert [name for name in FLOOR if not document["layers"][name]] == []
    assert len(document["attempts"]) > 100
    unexpected = {
        name: word for name, word in document["attempts"].items() if word != OTHERWISE.get(name, "EPERM")
    }  # fmt: skip
    assert unexpected == {}


def test_every_call_that_is_not_on_the_list_is_refused(document: dict[str, Any]) -> None:
    """All numbers up to 600, known or not yet: nothing is open because nobody thought of it."""
    assert [name for name in document["attempts"] if name.startswith("call ")] == []


def test_threads_are_few() -> None:
    """In a user namespace of its own an ordinary account's child gets as many as decoders need."""
    document = tried("--as-nobody")  # root's threads the kernel counts nowhere
    if not document["layers"]["namespaces"]:
        pytest.skip("no user namespaces here: the account's own limit holds (TasksMax of the unit)")
    assert 0 < document["threads"] < THREADS
