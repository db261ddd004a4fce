"""Very many small pictures in one submission: the last item should cost what the first did, and memory stay flat.

Quarters are told by the database: the moments at which a quarter, half and so on of all items had their answer.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from bench.figures import Figure, arguments, report
from bench.pictures import FOLDER
from bench.processes import children_of, resident_bytes

TRIAGE = str(Path(sys.executable).with_name("triage"))
QUICK, FULL = 4_000, 100_000
_SAMPLE_SECONDS = 0.5


@dataclass
class Course:
    """How one command went: (seconds since its start, items done, its resident bytes, its chambers' bytes)."""

    samples: list[tuple[float, int, int, int]] = field(default_factory=list)
    seconds: float = 0.0

    def seconds_per_item(self, first: float, last: float, count: int) -> float:
        """Wall seconds per item between two shares of all items."""
        return (self._moment(last * count) - self._moment(first * count)) / ((last - first) * count)

    def _moment(self, items: float) -> float:
        times = np.array([sample[0] for sample in self.samples])
        done = np.array([sample[1] for sample in self.samples])
        return float(np.interp(items, done, times))

    def memory(self, share: float, count: int, column: int) -> float:
        """Largest resident size, in 10^6 bytes, seen until `share` of the items were done."""
        return max(sample[column] for sample in self.samples if sample[1] <= share * count) / 1e6


def main() -> None:
    """Measure receiving and working."""
    options = arguments(__doc__ or "").parse_args()
    count = QUICK if options.quick else FULL
    source = small_pictures(count)
    run = FOLDER / "run-many"
    shutil.rmtree(run, ignore_errors=True)
    data = ["--data", str(run)]
    subprocess.run([TRIAGE, *data, "init"], check=True, stdout=subprocess.DEVNULL)
    basis = ["--case", "BENCH", "--exhibit", "MANY", "--basis", "synthetic pictures, bench"]
    submit = watch([TRIAGE, *data, "submit", str(source), *basis], run, "SELECT count(*) FROM item")
    work = watch(
        [TRIAGE, *data, "work", "--threads", "2"], run, "SELECT count(*) FROM item WHERE outcome <> 'pending'"
    )
    shutil.rmtree(run)
    report("many", [*_figures("receive", submit, count), *_figures("work", work, count)], as_json=options.json)


def small_pictures(count: int) -> Path:
    """A folder of `count` small pictures, all different; made where absent, by another process."""
    source = FOLDER / f"small-{count}"
    if not source.exists():
        subprocess.run([sys.executable, "-m", "bench.many", "make", str(count)], check=True, cwd=FOLDER.parent)
    return source


def watch(command: list[str], data: Path, query: str) -> Course:
    """Run a command and look at its progress and memory twice a second. Raises RuntimeError when it fails."""
    course = Course()
    database = f"file:{data / 'triage.sqlite3'}?mode=ro"
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with sqlite3.connect(database, uri=True) as connection:
        while process.poll() is None:
            done = connection.execute(query).fetchone()[0]
            own, chambers = _resident(process.pid)
            course.samples.append((time.monotonic() - begun, done, own, chambers))
            time.sleep(_SAMPLE_SECONDS)
        course.samples.append((time.monotonic() - begun, connection.execute(query).fetchone()[0], 0, 0))
    course.seconds = time.monotonic() - begun
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} … ended with {process.returncode}")
    return course


def _resident(pid: int) -> tuple[int, int]:
    """Resident bytes of a process, and of the largest of its children."""
    return resident_bytes(pid), max(map(resident_bytes, children_of(pid)), default=0)


def _figures(what: str, course: Course, count: int) -> list[Figure]:
    late = course.seconds_per_item(0.75, 0.95, count)
    early = course.seconds_per_item(0.05, 0.25, count)
    figures = [
        Figure(f"{what}: {count:,} small pictures", count / course.seconds, "items/s"),
        Figure(
            f"{what}: an item of the last quarter", late * 1e3, "ms", "one of the first", early * 1e3, "about 1 x"
        ),
        Figure(
            f"{what}: memory at the end",
            course.memory(1.0, count, 2),
            "MB",
            "after a quarter",
            course.memory(0.25, count, 2),
            "flat",
        ),
    ]
    if what == "work":
        chamber = Figure(
            "work: memory of a chamber at the end",
            course.memory(1.0, count, 3),
            "MB",
            "after a quarter",
            course.memory(0.25, count, 3),
            "flat",
        )
        figures.append(chamber)
    return figures


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
