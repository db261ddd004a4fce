"""A backup taken while work goes on is put back elsewhere, says what is missing, and goes on to the same end."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, text

from tests.integration.deployments import Deployment, finish
from tests.integration.seizures import pictures, zipped
from tests.integration.test_kill import wait_until

FILES, MEMBERS = 60, 12
TAMPERED = 8
SMALL_JOBS = {"TRIAGE_RECEIVE__BATCH_ITEMS": "4"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small pictures, and an archive whose members are sealed while work goes on."""
    folder = tmp_path_factory.mktemp("source")
    pictures(folder / "a", *range(FILES), sides=(64, 48))
    inside = pictures(folder.parent / "inside", *range(1_000, 1_000 + MEMBERS), sides=(64, 48))
    zipped(folder / "b" / "members.zip", inside.iterdir())
    return folder


@pytest.fixture
def received(deployment: Deployment, source: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """Everything received in many small jobs, nothing worked."""
    for name, value in SMALL_JOBS.items():
        monkeypatch.setenv(name, value)
    deployment.submit(source, "E")
    return deployment


def put_back(backup: Path, lost: Deployment, data: Path) -> Deployment:
    """As docs/backup.md says: the backup, and from their own places keys and witness as they are now."""
    shutil.copytree(backup, data)
    shutil.copytree(lost.data / "keys", data / "keys")
    shutil.copytree(lost.data / "custody", data / "custody")
    return Deployment(data)


def records(deployment: Deployment) -> int:
    ((number,),) = deployment.rows("SELECT count(*) FROM custody_event")
    return int(number)


def back_up_in_the_middle(deployment: Deployment, target: Path) -> int:
    """Start work, hold it still until a backup has begun, let both go on; records in the backup."""
    before = records(deployment)
    working = deployment.start("work", "--threads", "1")
    wait_until(lambda: records(deployment) >= before + 6, working)
    working.send_signal(signal.SIGSTOP)
    backing = deployment.start("backup", target, "--json")
    wait_until(target.exists, backing)
    working.send_signal(signal.SIGCONT)
    kept = int(finish(backing).json["log_records"])
    assert finish(working).code == 0
    assert before < kept < records(deployment), "the work was over before the backup: nothing was tried"
    return kept


def test_a_backup_in_the_middle_of_work_comes_to_the_same_end(received: Deployment, tmp_path: Path) -> None:
    """Audit names what the witness has beyond it; after `restored` it is clean, and work reaches equal facts."""
    kept = back_up_in_the_middle(received, tmp_path / "backup")
    back = put_back(tmp_path / "backup", received, tmp_path / "back")
    before, witnessed = records(back), records(received)
    assert before == kept < witnessed

    audit = back.run("audit", "--json")
    assert audit.code == TAMPERED
    (gone, *others) = audit.json["faults"]
    assert gone["code"] == "log-truncated"
    assert f"ends before record {kept}; there were {witnessed} records" in gone["sentence"]
    assert {fault["code"] for fault in others} == {"witness-ahead"}  # its own record is not witnessed

    told = back.done("restored", "--because", "The disk broke", "--json").json
    assert (told["kept"], told["lost"], told["added"]) == (kept, witnessed - kept, 1)
    back.assert_audit_is_clean()
    old, aside = received.data / "custody" / "leaves", back.data / "custody" / f"leaves.{told['set_aside']}"
    assert aside.read_bytes() == old.read_bytes()

    back.work()
    assert back.facts().differences(received.facts()) == {}
    back.assert_audit_is_clean()


def test_the_log_says_that_a_backup_was_made_and_put_back(received: Deployment, tmp_path: Path) -> None:
    """In the backup's own log too: whoever finds it knows what it is."""
    back_up_in_the_middle(received, tmp_path / "backup")
    back = put_back(tmp_path / "backup", received, tmp_path / "back")
    back.done("restored", "--because", "The disk broke")
    events = [json.loads(event) for (event,) in back.rows("SELECT event FROM custody_event ORDER BY seq")]
    assert events[-1]["action"] == "restored"
    assert "backed-up" in [event["action"] for event in events]
    assert events[-1]["details"]["because"] == "The disk broke"


def test_work_on_a_database_that_was_put_back_stops_and_says_why(received: Deployment, tmp_path: Path) -> None:
    """Nobody goes on by accident; and whoever tried can still go on lawfully."""
    back_up_in_the_middle(received, tmp_path / "backup")
    back = put_back(tmp_path / "backup", received, tmp_path / "back")
    ran = back.run("work", "--threads", "1")
    assert (ran.code, "witness-ahead" in ran.err) == (TAMPERED, True)
    doctor = back.run("doctor", "--json").json
    (log,) = [check for check in doctor["checks"] if check["name"] == "custody log"]
    assert (log["state"], "docs/backup.md" in log["todo"]) == ("fail", True)
    back.done("restored", "--because", "The disk broke")
    back.work()
    assert back.facts().differences(received.facts()) == {}
    back.assert_audit_is_clean()


def test_a_second_backup_copies_only_what_is_new(received: Deployment, tmp_path: Path) -> None:
    """Segments are written once."""
    first = received.done("backup", tmp_path / "backup", "--json").json
    again = received.done("backup", tmp_path / "backup", "--json").json
    assert (first["vault"]["copied"] > 0, again["vault"]["copied"]) == (True, 0)
    more = pictures(tmp_path / "more", 5_000, sides=(64, 48))
    received.submit(more, "F")
    third = received.done("backup", tmp_path / "backup", "--json").json
    assert (third["vault"]["copied"], third["vault"]["files"]) == (1, first["vault"]["files"] + 1)
    back = put_back(tmp_path / "backup", received, tmp_path / "back")
    back.assert_audit_is_clean()


def test_no_key_and_no_witness_is_in_a_backup(received: Deployment, tmp_path: Path) -> None:
    """Whoever steals the backup cannot open it; whoever alters it is contradicted."""
    made = received.done("backup", tmp_path / "backup", "--json").json
    assert {path.name for path in (tmp_path / "backup").iterdir()} >= {"triage.sqlite3", "vault", "backup.json"}
    assert not list((tmp_path / "backup").rglob("*.key"))
    assert not (tmp_path / "backup" / "custody").exists()
    assert made["key_id"].startswith("file-")
    assert (tmp_path / "backup" / "triage.sqlite3").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("inside", ["", "vault/backup"])
def test_a_backup_inside_the_deployment_is_refused(received: Deployment, inside: str) -> None:
    """It would be lost with it."""
    ran = received.run("backup", received.data / inside, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (3, "backup-inside")


class TestRestoredRefuses:
    def test_where_nothing_was_put_back(self, received: Deployment) -> None:
        """A witness is not set aside for nothing."""
        ran = received.run("restored", "--because", "To be sure", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (3, "nothing-restored")

    def test_without_a_reason(self, received: Deployment) -> None:
        """The reason is what the record is for."""
        ran = received.run("restored", "--because", " ", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (3, "reason-missing")

    def test_a_log_that_was_changed_in_the_middle(self, received: Deployment) -> None:
        """A backup has lost its end, never one record among others."""
        received.change("UPDATE custody_event SET leaf = zeroblob(32) WHERE seq = 5")
        received.change("DELETE FROM custody_event WHERE seq = 9")
        ran = received.run("restored", "--because", "The disk broke", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (TAMPERED, "witness-disagrees")

    def test_to_replace_a_witness_that_is_there(self, received: Deployment) -> None:
        """It may be ahead, and then it knows more."""
        ran = received.run("restored", "--because", "The disk broke", "--witness-lost", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (3, "witness-there")


def test_a_witness_that_is_lost_for_good_begins_anew(received: Deployment, tmp_path: Path) -> None:
    """Recorded, and with an unknown loss."""
    received.done("backup", tmp_path / "backup")
    back = put_back(tmp_path / "backup", received, tmp_path / "back")
    shutil.rmtree(back.data / "custody")
    assert back.run("audit").code != 0
    told = back.done("restored", "--because", "The building burned", "--witness-lost", "--json").json
    assert (told["lost"], told["set_aside"]) == (None, "")
    back.work()
    back.assert_audit_is_clean()


@pytest.fixture
def two_databases(postgres_server: URL) -> Iterator[tuple[str, str]]:
    """Two empty PostgreSQL databases: the one that is lost, and the one that it is put back into."""
    names = [f"triage_ops_{uuid.uuid4().hex}" for _ in range(2)]
    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in names:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        try:
            one, other = (postgres_server.set(database=name).render_as_string(hide_password=False) for name in names)
            yield one, other
        finally:
            for name in names:
                connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.mark.skipif(not shutil.which("pg_dump"), reason="pg_dump is not installed")
def test_postgresql_is_dumped_first_and_the_vault_after_it(
    two_databases: tuple[str, str], source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of docs/backup.md, with PostgreSQL's own tools, while work goes on."""
    one, other = (url.replace("postgresql+psycopg://", "postgresql://") for url in two_databases)
    for name, value in {**SMALL_JOBS, "TRIAGE_DATABASE__URL": two_databases[0]}.items():
        monkeypatch.setenv(name, value)
    lost = Deployment(tmp_path / "lost")
    lost.done("init")
    lost.submit(source, "E")
    ran = lost.run("backup", tmp_path / "backup", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (3, "backup-elsewhere")

    working = lost.start("work", "--threads", "1")
    wait_until(lambda: lost.status()["jobs"].get("examine", {}).get("done", 0) >= 2, working)
    dump = tmp_path / "dump"
    subprocess.run(["pg_dump", "--format=custom", "--file", dump, one], check=True)
    assert working.poll() is None, "the work was over before the dump: nothing was tried"
    shutil.copytree(lost.data / "vault", tmp_path / "vault")
    assert finish(working).code == 0
    expected = lost.status()

    subprocess.run(["pg_restore", "--no-owner", "--dbname", other, dump], check=True)
    monkeypatch.setenv("TRIAGE_DATABASE__URL", two_databases[1])
    back = Deployment(tmp_path / "back")
    for name in ("keys", "custody", "hashsets"):
        shutil.copytree(lost.data / name, back.data / name)
    shutil.copytree(tmp_path / "vault", back.data / "vault")
    assert back.run("audit").code == TAMPERED
    back.done("restored", "--because", "The server broke")
    back.assert_audit_is_clean()
    back.work()
    assert back.status() == {**expected, "created_at": back.status()["created_at"]}
    back.assert_audit_is_clean()
