"""A deployment of a bench's own over PostgreSQL, and its server: begun, awaited, and gone afterwards."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

TRIAGE = str(Path(sys.executable).with_name("triage"))
POSTGRES = os.environ.get("TRIAGE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


def url_of(name: str) -> str:
    """Where a database of this name is."""
    return make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)


@contextmanager
def database(name: str, *, keep: bool = False) -> Iterator[None]:
    """A new one, dropped at the end; with `keep`, made where there is none and left."""
    engine = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    there = text("SELECT 1 FROM pg_database WHERE datname = :name")
    with engine.connect() as connection:
        if not (keep and connection.execute(there, {"name": name}).first()):
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        try:
            yield
        finally:
            if not keep:
                connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


@contextmanager
def running(environment: dict[str, str], *command: str) -> Iterator[int]:
    """A process, by its id, until the block ends."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


def triage(environment: dict[str, str], *words: str) -> str:
    """What a command says. Raises CalledProcessError."""
    return subprocess.run([TRIAGE, *words], env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(port: int) -> None:
    """Until the server answers. Raises TimeoutError after a minute."""
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health").close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError("the server does not answer")
