"""What one folder of a release holds: entries under their numbers, and the indexes that lead to them.

A release is one volume, or a large one below and a small one above it: see `releases.py`. Numbers go up to `span` and
may have holes, where an entry was retracted before volumes were merged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hashsets.entry_store import EntryReader, Text
from hashsets.errors import Damaged
from hashsets.index.exact import ExactHits, ExactSegment
from hashsets.index.hamming import BYTES, HammingSegment
from hashsets.index.hits import Hits, Values
from hashsets.index.segment_files import READ_WHOLE_BELOW, open_segment
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry

MANIFEST, MERGED_MANIFEST = "manifest.json", "merged.json"
ENTRIES = "entries.sqlite"
FINGERPRINTS, OWNERS = "fingerprints", "fingerprint-entries"
OWNERS_KIND = "entries-of-rows"

BLOCK = 1 << 16
"""Entries whose values are gathered at once. Each block looks through the owners of all values, some milliseconds a
million, so that nothing as large as the release is ever sorted or held."""

Files = Mapping[str, tuple[int, str]]
"""Path within a folder → size and SHA-256."""

Owners = npt.NDArray[np.uint32]


def exact_folder(algorithm: DigestAlgorithm) -> str:
    """Where a volume keeps the digests of one algorithm."""
    return f"digests-{algorithm.value}"


class Volume:
    """An opened volume. Safe for many threads at once."""

    def __init__(
        self,
        folder: Path,
        span: int,
        exact: Mapping[DigestAlgorithm, ExactSegment],
        near: tuple[HammingSegment, Owners] | None,
    ) -> None:
        self.folder = folder
        self.span = span
        self._exact = exact
        self._near = near
        self.texts = EntryReader(folder / ENTRIES)

    @classmethod
    def open(cls, folder: Path, files: Files, span: int) -> Volume:
        """Check sizes (and contents, while they are small), let every index probe itself. Raises Damaged."""
        check_files(folder, files)
        folders = {name.partition("/")[0] for name in files}
        exact = {
            algorithm: ExactSegment.open(folder / exact_folder(algorithm))
            for algorithm in DigestAlgorithm
            if exact_folder(algorithm) in folders
        }
        volume = cls(folder, span, exact, _open_near(folder) if FINGERPRINTS in folders else None)
        if volume.texts.span() != span:
            volume.close()
            raise Damaged("release-counts-disagree", "a release does not hold what its manifest counts")
        return volume

    def close(self) -> None:
        """Let go of the entries' file; mapped arrays go with the object."""
        self.texts.close()

    def values(self) -> dict[str, int]:
        """How many values there are of each type, those of entries included that a volume above takes back."""
        counted = {algorithm.value: len(segment) for algorithm, segment in self._exact.items()}
        return counted | ({"pdq": len(self._near[0])} if self._near else {})

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
        """All digests of one algorithm; None when the volume lists none."""
        return self._exact.get(algorithm)

    def fingerprints(self) -> tuple[Values, Owners]:
        """All PDQ values, uint8 of shape (n, 32), and the entry of each."""
        if not self._near:
            return np.empty((0, BYTES), np.uint8), np.empty(0, np.uint32)
        return self._near[0].values(), self._near[1]

    def contents(self, but: Collection[int] = frozenset()) -> Iterator[tuple[int, Entry]]:
        """Number and all that is listed of every entry but some, by number, in bounded memory. Raises Damaged.

        Digests come by algorithm and value.
        """
        block: list[Text] = []
        for text in self.texts.every():
            if text[0] in but:
                continue
            if block and text[0] >= block[0][0] + BLOCK:
                yield from self._completed(block)
                block = []
            block.append(text)
        yield from self._completed(block)

    def some(self, numbers: Sequence[int]) -> Iterator[tuple[int, Entry]]:
        """Number and all that is listed of some entries, by number. Raises Damaged."""
        told = self.texts.many(numbers)
        opaque = self.texts.opaque_of(numbers)
        texts = [(number, *told[number], opaque.get(number, ())) for number in sorted(told)]
        for first in range(0, len(texts), BLOCK):
            yield from self._completed(texts[first : first + BLOCK])

    def _completed(self, texts: Sequence[Text]) -> Iterator[tuple[int, Entry]]:
        """Texts of entries, by number, with the values that the indexes hold of them."""
        if not texts:
            return
        numbers = np.array([number for number, *_ in texts])
        digests = {
            algorithm: _of_entries(numbers, segment.values.__getitem__, segment.entries)
            for algorithm, segment in self._exact.items()
        }
        near = _of_entries(numbers, self._near[0].values_of, self._near[1]) if self._near else [()] * len(texts)
        for place, (number, key, opinion, opaque) in enumerate(texts):
            listed = tuple(Digest(algorithm, value) for algorithm, of in digests.items() for value in of[place])
            yield number, Entry(key, listed, near[place], opinion, opaque)


def files_of(folder: Path) -> Iterator[Path]:
    """Every file of a folder but its manifest, in order of path."""
    manifests = {MANIFEST, MERGED_MANIFEST}
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in manifests)


def sealed_files(folder: Path) -> dict[str, tuple[int, str]]:
    """Every file of a folder but its manifest with size and SHA-256."""
    return {file.relative_to(folder).as_posix(): (file.stat().st_size, sha256_of(file)) for file in files_of(folder)}


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_files(folder: Path, files: Files) -> None:
    """That a folder holds the sealed files and no others, by size, and by content while they are small.

    Raises Damaged.
    """
    found = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files_of(folder)}
    if found != {name: size for name, (size, _) in files.items()}:
        raise Damaged("release-files-changed", "a release's files or their sizes are not as they were sealed")
    if sum(found.values()) <= READ_WHOLE_BELOW:
        check_contents(folder, files)


def check_contents(folder: Path, files: Files) -> None:
    """That every byte is as it was sealed. Raises Damaged."""
    for name, (_, digest) in files.items():
        if sha256_of(folder / name) != digest:
            raise Damaged("release-content-changed", "a file of a release is not as it was sealed")


def _open_near(folder: Path) -> tuple[HammingSegment, Owners]:
    segment = HammingSegment.open(folder / FINGERPRINTS)
    owners = open_segment(folder / OWNERS, OWNERS_KIND).arrays.get("entries")
    if owners is None or owners.shape != (len(segment),):
        raise Damaged("release-files-changed", "a release's fingerprints and their entries do not fit together")
    return segment, owners


def _of_entries(
    numbers: npt.NDArray[np.int64], values_of: Callable[..., Values], owners: Owners
) -> list[tuple[bytes, ...]]:
    """The values of entries, whose `numbers` ascend, each entry's in the order in which they are stored."""
    rows = np.flatnonzero((owners >= numbers[0]) & (owners <= numbers[-1]))
    of_rows = owners[rows].astype(np.int64)
    order = np.argsort(of_rows, kind="stable")
    values = values_of(rows[order])
    raw, size = values.tobytes(), values.shape[1]
    begin = (np.searchsorted(of_rows[order], numbers, side="left") * size).tolist()
    end = (np.searchsorted(of_rows[order], numbers, side="right") * size).tolist()
    return [tuple(raw[at : at + size] for at in range(*bounds, size)) for bounds in zip(begin, end, strict=True)]
