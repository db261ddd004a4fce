"""`triage serve` as a process: it answers while work goes on, survives what is missing, and stops when told."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.processes import children_of
from tests.integration.deployments import Deployment
from tests.integration.seizures import pictures
from tests.integration.test_kill import wait_until

LOGGED = {"TRIAGE_LOG__FORMAT": "json", "TRIAGE_LOG__LEVEL": "info"}


@contextmanager
def serving(deployment: Deployment, env: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and where it listens."""
    process = deployment.start("serve", "--port", "0", "--json", env={**LOGGED, **env})
    assert process.stdout
    document = ""
    while "}" not in document:
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        document += line
    try:
        yield process, json.loads(document)["listening"]
    finally:
        process.kill()
        process.communicate()


def ask(url: str) -> tuple[int, str]:
    """Status and body."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_it_counts_what_others_do_and_stops_when_told(deployment: Deployment, tmp_path: Path) -> None:
    """SIGTERM is no failure, and both ends of its life are in the log."""
    with serving(deployment, {}) as (process, url):
        assert ask(f"{url}/ready")[0] == 200
        deployment.submit(pictures(tmp_path / "source", 1, 2, 3, sides=(64, 48)), "E")
        assert 'triage_items{outcome="pending"} 3.0' in ask(f"{url}/metrics")[1]
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    events = [json.loads(line)["event"] for line in err.splitlines()]
    assert (events[0], events[-1]) == ("started", "stopped")


def test_a_database_that_is_not_there_yet_ends_nothing(deployment: Deployment, tmp_path: Path) -> None:
    """It lives, says what is missing, and answers once that has come."""
    shutil.move(deployment.data / "keys", tmp_path / "keys")
    with serving(deployment, {}) as (process, url):
        assert ask(f"{url}/health")[0] == 200
        status, body = ask(f"{url}/ready")
        assert (status, json.loads(body)["checks"]) == (503, [{"name": "deployment", "code": "not-initialised"}])
        assert ask(f"{url}/metrics")[0] == 503
        shutil.move(tmp_path / "keys", deployment.data / "keys")
        wait_until(lambda: ask(f"{url}/ready")[0] == 200, process)


def test_a_postgresql_that_does_not_answer_is_named(deployment: Deployment) -> None:
    """No crash loop: the code is in the answer, and nothing of the address."""
    nowhere = {"TRIAGE_DATABASE__URL": "postgresql+psycopg://secret-user@127.0.0.1:9/secret"}
    with serving(deployment, nowhere) as (_, url):
        status, body = ask(f"{url}/ready")
        assert (status, json.loads(body)["checks"][0]["code"]) == (503, "database-unavailable")
        assert "secret" not in body + ask(f"{url}/metrics")[1]


def test_a_port_that_is_taken_is_said_in_a_sentence(deployment: Deployment) -> None:
    """Status 7, as for every machine that is not available."""
    with serving(deployment, {}) as (_, url):
        port = url.rpartition(":")[2]
        ran = deployment.run("serve", "--port", port, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (7, "address-in-use")


def test_whoever_works_for_long_gives_way_to_it(deployment: Deployment, tmp_path: Path) -> None:
    """A sender or a person at the same machine does not wait for pictures: workers and their chambers are nicer."""
    deployment.submit(pictures(tmp_path / "source", *range(40), sides=(64, 48)), "E")
    process = deployment.start("work", "--follow", "--threads", "1", env={"TRIAGE_WORK__NICE": "7"})
    try:
        wait_until(lambda: children_of(process.pid), process)
        [chamber, *_] = children_of(process.pid)
        gives_way = max(7, os.getpriority(os.PRIO_PROCESS, 0))  # never less than whoever runs these tests
        assert [os.getpriority(os.PRIO_PROCESS, one) for one in (process.pid, chamber)] == [gives_way] * 2
        group = Path(f"/proc/{chamber}/autogroup")  # its session's, by which it is weighed where that is switched on
        if group.is_file() and group.read_text():
            wait_until(lambda: group.read_text().endswith(f"nice {gives_way}\n"), process)
    finally:
        process.terminate()
        process.communicate(timeout=60)
