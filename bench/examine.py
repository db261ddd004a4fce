"""Examining JPEGs in two processes: ours, the python-threatexchange path, and the floor under both.

Ours is what a worker does to each file but for the database: read, digests, and an examination in the sealed chamber
(EXIF, thumbnail, grey levels, PDQ by luma first). The floor is read, decode at a reduced scale, and digests, with no
chamber and nothing else: what no pipeline can go below. Start-up is measured alone and left out on all sides.

The last figures are no times: over many pictures in many forms, asked of a set that lists copies of them in both PDQ
profiles, luma first and exact decoding must come to the same matches, or the bench fails.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path

import simplejpeg

from bench.figures import Figure, arguments, report
from bench.peer_threatexchange import PEER, examine_as_peer, quieten
from bench.pictures import bench_files
from bench.processes import Usage, run_counted
from bench.same_matches import same_matches
from hashsets.algorithms.digests import DigestStream
from triage.chamber.limits import ChamberLimits
from triage.chamber.parent import Chamber
from triage.vault.in_place import InPlaceSource, open_in_place

FLOOR = "read, reduced decode, digests"
LEAST_WINDOW = 2
"""Reduced pixels; a reduced picture with narrower windows gives no PDQ value at all."""

PROCESSES = 2

_chambers: list[Chamber] = []
_barriers: list[Barrier] = []


def main() -> None:
    """Measure the three sides in one run, and count matches."""
    options = arguments(__doc__ or "").parse_args()
    files = [str(path) for path in bench_files(quick=options.quick)]
    count = len(files)
    ours, peer, floor = (_running(side, files) for side in SIDES)
    figures = [
        Figure("examine", count / ours.wall, "images/s", PEER, count / peer.wall, "at least 15 x the peer"),
        Figure("examine", count / ours.wall, "images/s", FLOOR, count / floor.wall, "at least 0.8 of the floor"),
        Figure("the floor itself", count / floor.wall, "images/s", PEER, count / peer.wall),
        Figure("CPU per image", ours.cpu / count, "s", PEER, peer.cpu / count),
        Figure("CPU per image", ours.cpu / count, "s", FLOOR, floor.cpu / count),
        *same_matches(40 if options.quick else 1000),
    ]
    report("examine", figures, as_json=options.json)


def _running(side: str, files: Sequence[str]) -> Usage:
    """What a side uses beyond its start."""
    command = [sys.executable, "-m", "bench.examine", side]
    start, all_of_it = run_counted(command), run_counted([*command, *files])
    return Usage(all_of_it.wall - start.wall, all_of_it.cpu - start.cpu, all_of_it.peak_mb, all_of_it.output)


def examine_as_we_do(path: Path) -> None:
    """Read, digests, and the chamber."""
    digests, data = DigestStream(), path.read_bytes()
    digests.update(data)
    digests.finish()
    status = path.stat()
    folder, name = str(path.parent).encode(), path.name.encode()
    with closing(open_in_place(InPlaceSource(folder, name, status.st_size, status.st_mtime_ns))) as source:
        found = _chambers[0].examine(source, name_extension=path.suffix, luma_first=True)
    if not found.fingerprints:
        raise RuntimeError(f"{path.name}: no fingerprints")


def reduced_only(path: Path) -> None:
    """The floor."""
    data = path.read_bytes()
    height, width, _, _ = simplejpeg.decode_jpeg_header(data)
    window = (min(height, width) + 127) // 128
    scale = max((one for one in (1, 2, 4, 8) if window >= LEAST_WINDOW * one), default=1)
    simplejpeg.decode_jpeg(data, "GRAY", min_height=-(-height // scale), min_width=-(-width // scale), min_factor=1)
    for algorithm in ("md5", "sha1", "sha256"):
        hashlib.new(algorithm, data).digest()


def _open_chamber() -> None:
    _chambers.append(Chamber(ChamberLimits()))
    _chambers[0].layers()


def _nothing() -> None:
    """What a side needs beforehand that needs nothing."""


SIDES: dict[str, tuple[Callable[[Path], object], Callable[[], None]]] = {
    "ours": (examine_as_we_do, _open_chamber),
    "peer": (examine_as_peer, quieten),
    "floor": (reduced_only, _nothing),
}


def work(side: str, paths: Sequence[str]) -> None:
    """One side over the files, in two processes that have both begun before the first file."""
    each, _ = SIDES[side]
    context = multiprocessing.get_context("forkserver")
    with context.Pool(PROCESSES, initializer=_begin, initargs=(side, context.Barrier(PROCESSES))) as pool:
        pool.map(_meet, range(PROCESSES), chunksize=1)
        done = sum(1 for _ in pool.imap_unordered(each, [Path(path) for path in paths]))
    print(done)


def _begin(side: str, barrier: Barrier) -> None:
    SIDES[side][1]()
    _barriers.append(barrier)


def _meet(_: int) -> None:
    """Wait for the other process: each takes one of these tasks."""
    _barriers[0].wait()


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in SIDES:
        work(sys.argv[1], sys.argv[2:])
    else:
        main()
