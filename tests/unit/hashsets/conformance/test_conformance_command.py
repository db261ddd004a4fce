"""`python -m hashsets.conformance`, as a licensee runs it on a private plug-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hashsets.conformance.__main__ import main

ROOT = Path(__file__).parents[4]
EXAMPLE = ROOT / "docs" / "examples" / "plugin"
SAMPLE = str(EXAMPLE / "sample.txt")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documented example, installed by pip into a folder of its own."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation"),
            *("--target", str(folder), str(EXAMPLE)),
        ],
        check=True,
        capture_output=True,
    )
    return folder


def run(installed: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hashsets.conformance", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), str(ROOT)])},
    )


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        ("block_mean.list_format:FORMAT", ["--seam", "format", "--sample", SAMPLE]),
        ("block_mean.algorithm:BlockMean", ["--seam", "algorithm"]),
    ],
)
def test_the_example_keeps_every_promise(thing: str, words: list[str], installed: Path) -> None:
    """Installed with pip, checked with the command that the page names."""
    done = run(installed, thing, *words, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert (document["object"], document["conforms"]) == (thing, True)
    assert all(promise["fault"] is None for promise in document["promises"])
    assert len(document["promises"]) >= 7


def test_the_example_is_refused_until_it_is_named(installed: Path) -> None:
    """Its entry point is found; a start that does not list it stops."""
    script = (
        "import sys; from hashsets.plugins import plugged_formats; print(plugged_formats(sys.argv[1:])[0].provenance)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), str(ROOT)])}
    named, unnamed = (
        subprocess.run(
            [sys.executable, "-c", script, *listed], capture_output=True, text=True, check=False, env=environment
        )
        for listed in (["block-mean-list"], [])
    )
    assert named.stdout.strip() == "block-mean-list (example-block-mean 0.1.0)", named.stderr
    assert "installed and not named in plugins.toml: block-mean-list" in unnamed.stderr


@pytest.mark.parametrize(
    ("thing", "seam"),
    [
        ("hashsets.index.hamming:HammingSegment.build", "index"),
        ("hashsets.index.exact:ExactSegment.build", "exact-index"),
    ],
)
def test_our_indexes_keep_every_promise(thing: str, seam: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What builds them is named; people read a line for each promise."""
    assert main([thing, "--seam", seam]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("kept ") for line in lines[:-1])
    assert lines[-1] == f"{len(lines) - 1} of {len(lines) - 1} promises are kept."


def test_a_broken_promise_is_told_and_gives_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    """The others still get their verdict."""
    assert main(["hashsets.formats.detect:FORMATS.__class__", "--seam", "algorithm"]) == 1
    out = capsys.readouterr().out
    assert "BROKEN  it has a name" in out
    assert "it raises AttributeError" in out


@pytest.mark.parametrize(
    "words",
    [
        ["absent_module:X", "--seam", "algorithm"],
        ["hashsets.formats.vics:absent", "--seam", "format", "--sample", SAMPLE],
        ["hashsets.formats.vics:read_vics", "--seam", "format", "--sample", SAMPLE],
        ["hashsets.formats.detect:FORMATS", "--seam", "format"],
    ],
)
def test_what_cannot_be_checked_gives_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Not there, not of the seam, or without a sample."""
    assert main(words) == 2
    assert capsys.readouterr().err
