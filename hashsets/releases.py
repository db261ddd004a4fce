"""A release on disk: a folder that is opened whole and checked, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hashsets.entry_store import EntryReader
from hashsets.errors import Damaged
from hashsets.index.exact import ExactHits, ExactSegment
from hashsets.index.hamming import BYTES, HammingSegment
from hashsets.index.hits import Hits, Values
from hashsets.index.segment_files import READ_WHOLE_BELOW, open_segment
from hashsets.manifests import Manifest
from hashsets.release_builder import ENTRIES, FINGERPRINTS, OWNERS, OWNERS_KIND, exact_folder, files_of, sha256_of
from hashsets.vocabulary import SECOND_ALGORITHMS, DigestAlgorithm, FingerprintAlgorithm, Opinion


class Release:
    """An opened release. Safe for many threads at once."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        exact: Mapping[DigestAlgorithm, ExactSegment],
        near: tuple[HammingSegment, npt.NDArray[np.uint32]] | None,
    ) -> None:
        self.manifest = manifest
        self.release_id = manifest.release_id
        self._exact = exact
        self._near = near
        self.folder = folder
        self._entries = EntryReader(folder / ENTRIES)

    @classmethod
    def open(cls, folder: Path) -> Release:
        """Check seal and sizes (and contents, while they are small), let every index probe itself. Raises Damaged."""
        manifest = Manifest.read(folder)
        _check_files(folder, manifest)
        exact = {
            algorithm: ExactSegment.open(folder / exact_folder(algorithm))
            for algorithm in DigestAlgorithm
            if manifest.counts.digests.get(algorithm.value)
        }
        release = cls(folder, manifest, exact, _open_near(folder) if manifest.counts.fingerprints else None)
        sizes = {algorithm.value: len(segment) for algorithm, segment in exact.items()}
        sizes |= {"pdq": len(release._near[0])} if release._near else {}
        if release._entries.count() != manifest.counts.entries or sizes != {
            **manifest.counts.digests,
            **manifest.counts.fingerprints,
        }:
            release.close()
            raise Damaged("release-counts-disagree", "a release does not hold what its manifest counts")
        return release

    def close(self) -> None:
        """Let go of the entries' file; mapped arrays go with the object."""
        self._entries.close()

    def find_exact(self, algorithm: DigestAlgorithm, values: Sequence[bytes]) -> ExactHits:
        """Which entries list which of `values`."""
        if algorithm not in self._exact:
            return ExactHits(np.empty(0, np.int64), np.empty(0, np.int64))
        return self._exact[algorithm].lookup(values)

    def find_near(self, values: Values, reach: int) -> Hits:
        """Which entries list a fingerprint within `reach` bits of which of `values`; `row` is the entry's number."""
        if not self._near:
            return Hits.nothing()
        segment, owners = self._near
        hits = segment.search(values, reach)
        return Hits(hits.query, owners[hits.row].astype(np.int64), hits.distance)

    def exact_segment(self, algorithm: DigestAlgorithm) -> ExactSegment | None:
        """All digests of one algorithm; None when the release lists none."""
        return self._exact.get(algorithm)

    def fingerprints(self) -> tuple[Values, npt.NDArray[np.uint32]]:
        """All PDQ values, uint8 of shape (n, 32), and the entry of each."""
        if not self._near:
            return np.empty((0, BYTES), np.uint8), np.empty(0, np.uint32)
        return self._near[0].values, self._near[1]

    def has_entry(self, key: str) -> bool:
        """Whether the release lists an entry of this key."""
        return self._entries.has(key)

    def entries(self, numbers: Sequence[int]) -> Mapping[int, tuple[str, Opinion]]:
        """Key and opinion by entry number."""
        return self._entries.many(numbers)

    def second_values(self, numbers: Sequence[int]) -> Mapping[int, tuple[tuple[FingerprintAlgorithm, bytes], ...]]:
        """What these entries list of `SECOND_ALGORITHMS`, by entry number."""
        if not self.manifest.counts.opaque.keys() & {algorithm.value for algorithm in SECOND_ALGORITHMS}:
            return {}
        return self._entries.second_values(numbers)


def verify(folder: Path) -> Manifest:
    """Read every byte of a release and compare with its seal. Raises Damaged."""
    manifest = Manifest.read(folder)
    _check_files(folder, manifest)
    _check_contents(folder, manifest)
    return manifest


def _check_files(folder: Path, manifest: Manifest) -> None:
    sealed = manifest.files or {}
    found = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files_of(folder)}
    if found != {name: size for name, (size, _) in sealed.items()}:
        raise Damaged("release-files-changed", "a release's files or their sizes are not as they were sealed")
    if sum(found.values()) <= READ_WHOLE_BELOW:
        _check_contents(folder, manifest)


def _check_contents(folder: Path, manifest: Manifest) -> None:
    for name, (_, digest) in (manifest.files or {}).items():
        if sha256_of(folder / name) != digest:
            raise Damaged(
                "release-content-changed", f"a file of release {manifest.release_id} is not as it was sealed"
            )


def _open_near(folder: Path) -> tuple[HammingSegment, npt.NDArray[np.uint32]]:
    segment = HammingSegment.open(folder / FINGERPRINTS)
    owners = open_segment(folder / OWNERS, OWNERS_KIND).arrays.get("entries")
    if owners is None or owners.shape != (len(segment),):
        raise Damaged("release-files-changed", "a release's fingerprints and their entries do not fit together")
    return segment, owners
