"""Two machines of one deployment, as an administrator sets them up: one database, one vault, the same keys."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from tests.integration.deployments import Deployment


@pytest.fixture
def first(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """The machine on which the deployment was begun."""
    monkeypatch.setenv("TRIAGE_DATABASE__URL", database_url)
    machine = Deployment(tmp_path / "first")
    machine.done("init")
    return machine


def copy_keys(source: Deployment, target: Deployment) -> None:
    """As `scp -p` would."""
    target.data.mkdir()
    shutil.copytree(source.data / "keys", target.data / "keys")


def joined(first: Deployment, folder: Path) -> Deployment:
    """Another machine with the keys, the vault mounted, after `triage join`."""
    machine = Deployment(folder)
    copy_keys(first, machine)
    (machine.data / "vault").symlink_to(first.data / "vault")
    machine.done("join")
    return machine


def a_list(folder: Path, *contents: bytes) -> Path:
    path = folder / "list.txt"
    path.write_text("".join(f"{hashlib.md5(content).hexdigest()}\n" for content in contents), encoding="ascii")
    return path


pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def test_what_is_imported_on_one_is_found_on_the_other(first: Deployment, tmp_path: Path) -> None:
    """Import before and after the other joins; audits are clean on both."""
    source = tmp_path / "seizure"
    source.mkdir()
    for name in ("one", "two", "three"):
        (source / name).write_bytes(name.encode())
    before = a_list(tmp_path, b"one")
    first.done("hashsets", "import", before, "--name", "before", "--kind", "known")
    second = joined(first, tmp_path / "second")
    assert [path.name.split(".")[0] for path in (second.data / "hashsets" / "releases").iterdir()] == ["before"]
    first.done("hashsets", "import", a_list(tmp_path, b"two"), "--name", "after", "--kind", "known-good")
    second.submit(source, "EXH-1")
    second.work()
    outcomes = second.status()["outcomes"]
    assert (outcomes["known"], outcomes["known-good"]) == (1, 1)
    second.done("hashsets", "import", a_list(tmp_path, b"three"), "--name", "later", "--kind", "known")
    first.work()
    assert first.status()["outcomes"]["known"] == 2
    for machine in (first, second):
        machine.assert_audit_is_clean()
        (checked,) = [one for one in machine.done("doctor", "--json").json["checks"] if one["name"] == "hash sets"]
        assert checked["state"] == "ok"


def test_each_machine_holds_a_whole_witness(first: Deployment, tmp_path: Path) -> None:
    """From the first record on; that it was begun later is on record."""
    first.done("hashsets", "import", a_list(tmp_path, b"one"), "--name", "set", "--kind", "known")
    second = joined(first, tmp_path / "second")
    first.done("audit")
    second.done("audit")
    first.done("audit")
    leaves = [(machine.data / "custody" / "leaves").read_bytes() for machine in (first, second)]
    assert leaves[0].startswith(leaves[1])
    assert len(leaves[1]) >= 4 * 32
    second.done("join")  # again: nothing to do


def test_other_keys_are_refused_wherever_the_database_is_opened(first: Deployment, tmp_path: Path) -> None:
    """Two deployments pointed at one database."""
    stranger = Deployment(tmp_path / "stranger")
    for command in ("init", "join"):
        ran = stranger.run(command, "--json")
        assert (ran.code, ran.json["error"]["code"]) == (3, "keys-elsewhere")
        assert not (stranger.data / "keys").exists()
    copy_keys(first, Deployment(tmp_path / "copy"))
    (stranger.data / "keys").mkdir(mode=0o700)
    for name in ("vault.key", "custody.key"):
        (stranger.data / "keys" / name).write_bytes(bytes(32))
        (stranger.data / "keys" / name).chmod(0o600)
    shutil.copy(first.data / "keys" / "log-name", stranger.data / "keys")
    for command in (("init",), ("join",), ("work",), ("hashsets", "list")):
        ran = stranger.run(*command, "--json")
        assert (ran.code, ran.json["error"]["code"]) == (3, "other-deployment")
        assert "vault.key" in ran.json["error"]["sentence"]
        assert "log-name" not in ran.json["error"]["sentence"]


def test_a_machine_joins_only_what_was_begun(tmp_path: Path, database_url: str) -> None:
    """And a machine without a witness is told of `join`."""
    machine = Deployment(tmp_path / "machine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIAGE_DATABASE__URL", database_url)
        ran = machine.run("join", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (3, "not-initialised")
        machine.done("init")
        machine.done("audit")
        shutil.rmtree(machine.data / "custody")
        ran = machine.run("init", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (3, "witness-lost")
        assert "triage join" in ran.json["error"]["sentence"]
