"""What a second worker process brings: items examined a second by two, beside those by one, in the same run.

PostgreSQL, Redis, one relay, workers of one thread each. The first works alone for a while, then the second joins, on
the same submission; what each needs to start lies outside both windows. Pictures are the mix of the other benches,
each made another item by what follows its end. Batches are small, so that progress can be read off in small steps.
TRIAGE_TEST_POSTGRES and TRIAGE_TEST_REDIS_URL name servers other than those of this machine.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis
from sqlalchemy import Connection, create_engine, make_url, text

from bench.figures import Figure, arguments, report
from bench.pictures import FOLDER, bench_files

TRIAGE = str(Path(sys.executable).with_name("triage"))
POSTGRES = os.environ.get("TRIAGE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TRIAGE_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
COPIES, WINDOW = {True: 40, False: 12}, {True: 20.0, False: 60.0}
_DONE = "SELECT coalesce(sum(jsonb_array_length(item_ids)), 0) FROM job WHERE stage = 'examine' AND state = 'done'"
_BEGUN = "SELECT count(DISTINCT owner) FROM job WHERE stage = 'examine' AND state = 'ready' AND owner <> ''"
_WORKER = ("worker", "--threads", "1")


def main() -> None:
    """Measure one worker, then two."""
    options = arguments(__doc__ or "").parse_args()
    run = FOLDER / "run-second-worker"
    shutil.rmtree(run, ignore_errors=True)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, run, ignore_errors=True)
        name = f"triage_bench_{secrets.token_hex(4)}"
        connection = stack.enter_context(_database(name))
        environment = _environment(name, run / "data")
        stack.callback(_forget, name.replace("_", "-"))
        _triage(environment, "init")
        source = _source(run / "exhibit", COPIES[options.quick], quick=options.quick)
        _triage(
            environment, "submit", str(source), "--case", "BENCH", "--exhibit", "TWO", "--basis", "synthetic, bench"
        )
        stack.enter_context(_running(environment, "relay"))
        rates = []
        for workers in (1, 2):
            stack.enter_context(_running(environment, *_WORKER))
            before = _asked(connection, _DONE)
            _wait(lambda count=workers: _asked(connection, _BEGUN) >= count)  # type: ignore[misc]
            _wait(lambda past=before: _asked(connection, _DONE) > past)  # type: ignore[misc]
            rates.append(_rate(connection, WINDOW[options.quick]))
    figure = Figure(
        "items examined, two workers", rates[1], "items/s", "one worker", rates[0], "at least 1.8 x on two idle cores"
    )
    report("second_worker", [figure], as_json=options.json)


def _rate(connection: Connection, seconds: float) -> float:
    """Items a second between the first and the last batch that ends within so many seconds."""
    steps: list[tuple[float, int]] = []
    begun = time.monotonic()
    last = _asked(connection, _DONE)
    while time.monotonic() - begun < seconds:
        done = _asked(connection, _DONE)
        if done > last:
            steps.append((time.monotonic(), done))
            last = done
        time.sleep(0.05)
    if len(steps) < 3:
        raise RuntimeError("too few batches ended within the window")
    return (steps[-1][1] - steps[0][1]) / (steps[-1][0] - steps[0][0])


def _source(folder: Path, copies: int, *, quick: bool) -> Path:
    folder.mkdir(parents=True)
    for file in bench_files(quick=quick):
        picture = file.read_bytes()
        for number in range(copies):
            (folder / f"{number}-{file.parent.name}-{file.name}").write_bytes(picture + number.to_bytes(4, "big"))
    return folder


def _environment(name: str, data: Path) -> dict[str, str]:
    url = make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    return {
        **os.environ,
        "TRIAGE_DATA": str(data),
        "TRIAGE_DATABASE__URL": url,
        "TRIAGE_QUEUE__URL": REDIS,
        "TRIAGE_QUEUE__NAMESPACE": name.replace("_", "-"),
        "TRIAGE_RECEIVE__BATCH_ITEMS": "4",
    }


@contextmanager
def _database(name: str) -> Iterator[Connection]:
    """A new database, and a connection to it that commits by itself."""
    server = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with server.connect() as maintenance:
        maintenance.execute(text(f'CREATE DATABASE "{name}"'))
        engine = create_engine(make_url(POSTGRES).set(database=name), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()
            maintenance.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    server.dispose()


@contextmanager
def _running(environment: dict[str, str], *words: str) -> Iterator[None]:
    process = subprocess.Popen([TRIAGE, *words], env=environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _triage(environment: dict[str, str], *words: str) -> None:
    subprocess.run(
        [TRIAGE, *words], env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _asked(connection: Connection, query: str) -> int:
    return int(connection.execute(text(query)).scalar_one())


def _wait(true: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise RuntimeError("the workers did not begin")
        time.sleep(0.1)


def _forget(namespace: str) -> None:
    client = redis.Redis.from_url(REDIS)
    for key in list(client.scan_iter(f"{namespace}*")):
        client.delete(key)
    client.close()


if __name__ == "__main__":
    main()
