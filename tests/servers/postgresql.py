"""A PostgreSQL of our own, which may be stopped, crashed and started again in place."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.servers.processes import ServerMissing, account, find_program, folder_for, free_port, kill_all, wait_for

_DURABLE = ("fsync=on", "full_page_writes=on", "synchronous_commit=on")
"""As in a real server: what a crash leaves is what is under test."""
_TIDY = ("dynamic_shared_memory_type=mmap", "unix_socket_directories=")
"""Everything of it lies in its folder: killed, it leaves nothing elsewhere."""
_SMALL = ("shared_buffers=32MB", "max_connections=60", "max_wal_size=256MB", "autovacuum_naptime=10s")
_START_SECONDS = 60.0  # a crashed server replays its log first


def _program(name: str) -> Path:
    return find_program(name, sorted(Path("/usr/lib/postgresql").glob("*/bin")))


@dataclass
class PostgresServer:
    """One server in a folder, always on the same port of this machine."""

    folder: Path
    port: int
    clock: Path | None = None
    """The file that says how far its clock is from the machine's, for one with a clock of its own."""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        """Where it keeps everything, for whoever looks for plaintext."""
        return self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy's address of a database."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def set_clock(self, seconds: float) -> None:
        """Put its clock so far ahead of the machine's (behind, when negative): a step, for sessions that run too.

        Only of a server that was started with a clock of its own.
        """
        assert self.clock is not None
        draft = self.clock.with_suffix(".new")
        draft.write_text(f"{seconds:+.0f}\n", encoding="ascii")
        draft.rename(self.clock)

    def initialise(self) -> None:
        """Make an empty cluster, once. Nobody but this machine reaches it, so nobody is asked for a password."""
        command = [_program("initdb"), "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        subprocess.run(
            [*command, "--locale=C.UTF-8", "--no-sync"],
            check=True,
            capture_output=True,
            cwd="/",
            env=environment,
            **account(),
        )

    def start(self) -> None:
        """Start it, here or again, and wait until it answers."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)  # left by a crash; its process is gone
        options = [word for setting in (*_DURABLE, *_TIDY, *_SMALL) for word in ("-c", setting)]
        address = ["-h", "127.0.0.1", "-p", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [_program("postgres"), "-D", self.data, *address, *options],
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                env={**os.environ, **self._clock_settings()},
                **account(),
            )
        wait_for(self.answers, "PostgreSQL answers", _START_SECONDS)

    def answers(self) -> bool:
        """Whether it takes connections now."""
        try:
            psycopg.connect(self._conninfo("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """As a system does when it is shut down: connections are ended, everything is written."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    def crash(self) -> None:
        """`kill -9` of every process of it at once."""
        assert self.process is not None
        kill_all(self.process)

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def crash_one_session(self, database: str) -> None:
        """`kill -9` of the process behind one connection to a database: the server ends all others and recovers."""
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            row = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s ORDER BY pid LIMIT 1", [database]
            ).fetchone()
        if row is None:
            return
        with suppress(ProcessLookupError):
            os.kill(row[0], signal.SIGKILL)
        with suppress(TimeoutError):  # it may have recovered between two looks
            wait_for(lambda: not self.answers(), "PostgreSQL recovers", 2)
        wait_for(self.answers, "PostgreSQL answers", _START_SECONDS)

    @contextmanager
    def database(self) -> Iterator[str]:
        """A database of its own name, dropped at the end; its name."""
        name = f"triage_{uuid.uuid4().hex}"
        self.execute(f'CREATE DATABASE "{name}"')
        try:
            yield name
        finally:
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def execute(self, statement: str) -> None:
        """A statement outside any transaction, in the maintenance database."""
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def _clock_settings(self) -> dict[str, str]:
        if self.clock is None:
            return {}
        return {
            "LD_PRELOAD": str(_faketime()),
            "FAKETIME_TIMESTAMP_FILE": str(self.clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # a step of the clock leaves durations as they are
        }

    def _conninfo(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={database}"


def _faketime() -> Path:
    """Debian's libfaketime, which stands between a program and the clock."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        raise ServerMissing("libfaketime is not installed")
    return found[0]


@contextmanager
def private_postgres(folder: Path | None = None, *, own_clock: bool = False) -> Iterator[PostgresServer]:
    """A running server of our own, gone with all its files at the end. Raises ServerMissing.

    `folder` must be one that the server's account can reach: a disk of its own, for instance.
    """
    _program("postgres")
    server = PostgresServer(folder or folder_for("postgres"), free_port())
    try:
        server.initialise()
        if own_clock:
            server.clock = server.folder / "clock"
            server.set_clock(0)
        server.start()
        yield server
    finally:
        if server.process is not None:
            kill_all(server.process)
        shutil.rmtree(server.folder, ignore_errors=folder is not None)
