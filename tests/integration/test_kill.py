"""Killed at any moment and run again: nothing is lost, nothing is there twice, and nobody is left behind."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.deployments import Deployment, finish
from tests.integration.seizures import pictures, zipped
from tests.servers.processes import descendants, is_alive

FILES = 90
COPIES = 6
MEMBERS = 12
REFUSED = 3
INTERRUPTED = 130

SMALL_BATCHES = {"TRIAGE_RECEIVE__BATCH_ITEMS": "1"}  # a commit for each file: a fast machine too is killed midway
"""Many commits, so that a kill falls between, before and within them."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small pictures, some of them twice, and an archive with some more."""
    folder = tmp_path_factory.mktemp("source")
    pictures(folder / "a", *range(FILES), sides=(64, 48))
    for number in range(COPIES):
        (folder / "a" / f"copy-{number}.jpg").write_bytes((folder / "a" / f"{number}.jpg").read_bytes())
    inside = pictures(folder.parent / "inside", *range(1_000, 1_000 + MEMBERS), sides=(64, 48))
    zipped(folder / "b" / "members.zip", inside.iterdir())
    return folder


@pytest.fixture
def received(deployment: Deployment, source: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """Everything received, nothing worked; jobs over few items each."""
    monkeypatch.setenv("TRIAGE_RECEIVE__BATCH_ITEMS", "8")
    deployment.submit(source, "E")
    return deployment


def submitting(deployment: Deployment, source: Path) -> subprocess.Popen[str]:
    words = ("submit", source, "--case", "CASE-E", "--exhibit", "E", "--basis", "Synthetic warrant E")
    return deployment.start(*words, env=SMALL_BATCHES)


def count(deployment: Deployment, what: str) -> int:
    ((number,),) = deployment.rows(f"SELECT count(*) FROM {what}")
    return int(number)


def wait_until(true: Callable[[], bool], process: subprocess.Popen[str] | None = None, seconds: float = 60) -> None:
    """Until something is so, or the process has ended."""
    deadline = time.monotonic() + seconds
    while not true() and (process is None or process.poll() is None):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def wait_for_more(deployment: Deployment, process: subprocess.Popen[str], records: int) -> None:
    """Until the process has written at least so many custody records: it is in the middle of its work."""
    before = count(deployment, "custody_event")
    wait_until(lambda: count(deployment, "custody_event") >= before + records, process)


def assert_received_exactly(deployment: Deployment) -> None:
    """Every file once under its path, every content once, sealed once and recorded once."""
    assert count(deployment, "occurrence WHERE parent_item_id = 0") == FILES + COPIES + 1
    assert count(deployment, "item WHERE depth = 0") == count(deployment, "sealed_object") == FILES + 1
    assert count(deployment, "custody_event WHERE json_extract(event, '$.action') = 'sealed'") == FILES + 1
    assert count(deployment, "(SELECT DISTINCT path FROM occurrence)") == FILES + COPIES + 1
    owed = [item_id for (ids,) in deployment.rows("SELECT item_ids FROM job") for item_id in _numbers(ids)]
    assert sorted(owed) == sorted(item_id for (item_id,) in deployment.rows("SELECT id FROM item"))


def assert_worked_exactly(deployment: Deployment) -> None:
    """One answer for each item, one raster and one set of fingerprints for each picture, all jobs done."""
    status = deployment.status()
    assert status["outcomes"] == {"container": 1, "unknown": FILES + MEMBERS}
    assert status["occurrences"] == FILES + COPIES + 1 + MEMBERS
    assert {state for states in status["jobs"].values() for state in states} == {"done"}
    assert count(deployment, "raster") == FILES + MEMBERS
    assert count(deployment, "fingerprint WHERE subject = 'main'") == 4 * (FILES + MEMBERS)
    assert count(deployment, "look_alike") == FILES + MEMBERS
    assert count(deployment, "occurrence WHERE NOT linked") == 0
    assert count(deployment, "referral") == 1
    assert count(deployment, "processing_note") == 0
    deployment.assert_audit_is_clean()


class TestMakingADeployment:
    """`triage init`."""

    def test_killed_after_any_step_it_is_made_whole_by_the_next(self, tmp_path: Path, source: Path) -> None:
        """Nothing half-made is taken for made."""
        made = Deployment(tmp_path / "deployment")
        for step in ("keys/vault.key", "keys/custody.key", "custody", "triage.sqlite3"):
            process = made.start("init")
            wait_until((made.data / step).exists, process)
            process.kill()
            finish(process)
        made.done("init")
        made.submit(source, "E")
        made.assert_audit_is_clean()

    def test_a_deployment_in_use_is_not_made_anew(self, received: Deployment) -> None:
        """After an upgrade `init` is run again: keys, log and evidence stay as they are."""
        before = {path: path.read_bytes() for path in (received.data / "keys").iterdir()}
        received.done("init")
        assert {path: path.read_bytes() for path in (received.data / "keys").iterdir()} == before
        received.assert_audit_is_clean()

    @pytest.mark.parametrize("lost", ["keys/vault.key", "keys/custody.key", "keys/log-name", "custody"])
    def test_what_was_lost_is_not_replaced_in_silence(self, received: Deployment, lost: str) -> None:
        """A new key opens nothing, and a new witness has seen nothing: they come back from their backup."""
        (received.data / lost).rename(received.data / "elsewhere")
        ran = received.run("init")
        assert ran.code == REFUSED, ran.out
        assert not (received.data / lost).exists()
        (received.data / "elsewhere").rename(received.data / lost)
        received.done("init")
        received.assert_audit_is_clean()


class TestSubmitting:
    """`triage submit`."""

    def test_killed_again_and_again_it_goes_on_where_it_stood(self, deployment: Deployment, source: Path) -> None:
        """Each run keeps what the one before has committed; the last adds the rest and no more."""
        chance = random.Random(7)
        kept = 0
        for _ in range(3):
            process = submitting(deployment, source)
            wait_for_more(deployment, process, 8)
            time.sleep(chance.uniform(0, 0.03))
            process.kill()
            finish(process)
            assert count(deployment, "occurrence") > kept
            kept = count(deployment, "occurrence")
        assert kept < FILES + COPIES
        assert deployment.status()["state"] == "receiving"
        receipt = deployment.submit(source, "E")
        assert (receipt["files"], receipt["already_there"]) == (FILES + COPIES + 1, kept)
        assert_received_exactly(deployment)
        deployment.assert_audit_is_clean()

    def test_interrupted_it_says_so_and_goes_on_next_time(self, deployment: Deployment, source: Path) -> None:
        """Ctrl-C is an answer: exit status 130, a sentence, no traceback."""
        process = submitting(deployment, source)
        wait_for_more(deployment, process, 12)
        process.send_signal(signal.SIGINT)
        ran = finish(process)
        assert_interrupted(ran.code, ran.err)
        deployment.submit(source, "E")
        assert_received_exactly(deployment)
        deployment.assert_audit_is_clean()


class TestWorking:
    """`triage work`."""

    def test_killed_again_and_again_each_item_gets_one_answer(self, received: Deployment) -> None:
        """Jobs of the dead are taken up by the next run, and no sealed chamber outlives its worker."""
        chance = random.Random(11)
        for _ in range(3):
            process = received.start("work", "--threads", "2")
            wait_for_more(received, process, chance.randrange(2, 8))
            chambers = descendants(process.pid)
            time.sleep(chance.uniform(0, 0.1))
            process.kill()
            finish(process)
            wait_until(lambda: not any(map(is_alive, chambers)))  # noqa: B023 - called at once
        assert received.status()["outcomes"].get("pending")
        received.work()
        assert_worked_exactly(received)

    def test_a_dead_machines_jobs_come_back_when_their_leases_end(self, received: Deployment) -> None:
        """Of another machine nothing is known but the time until which it may hold on."""
        process = received.start("work", "--threads", "1", env={"TRIAGE_WORK__LEASE_SECONDS": "3"})
        wait_until(lambda: bool(count(received, "job WHERE owner <> '' AND state = 'ready'")), process)
        process.kill()
        finish(process)
        received.change("UPDATE job SET owner = 'elsewhere:1:1' WHERE owner <> '' AND state = 'ready'")
        received.work()
        assert_worked_exactly(received)

    def test_interrupted_it_says_so_and_goes_on_next_time(self, received: Deployment) -> None:
        """The jobs in hand are handed back, the chambers end, and what was not done is said."""
        process = received.start("work", "--threads", "2", "--json")
        wait_for_more(received, process, 4)
        chambers = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        ran = finish(process)
        assert_interrupted(ran.code, ran.err)
        assert ran.json["stopped"]
        assert ran.json["backlog"]["jobs_owed"] == count(received, "job WHERE state = 'ready'") > 0
        assert count(received, "job WHERE owner <> '' AND state = 'ready'") == 0
        assert not any(map(is_alive, chambers))
        received.work()
        assert_worked_exactly(received)

    def test_two_at_once_share_the_work(self, received: Deployment) -> None:
        """Whoever ends first waits for the other's jobs, in case it dies."""
        processes = [received.start("work", "--threads", "1", "--json") for _ in range(2)]
        ran = [finish(process, seconds=100) for process in processes]
        assert [one.code for one in ran] == [0, 0], ran
        done = [one.json["jobs"] for one in ran]
        for stage, total in (("examine", count(received, "job WHERE stage = 'examine'")), ("expand", 1)):
            assert sum(jobs[stage] for jobs in done) == total
        assert_worked_exactly(received)


def assert_interrupted(code: int, err: str) -> None:
    assert code == INTERRUPTED, err
    assert "run the same command again" in err
    assert "Traceback" not in err


def _numbers(ids: str) -> list[int]:
    return [int(number) for number in ids.strip("[]").split(",")]
