"""On a machine with fewer walls the floor holds, or nothing is decoded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from triage.chamber.sealing import FLOOR

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("refused", "missing", "picture"),
    [
        (["landlock_create_ruleset"], {"landlock"}, "decoded"),
        (["unshare"], {"namespaces"}, "decoded"),
        (["unshare", "landlock_create_ruleset"], {"namespaces", "landlock"}, "decoded"),
        (["seccomp"], {"system-calls"}, "chamber-floor"),
        (["capset"], {"no-new-privileges"}, "chamber-floor"),
    ],
)
def test_what_a_kernel_does_not_lend_is_told_and_the_floor_is_never_missing(
    refused: list[str], missing: set[str], picture: str
) -> None:
    """As in containers: without Landlock or namespaces pictures are decoded; below the floor none is."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.unit.triage.chamber.lesser_kernels", *refused],
        cwd=ROOT, capture_output=True, check=False, timeout=100,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout)
    inactive = {name for name, active in found["layers"].items() if not active}
    assert missing <= inactive
    assert found["picture"] == picture
    if picture == "decoded":
        assert not inactive & set(FLOOR)
