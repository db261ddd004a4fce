"""A release on disk: opened whole and checked, or not at all.

A release is one volume; or, made by a delta, a thin volume of its own (the layer) on that of an earlier release (the
ground), with the numbers of the ground's entries that hold no more. Entries of the layer are numbered after those of
the ground. There is never a layer on a layer: the next delta writes the layer anew, and a layer that has grown is
merged with its ground behind the readers' backs (see `merging.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hashsets.errors import Damaged
from hashsets.index.exact import ExactHits
from hashsets.index.hits import Hits, Values
from hashsets.index.segment_files import open_segment
from hashsets.manifests import Ground, Manifest
from hashsets.merged_forms import MergedForm, merged_folder
from hashsets.vocabulary import SECOND_ALGORITHMS, DigestAlgorithm, Entry, FingerprintAlgorithm, Opinion
from hashsets.volumes import Files, Volume, check_contents, check_files

GONE, GONE_KIND = "gone", "numbers-of-entries"

Numbers = npt.NDArray[np.uint32]


class Release:
    """An opened release. Safe for many threads at once.

    `ground` names the volume below for whoever writes the next layer on it.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, ground: Ground, below: Volume, above: Volume | None, gone: Numbers
    ) -> None:
        self.folder = folder
        self.manifest = manifest
        self.release_id = manifest.release_id
        self.ground = ground
        self.below = below
        self.above = above
        self.gone = gone
        self._gone = frozenset(gone.tolist())

    @classmethod
    def open(cls, folder: Path, releases: Path | None = None) -> Release:
        """Check seals and sizes (and contents, while they are small), let every index probe itself. Raises Damaged.

        `releases` is where the release below lies, when that is not beside `folder`.
        """
        manifest = Manifest.read(folder)
        parts = _parts(releases or folder.parent, folder, manifest)
        with ExitStack() as opened:
            below = opened.enter_context(closing(parts.below.open()))
            if not parts.above:
                if not parts.ground.merged and below.values() != manifest.counts.values:
                    raise Damaged("release-counts-disagree", "a release does not hold what its manifest counts")
                opened.pop_all()
                return cls(folder, manifest, parts.ground, below, None, np.empty(0, np.uint32))
            above = opened.enter_context(closing(parts.above.open()))
            gone = _open_gone(folder, manifest.layer.gone if manifest.layer else 0)
            opened.pop_all()
            return cls(folder, manifest, parts.ground, below, above, gone)

    def close(self) -> None:
        """Let go of the entries' files; mapped arrays go with the object."""
        for volume in (self.below, self.above):
            if volume:
                volume.close()

    def find_exact(self, algorithm: DigestAlgorithm, values: Sequence[bytes]) -> ExactHits:
        """Which entries list which of `values`."""
        hits = self.below.find_exact(algorithm, values)
        if not self.above:
            return hits
        stays = self._stays(hits.entry)
        fresh = self.above.find_exact(algorithm, values)
        query = np.concatenate((hits.query[stays], fresh.query))
        order = np.argsort(query, kind="stable")
        return ExactHits(query[order], np.concatenate((hits.entry[stays], fresh.entry + self.below.span))[order])

    def find_near(self, values: Values, reach: int) -> Hits:
        """Which entries list a fingerprint within `reach` bits of which of `values`; `row` is the entry's number."""
        hits = self.below.find_near(values, reach)
        if not self.above:
            return hits
        stays = self._stays(hits.row)
        fresh = self.above.find_near(values, reach)
        return Hits.of_parts(
            [
                Hits(hits.query[stays], hits.row[stays], hits.distance[stays]),
                Hits(fresh.query, fresh.row + self.below.span, fresh.distance),
            ]
        )

    def find_keys(self, keys: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        """Number and content hash by key, of the entries that there are. Raises Damaged."""
        found = self.below.texts.find(keys)
        if not self.above:
            return found
        standing = {key: place for key, place in found.items() if place[0] not in self._gone}
        fresh = self.above.texts.find(keys)
        return standing | {key: (number + self.below.span, content) for key, (number, content) in fresh.items()}

    def continued(self, keys: Sequence[str]) -> list[tuple[int, str]]:
        """Number and own key of the entries to which their source gave one of `keys`, which was taken already.

        Only an import leaves such entries, so they are all of the volume below. Raises Damaged.
        """
        return [(number, key) for number, key in self.below.texts.continued(keys) if number not in self._gone]

    def has_entry(self, key: str) -> bool:
        """Whether the release lists an entry of this key."""
        return key in self.find_keys([key])

    def entry(self, key: str) -> Entry | None:
        """All that the release lists under a key. Looks through the owners of all values: for one entry, not many."""
        found = self.find_keys([key])
        return next((entry for _, entry in self.some([number for number, _ in found.values()])), None)

    def entries(self, numbers: Sequence[int]) -> Mapping[int, tuple[str, Opinion]]:
        """Key and opinion by entry number."""
        if not self.above:
            return self.below.texts.many(numbers)
        span = self.below.span
        fresh = self.above.texts.many([number - span for number in numbers if number >= span])
        found = dict(self.below.texts.many([number for number in numbers if number < span]))
        return found | {number + span: told for number, told in fresh.items()}

    def contents(self) -> Iterator[Entry]:
        """Every entry with all that it lists, by number, in bounded memory.

        Raises Damaged, at the end too: when there were fewer than the manifest counts.
        """
        count = 0
        for _, entry in chain(self.below.contents(self._gone), self.above.contents() if self.above else ()):
            count += 1
            yield entry
        if count != self.manifest.counts.entries:
            raise Damaged("release-entries-missing", "a release lacks entries that its manifest counts")

    def some(self, numbers: Sequence[int]) -> Iterator[tuple[int, Entry]]:
        """Number and all that is listed of some entries, by number. Raises Damaged."""
        span = self.below.span
        yield from self.below.some([number for number in numbers if number < span])
        if self.above:
            fresh = self.above.some([number - span for number in numbers if number >= span])
            yield from ((number + span, entry) for number, entry in fresh)

    def _stays(self, entries: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        if not len(self.gone):
            return np.ones(len(entries), bool)
        place = np.minimum(np.searchsorted(self.gone, entries), len(self.gone) - 1)
        stays: npt.NDArray[np.bool_] = self.gone[place] != entries
        return stays

    def second_values(self, numbers: Sequence[int]) -> Mapping[int, tuple[tuple[FingerprintAlgorithm, bytes], ...]]:
        """What these entries list of `SECOND_ALGORITHMS`, by entry number."""
        if not self.manifest.counts.opaque.keys() & {algorithm.value for algorithm in SECOND_ALGORITHMS}:
            return {}
        span = self.below.span
        found = dict(self.below.texts.second_values([number for number in numbers if number < span]))
        if self.above:
            fresh = self.above.texts.second_values([number - span for number in numbers if number >= span])
            found |= {number + span: values for number, values in fresh.items()}
        return found


def verify(folder: Path) -> Manifest:
    """Read every byte that a release rests on and compare with its seals. Raises Damaged."""
    manifest = Manifest.read(folder)
    parts = _parts(folder.parent, folder, manifest)
    for place, files in {folder: manifest.files or {}, parts.below.folder: parts.below.files}.items():
        check_files(place, files)
        check_contents(place, files)
    return manifest


@dataclass(frozen=True, slots=True)
class _Part:
    """A folder with one volume."""

    folder: Path
    files: Files
    span: int

    def open(self) -> Volume:
        return Volume.open(self.folder, self.files, self.span)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The volumes of a release, and the name of the one below."""

    ground: Ground
    below: _Part
    above: _Part | None = None


def _parts(releases: Path, folder: Path, manifest: Manifest) -> _Parts:
    """Where the volumes of a release lie. Raises Damaged."""
    if form := _merged_form(folder, manifest):
        ground = Ground(manifest.release_id, form.seal, merged=True)
        return _Parts(ground, _Part(merged_folder(folder), form.files, form.span))
    files, layer = manifest.files or {}, manifest.layer
    if not layer:
        ground = Ground(manifest.release_id, manifest.seal, merged=False)
        return _Parts(ground, _Part(folder, files, manifest.counts.entries))
    below = releases / layer.ground.release_id
    found = _parts(releases, below, Manifest.read(below))
    if found.ground != layer.ground or found.above:
        raise Damaged("release-ground-changed", "the release on which another lies is not what it was made on")
    return _Parts(layer.ground, found.below, _Part(folder, files, layer.entries))


def _merged_form(folder: Path, manifest: Manifest) -> MergedForm | None:
    form = MergedForm.find(merged_folder(folder))
    if form and form.seal_of_release != manifest.seal:
        raise Damaged("release-seal-broken", "a merged release is not of the release whose name it has")
    return form


def _open_gone(folder: Path, count: int) -> Numbers:
    gone = open_segment(folder / GONE, GONE_KIND).arrays.get("numbers")
    if gone is None or gone.shape != (count,) or gone.dtype != np.uint32 or bool((gone[1:] <= gone[:-1]).any()):
        raise Damaged("release-counts-disagree", "a release does not hold what its manifest counts")
    return gone
