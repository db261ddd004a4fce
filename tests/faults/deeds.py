"""What can befall a cluster: small functions that take it and do one thing to it."""

from __future__ import annotations

import signal
import urllib.request

from tests.faults.cluster import Cluster
from tests.faults.scenarios import Deed


def kill(name: str) -> Deed:
    """`kill -9` of one program, as soon as it runs; the service manager starts it again."""

    def deed(cluster: Cluster) -> None:
        program = cluster.programs[name]
        cluster.wait_until(lambda: program.is_running or not program.wanted, f"{name} runs")
        program.kill()

    return deed


def pause(name: str) -> Deed:
    """The program stands still, as on a machine that is moved or swaps; its leases run on."""
    return lambda cluster: cluster.programs[name].signal(signal.SIGSTOP)


def resume(name: str) -> Deed:
    """It goes on as if nothing had been."""
    return lambda cluster: cluster.programs[name].signal(signal.SIGCONT)


def wait(seconds: float) -> Deed:
    """Let time go by."""
    return lambda cluster: cluster.pass_seconds(seconds)


def crash_database(cluster: Cluster) -> None:
    """`kill -9` of PostgreSQL, all of it; up again two seconds later."""
    assert cluster.servers.postgres is not None
    cluster.servers.postgres.crash()
    cluster.pass_seconds(2)
    cluster.servers.postgres.start()


def crash_one_session(cluster: Cluster) -> None:
    """`kill -9` of one session's process, on which PostgreSQL ends all others and recovers."""
    assert cluster.servers.postgres is not None
    cluster.servers.postgres.crash_one_session(cluster.database)


def restart_database(cluster: Cluster) -> None:
    """A restart as for an update."""
    assert cluster.servers.postgres is not None
    cluster.servers.postgres.restart()


def crash_redis(cluster: Cluster) -> None:
    """`kill -9` of Redis, and with it all doorbells; up again two seconds later."""
    assert cluster.servers.redis is not None
    cluster.servers.redis.crash()
    cluster.pass_seconds(2)
    cluster.servers.redis.start()


def wipe_redis(cluster: Cluster) -> None:
    """FLUSHALL."""
    assert cluster.servers.redis is not None
    cluster.servers.redis.wipe()


def roll(cluster: Cluster) -> None:
    """Every program is asked to end and started again, one after the other, as for an update of ours."""
    for program in list(cluster.programs.values()):
        if program.wanted:
            program.ask_to_end()
            cluster.wait_until(lambda: program.is_running, f"{program.name} is back")  # noqa: B023 - called at once


def submit_too(letter: str) -> Deed:
    """A second person gives the same command at the same time."""

    def deed(cluster: Cluster) -> None:
        cluster.keep("submit-too", *cluster.command(*cluster.submitting(letter))).wanted = False

    return deed


def api_answers(cluster: Cluster) -> None:
    """Wait until `triage serve` says that it is ready."""

    def is_ready() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{cluster.api_port}/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    cluster.wait_until(is_ready, "the API is ready")
