"""Every fingerprint algorithm of ours passes the shipped suite, and the suite catches those that break a promise."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from hashsets.algorithms.imagehash_family import dhash, phash
from hashsets.algorithms.pdq import distance, pdq_full, pdq_ref512
from hashsets.algorithms.rasters import Raster
from hashsets.algorithms.seam import OpaqueAlgorithm, Taken
from hashsets.conformance import NonConforming, algorithm_checks, check_algorithm, verdicts
from hashsets.vocabulary import Fingerprint


@dataclass(frozen=True)
class Ours:
    """One of our functions at the seam for strangers."""

    name: str
    size: int
    reach: int
    take_ours: Callable[[Raster], Fingerprint]
    ignores_colour: bool = True
    version: str = "1"

    @property
    def variant_tolerance(self) -> int | None:
        return self.reach if self.take_ours(np.zeros((64, 64), np.uint8)).variants else None

    def take(self, raster: Raster) -> Taken:
        found = self.take_ours(raster)
        return Taken(found.value, found.quality, found.variants)

    def distance(self, a: bytes, b: bytes) -> int:
        return distance(a, b)


OURS = (
    Ours("pdq-ref512", 32, 31, pdq_ref512, ignores_colour=False),
    Ours("pdq-full", 32, 31, pdq_full, ignores_colour=False),
    Ours("phash", 8, 8, phash),
    Ours("dhash", 8, 8, dhash),
)


@pytest.mark.parametrize("algorithm", OURS, ids=lambda known: known.name)
def test_an_algorithm_passes_the_suite(algorithm: OpaqueAlgorithm) -> None:
    """Deterministic, of one length, calm on tiny and flat pictures, turning as it says."""
    assert [verdict for verdict in verdicts(algorithm_checks(algorithm)) if verdict.fault] == []


def spoilt(change: Callable[[Taken, Raster], Any]) -> Callable[[Raster], Any]:
    def take(raster: Raster) -> Any:
        found = pdq_ref512(raster)
        return change(Taken(found.value, found.quality, found.variants), raster)

    return take


@dataclass(frozen=True)
class Broken:
    """PDQ with one promise broken."""

    take: Callable[[Raster], Any]
    distance: Callable[[bytes, bytes], Any] = distance
    name: str = "broken"
    version: str = "1"
    size: int = 32
    reach: int = 31
    variant_tolerance: int | None = 31
    ignores_colour: bool = False


def unchanged(taken: Taken, raster: Raster) -> Taken:
    del raster
    return taken


def brightened(taken: Taken, raster: Raster) -> Taken:
    if raster.flags.writeable:
        raster[..., 0] ^= 1
    return taken


COUNT = itertools.count()

BROKEN = {
    "another value each time": Broken(
        spoilt(lambda taken, _: Taken(next(COUNT).to_bytes(32, "big"), taken.quality, taken.variants))
    ),
    "a changed raster": Broken(spoilt(brightened)),
    "a shorter value": Broken(spoilt(lambda taken, _: replace(taken, value=taken.value[:-1]))),
    "a text": Broken(spoilt(lambda taken, _: replace(taken, value=taken.value.hex()))),
    "a quality beyond 100": Broken(spoilt(lambda taken, _: replace(taken, quality=255))),
    "a quality of a half": Broken(spoilt(lambda taken, _: replace(taken, quality=0.5))),
    "full trust in flat pictures": Broken(spoilt(lambda taken, _: replace(taken, quality=100))),
    "seven variants": Broken(spoilt(lambda taken, _: replace(taken, variants=taken.variants[:7]))),
    "variants in another order": Broken(
        spoilt(lambda taken, _: replace(taken, variants=(taken.value, *taken.variants[:0:-1])))
    ),
    "no value at all": Broken(lambda _: None),
    "any form of raster": Broken(
        lambda raster: Taken(bytes(32), 0, (bytes(32),) * 8) if raster.ndim != 3 else spoilt(unchanged)(raster)
    ),
    "a distance of halves": Broken(spoilt(unchanged), lambda a, b: distance(a, b) / 2),
    "a distance between lengths": Broken(spoilt(unchanged), lambda a, b: 0 if a == b else 100),
    "everything near": Broken(spoilt(unchanged), reach=200),
    "nothing near": Broken(spoilt(unchanged), reach=0, variant_tolerance=0),
    "a name with blanks": Broken(spoilt(unchanged), name="My Algorithm"),
    "a tolerance beyond the reach": Broken(spoilt(unchanged), variant_tolerance=32),
    "a false promise about colour": Broken(
        spoilt(lambda taken, raster: replace(taken, quality=raster.ndim)), ignores_colour=True
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_suite_catches_a_broken_algorithm(name: str) -> None:
    """One promise broken at a time."""
    with pytest.raises(NonConforming):
        check_algorithm(BROKEN[name])


def test_what_else_an_algorithm_raises_is_its_fault_too() -> None:
    """Every promise gets its verdict, whatever a stranger's code does."""

    def raises(raster: Raster) -> Taken:
        raise RuntimeError(f"no licence for {raster.shape}")

    found = list(verdicts(algorithm_checks(Broken(raises))))
    assert [verdict.fault is None for verdict in found].count(True) == 2  # its words, and a promise not made
    assert all("RuntimeError" in verdict.fault for verdict in found if verdict.fault)
    assert np.all([verdict.promise for verdict in found])
