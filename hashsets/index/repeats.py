"""Which rows of a set hold one and the same value, so that an index keeps and compares each value once.

Lists of the field hold crowds of equal values: one blank page, one logo, one picture under a hundred names. Compared
one by one they cost a search most of its time; told apart beforehand they cost nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hashsets.index.hamming_kernels import EMPTY, ROW_SHIFT, Ints, Rows, Words, tell_apart

ROW_MASK = ((1 << 32) - 1) << ROW_SHIFT


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """From distinct values, numbered in the order in which they first occur, to the rows of a set.

    `first` is the first row of each distinct value, ascending; it is empty where no value is repeated, and then a
    value's number is its row. `again_row` are all further rows, ordered by `again_of`, the number of their value.
    """

    first: Rows
    again_of: Rows
    again_row: Rows

    @classmethod
    def none(cls) -> Repeats:
        """Of a set whose values all differ."""
        nothing = np.empty(0, np.uint32)
        return cls(nothing, nothing, nothing)

    @classmethod
    def among(cls, words: Words) -> tuple[Repeats, Words]:
        """The repeats among values of shape (n, 4), and the distinct values: `words` itself where all are."""
        slots = np.full(1 << max(4, (3 * len(words) // 2).bit_length()), EMPTY, np.uint32)
        first_of_row = np.empty(len(words), np.uint32)
        key = np.array([secrets.randbits(64) | 1 for _ in range(4)], np.uint64)
        distinct = tell_apart(words, key, slots, first_of_row)
        if distinct == len(words):
            return cls.none(), words
        del slots
        rows = np.arange(len(words), dtype=np.uint32)
        is_first = first_of_row == rows
        first = rows[is_first]
        again_row = rows[~is_first]
        again_of = np.searchsorted(first, first_of_row[again_row]).astype(np.uint32)
        order = np.argsort(again_of, kind="stable")
        return cls(first, again_of[order], again_row[order]), words[first]

    def __len__(self) -> int:
        """Rows beyond the first of their value."""
        return len(self.again_row)

    def fits(self, distinct: int) -> bool:
        """Whether the arrays, read from files, belong together and to so many distinct values."""
        if not len(self.first):
            return not len(self.again_of) and not len(self.again_row)
        count = distinct + len(self.again_row)
        return (
            len(self.first) == distinct
            and len(self.again_of) == len(self.again_row)
            and int(self.first[-1]) < count
            and bool((self.again_of < distinct).all())
            and bool((self.again_row < count).all())
        )

    def rows_of(self, found: Ints) -> Ints:
        """Results that name distinct values (see `hamming_kernels.report`) as results that name rows."""
        if not len(self.first):
            return found
        number = ((found & ROW_MASK) >> ROW_SHIFT).astype(np.uint32)  # another type would have all of `again_of` cast
        begin = np.searchsorted(self.again_of, number, side="left")
        count = np.searchsorted(self.again_of, number, side="right") - begin
        rest = found & ~ROW_MASK
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        further = self.again_row[np.repeat(begin, count) + within].astype(np.int64)
        return np.concatenate(
            (
                rest | self.first[number].astype(np.int64) << ROW_SHIFT,
                np.repeat(rest, count) | further << ROW_SHIFT,
            )
        )

    def numbers_of(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The number of the distinct value that stands in each of `rows`."""
        if not len(self.first):
            return rows
        asked = rows.astype(np.uint32)
        place = np.minimum(np.searchsorted(self.first, asked), len(self.first) - 1)
        repeated = np.flatnonzero(self.first[place] != asked)
        if len(repeated):
            order = np.argsort(self.again_row)
            among = np.searchsorted(self.again_row, asked[repeated], sorter=order)
            place[repeated] = self.again_of[order[among]]
        return place
