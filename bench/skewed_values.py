"""Synthetic 256-bit values: uniform, and skewed as fingerprints of photographs are. None belongs to a picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.uint8]

CHUNK = 200_000
LATENT = 48  # dimensions behind the 256 bits: neighbouring frequencies of a picture vary together
FLAT_SHARE = 0.01  # flat and text pictures share few values


def uniform(count: int, seed: int = 1) -> Values:
    """Every bit independent: shape (count, 32)."""
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def skewed(count: int, seed: int = 2) -> Values:
    """Correlated bits, crowds of near-duplicates (Zipf sizes up to 3,000) and one flat picture in a hundred."""
    rng = np.random.default_rng(seed)
    sizes = np.minimum(rng.zipf(1.9, count), 3000)
    members = np.repeat(np.arange(len(sizes)), sizes)[:count]
    centres = _correlated(int(members[-1]) + 1, rng)
    values = centres[members]
    for first in range(0, count, CHUNK):
        _flip(values[first : first + CHUNK], rng)
    flat = np.flatnonzero(rng.random(count) < FLAT_SHARE)
    few = np.packbits(rng.random((64, 256)) < 0.03, axis=1)
    values[flat] = few[np.minimum(rng.zipf(1.5, len(flat)) - 1, 63)]
    order = rng.permutation(count)
    return values[order]


def queries_for(values: Values, count: int, strangers: Values, seed: int = 3) -> Values:
    """Half of them members with 0 to 31 bits flipped, half drawn from `strangers`."""
    rng = np.random.default_rng(seed)
    asked = strangers[rng.integers(0, len(strangers), count)]
    for place in range(0, count, 2):
        bits = np.unpackbits(values[rng.integers(len(values))])
        bits[rng.choice(256, rng.integers(0, 32), replace=False)] ^= 1
        asked[place] = np.packbits(bits)
    return asked


def _correlated(count: int, rng: np.random.Generator) -> Values:
    loadings = rng.standard_normal((LATENT, 256)).astype(np.float32)
    loadings /= np.arange(1, LATENT + 1, dtype=np.float32)[:, None] ** 0.5
    values = np.empty((count, 32), np.uint8)
    for first in range(0, count, CHUNK):
        size = min(CHUNK, count - first)
        levels = rng.standard_normal((size, LATENT), np.float32) @ loadings
        levels += rng.standard_normal((size, 256), np.float32)
        values[first : first + size] = np.packbits(levels > 0, axis=1)
    return values


def _flip(values: Values, rng: np.random.Generator) -> None:
    """Flip up to 20 bits of each value in place; most are flipped little."""
    rows = np.repeat(np.arange(len(values)), rng.binomial(20, rng.random(len(values)) ** 2))
    bits = rng.integers(0, 256, len(rows))
    np.bitwise_xor.at(values, (rows, bits >> 3), (1 << (bits & 7)).astype(np.uint8))
