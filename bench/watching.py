"""Looks at running programs every few seconds: how far they are, what CPU time that has cost, how large they are."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field

import numpy as np
from sqlalchemy import Connection, create_engine, text

from bench.processes import children_of, own_seconds, private_bytes, processor_seconds, resident_bytes

SERVER = "PostgreSQL backend"
CHAMBER = "chamber"
_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: seconds since the start, things done by query, and by kind of process CPU seconds and bytes.

    CPU is that of all processes of a kind so far, bytes are those of the largest that runs.
    """

    seconds: float
    done: tuple[int, ...]
    cpu: Mapping[str, float]
    memory: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Looking:
    """How often to look, in seconds, and whether to print each look as JSON to standard error."""

    seconds: float
    aloud: bool = False


@dataclass
class Course:
    """How one piece of work went, from its start to its end."""

    samples: list[Sample] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """From start to end."""
        return self.samples[-1].seconds

    def cost(self, query: int, first: float, last: float, count: int) -> float:
        """CPU seconds for one thing between two shares of all `count` things that `query` counts."""
        done = [sample.done[query] for sample in self.samples]
        cpu = [sum(sample.cpu.values()) for sample in self.samples]
        at = np.interp([first * count, last * count], done, cpu)
        return float(at[1] - at[0]) / ((last - first) * count)

    def spent(self, kind: str) -> float:
        """CPU seconds of all processes of a kind."""
        return max(sample.cpu.get(kind, 0.0) for sample in self.samples)

    def kinds(self) -> list[str]:
        """Kinds of processes that were seen."""
        return sorted({kind for sample in self.samples for kind in sample.cpu})

    def memory(self, kind: str, first: float, last: float, count: int) -> float:
        """Largest size, in 10^6 bytes, of a process of a kind between two shares of all things of the first query."""
        sizes = [one.memory.get(kind, 0) for one in self.samples if first * count <= one.done[0] <= last * count]
        return max(sizes, default=0) / 1e6


def watch(
    url: str,
    programs: Mapping[str, Sequence[Sequence[str]]],
    queries: Sequence[str],
    *,
    looking: Looking,
    until: str = "",
) -> Course:
    """Run programs, by kind, and look at them; without `until` to the end of all.

    With `until` (a query that answers a number) until that is more than 0; then they are told to stop (SIGTERM).
    Raises RuntimeError when a program fails, or ends before that.
    """
    course, began = Course(), time.monotonic()
    with ExitStack() as stack:
        running: list[tuple[str, subprocess.Popen[bytes]]] = []
        stack.callback(_end, running)
        for kind, commands in programs.items():
            running += [(kind, _started(command)) for command in commands]
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        stack.callback(engine.dispose)
        connection = stack.enter_context(engine.connect())
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET max_parallel_workers_per_gather = 0"))  # or our own questions are counted
        served: dict[int, float] = {}
        while True:
            course.samples.append(_look(time.monotonic() - began, connection, queries, running, served))
            if looking.aloud:
                print(json.dumps(asdict(course.samples[-1])), file=sys.stderr, flush=True)
            ended = [process.poll() is not None for _, process in running]
            if all(ended) or (until and (any(ended) or _number(connection, until))):
                break
            time.sleep(looking.seconds)
        if until and any(ended):
            raise RuntimeError("a program ended before it was told to")
        # What has ended has no times any more: the last look while it ran stands for it.
        last = course.samples[-2] if not until and len(course.samples) > 1 else course.samples[-1]
        done = tuple(_number(connection, query) for query in queries)
        course.samples.append(Sample(time.monotonic() - began, done, last.cpu, {}))
        if not until:
            del course.samples[-2]
    for kind, process in running:
        if process.returncode:
            raise RuntimeError(f"{kind} ended with {process.returncode}")
    return course


def _started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _end(running: Sequence[tuple[str, subprocess.Popen[bytes]]]) -> None:
    for _, process in running:
        process.terminate()
    for _, process in running:
        process.wait()


def _look(
    seconds: float,
    connection: Connection,
    queries: Sequence[str],
    running: Sequence[tuple[str, subprocess.Popen[bytes]]],
    served: dict[int, float],
) -> Sample:
    cpu: dict[str, float] = {}
    memory: dict[str, int] = {}
    for kind, process in running:
        chambers = children_of(process.pid)
        own = own_seconds(process.pid)
        cpu[kind] = cpu.get(kind, 0.0) + own
        ended = processor_seconds(process.pid) - own
        cpu[CHAMBER] = cpu.get(CHAMBER, 0.0) + ended + sum(map(processor_seconds, chambers))
        memory[kind] = max(memory.get(kind, 0), resident_bytes(process.pid))
        memory[CHAMBER] = max(memory.get(CHAMBER, 0), *map(resident_bytes, chambers), 0)
    if connection.dialect.name == "postgresql":
        backends = list(connection.execute(text(_BACKENDS)).scalars())
        served |= {pid: max(served.get(pid, 0.0), own_seconds(pid)) for pid in backends}
        cpu[SERVER] = sum(served.values())
        memory[SERVER] = max(map(private_bytes, backends), default=0)
    return Sample(seconds, tuple(_number(connection, query) for query in queries), cpu, memory)


def _number(connection: Connection, query: str) -> int:
    return int(connection.execute(text(query)).scalar_one())
