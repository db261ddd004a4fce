"""A disk that is full ends a command with a code and a sentence; given room, the next run finishes the job."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.deployments import Deployment, Ran, finish
from tests.integration.seizures import pictures
from tests.servers.disk import NotAllowed, SmallDisk, small_disk

FILES = 40
UNAVAILABLE = 7
CODES = ("disk-full", "database-unavailable", "vault-write-failed", "report-not-written", "system-refused")
SECRET = "very-private-name"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some 3 MB of pictures and other files under names that nobody but an analyst may see."""
    folder = tmp_path_factory.mktemp("source")
    pictures(folder / SECRET, *range(FILES // 2), sides=(160, 120))
    for number in range(FILES // 2):
        (folder / SECRET / f"{SECRET}-{number}.bin").write_bytes(bytes([number]) * 150_000)
    return folder


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    try:
        with small_disk(tmp_path / "disk") as small:
            yield small
    except NotAllowed as error:
        pytest.skip(str(error))


def submitting(source: Path) -> tuple[object, ...]:
    return "submit", source, "--case", "C", "--exhibit", "E", "--basis", "B"


def assert_said_in_a_sentence(ran: Ran, *secrets: str) -> None:
    """The machine is at fault and says so; nothing of the evidence shows."""
    said = ran.out + ran.err
    assert (ran.code, "Traceback" in said) == (UNAVAILABLE, False), said
    assert any(f"[{code}]" in said for code in CODES), said
    assert not [secret for secret in (SECRET, *secrets) if secret in said]


def assert_finished(deployment: Deployment, source: Path) -> None:
    """The same command again, and everything is there once."""
    deployment.done(*submitting(source))
    deployment.work()
    status = deployment.status()
    assert status["outcomes"] == {"unknown": FILES // 2, "undecodable": FILES // 2}
    assert status["occurrences"] == FILES
    assert {state for states in status["jobs"].values() for state in states} == {"done"}
    assert status["processing_notes"] == {"unsupported-type": FILES // 2}
    deployment.assert_audit_is_clean()


@pytest.mark.parametrize("leaving", [100_000, 1_500_000])
def test_receiving_onto_a_full_disk(disk: SmallDisk, source: Path, leaving: int) -> None:
    """Wherever it strikes: opening the database, sealing, recording."""
    deployment = Deployment(disk.path / "data")
    deployment.done("init")
    disk.fill(leaving)
    assert_said_in_a_sentence(finish(deployment.start(*submitting(source))))
    disk.make_room()
    assert_finished(deployment, source)


@pytest.mark.parametrize("leaving", [0, 60_000, 260_000])
def test_working_on_a_full_disk(disk: SmallDisk, source: Path, leaving: int) -> None:
    """No item is given up because the machine had no room."""
    deployment = Deployment(disk.path / "data")
    deployment.done("init")
    deployment.done(*submitting(source))
    digests = [digest.hex() for (digest,) in deployment.rows("SELECT sha256 FROM item")]
    disk.fill(leaving)
    ran = finish(deployment.start("work", "--threads", "2", env={"TRIAGE_WORK__RETRY_SECONDS": "0"}))
    assert_said_in_a_sentence(ran, *digests)
    disk.make_room()
    assert_finished(deployment, source)


def test_making_a_deployment_on_a_full_disk(disk: SmallDisk, source: Path) -> None:
    """Nothing half-made stands in the way of the next attempt."""
    deployment = Deployment(disk.path / "data")
    for leaving in (0, 5_000, 10_000, 15_000, 20_000, 150_000):
        disk.fill(leaving)
        assert_said_in_a_sentence(deployment.run("init"))
    disk.make_room()
    deployment.done("init")
    assert_finished(deployment, source)


def test_a_report_onto_a_full_disk(disk: SmallDisk, deployment: Deployment, source: Path) -> None:
    """A door of its own: the file is the caller's."""
    deployment.done(*submitting(source))
    disk.fill(0)
    assert_said_in_a_sentence(deployment.run("report", "S-1", "-o", disk.path / "report.html"))


def test_an_allowance_that_is_used_up(deployment: Deployment, source: Path) -> None:
    """A limit on the size of one file strikes the vault first."""

    def allow_little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    ran = finish(deployment.start(*submitting(source), preexec_fn=allow_little))
    assert_said_in_a_sentence(ran)
    assert "disk-full" in ran.err
    assert_finished(deployment, source)
