"""What one release answers, as candidates: no entries of a test class, and none that a state has taken out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from hashsets.categories import is_test_class
from hashsets.index.hits import Hits
from hashsets.releases import Release
from hashsets.states import States
from hashsets.vocabulary import (
    TRANSFORMS,
    Basis,
    Candidate,
    Digest,
    DigestAlgorithm,
    Fingerprint,
    FingerprintAlgorithm,
    Opinion,
    Profile,
    Transform,
)


@dataclass(frozen=True, slots=True)
class Answering:
    """What decides which entries may answer: their states on a day, and the categories that never count."""

    states: States
    today: date
    test_classes: tuple[str, ...]

    def admits(self, set_name: str, entry_key: str, opinion: Opinion) -> bool:
        """Whether an entry may be a candidate."""
        return not is_test_class(opinion.category, self.test_classes) and not self.states.silences(
            set_name, entry_key, self.today
        )


def exact_candidates(release: Release, digests: Sequence[Digest], answering: Answering) -> Iterator[Candidate]:
    """Entries that list one of `digests`. Raises Damaged."""
    for algorithm in DigestAlgorithm:
        asked = [place for place, digest in enumerate(digests) if digest.algorithm is algorithm]
        hits = release.find_exact(algorithm, [digests[place].value for place in asked])
        found = (
            _Found(asked[query], entry, 0, Transform.IDENTITY, None)
            for query, entry in zip(hits.query.tolist(), hits.entry.tolist(), strict=True)
        )
        yield from _candidates(release, hits.entry, found, Basis.EXACT, algorithm.value, answering)


def near_candidates(
    release: Release, fingerprints: Sequence[Fingerprint], variants: Variants, reach: int, answering: Answering
) -> Iterator[Candidate]:
    """Entries within `reach` bits of one of the `variants` of `fingerprints`. Raises Damaged."""
    hits, transforms = variants.nearest(release.find_near(variants.values, reach))
    found = (
        _Found(query, entry, distance, TRANSFORMS[transform], fingerprints[query].profile)
        for query, entry, distance, transform in zip(
            hits.query.tolist(), hits.row.tolist(), hits.distance.tolist(), transforms.tolist(), strict=True
        )
    )
    return _candidates(release, hits.row, found, Basis.NEAR, FingerprintAlgorithm.PDQ.value, answering)


def order(candidate: Candidate) -> tuple[int, int, str, str, str]:
    """How candidates stand: by query, nearest first."""
    return candidate.query, candidate.distance, candidate.set_name, candidate.entry_key, candidate.algorithm


@dataclass(frozen=True, slots=True)
class _Found:
    query: int
    entry: int
    distance: int
    transform: Transform
    profile: Profile | None


def _candidates(
    release: Release,
    numbers: npt.NDArray[np.int64],
    hits: Iterable[_Found],
    basis: Basis,
    algorithm: str,
    answering: Answering,
) -> Iterator[Candidate]:
    set_name = release.manifest.set_name
    entries = release.entries(numbers.tolist())
    second_values = release.second_values(numbers.tolist()) if basis is Basis.NEAR else {}
    for found in hits:
        key, opinion = entries[found.entry]
        if not answering.admits(set_name, key, opinion):
            continue
        yield Candidate(
            query=found.query,
            set_name=set_name,
            set_kind=release.manifest.set_kind,
            release_id=release.release_id,
            entry_key=key,
            basis=basis,
            algorithm=algorithm,
            profile=found.profile,
            distance=found.distance,
            transform=found.transform,
            opinion=opinion,
            state=answering.states.confirmation(set_name, key),
            second_values=second_values.get(found.entry, ()),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Variants:
    """All values to be asked for, and which fingerprint and transform each belongs to."""

    values: npt.NDArray[np.uint8]
    query: npt.NDArray[np.int64]
    transform: npt.NDArray[np.int64]

    @classmethod
    def of(cls, fingerprints: Sequence[Fingerprint]) -> Variants:
        """The eight variants of every PDQ fingerprint, or its value alone where it has none."""
        rows = [
            (query, transform, value)
            for query, fingerprint in enumerate(fingerprints)
            if fingerprint.algorithm is FingerprintAlgorithm.PDQ
            for transform, value in enumerate(fingerprint.variants or (fingerprint.value,))
        ]
        values = np.frombuffer(b"".join(value for *_, value in rows), np.uint8)
        return cls(
            values.reshape(len(rows), FingerprintAlgorithm.PDQ.size),
            np.array([query for query, *_ in rows], np.int64),
            np.array([transform for _, transform, _ in rows], np.int64),
        )

    def nearest(self, hits: Hits) -> tuple[Hits, npt.NDArray[np.int64]]:
        """Of each fingerprint and entry the nearest hit, and its transform."""
        query, transform = self.query[hits.query], self.transform[hits.query]
        order = np.lexsort((transform, hits.distance, hits.row, query))
        query, row = query[order], hits.row[order]
        first = np.ones(len(order), bool)
        first[1:] = (query[1:] != query[:-1]) | (row[1:] != row[:-1])
        return Hits(query[first], row[first], hits.distance[order][first]), transform[order][first]
