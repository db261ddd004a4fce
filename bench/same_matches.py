"""Whether examining by luma first comes to the matches of exact decoding: many pictures in many forms, both ways.

Made-up photographs, pages, screens and dots of a megapixel and more are listed in a set by their PDQ, half of them in
one profile and half in the other, some with bits turned so that copies lie around the reach. Copies of them in other
forms, and strangers, are saved as JPEG and asked both ways by the services' own rules.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from bench.drawn_pages import KINDS
from bench.figures import Figure
from demo.pictures import photo_like
from hashsets.algorithms import pdq
from hashsets.library import Library
from hashsets.vocabulary import SetKind
from triage.chamber.decoders import raster
from triage.chamber.examining import examine
from triage.chamber.limits import ExamineLimits
from triage.domain.estimates import owes_closer_look
from triage.domain.match_policy import MatchPolicy
from triage.domain.matches import Asked, Match, Seen, judge
from triage.services.asking import askable, near_candidates

Raster = NDArray[np.uint8]
POLICY = MatchPolicy("bench")
PHOTOGRAPHS = 0.7
"""Share of pictures that are like photographs; the rest is drawn pages and screens."""

BESIDE = 6
"""Forms in which each picture is asked."""


class AnotherMatchError(Exception):
    """The two ways do not agree."""


@dataclass
class Tally:
    """How the pictures came to their answer, and the matches that both ways found."""

    asked: int = 0
    by_luma: int = 0
    closer: int = 0
    matches: int = 0
    around_reach: int = 0


def same_matches(count: int) -> list[Figure]:
    """Ask with about `count` JPEGs both ways. Raises AnotherMatchError where matches differ."""
    raster.prepare()
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        originals = count // BESIDE
        rng = np.random.default_rng(11)
        pictures = [_picture(rng, number) for number in range(originals)]
        library = _listed(Path(folder), rng, pictures)
        for number, picture in enumerate(pictures):
            for data in _forms(rng, picture):
                _compare(library, data, tally, number)
    return [
        Figure("equal matches, luma first and exact (asserted)", tally.asked, "JPEGs", goal="all"),
        Figure("decided by luma alone", 100 * tally.by_luma / tally.asked, "%"),
        Figure("owed a closer look", 100 * tally.closer / tally.asked, "%"),
        Figure("matches found both ways", tally.matches, "matches"),
        Figure("of them within 8 bits of the reach", tally.around_reach, "matches"),
    ]


def _compare(library: Library, data: bytes, tally: Tally, number: int) -> None:
    exact = _matches(library, _seen(data, luma_first=False))
    seen = _seen(data, luma_first=True)
    first = _matches(library, seen)
    tally.asked += 1
    if owes_closer_look(seen, first, POLICY):
        tally.closer += 1  # what it comes to is the exact look itself
    elif any(one.fingerprint.profile.is_estimate for one in seen.fingerprints):
        tally.by_luma += 1
        if exact:
            distance = min(match.candidate.distance for match in exact)
            raise AnotherMatchError(
                f"picture {number}: {len(exact)} matches, the nearest at {distance}, not seen by luma"
            )
    elif first != exact:
        raise AnotherMatchError(f"picture {number}: exact in both ways, and not equal")
    tally.matches += len(exact)
    tally.around_reach += sum(match.candidate.distance >= POLICY.reach - 8 for match in exact)


def _seen(data: bytes, *, luma_first: bool) -> Seen:
    limits = ExamineLimits(luma_first=luma_first)
    found = examine(io.BufferedReader(io.BytesIO(data)), len(data), "jpg", limits)
    return Seen(found.fingerprints, found.raster.concentration if found.raster else None)


def _matches(library: Library, seen: Seen) -> tuple[Match, ...]:
    taken = askable(seen.fingerprints, POLICY)
    near = near_candidates(library, [one.fingerprint for one in taken], POLICY)
    return judge(1, Asked((), [(taken[one.query], replace(one, query=0)) for one in near], seen), POLICY)


def _picture(rng: np.random.Generator, number: int) -> Raster:
    if rng.random() < PHOTOGRAPHS:
        width = int(rng.integers(1100, 2300))
        return photo_like(900_000 + number, width, int(width * rng.uniform(0.85, 1.4)))
    kind = list(KINDS)[int(rng.integers(len(KINDS)))]
    return KINDS[kind](900_000 + number)


def _listed(root: Path, rng: np.random.Generator, pictures: Sequence[Raster]) -> Library:
    """A set with one value or two of every second picture, in either profile, up to 34 bits off."""
    lines = []
    for picture in pictures[::2]:
        take = pdq.pdq_full if rng.random() < 0.5 else pdq.pdq_ref512
        bits = np.unpackbits(np.frombuffer(take(picture).value, np.uint8))
        bits[rng.choice(256, int(rng.integers(0, 35)), replace=False)] ^= 1
        lines.append(f"pdq {np.packbits(bits).tobytes().hex()}\n")
    (root / "list.txt").write_text("".join(lines))
    library = Library.open(root / "library")
    library.import_file(root / "list.txt", name="listed", kind=SetKind.KNOWN)
    return library


def _forms(rng: np.random.Generator, picture: Raster) -> Iterator[bytes]:
    image = Image.fromarray(picture)
    yield _jpeg(image, int(rng.choice([40, 60, 82, 92])), rng)
    larger = image.resize((int(image.width * 1.3), int(image.height * 1.3)), Image.Resampling.BICUBIC)
    yield _jpeg(larger, 80, rng)
    yield _jpeg(ImageEnhance.Brightness(image).enhance(rng.uniform(0.6, 1.6)), 85, rng)
    yield _jpeg(ImageEnhance.Color(image).enhance(rng.uniform(0, 6)), 85, rng)
    yield _jpeg(image.transpose(Image.Transpose(int(rng.integers(0, 7)))), 85, rng)
    noise = rng.normal(0, rng.uniform(5, 30), picture.shape)
    yield _jpeg(Image.fromarray(np.clip(picture + noise, 0, 255).astype(np.uint8)), 90, rng)


def _jpeg(image: Image.Image, quality: int, rng: np.random.Generator) -> bytes:
    target = io.BytesIO()
    image.save(target, "JPEG", quality=quality, subsampling=int(rng.integers(0, 3)))
    return target.getvalue()
