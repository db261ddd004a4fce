"""What every fingerprint algorithm promises."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from hashsets.algorithms.rasters import Raster
from hashsets.algorithms.seam import OpaqueAlgorithm, Taken
from hashsets.conformance.checks import Check, NonConforming, keep_all
from hashsets.vocabulary import TRANSFORMS, Transform

REALLY: Mapping[Transform, Callable[[Raster], Raster]] = {
    Transform.IDENTITY: lambda raster: raster,
    Transform.ROTATE_90: lambda raster: np.rot90(raster, 1),
    Transform.ROTATE_180: lambda raster: np.rot90(raster, 2),
    Transform.ROTATE_270: lambda raster: np.rot90(raster, 3),
    Transform.FLIP_X: np.flipud,
    Transform.FLIP_Y: np.fliplr,
    Transform.FLIP_PLUS_1: lambda raster: raster.swapaxes(0, 1),
    Transform.FLIP_MINUS_1: lambda raster: np.rot90(raster, 2).swapaxes(0, 1),
}
"""What each transform does to a raster."""

SIZES = ((64, 64), (200, 300), (333, 257), (513, 511), (40, 900))
TINY = ((1, 1), (1, 9), (9, 1), (2, 3), (5, 5), (7, 8), (4, 900))
FLAT = (0, 127, 255)


def check_algorithm(algorithm: OpaqueAlgorithm) -> None:
    """All checks at once; raises NonConforming at the first fault."""
    keep_all(algorithm_checks(algorithm))


def algorithm_checks(algorithm: OpaqueAlgorithm) -> Iterator[Check]:
    """Over made-up pictures: hills and slopes of many sizes, flat ones, tiny ones, in grey and in colour."""
    checks = {
        "it has a name, a version, a size and a reach": _introduces_itself,
        "one picture has one value, at any time, in any thread, read-only or not": _is_determined,
        "values have one length, qualities are 0 to 100, variants are eight or none": _is_well_formed,
        "tiny and flat pictures are answered, and are not trusted more than rich ones": _answers_poor_pictures,
        "rasters of other forms are refused": _refuses_other_forms,
        "distance is 0 for equal values, the same both ways, and refuses other lengths": _measures,
        "a little noise stays within reach, another picture does not": _tells_apart,
        "a variant is near the value of the picture really turned": _turns,
        "a grey picture in RGB has the value that was promised": _keeps_colour_promise,
    }
    for promise, keep in checks.items():
        yield Check(promise, partial(keep, algorithm))


def picture(height: int, width: int, seed: int) -> Raster:
    """Hills and hollows on a slope, with a little noise: uint8 [height, width, 3], the same on every machine."""
    rng = np.random.default_rng(seed)
    y, x = np.linspace(0, 1, height)[:, None, None], np.linspace(0, 1, width)[None, :, None]
    levels = 90 + 60 * (y * rng.random(3) + x * rng.random(3))
    for _ in range(12):
        radius = 0.08 + 0.3 * rng.random()
        inside = 1 - ((y - rng.random()) ** 2 + (x - rng.random()) ** 2) / radius**2
        levels = levels + np.clip(inside, 0, 1) * (rng.random(3) - 0.5) * 240
    noise = rng.integers(-3, 4, (height, width, 3))
    return np.clip(levels + noise, 0, 255).astype(np.uint8)


def grey(raster: Raster) -> Raster:
    """One channel of a picture: [height, width]."""
    return np.ascontiguousarray(raster[..., 1])


def _rasters() -> Iterator[tuple[str, Raster]]:
    for seed, (height, width) in enumerate(SIZES):
        colour = picture(height, width, seed)
        yield f"{width}x{height} in colour", colour
        yield f"{width}x{height} in grey", grey(colour)


def _poor() -> Iterator[tuple[str, Raster]]:
    for height, width in TINY:
        yield f"a picture of {width}x{height}", picture(height, width, 3)
        yield f"a grey picture of {width}x{height}", grey(picture(height, width, 3))
    for level in FLAT:
        yield f"a flat picture of level {level}", np.full((100, 120, 3), level, np.uint8)


def _taken(algorithm: OpaqueAlgorithm, name: str, raster: Raster) -> Taken:
    taken = algorithm.take(raster)
    if taken is None:
        raise NonConforming(f"{name}: no value, though there is much in it")
    return taken


def _introduces_itself(algorithm: OpaqueAlgorithm) -> None:
    if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", algorithm.name) or not algorithm.version.strip():
        raise NonConforming("a name is of small letters, digits and dashes, and a version is not empty")
    if algorithm.size < 1 or algorithm.reach < 0:
        raise NonConforming("a value has at least one byte, and the reach is not negative")
    tolerance = algorithm.variant_tolerance
    if tolerance is not None and not 0 <= tolerance <= algorithm.reach:
        raise NonConforming("variants that may lie beyond the reach find nothing")


def _is_determined(algorithm: OpaqueAlgorithm) -> None:
    for name, raster in _rasters():
        kept = raster.copy()
        first = algorithm.take(raster)
        if not np.array_equal(kept, raster):
            raise NonConforming(f"{name}: the raster was changed")
        frozen = np.frombuffer(raster.tobytes(), np.uint8).reshape(raster.shape)
        with ThreadPoolExecutor(4) as pool:
            again = list(pool.map(algorithm.take, [raster, frozen, kept, frozen]))
        if any(taken != first for taken in again):
            raise NonConforming(f"{name}: two values of one picture")


def _is_well_formed(algorithm: OpaqueAlgorithm) -> None:
    for name, raster in (*_rasters(), *_poor()):
        taken = algorithm.take(raster)
        if taken is not None:
            _check_form(algorithm, name, taken)


def _check_form(algorithm: OpaqueAlgorithm, name: str, taken: Taken) -> None:
    if {type(value) for value in (taken.value, *taken.variants)} != {bytes}:
        raise NonConforming(f"{name}: values are bytes")
    if {len(value) for value in (taken.value, *taken.variants)} != {algorithm.size}:
        raise NonConforming(f"{name}: a value has not {algorithm.size} bytes")
    if taken.quality is not None and not (type(taken.quality) is int and 0 <= taken.quality <= 100):
        raise NonConforming(f"{name}: a quality is a whole number from 0 to 100, or None")
    offered = len(taken.variants)
    if offered != (0 if algorithm.variant_tolerance is None else len(TRANSFORMS)):
        raise NonConforming(f"{name}: {offered} variants, which is not what was promised")
    if offered and taken.variants[0] != taken.value:
        raise NonConforming(f"{name}: the first variant is the value itself")


def _answers_poor_pictures(algorithm: OpaqueAlgorithm) -> None:
    rich = _taken(algorithm, "a rich picture", picture(200, 300, 1)).quality
    for name, raster in _poor():
        taken = algorithm.take(raster)
        if taken is None or "flat" not in name:
            continue
        if (taken.quality is None) != (rich is None):
            raise NonConforming(f"{name}: a quality for some pictures and none for others")
        if taken.quality is not None and rich is not None and taken.quality >= rich:
            raise NonConforming(f"{name}: trusted as much as a picture with much in it")


def _refuses_other_forms(algorithm: OpaqueAlgorithm) -> None:
    for raster in (np.zeros((64, 64, 4), np.uint8), np.zeros((64,), np.uint8), np.zeros((0, 64), np.uint8)):
        try:
            algorithm.take(raster)
        except ValueError:
            continue
        raise NonConforming(f"a raster of the shape {raster.shape} was not refused with a ValueError")


def _measures(algorithm: OpaqueAlgorithm) -> None:
    values = [_taken(algorithm, "a picture", picture(200, 300, seed)).value for seed in range(6)]
    for a in values:
        for b in values:
            there, back = algorithm.distance(a, b), algorithm.distance(b, a)
            if type(there) is not int or there < 0 or there != back or (a == b) != (there == 0):
                raise NonConforming(f"a distance of {there} one way and {back} the other, for equal values: {a == b}")
    for other in (values[0][:-1], values[0] + b"\x00"):
        try:
            algorithm.distance(values[0], other)
        except ValueError:
            continue
        raise NonConforming("values of two lengths have a distance")


def _tells_apart(algorithm: OpaqueAlgorithm) -> None:
    noise = np.random.default_rng(7).integers(-2, 3, (300, 400, 3))
    before: bytes | None = None
    for seed in range(10, 20):
        raster = picture(300, 400, seed)
        value = _taken(algorithm, "a picture", raster).value
        noisy = _taken(algorithm, "a picture", np.clip(raster + noise, 0, 255).astype(np.uint8)).value
        if (far := algorithm.distance(value, noisy)) > algorithm.reach:
            raise NonConforming(f"noise of two levels leads {far} away, and the reach is {algorithm.reach}")
        if before and (near := algorithm.distance(value, before)) <= algorithm.reach:
            raise NonConforming(f"two pictures with nothing in common are {near} apart, within the reach")
        before = value


def _turns(algorithm: OpaqueAlgorithm) -> None:
    if algorithm.variant_tolerance is None:
        return
    for name, raster in _rasters():
        taken = _taken(algorithm, name, raster)
        for transform, variant in zip(TRANSFORMS, taken.variants, strict=True):
            turned = _taken(algorithm, name, np.ascontiguousarray(REALLY[transform](raster)))
            if (apart := algorithm.distance(variant, turned.value)) > algorithm.variant_tolerance:
                raise NonConforming(
                    f"{name}: the variant {transform.value} is {apart} from the picture really turned"
                )


def _keeps_colour_promise(algorithm: OpaqueAlgorithm) -> None:
    if not algorithm.ignores_colour:
        return
    for name, raster in _rasters():
        if raster.ndim == 2 and algorithm.take(raster) != algorithm.take(np.stack([raster] * 3, axis=2)):
            raise NonConforming(f"{name}: another value once it is written in RGB")
