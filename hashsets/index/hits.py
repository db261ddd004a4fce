"""What a search of an index answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.uint8]
"""n values side by side: shape (n, bytes of one value)."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Pairs within reach as three arrays of one length, ascending by query and then by row, each pair once.

    `query` is the position in the batch, `row` the position in the set (or the id, where a set has ids), `distance`
    in bits.
    """

    query: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    distance: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.query)

    @classmethod
    def nothing(cls) -> Hits:
        """No pair."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8))

    @classmethod
    def of_parts(cls, parts: list[Hits]) -> Hits:
        """The hits of several searches, sorted; of a pair found more than once the nearest stays."""
        if not parts:
            return cls.nothing()
        query = np.concatenate([part.query for part in parts])
        row = np.concatenate([part.row for part in parts])
        distance = np.concatenate([part.distance for part in parts])
        order = np.lexsort((distance, row, query))
        query, row, distance = query[order], row[order], distance[order]
        first = np.ones(len(query), bool)
        first[1:] = (query[1:] != query[:-1]) | (row[1:] != row[:-1])
        return cls(query[first], row[first], distance[first])
