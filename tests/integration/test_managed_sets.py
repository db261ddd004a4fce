"""Sets as people manage them, by the real command: updates, differences, states, and what items then are."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deployments import Deployment, finish
from tests.integration.seizures import pictures

MANY = 60_000


def updates(path: Path, *listed: dict[str, Any]) -> Path:
    """A file of updates."""
    lines: list[Any] = [{"format": "updates 1"}, *listed, {"updates": len(listed)}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="ascii")
    return path


def record(key: str, content: bytes) -> dict[str, Any]:
    return {"key": key, "md5": hashlib.md5(content).hexdigest()}


def in_force(deployment: Deployment) -> dict[str, str]:
    listed = deployment.done("hashsets", "list", "--json").json
    return {one["set_name"]: one["release_id"] for one in listed if one["enabled"]}


def outcomes(deployment: Deployment) -> dict[str, int]:
    """Of the one submission, after all that is owed is done."""
    deployment.work()
    found: dict[str, int] = deployment.status()["outcomes"]
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two pictures that differ."""
    return pictures(tmp_path / "source", 1, 2)


@pytest.fixture
def managed(deployment: Deployment, source: Path, tmp_path: Path) -> Deployment:
    """The set `s` lists the first of them as `1`, and something else as `x`."""
    first = record("1", (source / "1.jpg").read_bytes())
    deployment.done("hashsets", "apply", "s", updates(tmp_path / "first", first, record("x", b"made up")))
    deployment.submit(source, "E")
    return deployment


def test_updates_and_the_way_back_change_what_items_are(managed: Deployment, source: Path, tmp_path: Path) -> None:
    """An entry that is retracted closes nothing, one that is added does; an earlier release can be put in force."""
    assert outcomes(managed) == {"known": 1, "unknown": 1}
    before = in_force(managed)["s"]
    later = updates(
        tmp_path / "later",
        {"key": "1", "retracted": True},
        record("2", (source / "2.jpg").read_bytes()),
        record("x", b"made up"),
    )
    applied = managed.done("hashsets", "apply", "s", later, "--json").json["delta"]
    assert [applied[name] for name in ("added", "changed", "retracted", "unchanged")] == [1, 0, 1, 1]
    assert outcomes(managed) == {"known": 1, "unknown": 1}
    entries = dict(managed.rows("SELECT entry_key, ended_because FROM match"))
    assert entries == {"1": "retracted", "2": None}
    managed.done("hashsets", "apply", "s", updates(tmp_path / "last", {"key": "2", "retracted": True}))
    assert outcomes(managed) == {"unknown": 2}
    managed.done("hashsets", "enable", before)
    assert outcomes(managed) == {"known": 1, "unknown": 1}
    managed.assert_audit_is_clean()


def test_what_is_said_of_an_entry_changes_what_items_are(managed: Deployment) -> None:
    """Whatever it is, and back again; every change has its record."""
    said = (
        ("quarantine", "s", "1", "--note", "noisy"),
        ("refute", "s", "1"),
        ("disable-entry", "s", "1", "--until", "2999-01-01"),
    )
    for words in said:
        assert outcomes(managed) == {"known": 1, "unknown": 1}, words
        kind = managed.done("hashsets", *words, "--json").json["kind"]
        assert outcomes(managed) == {"unknown": 2}, words
        managed.done("hashsets", "clear-state", "s", "1", kind)
    managed.done("hashsets", "confirm", "s", "1")
    assert outcomes(managed) == {"known": 1, "unknown": 1}
    judged = managed.rows("SELECT event FROM custody_event WHERE json_extract(event, '$.action') = 'judged'")
    assert len(judged) == 7
    assert len(managed.done("hashsets", "entry", "s", "1", "--json").json["history"]) == 7
    managed.done("hashsets", "expire", in_force(managed)["s"], "--on", "2020-01-01")
    assert outcomes(managed) == {"unknown": 2}
    managed.assert_audit_is_clean()


def test_another_unit_follows_by_files_of_updates(managed: Deployment, source: Path, tmp_path: Path) -> None:
    """It says with its checkpoint where it stands, gets what has changed since, and answers the same."""
    other = Deployment(tmp_path / "other")
    other.done("init")
    empty = updates(tmp_path / "empty", record("gone", b"gone"))
    managed.done("hashsets", "apply", "t", empty)
    start = in_force(managed)["t"]
    other.done("hashsets", "apply", "s", empty)
    for number in range(3):
        now = in_force(managed)["s"]
        out = tmp_path / f"to-{number}"
        managed.done("hashsets", "diff", start, now, "--export", out)
        followed = other.done("hashsets", "apply", "s", out, "--json").json
        assert followed["rejects"] == {}
        assert followed["delta"]["checkpoint"] == now
        digest = hashlib.md5((source / "1.jpg").read_bytes()).hexdigest()
        answers = [one.done("lookup", "--digest", digest, "--json").json for one in (managed, other)]
        found = [[match["entry"] for match in answer[0]["matches"]] for answer in answers]
        assert found[0] == found[1]
        start = followed["delta"]["checkpoint"]
        change = {"key": "1", "retracted": True} if number == 0 else record("1", (source / "1.jpg").read_bytes())
        managed.done("hashsets", "apply", "s", updates(tmp_path / "change", change))


def test_a_killed_apply_leaves_the_release_before_in_force(managed: Deployment, tmp_path: Path) -> None:
    """Nothing of it is visible; the same command run again does it all."""
    before = in_force(managed)
    many = updates(tmp_path / "many", *(record(str(number), str(number).encode()) for number in range(MANY)))
    process = managed.start("hashsets", "apply", "s", many)
    releases = managed.data / "hashsets" / "releases"
    deadline = time.monotonic() + 60
    while not list(releases.glob(".importing-*")):
        assert process.poll() is None, "it was done before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert finish(process).code == -signal.SIGKILL
    assert in_force(managed) == before
    applied = managed.done("hashsets", "apply", "s", many, "--json").json
    assert applied["delta"]["added"] + applied["delta"]["changed"] == MANY
    assert list(releases.glob(".importing-*")) == []
    assert managed.done("hashsets", "verify", "--json").json["clean"] is True
