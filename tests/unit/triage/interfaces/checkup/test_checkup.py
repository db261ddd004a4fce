"""What doctor finds wrong, one thing at a time, and that it says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from triage.bootstrap import open_application
from triage.deploying import initialise
from triage.interfaces.checkup import OF_A_DEPLOYMENT, OF_A_MACHINE, Check, State, deployment, machine
from triage.settings import Settings, load_settings
from triage.store.figures import FigureReading


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = load_settings(data=tmp_path / "data")
    initialise(chosen)
    return chosen


def found(checks: Iterator[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_what_is_wrong_says_what_to_do(settings: Settings) -> None:
    """And what is well says nothing of the kind."""
    application = open_application(settings)
    try:
        checks = [one for check in OF_A_MACHINE for one in check(settings)]
        checks += [one for check in OF_A_DEPLOYMENT for one in check(application)]
    finally:
        application.close()
    assert {bool(check.todo) for check in checks if check.state in {State.OK, State.FACT}} == {False}
    assert {bool(check.todo) for check in checks if check.state in {State.WARN, State.FAIL}} <= {True}
    assert len({check.name for check in checks}) == len(checks) > 15


@pytest.mark.parametrize("name", ["vault.key", "custody.key"])
@pytest.mark.parametrize(("change", "says"), [(lambda path: path.chmod(0o644), "0644"), (Path.unlink, "missing")])
def test_a_key_that_is_open_or_gone_fails(
    settings: Settings, name: str, change: Callable[[Path], object], says: str
) -> None:
    """Each for itself."""
    change(settings.data / "keys" / name)
    checks = found(machine.keys(settings))
    assert [check.detail for check in checks.values() if check.state is State.FAIL] == [
        f"mode {says}" if says.isdigit() else says
    ]


def test_a_folder_of_keys_that_others_may_write_fails(settings: Settings) -> None:
    """They could put a key of theirs there."""
    (settings.data / "keys").chmod(0o770)
    assert found(machine.keys(settings))["folder of keys"].state is State.FAIL


def test_no_deployment_has_no_keys_to_look_at(tmp_path: Path) -> None:
    """Before `init` nothing is missing."""
    assert found(machine.keys(load_settings(data=tmp_path / "none"))) == {}


@pytest.mark.parametrize(("free", "state"), [(100 << 30, State.OK), (5 << 30, State.WARN), (1 << 20, State.FAIL)])
def test_room_on_disk(settings: Settings, monkeypatch: pytest.MonkeyPatch, free: int, state: State) -> None:
    """Little is a warning, next to none a failure; one line for each disk, not for each folder."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    (check,) = machine.disks(settings)
    assert (check.name, check.state) == ("disk of data, vault, witness, sets", state)


def test_another_distribution_s_package_fails(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """`workers` is a name that anybody may take."""
    assert found(machine.packages(settings))["packages"].state is State.OK
    monkeypatch.setattr(machine, "_home", lambda name: Path("/elsewhere" if name == "workers" else "/ours"))
    check = found(machine.packages(settings))["packages"]
    assert (check.state, "workers" in check.detail) == (State.FAIL, True)


def test_a_processor_without_vector_instructions_is_slow(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A virtual machine may hide them."""
    monkeypatch.setattr(machine, "_CPU_FACTS", tmp_path / "cpuinfo")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    (tmp_path / "cpuinfo").write_text("flags : sse2 aes\n", encoding="ascii")
    check = found(machine.processor(settings))["processor"]
    assert (check.state, "avx2" in check.todo) == (State.WARN, True)
    (tmp_path / "cpuinfo").write_text("flags : sse2 aes avx2\n", encoding="ascii")
    assert found(machine.processor(settings))["processor"].state is State.OK


@pytest.mark.parametrize(("in_force", "state"), [("", State.OK), ("ours", State.OK), ("theirs", State.FAIL)])
def test_another_policy_than_the_one_in_force_fails(settings: Settings, in_force: str, state: State) -> None:
    """Nothing would be answered here."""
    application = open_application(settings)
    try:
        own = application.matching.policy.provenance
        with application.store.writing() as unit:
            unit.hash_sets.hold()
            unit.hash_sets.put_in_force(own if in_force == "ours" else in_force)
            unit.commit()
        (check,) = deployment.policy(application)
    finally:
        application.close()
    assert (check.state, own in check.detail) == (state, True)


@pytest.mark.parametrize(("kept", "states"), [(None, []), (True, [State.OK]), (False, [State.WARN])])
def test_a_server_without_statistics_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, kept: bool | None, states: list[State]
) -> None:
    """It would read a whole submission for each of its batches."""
    monkeypatch.setattr(FigureReading, "keeps_statistics", lambda _: kept)
    application = open_application(settings)
    try:
        assert [check.state for check in deployment.statistics(application)] == states
    finally:
        application.close()


def test_clocks_that_differ_are_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Custody records bear this machine's."""
    application = open_application(settings)
    try:
        assert found(deployment.clock(application))["clock"].state is State.OK
        monkeypatch.setattr("time.time", lambda: 0.0)
        assert found(deployment.clock(application))["clock"].state is State.WARN
    finally:
        application.close()


def test_compiled_loops_are_kept_for_whoever_comes_next(tmp_path: Path) -> None:
    """After doctor the first delivery waits for no compiler."""
    program = (
        "from pathlib import Path; from triage.interfaces.checkup import machine; "
        "from triage.settings import load_settings; "
        "print([check.state.value for check in machine.compiled_code(load_settings(data=Path('none')))])"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment, check=True, text=True, stdout=subprocess.PIPE
    )
    assert ran.stdout == "['ok']\n"
    assert list(tmp_path.rglob("md5_lanes._advance*.nbi"))
