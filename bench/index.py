"""Radius search over known values against faiss and python-threatexchange, and lookup of digests; one core.

The same queries go to all of them in one run. Ours must return exactly what faiss's flat scan returns, or the bench
fails: recall is asserted, not reported. Times are CPU time of one core, which other work on the machine disturbs
least.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import faiss
import numpy as np
from threatexchange.signal_type.pdq.pdq_index import PDQIndex

from bench.figures import Figure, arguments, report
from bench.skewed_values import Values, queries_for, skewed, uniform
from hashsets.index.exact import ExactSegment
from hashsets.index.hamming import MAX_REACH, HammingSegment
from hashsets.index.hits import Hits
from hashsets.vocabulary import DigestAlgorithm

FLAT, PYTX = "faiss.IndexBinaryFlat", "python-threatexchange PDQIndex"
QUERIES = 2000
PEER_QUERIES = 200
IMAGES = 250


T = TypeVar("T")


class MissedMatchError(Exception):
    """Ours and the flat scan do not agree."""


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "").parse_args()
    faiss.omp_set_num_threads(1)
    _warm_up()
    figures: list[Figure] = []
    for count in (1_000_000,) if options.quick else (1_000_000, 10_000_000):
        for name, make in (("uniform", uniform), ("skewed", skewed)):
            figures += radius_search(f"{count // 1_000_000} M {name}", make(count), make(20_000, 9))
    figures += digests(1_000_000 if options.quick else 10_000_000, beside_dict=True)
    if not options.quick:
        figures += digests(100_000_000, beside_dict=False)
    report("index", figures, as_json=options.json)


@dataclass(frozen=True, slots=True)
class Side:
    """What one implementation took: seconds and, where measured, peak GB to build; microseconds for a query."""

    build: float
    query: float
    peak: float = 0.0


def radius_search(name: str, values: Values, strangers: Values) -> list[Figure]:
    """Ours built, saved, opened and asked; then the peers."""
    asked = queries_for(values, QUERIES, strangers)
    hits, batch, figures = _our_side(name, values, asked, strangers)
    flat = _flat_side(values, asked[:PEER_QUERIES], hits)
    peer = _pytx_side(values, asked[:PEER_QUERIES])
    goal = "at most 1/15" if len(values) < 10_000_000 else "at most 1/60"
    return [
        Figure(f"{name}: one query of a batch", batch.query, "µs", FLAT, flat.query, "at most 1/60 at 10 M"),
        Figure(f"{name}: one query of a batch", batch.query, "µs", PYTX, peer.query, goal),
        Figure(f"{name}: build", batch.build, "s", FLAT, flat.build),
        Figure(f"{name}: build", batch.build, "s", PYTX, peer.build, "at most 40 at 10 M"),
        Figure(f"{name}: build and save, peak memory", batch.peak, "GB", goal="at most 4 at 10 M"),
        *figures,
        Figure(f"{name}: recall against the flat scan (asserted)", 1.0, "of 1", goal="1"),
    ]


def _our_side(name: str, values: Values, asked: Values, strangers: Values) -> tuple[Hits, Side, list[Figure]]:
    with tempfile.TemporaryDirectory(prefix="bench-index-") as place:
        folder = Path(place)
        np.save(folder / "values.npy", values)
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
            build, peak = apart.submit(_built, folder).result()
        size = sum(file.stat().st_size for file in (folder / "segment").iterdir())
        segment, opening = _timed(lambda: HammingSegment.open(folder / "segment"))
        segment.search(asked)
        hits, batch = _timed(lambda: segment.search(asked))
        single = [_timed(partial(segment.search, one))[1] for one in asked[:, None]]
        pictures = _pictures(strangers)
        _, imaged = _timed(lambda: segment.search(pictures))
    return (
        hits,
        Side(build, batch / len(asked) * 1e6, peak),
        [
            Figure(f"{name}: one query alone, median", float(np.median(single)) * 1e6, "µs"),
            Figure(f"{name}: one query alone, p99", float(np.percentile(single, 99)) * 1e3, "ms", goal="at most 5"),
            Figure(f"{name}: an image, 8 transforms x 2 profiles", imaged / IMAGES * 1e6, "µs"),
            Figure(f"{name}: on disk and mapped", size / len(values), "bytes per value", goal="at most 130"),
            Figure(f"{name}: open, with probing itself", opening, "s", goal="at most 1 at 10 M"),
        ],
    )


def _built(folder: Path) -> tuple[float, float]:
    """Build and save a segment in a process of its own: CPU seconds of building, and peak memory in GB."""
    values = np.load(folder / "values.npy")
    _warm_up()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak that was inherited from the parent
    segment, seconds = _timed(lambda: HammingSegment.build(values))
    segment.save(folder / "segment")
    status = Path("/proc/self/status").read_text()
    return seconds, int(status.partition("VmHWM:")[2].split()[0]) / 1e6


def _pictures(strangers: Values) -> Values:
    """Values of unmatched pictures: eight, and eight up to 12 bits from them (another profile: 6 in the median)."""
    rng = np.random.default_rng(6)
    profile = strangers[rng.integers(0, len(strangers), 8 * IMAGES)]
    bits = np.unpackbits(profile, axis=1)
    for row in bits:
        row[rng.choice(256, rng.integers(0, 13), replace=False)] ^= 1
    other = np.packbits(bits, axis=1)
    return np.concatenate((profile.reshape(IMAGES, 8, 32), other.reshape(IMAGES, 8, 32)), axis=1).reshape(-1, 32)


def _flat_side(values: Values, asked: Values, ours: Hits) -> Side:
    """Also asserts that ours found the same pairs."""
    index = faiss.IndexBinaryFlat(256)
    _, build = _timed(lambda: index.add(values))
    (limits, _, rows), seconds = _timed(lambda: index.range_search(asked, MAX_REACH + 1))
    query = np.repeat(np.arange(len(asked)), np.diff(limits.astype(np.int64)))
    order = np.lexsort((rows, query))
    common = ours.query < len(asked)
    if not (np.array_equal(ours.query[common], query[order]) and np.array_equal(ours.row[common], rows[order])):
        raise MissedMatchError(f"{int(common.sum())} pairs against {len(rows)}")
    return Side(build, seconds / len(asked) * 1e6)


def _pytx_side(values: Values, asked: Values) -> Side:
    index, build = _timed(lambda: PDQIndex((value.tobytes().hex(), row) for row, value in enumerate(values)))
    words = [value.tobytes().hex() for value in asked]
    _, seconds = _timed(lambda: [index.query(word) for word in words])
    return Side(build, seconds / len(asked) * 1e6)


def digests(count: int, *, beside_dict: bool) -> list[Figure]:
    """Sorted MD5 values, asked in batches of 1,000: half members, half strangers."""
    values = np.random.default_rng(4).integers(0, 256, (count, 16), dtype=np.uint8)
    segment, build = _timed(
        lambda: ExactSegment.build(DigestAlgorithm.MD5, values, np.arange(count, dtype=np.uint32))
    )
    asked = [values[row].tobytes() for row in np.random.default_rng(5).integers(0, count, 50_000)]
    asked += [hashlib.md5(value).digest() for value in asked]
    _, ours = _timed(lambda: [segment.lookup(asked[at : at + 1000]) for at in range(0, len(asked), 1000)])
    name, each = f"{count // 1_000_000} M digests", ours / len(asked) * 1e6
    figures = [Figure(f"{name}: build", build, "s")]
    if not beside_dict:
        return [*figures, Figure(f"{name}: one of a batch", each, "µs", goal="at most 20")]
    table = {value.tobytes(): row for row, value in enumerate(values)}
    _, peer = _timed(lambda: [table.get(value) for value in asked])
    return [*figures, Figure(f"{name}: one of a batch", each, "µs", "dict", peer / len(asked) * 1e6)]


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    begin = time.process_time()
    result = work()
    return result, time.process_time() - begin


def _warm_up() -> None:
    """Compile, and load the compiled kernels, before anything is timed."""
    values = uniform(400_000)
    HammingSegment.build(values).search(values[:10])


if __name__ == "__main__":
    main()
