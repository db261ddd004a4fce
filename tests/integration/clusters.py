"""A deployment on PostgreSQL and Redis, with processes of its own that work for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import redis
from sqlalchemy import Engine, create_engine, text

from tests.integration.deployments import Deployment

REDIS = os.environ.get("TRIAGE_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
PATIENCE = 240.0


@dataclass(frozen=True)
class Cluster(Deployment):
    """A deployment whose database and doorbells are servers. Its commands read the addresses from the environment."""

    url: str = ""
    namespace: str = ""
    engines: list[Engine] = field(default_factory=list)

    @property
    def environment(self) -> Mapping[str, str]:
        """What its commands must be told."""
        return {
            "TRIAGE_DATABASE__URL": self.url,
            "TRIAGE_QUEUE__URL": REDIS,
            "TRIAGE_QUEUE__NAMESPACE": self.namespace,
        }

    def rows(self, query: str, *values: object) -> list[Any]:
        """What the database itself says; documents as text."""
        assert not values
        if not self.engines:
            self.engines.append(create_engine(self.url))
        with self.engines[0].connect() as connection:
            found = connection.execute(text(query)).all()
        return [tuple(json.dumps(cell) if isinstance(cell, (list, dict)) else cell for cell in row) for row in found]

    def owed(self) -> int:
        """Jobs neither done nor dead."""
        ((count,),) = self.rows("SELECT count(*) FROM job WHERE state = 'ready'")
        return int(count)

    def wait_until(self, true: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Until something is so."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, "it never happened"
            time.sleep(0.1)

    def forget_doorbells(self) -> None:
        """Redis loses everything that it holds for this deployment, as after FLUSHALL."""
        client = redis.Redis.from_url(REDIS)
        for key in list(client.scan_iter(f"{self.namespace}*")):
            client.delete(key)
        client.close()

    @contextmanager
    def running(self, *commands: tuple[object, ...]) -> Iterator[list[subprocess.Popen[str]]]:
        """Processes of these commands; whatever still runs at the end is killed."""
        processes = [self.start(*words) for words in commands]
        try:
            yield processes
        finally:
            for process in processes:
                if process.poll() is None:
                    process.kill()
                process.communicate()

    def close(self) -> None:
        """Let go of database and Redis."""
        self.forget_doorbells()
        for engine in self.engines:
            engine.dispose()


def stopped(process: subprocess.Popen[str], seconds: float = 60) -> tuple[int, str]:
    """Ask a process to stop; its status and what it said."""
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=seconds)
    return process.returncode, said


def heard(process: subprocess.Popen[str], words: str) -> bool:
    """Whether a process says this on standard error before it ends."""
    assert process.stderr
    return any(words in line for line in process.stderr)
