"""The whole pipeline against the python-threatexchange path, on the same files, in the same run, two processes each.

Ours is measured as a user runs it: `triage submit` and `triage work` as commands in a fresh data directory, start-up,
sealing, custody log, matching, linking and referring included. The peer's path only hashes and reads metadata.
A hundred pictures take seconds, so the start of Python counts for much; a second row leaves it out on both sides,
measured by the same commands with nothing to do.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.figures import Figure, arguments, report
from bench.peer_threatexchange import PEER
from bench.pictures import FOLDER, bench_files
from bench.processes import Usage, run_counted

TRIAGE = str(Path(sys.executable).with_name("triage"))


def main() -> None:
    """Measure both sides and print the figures."""
    options = arguments(__doc__ or "").parse_args()
    files = bench_files(quick=options.quick)
    peer = peer_side(files)
    peer_start = peer_side([])
    ours, ours_start, work = pipeline_side(files)
    figures = [
        *_figures(len(files), ours, peer),
        *_figures_without_start(len(files), ours.wall - ours_start.wall, peer.wall - peer_start.wall),
        Figure("queue and database, of CPU time", queue_and_database_share(work), "%", goal="at most 15 %"),
    ]
    report("pipeline", figures, as_json=options.json)


def peer_side(files: Sequence[Path]) -> Usage:
    """The peer's path over the files, in two processes."""
    return run_counted([sys.executable, "-m", "bench.peer_threatexchange", *map(str, files)])


def pipeline_side(files: Sequence[Path]) -> tuple[Usage, Usage, dict[str, Any]]:
    """Submit the files and work them off with two threads (one chamber each).

    Also what both commands use with nothing to do, and what `triage work --json` says of the work.
    """
    run = FOLDER / "run"
    shutil.rmtree(run, ignore_errors=True)
    exhibit = run / "exhibit"
    exhibit.mkdir(parents=True)
    for file in files:
        os.link(file, exhibit / f"{file.parent.name}-{file.name}")
    data = ["--data", str(run / "data")]
    basis = ["--case", "BENCH", "--exhibit", "BENCH-1", "--basis", "synthetic pictures, bench"]
    run_counted([TRIAGE, *data, "init"])  # a deployment is made once; it is no part of the work
    submit_command = [TRIAGE, *data, "submit", str(exhibit), *basis]
    work_command = [TRIAGE, *data, "work", "--threads", "2", "--json"]
    submit, work = run_counted(submit_command), run_counted(work_command)
    idle = run_counted(work_command)
    shutil.rmtree(run)
    return _sum(submit, work), _sum(idle, idle), json.loads(work.output)


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(one.wall + other.wall, one.cpu + other.cpu, max(one.peak_mb, other.peak_mb), other.output)


def queue_and_database_share(work: dict[str, Any]) -> float:
    """Per cent of the CPU time of `triage work` that went into the store, where jobs and results both live.

    `work` is what the command prints with --json; "database" there is a part of "process".
    """
    seconds: dict[str, float] = work["cpu_seconds"]
    return 100 * seconds["database"] / (seconds["process"] + seconds["chambers"])


def _figures(count: int, ours: Usage, peer: Usage) -> list[Figure]:
    return [
        Figure("whole pipeline", count / ours.wall, "images/s", PEER, count / peer.wall, "at least 6 x the peer"),
        Figure("CPU per item", ours.cpu / count, "s", PEER, peer.cpu / count),
        Figure("peak memory of one process", ours.peak_mb, "MB", PEER, peer.peak_mb, "at most 400 MB"),
    ]


def _figures_without_start(count: int, ours: float, peer: float) -> list[Figure]:
    """Nothing to say when noise or a handful of files leaves no time beside the start."""
    if min(ours, peer) <= 0:
        return []
    return [Figure("once running", count / ours, "images/s", PEER, count / peer, "at least 6 x the peer")]


if __name__ == "__main__":
    main()
