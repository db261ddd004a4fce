"""The real command over real deployments: one that has been worked through, made once and only read, and new ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import workers.command  # noqa: F401 - adds the command `work`
from demo.files import write_jpeg
from demo.pictures import photo_like
from tests.unit.triage.stored import digests_of
from triage.interfaces.cli import run


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


Triage = Callable[..., Ran]


@pytest.fixture
def triage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Triage:
    """Run a command in this process on this test's deployment, or on another with `data`."""

    def call(*words: object, data: Path | None = None) -> Ran:
        capsys.readouterr()
        status = run(["--data", str(data or tmp_path / "deployment"), *map(str, words)])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Ran(status, printed.out, printed.err)

    return call


@pytest.fixture
def deployment(triage: Triage) -> Triage:
    """The same over a deployment that has just been made."""
    assert triage("init").status == 0
    return triage


@dataclass(frozen=True)
class Worked:
    """A deployment that has been worked through, and what was put into it."""

    data: Path
    source: Path
    release: str


@pytest.fixture(scope="session")
def worked_deployment(tmp_path_factory: pytest.TempPathFactory) -> Worked:
    """Two submissions of one case: two unmatched pictures, one known, one broken, a link that is not followed."""
    base = tmp_path_factory.mktemp("worked")
    source, data = base / "seizure", base / "deployment"
    for seed in (1, 2, 3):
        write_jpeg(source / f"{seed}.jpg", photo_like(seed, 240, 180))
    (source / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    (source / "link").symlink_to("1.jpg")
    known = base / "known.txt"
    known.write_text(digests_of((source / "3.jpg").read_bytes()).md5.hex() + "\n", encoding="ascii")
    steps: list[list[object]] = [
        ["init"],
        ["hashsets", "import", known, "--name", "synthetic", "--kind", "known", "--source", "a test"],
        ["submit", source, "--case", "CASE [/1]", "--exhibit", "EXH-1", "--basis", "Synthetic warrant"],
        ["submit", source / "1.jpg", "--case", "CASE [/1]", "--exhibit", "EXH-2", "--basis", "Synthetic warrant"],
        ["work", "--threads", "1", "--json"],
    ]
    for step in steps:
        assert run(["--data", str(data), *map(str, step)]) == 0, step[0]
    (release,) = (path.name for path in (data / "hashsets" / "releases").iterdir())
    return Worked(data, source, release)


@pytest.fixture
def worked(triage: Triage, worked_deployment: Worked) -> Triage:
    """Run a command that only reads on that deployment."""
    return lambda *words: triage(*words, data=worked_deployment.data)
