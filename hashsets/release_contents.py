"""Every entry of a release with all that it lists, in the order of its numbers, in bounded memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hashsets.errors import Damaged
from hashsets.index.exact import KIND as EXACT
from hashsets.index.hamming import KIND as HAMMING
from hashsets.index.hits import Values
from hashsets.index.segment_files import open_segment
from hashsets.manifests import Manifest
from hashsets.release_builder import ENTRIES, FINGERPRINTS, OWNERS, OWNERS_KIND, exact_folder
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, Opinion

BLOCK = 1 << 16
"""Entries whose values are gathered at once. Each block looks through the owners of all values, some milliseconds a
million, so that nothing as large as the release is ever sorted or held."""

QUERY = (
    "SELECT entry.id, key, category, series, victim_identified, offender_identified, distributed, tags"
    " FROM entry CROSS JOIN opinion ON opinion.id = entry.opinion ORDER BY entry.id"
)
OPAQUE = "SELECT entry, kind, value FROM opaque ORDER BY entry, rowid"

Owners = npt.NDArray[np.uint32]


def read_contents(folder: Path, manifest: Manifest) -> Iterator[Entry]:
    """The entries of a release that has been opened or verified. Digests come by algorithm and value.

    Raises Damaged.
    """
    digests = {
        algorithm: _listed(folder / exact_folder(algorithm))
        for algorithm in DigestAlgorithm
        if manifest.counts.digests.get(algorithm.value)
    }
    near = _fingerprints(folder) if manifest.counts.fingerprints else None
    texts = _texts(folder / ENTRIES)
    for first in range(0, manifest.counts.entries, BLOCK):
        count = min(BLOCK, manifest.counts.entries - first)
        sorted_digests = {algorithm: _of_block(first, count, *listed) for algorithm, listed in digests.items()}
        fingerprints = _of_block(first, count, *near) if near else [()] * count
        for place in range(count):
            number, key, opinion, opaque = next(texts, (None, "", Opinion(), ()))
            if number != first + place:
                raise Damaged("release-entries-missing", "a release lacks entries that its manifest counts")
            yield Entry(
                key,
                tuple(
                    Digest(algorithm, value) for algorithm, found in sorted_digests.items() for value in found[place]
                ),
                fingerprints[place],
                opinion,
                opaque,
            )


def _listed(folder: Path) -> tuple[Values, Owners]:
    arrays = open_segment(folder, EXACT).arrays
    return arrays["values"], arrays["entries"]


def _fingerprints(folder: Path) -> tuple[Values, Owners]:
    words = open_segment(folder / FINGERPRINTS, HAMMING).arrays["values"]
    return words.view(np.uint8), open_segment(folder / OWNERS, OWNERS_KIND).arrays["entries"]


def _of_block(first: int, count: int, values: Values, owners: Owners) -> list[tuple[bytes, ...]]:
    """The values of entries `first` to `first + count - 1`, each entry's in the order in which they are stored."""
    rows = np.flatnonzero((owners >= first) & (owners < first + count))
    numbers = owners[rows].astype(np.int64)
    order = np.argsort(numbers, kind="stable")
    raw = values[rows[order]].tobytes()
    size = values.shape[1]
    bounds = (np.searchsorted(numbers[order], np.arange(first, first + count + 1)) * size).tolist()
    return [tuple(raw[at : at + size] for at in range(start, end, size)) for start, end in pairwise(bounds)]


def _texts(path: Path) -> Iterator[tuple[int, str, Opinion, tuple[tuple[str, str], ...]]]:
    """Number, key, opinion and opaque values of every entry, by number."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            opaque = iter(connection.execute(OPAQUE))
            ahead = next(opaque, None)
            for number, key, category, series, victim, offender, spread, tags in connection.execute(QUERY):
                own: list[tuple[str, str]] = []
                while ahead and ahead[0] == number:
                    own.append((ahead[1], ahead[2]))
                    ahead = next(opaque, None)
                truths = (_truth(victim), _truth(offender), _truth(spread))
                yield number, key, Opinion(category, series, *truths, tags=tuple(json.loads(tags))), tuple(own)
    except (sqlite3.DatabaseError, ValueError) as error:
        raise Damaged("release-entries-unreadable", "a release's entries cannot be read") from error


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)
