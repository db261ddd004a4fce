"""Fingerprints and digests of one picture against the packages that the field uses, one core, in the same run.

Measured is the time from a decoded raster to values; decoding is not in it. Every PDQ comes with its eight variants
and quality, on both sides. The peer of pdq-ref512 is the pdqhash package on the 512x512 pixels that numpy picks as
the C++ reference does.
"""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Callable
from functools import partial

import imagehash
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from bench.figures import Figure, arguments, report
from demo.pictures import photo_like
from hashsets.algorithms import imagehash_family, pdq
from hashsets.algorithms.digests import DigestStream

Raster = NDArray[np.uint8]

SIZES = {
    "12 MP": (4032, 3024, "at most 30 ms", "at most 15 ms"),
    "2 MP": (1920, 1080, "at most 6 ms", "at most 3 ms"),
}
CHUNK = 1 << 20


def main() -> None:
    """Measure and print the figures."""
    options = arguments(__doc__ or "").parse_args()
    rounds = 2 if options.quick else 9
    pdq.warm_up()
    imagehash_family.warm_up()
    figures = []
    for name, (width, height, pdq_goal, imagehash_goal) in SIZES.items():
        raster = photo_like(1, width, height)
        mirrored = np.ascontiguousarray(
            np.concatenate([raster[:, : width // 2], raster[:, : width // 2][:, ::-1]], 1)
        )
        figures += pdq_figures(name, raster, mirrored, pdq_goal, rounds)
        ours, peer = in_turns(
            partial(imagehash_family.phash_and_dhash, raster), partial(phash_and_dhash_as_peer, raster), rounds
        )
        figures.append(Figure(f"pHash and dHash, {name}", ours, "ms", "imagehash", peer, imagehash_goal))
    figures.append(digest_figure(rounds))
    figures.append(agreement(6 if options.quick else 60))
    report("fingerprint", figures, as_json=options.json)


def pdq_figures(name: str, raster: Raster, mirrored: Raster, goal: str, rounds: int) -> list[Figure]:
    """Both profiles of a photo-like picture, and of one whose symmetry makes every bit worth the exact steps."""
    full = in_turns(lambda: pdq.pdq_full(raster), lambda: pdqhash.compute_dihedral(raster), rounds)
    exact = in_turns(lambda: pdq.pdq_full(mirrored), lambda: pdqhash.compute_dihedral(mirrored), rounds)
    picked = in_turns(lambda: pdq.pdq_ref512(raster), lambda: pdqhash.compute_dihedral(pick_512(raster)), rounds)
    return [
        Figure(f"pdq-full, {name}", full[0], "ms", "pdqhash", full[1], goal),
        Figure(f"pdq-full, {name}, mirrored picture", exact[0], "ms", "pdqhash", exact[1], goal),
        Figure(f"pdq-ref512, {name}", picked[0], "ms", "numpy + pdqhash", picked[1], "at most 2 ms"),
    ]


def phash_and_dhash_as_peer(raster: Raster) -> None:
    """What a user of the package runs on a decoded picture."""
    imagehash.phash(Image.fromarray(raster))
    imagehash.dhash(Image.fromarray(raster))


def digest_figure(rounds: int) -> Figure:
    """MD5, SHA-1 and SHA-256 in one pass over 16 MB, against three passes."""
    data = np.random.default_rng(1).integers(0, 256, 16 * CHUNK, dtype=np.uint8).tobytes()

    def stream() -> None:
        digests = DigestStream()
        for start in range(0, len(data), CHUNK):
            digests.update(memoryview(data)[start : start + CHUNK])
        digests.finish()

    ours, peer = in_turns(
        stream, lambda: [hashlib.new(name, data).digest() for name in ("md5", "sha1", "sha256")], rounds
    )
    speeds = [len(data) / 1000 / milliseconds for milliseconds in (ours, peer)]
    return Figure("md5, sha1 and sha256", speeds[0], "MB/s", "hashlib, one after the other", speeds[1])


def agreement(count: int) -> Figure:
    """How many of `count` pictures have pdqhash's value and quality; a third are mirrored, a third chequered."""
    equal = 0
    for seed in range(count):
        raster = photo_like(seed, 200 + 37 * (seed % 20), 200 + 53 * (seed % 13))
        if seed % 3 == 1:
            raster = np.concatenate([raster, raster[:, ::-1]], 1)
        if seed % 3 == 2:
            raster[:] = np.where(
                (np.indices(raster.shape[:2]) // 25).sum(0)[..., None] % 2, np.uint8(250), np.uint8(7)
            )
        raster = np.ascontiguousarray(raster)
        bits, quality = pdqhash.compute(raster)
        ours = pdq.pdq_full(raster)
        equal += ours.value == np.packbits(bits.astype(np.uint8)).tobytes() and ours.quality == quality
    return Figure("pictures with pdqhash's value and quality", equal, "pictures", "made", count, "all")


def pick_512(raster: Raster) -> Raster:
    """512x512 pixels at floor(i * old / 512), as the C++ reference picks them."""
    height, width = raster.shape[:2]
    return np.ascontiguousarray(raster[np.arange(512) * height // 512][:, np.arange(512) * width // 512])


def in_turns(ours: Callable[[], object], peer: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median milliseconds of each, taken in turns so that a busy machine slows both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for act, taken in zip((ours, peer), times, strict=True):
            begin = time.perf_counter()
            act()
            taken.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times[0]), statistics.median(times[1])


if __name__ == "__main__":
    main()
