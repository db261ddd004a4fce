"""A Redis of our own that keeps nothing: killed, it has forgotten everything."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests.servers.processes import account, find_program, folder_for, free_port, kill_all, wait_for


@dataclass
class RedisServer:
    """One server, always on the same port of this machine."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Its address, as settings name it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, here or again, and wait until it answers."""
        keeping_nothing = ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
        address = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [find_program("redis-server"), *address, *keeping_nothing],
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **account(),
            )
        wait_for(self.answers, "Redis answers")

    def answers(self) -> bool:
        """Whether it takes commands now."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def client(self) -> redis.Redis:
        """A connection, for whoever wants to look or to do harm."""
        return redis.Redis(port=self.port, socket_timeout=5)

    def crash(self) -> None:
        """`kill -9`."""
        assert self.process is not None
        kill_all(self.process)

    def wipe(self) -> None:
        """FLUSHALL: it answers as before, and knows nothing."""
        with self.client() as client:
            client.flushall()


@contextmanager
def private_redis() -> Iterator[RedisServer]:
    """A running server of our own, gone with its folder at the end. Raises ServerMissing."""
    find_program("redis-server")
    server = RedisServer(folder_for("redis"), free_port())
    try:
        server.start()
        yield server
    finally:
        if server.process is not None:
            kill_all(server.process)
        shutil.rmtree(server.folder)
