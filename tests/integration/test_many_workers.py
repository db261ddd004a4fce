"""PostgreSQL, Redis, relays and workers: processes come, go and are killed, and everything is there once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from sqlalchemy import create_engine, text

from tests.integration.clusters import REDIS, Cluster, heard, stopped
from tests.integration.conftest import empty
from tests.integration.deployments import Deployment, Facts
from tests.integration.seizures import Sample, pictures
from tests.servers.processes import descendants, is_alive
from tests.services import missing

pytestmark = pytest.mark.timeout(420)
WORKER = ("worker", "--threads", "1", "--json")


@pytest.fixture
def cluster(tmp_path: Path, postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A new, empty deployment on servers."""
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=3).ping()
    except redis.ConnectionError:
        missing("queue-unavailable")
    empty(postgres_database)  # as left by another test of this process
    made = Cluster(tmp_path / "deployment", postgres_database, f"triage-test-{uuid.uuid4().hex}")
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRIAGE_RECEIVE__BATCH_ITEMS", "8")
    monkeypatch.setenv("TRIAGE_LOG__LEVEL", "info")
    made.done("init")
    yield made
    made.close()


def large_pictures(folder: Path, count: int) -> Path:
    """As many items, all of one picture: what follows its end makes each file another."""
    picture = pictures(folder.parent / "one", 1, sides=(1_200, 900)) / "1.jpg"
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.jpg").write_bytes(picture.read_bytes() + number.to_bytes(4, "big"))
    return folder


def comparable(facts: Facts) -> Facts:
    """Without the texts of reasons, whose keys the two databases keep in different orders."""
    return replace(facts, priority={members: (*levels[:4], "") for members, levels in facts.priority.items()})


def test_three_workers_one_killed_and_redis_wiped(cluster: Cluster, sample: Sample, processed: Deployment) -> None:
    """What comes out is what one process on SQLite makes of the same seizure; nothing twice, nothing missing."""
    sample.import_sets(cluster)
    sample.submit(cluster, "A")
    with cluster.running(("relay",), ("relay",), WORKER, WORKER, WORKER) as processes:
        victim = processes[2]
        held = f"SELECT id FROM job WHERE stage = 'examine' AND state = 'ready' AND owner LIKE '%:{victim.pid}:%'"
        cluster.wait_until(lambda: cluster.rows(held))
        ((job,), *_) = cluster.rows(held)
        victim.kill()
        cluster.forget_doorbells()
        sample.submit(cluster, "BC")
        cluster.wait_until(lambda: not cluster.owed())
        chambers = [child for process in processes[3:] for child in descendants(process.pid)]
        ended = [stopped(process) for process in processes[:2] + processes[3:]]
    assert [status for status, _ in ended] == [0, 0, 0, 0], ended
    assert not any(map(is_alive, chambers))
    assert cluster.rows(f"SELECT state, fence > 1 FROM job WHERE id = {job}") == [("done", True)]
    assert cluster.rows("SELECT count(*) FROM job WHERE state = 'dead'") == [(0,)]
    assert cluster.rows("SELECT count(*) FROM worker") == [(0,)]
    assert comparable(cluster.facts()).differences(comparable(processed.facts())) == {}
    cluster.assert_audit_is_clean()


def test_work_alone_does_it_too(cluster: Cluster, tmp_path: Path) -> None:
    """`triage work` keeps its meaning where there is Redis: until nothing is owed, in this process."""
    cluster.submit(pictures(tmp_path / "source", *range(10), sides=(64, 48)), "E")
    assert cluster.work()["jobs"]["refer"] == 1
    assert cluster.owed() == 0


def test_an_urgent_submission_overtakes_what_keeps_every_thread_busy(cluster: Cluster, tmp_path: Path) -> None:
    """Its first job is begun while the other's wait, and it is referred long before they are done."""
    cluster.submit(large_pictures(tmp_path / "big", 160), "BIG")
    small = pictures(tmp_path / "small", *range(1_000, 1_004), sides=(64, 48))
    with cluster.running(("relay",), WORKER) as processes:
        examining = "SELECT id FROM job WHERE stage = 'examine' AND state = 'ready' AND owner <> ''"
        cluster.wait_until(lambda: cluster.rows(examining))
        cluster.done("submit", small, "--case", "SMALL", "--exhibit", "S", "--basis", "Synthetic warrant", "--urgent")
        waiting = "SELECT count(*) FROM job WHERE submission_id = 1 AND stage = 'examine' AND state = 'ready'"
        ((at_first,),) = cluster.rows(waiting)
        begun = "SELECT id FROM job WHERE submission_id = 2 AND (owner <> '' OR state = 'done')"
        cluster.wait_until(lambda: cluster.rows(begun))
        ((meanwhile,),) = cluster.rows(waiting)
        cluster.wait_until(lambda: cluster.rows("SELECT 1 FROM referral_member WHERE submission_id = 2"))
        ((left,),) = cluster.rows("SELECT count(*) FROM job WHERE submission_id = 1 AND state = 'ready'")
        assert [stopped(process)[0] for process in processes] == [0, 0]
    assert at_first - meanwhile < at_first / 2  # of some twenty, those in hand and those done while it was noticed
    assert left > 0


def test_told_to_stop_a_worker_hands_back_and_nobody_waits_for_it(cluster: Cluster, tmp_path: Path) -> None:
    """Its leases end with it, and no chamber outlives it."""
    cluster.submit(large_pictures(tmp_path / "source", 80), "E")
    with cluster.running(("relay",), WORKER) as processes:
        examining = "SELECT id FROM job WHERE stage = 'examine' AND state = 'ready' AND owner <> ''"
        cluster.wait_until(lambda: cluster.rows(examining))
        chambers = descendants(processes[1].pid)
        status, said = stopped(processes[1])
        assert (status, "stopped" in said) == (0, True), said
        assert cluster.rows(examining) == []
        assert not any(map(is_alive, chambers))


@pytest.mark.parametrize("command", [("relay",), WORKER], ids=["relay", "worker"])
class TestWhatIsMissing:
    """A process that runs for long never ends in a loop of crashes."""

    def test_without_redis_in_the_settings_it_refuses(self, deployment: Deployment, command: tuple[str, ...]) -> None:
        """And says what to do."""
        ran = deployment.run(*command)
        assert (ran.code, "queue-not-set" in ran.err) == (3, True)

    def test_with_another_schema_it_refuses(self, cluster: Cluster, command: tuple[str, ...]) -> None:
        """And names the command."""
        engine = create_engine(cluster.url)
        with engine.begin() as connection:
            own = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        try:
            ran = cluster.run(*command)
        finally:
            with engine.begin() as connection:
                connection.execute(text("UPDATE alembic_version SET version_num = :own"), {"own": own})
            engine.dispose()
        assert (ran.code, "triage init" in ran.err) == (3, True)

    def test_without_the_database_it_says_so_once_and_waits(self, cluster: Cluster, command: tuple[str, ...]) -> None:
        """Until it is told to stop."""
        nowhere = {"TRIAGE_DATABASE__URL": "postgresql+psycopg://nobody@127.0.0.1:1/none"}
        process = cluster.start(*command, env=nowhere)
        assert heard(process, "database-unavailable")
        time.sleep(4)  # it tries again meanwhile
        status, said = stopped(process)
        assert (status, "database-unavailable" in said) == (0, False), said

    def test_without_redis_it_says_so_and_waits(
        self, cluster: Cluster, tmp_path: Path, command: tuple[str, ...]
    ) -> None:
        """Once. A relay that has nothing to ring for, or nobody to ring, needs none."""
        cluster.submit(pictures(tmp_path / "source", 1, sides=(64, 48)), "E")
        nowhere = {"TRIAGE_QUEUE__URL": "redis://127.0.0.1:1/0"}
        with cluster.running(WORKER):
            process = cluster.start(*command, env=nowhere)
            assert heard(process, "queue-unavailable")
            time.sleep(7)
            status, said = stopped(process)
        assert (status, "queue-unavailable" in said) == (0, False), said
