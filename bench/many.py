"""Very many small pictures in one submission: the last item should cost what the first did, and memory stay flat.

`python -m bench.many [--quick] [--items N] [--database URL [--queue URL]]`. The commands run as a user runs them, and
a second connection looks every few seconds how many items are received, answered and linked, what CPU time that has
cost (the programs, their chambers, PostgreSQL's backends that serve them), and how large the processes are. An empty
database at URL is needed; without it SQLite in the data folder is used. With a queue (Redis) `triage relay` and two
`triage worker` do the work, otherwise `triage work`. At the end what is in the database must be exact. Not counted:
Redis, PostgreSQL's writers in the background, our own looking. A server without autovacuum is kept house for.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import redis
from sqlalchemy import create_engine, text

from bench.figures import Figure, arguments, report
from bench.housekeeping import housekeeping
from bench.pictures import FOLDER
from bench.watching import Course, Looking, watch

TRIAGE = str(Path(sys.executable).with_name("triage"))
QUICK, FULL = 4_000, 100_000
_RECEIVED = "SELECT count(*) FROM item"
_ANSWERED = "SELECT count(*) FROM item WHERE outcome <> 'pending'"
_LINKED = "SELECT count(*) FROM occurrence WHERE linked"
_DONE = "SELECT CASE WHEN EXISTS (SELECT 1 FROM job WHERE state = 'ready') THEN 0 ELSE 1 END"
_EXACT = (  # each must be the number of pictures
    _RECEIVED,
    "SELECT count(*) FROM occurrence",
    "SELECT count(*) FROM sealed_object",
    "SELECT count(DISTINCT item_id) FROM fingerprint WHERE algorithm = 'pdq'",
    _ANSWERED,
    _LINKED,
    "SELECT count(*) FROM item WHERE outcome = 'unknown'",
)
_NONE = ("SELECT count(*) FROM job WHERE state <> 'done'", "SELECT count(*) FROM processing_note")


def main() -> None:
    """Measure receiving and working."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--items", type=int, help="pictures instead of 100,000 (--quick: 4,000)")
    parser.add_argument("--database", metavar="URL", default="", help="an empty PostgreSQL database")
    parser.add_argument("--queue", metavar="URL", default="", help="Redis: a relay and two workers do the work")
    parser.add_argument("--looks", action="store_true", help="print every look as JSON to standard error")
    options = parser.parse_args()
    count = options.items or (QUICK if options.quick else FULL)
    source = small_pictures(count)
    run = FOLDER / f"run-many-{os.getpid()}"
    namespace = f"bench-many-{secrets.token_hex(4)}"
    os.environ |= {
        "TRIAGE_DATA": str(run),
        "TRIAGE_DATABASE__URL": options.database,
        "TRIAGE_QUEUE__URL": options.queue,
        "TRIAGE_QUEUE__NAMESPACE": namespace,
    }
    url = options.database or f"sqlite:///{run / 'triage.sqlite3'}"
    looking = Looking(max(2.0, count / 100_000), options.looks)  # our questions read whole tables
    subprocess.run([TRIAGE, "init"], check=True, stdout=subprocess.DEVNULL)
    basis = ["--case", "BENCH", "--exhibit", "MANY", "--basis", "synthetic pictures, bench"]
    with housekeeping(url):
        submit = watch(url, {"submit": [[TRIAGE, "submit", str(source), *basis]]}, [_RECEIVED], looking=looking)
        if options.queue:
            programs = {"relay": [[TRIAGE, "relay"]], "worker": [[TRIAGE, "worker", "--threads", "1"]] * 2}
            work = watch(url, programs, [_ANSWERED, _LINKED], looking=looking, until=_DONE)
            _forget(options.queue, namespace)
        else:
            programs = {"work": [[TRIAGE, "work", "--threads", "2"]]}
            work = watch(url, programs, [_ANSWERED, _LINKED], looking=looking)
    check(url, count)
    shutil.rmtree(run)
    figures = [
        Figure("receive", count / submit.seconds, "items/s"),
        Figure("work", count / work.seconds, "items/s"),
        Figure("receive and work", count / (submit.seconds + work.seconds), "items/s"),
        *_costs({"receive": (submit, 0), "examine and match": (work, 0), "link": (work, 1)}, count),
        *_processes("receive", submit, count),
        *_processes("work", work, count),
    ]
    report("many", figures, as_json=options.json)


def small_pictures(count: int) -> Path:
    """A folder of `count` small pictures, all different; made where absent, by another process."""
    source = FOLDER / f"small-{count}"
    if not source.exists():
        subprocess.run([sys.executable, "-m", "bench.many", "make", str(count)], check=True, cwd=FOLDER.parent)
    return source


def check(url: str, count: int) -> None:
    """Every picture is there once, sealed, fingerprinted, answered and linked; RuntimeError otherwise."""
    engine = create_engine(url)
    with engine.connect() as connection:
        for expected, queries in ((count, _EXACT), (0, _NONE)):
            for query in queries:
                found = connection.execute(text(query)).scalar_one()
                if found != expected:
                    raise RuntimeError(f"{found} instead of {expected}: {query}")
    engine.dispose()


def _costs(parts: Mapping[str, tuple[Course, int]], count: int) -> list[Figure]:
    """What an item costs in each part of the work, by the query that counts its items, and in all of it."""
    figures, sums = [], [0.0, 0.0]
    for what, (course, query) in parts.items():
        last, first = (1e3 * course.cost(query, begin, begin + 0.1, count) for begin in (0.85, 0.05))
        figures.append(Figure(f"{what}: an item near the end", last, "CPU ms", "one near the start", first))
        sums = [sums[0] + last, sums[1] + first]
    whole = "all of it: an item near the end"
    return [*figures, Figure(whole, sums[0], "CPU ms", "one near the start", sums[1], "at most 1.3 x")]


def _processes(what: str, course: Course, count: int) -> list[Figure]:
    """What each kind of process cost, and how it grew."""
    figures = []
    for kind in course.kinds():
        figures.append(Figure(f"{what}, {kind}", 1e3 * course.spent(kind) / count, "CPU ms an item"))
        end, early = course.memory(kind, 0.75, 1.0, count), course.memory(kind, 0.0, 0.25, count)
        figures.append(
            Figure(f"{what}, {kind}: memory in the last quarter", end, "MB", "in the first", early, "flat")
        )
    return figures


def _forget(url: str, namespace: str) -> None:
    client = redis.Redis.from_url(url)
    for key in list(client.scan_iter(f"{namespace}*")):
        client.delete(key)
    client.close()


def make(count: int) -> None:
    """`count` small pictures, all different, a thousand to a folder."""
    source = FOLDER / f"small-{count}"
    unfinished = source.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    random = np.random.default_rng(7)
    for number in range(count):
        folder = unfinished / f"{number // 1000:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        blobs = random.integers(0, 256, (12, 12, 3), dtype=np.uint8)
        picture = cv2.resize(blobs, (96, 96), interpolation=cv2.INTER_CUBIC)
        (folder / f"{number:06d}.jpg").write_bytes(cv2.imencode(".jpg", picture, [1, 80])[1].tobytes())
    unfinished.rename(source)


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(int(sys.argv[2]))
    else:
        main()
