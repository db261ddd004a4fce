"""Very many small pictures in one submission: the last item should cost what the first did, and memory stay flat.

`python -m bench.many [--quick] [--items N] [--database URL]`. Both commands run as a user runs them, and a second
connection looks every two seconds how many items are received, answered and linked, what CPU time that has cost
(the command, its chambers, PostgreSQL's backends that serve it), and how large the processes are. An empty database
at URL is needed; without it SQLite in the data folder is used.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from sqlalchemy import Connection, create_engine, text

from bench.figures import Figure, arguments, report
from bench.pictures import FOLDER
from bench.processes import children_of, processor_seconds, resident_bytes

TRIAGE = str(Path(sys.executable).with_name("triage"))
QUICK, FULL = 4_000, 100_000
_SAMPLE_SECONDS = 2.0
_RECEIVED = "SELECT count(*) FROM item"
_ANSWERED = "SELECT count(*) FROM item WHERE outcome <> 'pending'"
_LINKED = "SELECT count(*) FROM occurrence WHERE linked"
_SERVING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: seconds since the start, items done by kind, CPU seconds so far, resident bytes."""

    seconds: float
    done: tuple[int, ...]
    cpu: float
    own: int
    chamber: int


@dataclass
class Course:
    """How one command went."""

    samples: list[Sample] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """From start to end."""
        return self.samples[-1].seconds

    def cost(self, kind: int, first: float, last: float, count: int) -> float:
        """CPU seconds for an item between two shares of all items."""
        done = [sample.done[kind] for sample in self.samples]
        cpu = [sample.cpu for sample in self.samples]
        at = np.interp([first * count, last * count], done, cpu)
        return float(at[1] - at[0]) / ((last - first) * count)

    def memory(self, share: float, count: int, of: str) -> float:
        """Largest resident size, in 10^6 bytes, seen until `share` of the items were done."""
        return float(max(getattr(one, of) for one in self.samples if one.done[0] <= share * count)) / 1e6


def main() -> None:
    """Measure receiving and working."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--items", type=int, help="pictures instead of 100,000 (--quick: 4,000)")
    parser.add_argument("--database", metavar="URL", default="", help="an empty PostgreSQL database")
    options = parser.parse_args()
    count = options.items or (QUICK if options.quick else FULL)
    source = small_pictures(count)
    run = FOLDER / f"run-many-{os.getpid()}"
    os.environ["TRIAGE_DATABASE__URL"] = options.database
    url = options.database or f"sqlite:///{run / 'triage.sqlite3'}"
    data = ["--data", str(run)]
    subprocess.run([TRIAGE, *data, "init"], check=True, stdout=subprocess.DEVNULL)
    basis = ["--case", "BENCH", "--exhibit", "MANY", "--basis", "synthetic pictures, bench"]
    submit = watch([TRIAGE, *data, "submit", str(source), *basis], url, _RECEIVED)
    work = watch([TRIAGE, *data, "work", "--threads", "2"], url, _ANSWERED, _LINKED)
    shutil.rmtree(run)
    figures = [
        Figure("receive and work", count / (submit.seconds + work.seconds), "items/s"),
        *_costs("receive", submit, 0, count),
        *_costs("examine and match", work, 0, count),
        *_costs("link", work, 1, count),
        *_memory("receive", submit, "own", count),
        *_memory("work", work, "own", count),
        *_memory("work, largest chamber", work, "chamber", count),
    ]
    report("many", figures, as_json=options.json)


def small_pictures(count: int) -> Path:
    """A folder of `count` small pictures, all different; made where absent, by another process."""
    source = FOLDER / f"small-{count}"
    if not source.exists():
        subprocess.run([sys.executable, "-m", "bench.many", "make", str(count)], check=True, cwd=FOLDER.parent)
    return source


def watch(command: list[str], url: str, *queries: str) -> Course:
    """Run a command and look at its progress. Raises RuntimeError when it fails."""
    course, begun = Course(), time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    engine = create_engine(url)
    served = 0.0
    with engine.connect() as connection:
        while process.poll() is None:
            done = tuple(_counted(connection, query) for query in queries)
            children = children_of(process.pid)
            served = max(served, _server_seconds(connection))
            cpu = processor_seconds(process.pid) + sum(map(processor_seconds, children)) + served
            largest = max(map(resident_bytes, children), default=0)
            look = Sample(time.monotonic() - begun, done, cpu, resident_bytes(process.pid), largest)
            course.samples.append(look)
            connection.rollback()
            time.sleep(_SAMPLE_SECONDS)
        done = tuple(_counted(connection, query) for query in queries)
        course.samples.append(Sample(time.monotonic() - begun, done, course.samples[-1].cpu, 0, 0))
    engine.dispose()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} … ended with {process.returncode}")
    return course


def _counted(connection: Connection, query: str) -> int:
    return int(connection.execute(text(query)).scalar_one())


def _server_seconds(connection: Connection) -> float:
    """CPU seconds of the backends that serve others in this database; 0 on SQLite."""
    if connection.dialect.name != "postgresql":
        return 0.0
    return sum(processor_seconds(pid) for pid in connection.execute(text(_SERVING)).scalars())


def _costs(what: str, course: Course, kind: int, count: int) -> list[Figure]:
    last, first = course.cost(kind, 0.85, 0.95, count), course.cost(kind, 0.05, 0.15, count)
    name, peer = f"{what}: an item near the end", "one near the start"
    return [Figure(name, 1e3 * last, "CPU ms", peer, 1e3 * first, "at most 1.3 x")]


def _memory(what: str, course: Course, of: str, count: int) -> list[Figure]:
    end, early = course.memory(1.0, count, of), course.memory(0.25, count, of)
    return [Figure(f"{what}: memory at the end", end, "MB", "after a quarter", early, "flat")]


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
