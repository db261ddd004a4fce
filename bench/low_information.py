"""How far pictures of little information can be told apart, by grey levels and by a second algorithm. No times.

Of each kind of made-up picture: how concentrated its grey levels are; how many pairs of different pictures PDQ calls
near, and of how many of those pHash and dHash agree under the shipped policy; and how many copies of one picture
(recompressed, resized, brightened) they agree about.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np
from PIL import Image

from bench.drawn_pages import KINDS, Raster
from bench.figures import Figure, arguments, report
from demo.pictures import resized
from hashsets.algorithms import imagehash_family, pdq
from hashsets.algorithms.grey_levels import concentration
from hashsets.vocabulary import Fingerprint, FingerprintAlgorithm
from triage.rule_files import load_match_policy

Taken = tuple[Fingerprint, Fingerprint, Fingerprint]  # PDQ, pHash, dHash
POLICY = load_match_policy()


def main() -> None:
    """Print the figures of every kind."""
    chosen = arguments(__doc__ or "").parse_args()
    count = 6 if chosen.quick else 24
    figures = [figure for name, make in KINDS.items() for figure in _figures(name, make, count)]
    report("low_information", figures, as_json=chosen.json)


def _figures(name: str, make: Callable[[int], Raster], count: int) -> Iterator[Figure]:
    pictures = [make(seed) for seed in range(count)]
    shares = [concentration(picture) for picture in pictures]
    yield Figure(f"{name}: concentration, least", min(shares), "%")
    yield Figure(f"{name}: concentration, most", max(shares), "%")
    taken = [_taken(picture) for picture in pictures]
    pairs = list(combinations(taken, 2))
    near = [pair for pair in pairs if _least(*pair) <= POLICY.reach]
    yield Figure(f"{name}: pairs of different pictures that are near", 100 * len(near) / len(pairs), "%")
    if near:
        yield Figure(f"{name}: of these, pHash and dHash agree", _agreeing(near), "%")
    copies = [(one, _taken(copy)) for one, picture in zip(taken, pictures, strict=True) for copy in _copies(picture)]
    yield Figure(f"{name}: copies about which they agree", _agreeing(copies), "%")


def _taken(picture: Raster) -> Taken:
    return (pdq.pdq_ref512(picture), *imagehash_family.phash_and_dhash(picture))


def _least(one: Taken, other: Taken) -> int:
    return min(pdq.distance(variant, other[0].value) for variant in one[0].variants)


def _agreeing(pairs: Sequence[tuple[Taken, Taken]]) -> float:
    phash, dhash = (POLICY.agreement.reach[one] for one in (FingerprintAlgorithm.PHASH, FingerprintAlgorithm.DHASH))
    agreeing = [
        pdq.distance(one[1].value, other[1].value) <= phash and pdq.distance(one[2].value, other[2].value) <= dhash
        for one, other in pairs
    ]
    return 100 * sum(agreeing) / len(agreeing)


def _copies(picture: Raster) -> Iterator[Raster]:
    for quality in (85, 50, 20):
        yield _recompressed(picture, quality)
    yield resized(picture, 0.5)
    yield _recompressed(resized(picture, 0.25), 70)
    yield np.clip(picture.astype(np.float32) * 1.1 + 8, 0, 255).astype(np.uint8)


def _recompressed(picture: Raster, quality: int) -> Raster:
    kept = io.BytesIO()
    Image.fromarray(picture).save(kept, "JPEG", quality=quality)
    return np.asarray(Image.open(kept).convert("RGB"))


if __name__ == "__main__":
    main()
