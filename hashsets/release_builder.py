"""Building a release in a folder that nobody reads yet, in bounded memory but for one index at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hashsets.categories import TEST_CLASSES, is_test_class
from hashsets.entry_store import EntryWriter
from hashsets.formats.records import Read, Reject, RejectCode
from hashsets.index.exact import KIND as EXACT
from hashsets.index.exact import ExactSegment
from hashsets.index.hamming import BYTES, HammingSegment
from hashsets.index.hits import Values
from hashsets.index.segment_files import open_segment, write_segment
from hashsets.manifests import Counts
from hashsets.spools import Spools
from hashsets.vocabulary import DigestAlgorithm, FingerprintAlgorithm
from hashsets.volumes import ENTRIES, FINGERPRINTS, OWNERS, OWNERS_KIND, exact_folder

FIRST_REJECTS = 1000
BATCH = 2000


def write_fingerprints(folder: Path, values: Values, entries: npt.NDArray[np.uint32]) -> None:
    """Write a release's PDQ values, searchable, and the entry of each."""
    HammingSegment.build(values).save(folder / FINGERPRINTS)
    write_segment(folder / OWNERS, OWNERS_KIND, {}, {"entries": entries})


def test_class_entries(categories: Mapping[str, int], test_classes: Sequence[str]) -> int:
    """How many of the entries counted by category are of a test class."""
    return sum(count for category, count in categories.items() if is_test_class(category, test_classes))


def entries_without_values(folder: Path, entries: int) -> int:
    """How many of a release's entries are in none of its indexes."""
    found = np.zeros(entries, bool)
    for name, kind in ((OWNERS, OWNERS_KIND), *((exact_folder(one), EXACT) for one in DigestAlgorithm)):
        if (folder / name).is_dir():
            found[open_segment(folder / name, kind).arrays["entries"]] = True
    return entries - int(np.count_nonzero(found))


class ReleaseBuilder:
    """Writes entries and spools of raw values as they come, and the indexes at the end."""

    def __init__(self, folder: Path, test_classes: Sequence[str] = TEST_CLASSES) -> None:
        self._folder = folder
        self._test_classes = test_classes
        self._spools = Spools(folder)
        self._entries = EntryWriter(folder / ENTRIES)
        self._categories: Counter[str] = Counter()
        self._values: Counter[str] = Counter()
        self._opaque: Counter[str] = Counter()
        self._rejects: Counter[str] = Counter()
        self.first_rejects: list[Reject] = []

    def take(self, records: Iterable[Read | Reject]) -> None:
        """Take everything that a reader yields."""
        batch: list[Read] = []
        for record in records:
            if isinstance(record, Reject):
                self._note(record)
                continue
            batch.append(record)
            if len(batch) == BATCH:
                self._add(batch)
                batch.clear()
        self._add(batch)

    def finish(self) -> Counts:
        """Write the indexes, close all files, and count. To be called once."""
        self._entries.close()
        self._spools.close()
        for algorithm in DigestAlgorithm:
            values, entries = self._spools.read(algorithm.value, algorithm.size)
            if len(entries):
                ExactSegment.build(algorithm, values, entries).save(self._folder / exact_folder(algorithm))
        values, entries = self._spools.read(FingerprintAlgorithm.PDQ.value, BYTES)
        if len(entries):
            write_fingerprints(self._folder, values, entries)
        self._spools.remove()
        digests = {algorithm.value for algorithm in DigestAlgorithm}
        return Counts(
            entries=self._entries.count,
            categories=dict(sorted(self._categories.items())),
            digests={name: count for name, count in sorted(self._values.items()) if name in digests},
            fingerprints={name: count for name, count in sorted(self._values.items()) if name not in digests},
            opaque=dict(sorted(self._opaque.items())),
            rejects=dict(sorted(self._rejects.items())),
            test_class=test_class_entries(self._categories, self._test_classes),
            only_opaque=entries_without_values(self._folder, self._entries.count),
        )

    def abandon(self) -> None:
        """Close what is open; the folder is thrown away by whoever made it."""
        self._entries.abandon()
        self._spools.close()

    def _add(self, batch: list[Read]) -> None:
        placed = self._entries.add([read.entry for read in batch])
        for read, (number, key) in zip(batch, placed, strict=True):
            if number is None:
                self._note(Reject(read.position, RejectCode.DUPLICATE_ENTRY))
                continue
            if key != read.entry.key:
                self._note(Reject(read.position, RejectCode.KEY_REPEATED))
            self._count(read, number)

    def _count(self, read: Read, number: int) -> None:
        entry = read.entry
        for digest in entry.digests:
            self._spools.write(digest.algorithm.value, number, digest.value)
            self._values[digest.algorithm.value] += 1
        for value in entry.fingerprints:
            self._spools.write(FingerprintAlgorithm.PDQ.value, number, value)
            self._values[FingerprintAlgorithm.PDQ.value] += 1
        self._categories[entry.opinion.category or ""] += 1
        self._opaque.update(kind for kind, _ in entry.opaque)

    def _note(self, reject: Reject) -> None:
        self._rejects[reject.code.value] += 1
        if len(self.first_rejects) < FIRST_REJECTS:
            self.first_rejects.append(reject)
