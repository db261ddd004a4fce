"""A whole deployment under fire: real programs over real servers, kept running, and eyes that look from outside."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg

from tests.faults.material import Seizure
from tests.faults.programs import MARK, Program, with_clock
from tests.integration.deployments import TRIAGE, Deployment, Ran
from tests.servers.disk import SmallDisk, small_disk
from tests.servers.postgresql import PostgresServer
from tests.servers.processes import free_port
from tests.servers.proxy import Proxy, proxy_to
from tests.servers.redis import RedisServer
from tests.servers.s3 import KEYS, FaultyProxy, S3Server

_SMALL_MEGABYTES = 16
_PATIENCE = float(os.environ.get("TRIAGE_TEST_PATIENCE", "240"))
"""Seconds that any wait may take. A fault that costs more has stopped the line."""


@dataclass(frozen=True)
class Servers:
    """What a cluster runs on; without PostgreSQL it runs on SQLite, without Redis doorbells stay in each worker."""

    postgres: PostgresServer | None = None
    redis: RedisServer | None = None
    s3: S3Server | None = None


@dataclass
class Cluster:
    """One deployment: `folder` holds all that its programs may write, beside what the servers hold."""

    folder: Path
    seizure: Seizure
    servers: Servers
    database: str  # PostgreSQL's name of it; "" for SQLite
    settings: Mapping[str, Mapping[str, object]]
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    programs: dict[str, Program] = field(default_factory=dict)
    deliveries: list[str] = field(default_factory=list)  # exhibits still to be received, the first of them now
    proxies: dict[str, Proxy] = field(default_factory=dict)
    disk: SmallDisk | None = None
    bucket: str = ""
    store: FaultyProxy | None = None
    """What stands between the programs and the bucket, when evidence goes there."""
    api_port: int = field(default_factory=free_port)

    @property
    def deployment(self) -> Deployment:
        """The data folder, for commands that run inside this process."""
        return Deployment(self.folder / "data")

    # ── setting up ──────────────────────────────────────────────────────────────────────────────────────────────────

    def set_up(self) -> None:
        """Make the deployment and put what is known in force."""
        for name in ("logs", "tmp"):
            (self.folder / name).mkdir(exist_ok=True)
        self.write_settings("settings", self._port())
        self.done("init")
        for file, name, kind in (
            (self.seizure.known, "synthetic-known", "known"),
            (self.seizure.known_good, "synthetic-good", "known-good"),
        ):
            self.done("hashsets", "import", str(file), "--name", name, "--kind", kind)

    def write_settings(self, name: str, port: int) -> Path:
        """The settings that programs read, with the database behind this port."""
        url = ""
        if self.servers.postgres:
            url = self.servers.postgres.url(self.database).replace(f":{self.servers.postgres.port}/", f":{port}/")
        queue = {"queue": {"url": self.servers.redis.url, "namespace": self.mark}} if self.servers.redis else {}
        tables = {"database": {"url": url}, **queue, **self._bucket_settings(), **self.settings}
        path = self.folder / f"{name}.toml"
        lines = []
        for table, values in tables.items():
            lines += [f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def behind_proxy(self, name: str) -> Path:
        """Settings for one program that reaches the database through a proxy of this name."""
        return self.write_settings(name, self.proxies[name].port)

    def set_clock(self, name: str, seconds: int) -> Path:
        """Put a program's clock so far from the machine's; the file that says so."""
        path = self.folder / f"{name}.clock"
        draft = path.with_suffix(".new")
        draft.write_text(str(seconds), encoding="ascii")
        return draft.rename(path)

    def command(self, *words: str, settings: Path | None = None, clock: Path | None = None) -> list[str]:
        """The real program, as a command line."""
        chosen = settings or self.folder / "settings.toml"
        program = with_clock(clock) if clock else TRIAGE
        return [*program, "--data", str(self.deployment.data), "--config", str(chosen), *words]

    def run(self, *words: str) -> Ran:
        """A command inside this process, which saves the start of another."""
        return self.deployment.run("--config", self.folder / "settings.toml", *words)

    def done(self, *words: str) -> Ran:
        """A command that must succeed."""
        ran = self.run(*words)
        assert ran.code == 0, f"{words[0]} ended with {ran.code}: {ran.out[-1000:]}{ran.err[-1000:]}"
        return ran

    # ── running ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def keep(self, name: str, *command: str, **environment: str) -> Program:
        """Have a program running from now on."""
        own = {key: value for key, value in os.environ.items() if not key.startswith("TRIAGE_")}
        own["PYTHONPATH"] = str(Path(__file__).parents[2])  # they start elsewhere, and must be of this checkout
        own |= {MARK: self.mark, "TMPDIR": str(self.folder / "tmp"), "PYTHONFAULTHANDLER": "1", **environment}
        program = Program(name, command, own, self.folder / "logs" / f"{name}.log")
        self.programs[name] = program
        program.start()
        return program

    def deliver(self, *letters: str) -> None:
        """Receive these exhibits one after the other, each with the same command until it succeeds."""
        self.deliveries += letters

    def submitting(self, letter: str) -> tuple[str, ...]:
        """The command that receives an exhibit. A and B are of one case."""
        case = "CASE-1" if letter in "AB" else f"CASE-{letter}"
        basis = ("--case", case, "--exhibit", letter, "--basis", f"Synthetic warrant {letter}")
        return ("submit", str(self.seizure.exhibits[letter]), *basis)

    def tend(self) -> None:
        """What a service manager does: whatever has ended is started again."""
        self._tend_deliveries()
        for program in self.programs.values():
            program.tend()

    def wait_until(self, true: Callable[[], bool], what: str) -> None:
        """Tend the programs until something is so. Raises TimeoutError."""
        deadline = time.monotonic() + _PATIENCE
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not within {_PATIENCE:.0f} s; {self.state()}")
            self.tend()
            time.sleep(0.03)

    def pass_seconds(self, seconds: float) -> None:
        """Let time go by, the programs tended."""
        until = time.monotonic() + seconds
        self.wait_until(lambda: time.monotonic() >= until, "time passes")

    def finish(self) -> None:
        """Wait until nothing is owed, then ask every program to end."""
        self.wait_until(self.is_quiet, "everything is done")
        for program in self.programs.values():
            program.wanted = False
        for program in self.programs.values():
            program.ask_to_end()
            program.tend()

    def is_quiet(self) -> bool:
        """Whether everything is received and nothing is owed."""
        delivering = any(program.is_running for program in self.programs.values() if not program.wanted)
        return (
            not self.deliveries
            and not delivering
            and self.count("SELECT count(*) FROM job WHERE state = 'ready'") == 0
        )

    # ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def rows(self, query: str) -> list[Any]:
        """What the database says, asked past every proxy and service of ours."""
        if not self.servers.postgres:
            path = self.deployment.data / "triage.sqlite3"
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as lite:
                return lite.execute(query).fetchall()
        with self._postgres() as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]

    def change(self, statement: str) -> None:
        """Alter the database behind the programs' backs."""
        if not self.servers.postgres:
            with closing(sqlite3.connect(self.deployment.data / "triage.sqlite3", timeout=30)) as lite:
                lite.execute(statement)
                lite.commit()
                return
        with self._postgres() as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def count(self, query: str) -> int:
        """One number of the database; -1 while it does not answer."""
        with suppress(psycopg.OperationalError, sqlite3.OperationalError):
            return int(self.rows(query)[0][0])
        return -1

    def state(self) -> str:
        """Where things stand, for whoever asks why nothing happens."""
        jobs = "SELECT stage, state, owner, attempts, last_error FROM job WHERE state <> 'done'"
        with suppress(psycopg.OperationalError, sqlite3.OperationalError):
            ended = {name: program.endings for name, program in self.programs.items()}
            return f"jobs {self.rows(jobs)[:8]}; endings {ended}; to deliver {self.deliveries}"
        return "the database does not answer"

    def _postgres(self) -> psycopg.Connection[Any]:
        assert self.servers.postgres is not None
        where = f"host=127.0.0.1 port={self.servers.postgres.port} user=postgres dbname={self.database}"
        return psycopg.connect(where, connect_timeout=5)

    def _bucket_settings(self) -> dict[str, dict[str, object]]:
        if self.store is None:
            return {}
        waits: dict[str, object] = {"request_seconds": 3, "give_up_seconds": 4}
        return {
            "vault": {"url": f"s3://{self.bucket}/unit"},
            "vault.s3": {"endpoint": self.store.endpoint, **KEYS, **waits},
        }

    def _port(self) -> int:
        return self.servers.postgres.port if self.servers.postgres else 0

    def _tend_deliveries(self) -> None:
        submit = self.programs.get("submit")
        if submit is not None and submit.process is not None and submit.process.poll() == 0:
            submit.tend()
            submit.wanted = False
            self.deliveries.pop(0)
        if self.deliveries and (submit is None or not (submit.wanted or submit.is_running)):
            next_one = self.keep("submit", *self.command(*self.submitting(self.deliveries[0])))
            if submit is not None:
                next_one.endings, next_one.kills = submit.endings, submit.kills


@contextmanager
def cluster_on(
    servers: Servers,
    seizure: Seizure,
    settings: Mapping[str, Mapping[str, object]],
    *,
    proxies: tuple[str, ...] = (),
    small_data: bool = False,
) -> Iterator[Cluster]:
    """A cluster set up and not yet running; at the end nothing of it is left, whatever happened."""
    folder = Path(mkdtemp(prefix="triage-faults-"))  # a short path: sockets have short names
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        database = stack.enter_context(servers.postgres.database()) if servers.postgres else ""
        cluster = Cluster(folder, seizure, servers, database, settings)
        stack.callback(lambda: [program.drop() for program in cluster.programs.values()])
        for name in proxies:
            assert servers.postgres is not None
            cluster.proxies[name] = stack.enter_context(proxy_to(servers.postgres.port))
        if servers.s3:
            cluster.bucket, cluster.store = servers.s3.new_bucket(), FaultyProxy(servers.s3.endpoint)
            stack.enter_context(cluster.store)
        if small_data:
            cluster.disk = stack.enter_context(small_disk(folder / "data", _SMALL_MEGABYTES))
        cluster.set_up()
        yield cluster
