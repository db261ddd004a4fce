"""The whole pipeline against the python-threatexchange path, on the same files, in the same run, two processes each.

Ours is measured as a user runs it: `triage submit` and `triage work` as commands in a fresh data directory, start-up,
sealing, custody log, matching, linking and referring included. The peer's path only hashes and reads metadata.
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
    ours, work = pipeline_side(files)
    report("pipeline", _figures(len(files), ours, peer, queue_and_database_share(work)), as_json=options.json)


def peer_side(files: Sequence[Path]) -> Usage:
    """The peer's path over the files, in two processes."""
    return run_counted([sys.executable, "-m", "bench.peer_threatexchange", *map(str, files)])


def pipeline_side(files: Sequence[Path]) -> tuple[Usage, dict[str, Any]]:
    """Submit the files and work them off with two threads (one chamber each); also what `triage work --json` says."""
    run = FOLDER / "run"
    shutil.rmtree(run, ignore_errors=True)
    exhibit = run / "exhibit"
    exhibit.mkdir(parents=True)
    for file in files:
        os.link(file, exhibit / f"{file.parent.name}-{file.name}")
    data = ["--data", str(run / "data")]
    basis = ["--case", "BENCH", "--exhibit", "BENCH-1", "--basis", "synthetic pictures, bench"]
    run_counted([TRIAGE, *data, "init"])  # a deployment is made once; it is no part of the work
    submit = run_counted([TRIAGE, *data, "submit", str(exhibit), *basis])
    work = run_counted([TRIAGE, *data, "work", "--threads", "2", "--json"])
    shutil.rmtree(run)
    both = Usage(submit.wall + work.wall, submit.cpu + work.cpu, max(submit.peak_mb, work.peak_mb), work.output)
    return both, json.loads(work.output)


def queue_and_database_share(work: dict[str, Any]) -> float:
    """Per cent of the CPU time of `triage work` that went into the store, where jobs and results both live.

    `work` is what the command prints with --json; "database" there is a part of "process".
    """
    seconds: dict[str, float] = work["cpu_seconds"]
    return 100 * seconds["database"] / (seconds["process"] + seconds["chambers"])


def _figures(count: int, ours: Usage, peer: Usage, share: float) -> list[Figure]:
    return [
        Figure("whole pipeline", count / ours.wall, "images/s", PEER, count / peer.wall, "at least 6 x the peer"),
        Figure("CPU per item", ours.cpu / count, "s", PEER, peer.cpu / count),
        Figure("peak memory of one process", ours.peak_mb, "MB", PEER, peer.peak_mb, "at most 400 MB"),
        Figure("queue and database, of CPU time", share, "%", goal="at most 15 %"),
    ]


if __name__ == "__main__":
    main()
