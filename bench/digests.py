"""Digests of files: ours (MD5, SHA-1, SHA-256 in one pass) beside other ways to the same three, in one run.

`python -m bench.digests [--quick] [--json]`. The peer: `hashlib` three times over the whole file.
The last rows measure each digest alone: the sum of their times is the floor of one core, unless a
digest takes several files at once. Files are those of the mix, in memory; CPU time, best of several rounds.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bench.figures import Figure, arguments, report
from bench.pictures import bench_files
from hashsets.algorithms.digests import Digests, DigestStream
from hashsets.algorithms.digests_of_many import digests_of_many
from triage.services.reading import CHUNK

ROUNDS = 5


def ours(data: bytes, chunk: int = CHUNK) -> Digests:
    """As receiving does it."""
    stream, view = DigestStream(), memoryview(data)
    for start in range(0, len(view), chunk):
        stream.update(view[start : start + chunk])
    return stream.finish()


def one_by_one(data: bytes) -> Digests:
    """Three passes."""
    return Digests(
        hashlib.md5(data, usedforsecurity=False).digest(),
        hashlib.sha1(data, usedforsecurity=False).digest(),
        hashlib.sha256(data).digest(),
    )


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "").parse_args()
    files = [file.read_bytes() for file in bench_files(quick=options.quick)]
    assert all(ours(data) == one_by_one(data) for data in files)
    size = sum(map(len, files)) / 1e6
    whole = size / _seconds(one_by_one, files)
    peer = "hashlib, three passes"
    figures = [
        Figure(f"one pass, chunks of {CHUNK >> 10} KiB (ours)", size / _seconds(ours, files), "MB/s", peer, whole)
    ]
    together = size / _seconds_of_all(files)
    figures.append(Figure("MD5 in lanes, SHA one by one (ours, batches)", together, "MB/s", peer, whole, "faster"))
    for chunk in (32 << 10, 64 << 10, 256 << 10):
        rate = size / _seconds(partial(ours, chunk=chunk), files)
        figures.append(Figure(f"one pass, chunks of {chunk >> 10} KiB", rate, "MB/s", peer, whole))
    for name in ("md5", "sha1", "sha256"):
        rate = size / _seconds(partial(hashlib.new, name), files)
        figures.append(Figure(f"{name} alone", rate, "MB/s"))
    report("digests", figures, as_json=options.json)


def _seconds_of_all(files: Sequence[bytes]) -> float:
    """As receiving does it: batches in the order in which the files are found."""
    batches = [files[start : start + 16] for start in range(0, len(files), 16)]
    return _seconds(digests_of_many, batches)


def _seconds(digest: Callable[[Any], Any], files: Sequence[Any]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for data in files:
            digest(data)
        best = min(best, time.process_time() - began)
    return best


if __name__ == "__main__":
    main()
