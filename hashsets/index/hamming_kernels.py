"""Compiled loops of the radius search over 256-bit values held as four little-endian words.

Every kernel that finds pairs takes an array for them and returns how many there are; when that is more than the array
holds, nothing past its end was written and the caller comes again with more room. Offsets and row numbers
come from files, so they are checked before use: a kernel answers `DAMAGED` instead of reading past an array.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hashsets.compiling import exact_kernel, inlined
from hashsets.index.instructions import ones, prefetch

Words = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.uint32]
Ints = npt.NDArray[np.int64]
Distances = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

DAMAGED = -1
TILE = 2048  # rows of the flat scan that stay in the nearest cache while every query passes over them
PROBES = 2048  # buckets looked up together, so that their loads do not wait for one another
ROW_SHIFT, QUERY_SHIFT = 8, 40
TOGETHER = 16  # queries that go through the chunks together: what they bring near stays in the cache
CROWD = 8192  # rows gathered before they are compared, for the same reason


@inlined
def chunk_key(w0: np.uint64, w1: np.uint64, w2: np.uint64, w3: np.uint64, start: int, width: int) -> np.uint64:
    """The `width` (< 64) bits from bit `start` of a value."""
    word = start >> 6
    shift = start & 63
    low = w0 if word == 0 else w1 if word == 1 else w2 if word == 2 else w3
    key = low >> np.uint64(shift)
    if shift + width > 64:
        high = w1 if word == 0 else w2 if word == 1 else w3
        key |= high << np.uint64(64 - shift)
    return key & np.uint64((1 << width) - 1)


@exact_kernel
def fill_table(values: Words, start: int, width: int, offsets: Rows, rows: Rows) -> float:
    """Sort row numbers by one chunk's key: rows of key k are `rows[offsets[k]:offsets[k + 1]]`, ascending.

    `offsets` has 2**width + 1 zeros on entry. Returns the mean bucket that a member of the set meets, in rows.
    """
    count = values.shape[0]
    for i in range(count):
        offsets[np.int64(chunk_key(values[i, 0], values[i, 1], values[i, 2], values[i, 3], start, width)) + 1] += (
            np.uint32(1)
        )
    squares = 0.0
    for k in range(1 << width):
        squares += np.float64(offsets[k + 1]) * np.float64(offsets[k + 1])
        offsets[k + 1] += offsets[k]
    for i in range(count):
        key = np.int64(chunk_key(values[i, 0], values[i, 1], values[i, 2], values[i, 3], start, width))
        rows[offsets[key]] = i
        offsets[key] += np.uint32(1)
    for k in range(1 << width, 0, -1):  # each offset now stands at its bucket's end: move all back by one
        offsets[k] = offsets[k - 1]
    offsets[0] = 0
    mean: float = squares / max(count, 1)
    return mean


@exact_kernel
def report(found: int, query: int | np.int64, row: int | np.int64, distance: np.uint8, out: Ints) -> int:
    """Write one result if there is room for it; returns how many there are now.

    A result is one number that sorts by query (23 bits), then row (32 bits), then distance (8 bits).
    """
    if found < out.shape[0]:
        out[found] = (query << QUERY_SHIFT) | (row << ROW_SHIFT) | distance
    return found + 1


@exact_kernel
def scan(values: Words, queries: Words, numbers: Ints, reach: int, out: Ints) -> int:
    """Compare every query with every value, reporting query q as `numbers[q]`.

    Most pairs are settled by their first 128 bits alone.
    """
    found = 0
    count = values.shape[0]
    c0 = np.empty(TILE, np.uint64)
    c1 = np.empty(TILE, np.uint64)
    half = np.empty(TILE, np.uint8)
    limit = np.uint64(reach)
    for first in range(0, count, TILE):
        size = min(TILE, count - first)
        for j in range(size):
            c0[j] = values[first + j, 0]
            c1[j] = values[first + j, 1]
        for q in range(queries.shape[0]):
            q0 = queries[q, 0]
            q1 = queries[q, 1]
            near = 0
            for j in range(size):
                bits = ones(c0[j] ^ q0) + ones(c1[j] ^ q1)
                half[j] = np.uint8(bits)
                near += 1 if bits <= limit else 0
            if near == 0:
                continue
            for j in range(size):
                if half[j] <= reach:
                    row = first + j
                    bits = (
                        np.uint64(half[j])
                        + ones(values[row, 2] ^ queries[q, 2])
                        + ones(values[row, 3] ^ queries[q, 3])
                    )
                    if bits <= limit:
                        found = report(found, numbers[q], row, np.uint8(bits), out)
    return found


EMPTY = np.uint32(0xFFFF_FFFF)
"""A slot of the hash table that holds no row: more than any set has."""


@exact_kernel
def tell_apart(values: Words, key: Words, slots: Rows, first: Rows) -> int:
    """Find repeated values: `first[row]` becomes the first row of the same value; returns how many values differ.

    `slots` is an open hash table, all `EMPTY`, whose length is a power of two above the number of rows. `key` is four
    odd random numbers: whoever makes a list cannot foresee which of its values meet in one slot.
    """
    mask = np.uint64(slots.shape[0] - 1)
    distinct = 0
    for i in range(values.shape[0]):
        mixed = (values[i, 0] ^ key[0]) * key[1]
        mixed = (mixed ^ (mixed >> np.uint64(32)) ^ values[i, 1]) * key[2]
        mixed = (mixed ^ (mixed >> np.uint64(32)) ^ values[i, 2]) * key[3]
        mixed = (mixed ^ (mixed >> np.uint64(32)) ^ values[i, 3]) * key[1]
        slot = (mixed >> np.uint64(20)) & mask
        while True:
            row = slots[slot]
            if row == EMPTY:
                slots[slot] = i
                first[i] = i
                distinct += 1
                break
            if (
                values[row, 0] == values[i, 0]
                and values[row, 1] == values[i, 1]
                and values[row, 2] == values[i, 2]
                and values[row, 3] == values[i, 3]
            ):
                first[i] = row
                break
            slot = (slot + np.uint64(1)) & mask
    return distinct


@exact_kernel
def met_before(query: Words, value: Words, chunk: int, starts: Ints, widths: Ints, radii: Ints) -> bool:
    """Whether a chunk before this one leads from the query to the value too."""
    d0, d1, d2, d3 = query[0] ^ value[0], query[1] ^ value[1], query[2] ^ value[2], query[3] ^ value[3]
    for c in range(chunk):  # noqa: SIM110  # compiled; a generator in `any` would cost an object per result
        if np.int64(ones(chunk_key(d0, d1, d2, d3, starts[c], widths[c]))) <= radii[c]:
            return True
    return False


@exact_kernel
def look_up(offsets: Rows, base: int, key: np.uint64, masks: Words, rows: Rows, begin: Ints, length: Ints) -> None:
    """Where the buckets of `key ^ mask` begin in `rows`, and how long they are, for each of `masks`.

    Everything is asked of the memory before any of it is needed, so that the answers arrive together.
    """
    for t in range(masks.shape[0]):
        prefetch(offsets, base + np.int64(key ^ masks[t]))
    for t in range(masks.shape[0]):
        k = base + np.int64(key ^ masks[t])
        begin[t] = np.int64(offsets[k])
        length[t] = np.int64(offsets[k + 1]) - np.int64(offsets[k])
        prefetch(rows, begin[t])


@exact_kernel
def gather(values: Words, begin: Ints, length: Ints, buckets: int, cursor: Ints, rows: Rows, crowd: Rows) -> int:
    """Copy row numbers from buckets into `crowd` until it is full; `cursor` is (bucket, position in it)."""
    count = values.shape[0]
    gathered = 0
    while cursor[0] < buckets and gathered < CROWD:
        bucket = cursor[0]
        if length[bucket] < 0 or begin[bucket] + length[bucket] > count:
            return DAMAGED
        take = min(length[bucket] - cursor[1], CROWD - gathered)
        for y in range(take):
            row = rows[begin[bucket] + cursor[1] + y]
            crowd[gathered + y] = row
            prefetch(values, np.int64(row))
        gathered += take
        cursor[1] += take
        if cursor[1] == length[bucket]:
            cursor[0] += 1
            cursor[1] = 0
    return gathered


@exact_kernel
def keep_near(values: Words, query: Words, reach: int, crowd: Rows, gathered: int, near: Distances) -> int:
    """Move the rows within reach to the front of `crowd`, their distances into `near`; returns how many."""
    if gathered == DAMAGED:
        return DAMAGED
    count = values.shape[0]
    kept = 0
    q0, q1, q2, q3 = query[0], query[1], query[2], query[3]
    for y in range(gathered):
        row = np.int64(crowd[y])
        if row >= count:
            return DAMAGED
        bits = np.int64(
            ones(values[row, 0] ^ q0)
            + ones(values[row, 1] ^ q1)
            + ones(values[row, 2] ^ q2)
            + ones(values[row, 3] ^ q3)
        )
        if bits <= reach:
            crowd[kept] = row
            near[kept] = bits
            kept += 1
    return kept


@exact_kernel
def report_first(
    values: Words,
    query: Words,
    number: int,
    chunk: int,
    starts: Ints,
    widths: Ints,
    radii: Ints,
    kept: Rows,
    near: Distances,
    found: int,
    out: Ints,
) -> int:
    """Report those of the rows kept to which no chunk before this one has led; returns how many results there are."""
    for y in range(kept.shape[0]):
        row = np.int64(kept[y])
        if not met_before(query, values[row], chunk, starts, widths, radii):
            found = report(found, number, row, near[y], out)
    return found


@exact_kernel
def probe(
    values: Words,
    offsets: Rows,
    rows: Rows,
    starts: Ints,
    widths: Ints,
    bases: Ints,
    radii: Ints,
    masks: Words,
    mask_bounds: Ints,
    queries: Words,
    reach: int,
    patience: int,
    crowded: Flags,
    out: Ints,
) -> int:
    """Multi-index search: look up each chunk of a query within that chunk's radius, compare what lies there.

    `offsets` of chunk c begin at `bases[c]`, its rows are `rows[c]`, its bit flips `masks[mask_bounds[c]:...]`.
    A query that meets more than `patience` rows is set in `crowded`, and what was found for it is of no use: a flat
    scan is cheaper. A value is reported by the first chunk that leads to it, so nothing is reported twice.

    Neighbouring queries go through the chunks together. Those of one picture agree in many chunks (its two profiles
    lie a few bits apart), and the second then meets nothing but what the first has just brought near.
    """
    found = 0
    begin = np.empty(PROBES, np.int64)
    length = np.empty(PROBES, np.int64)
    crowd = np.empty(CROWD, np.uint32)
    near = np.empty(CROWD, np.uint8)
    cursor = np.empty(2, np.int64)
    met = np.zeros(queries.shape[0], np.int64)
    for first in range(0, queries.shape[0], TOGETHER):
        for c in range(starts.shape[0]):
            chunk_rows = rows[c]
            for q in range(first, min(first + TOGETHER, queries.shape[0])):
                query = queries[q]
                key = chunk_key(query[0], query[1], query[2], query[3], starts[c], widths[c])
                mask = mask_bounds[c]
                while mask < mask_bounds[c + 1] and met[q] <= patience:
                    buckets = min(mask_bounds[c + 1] - mask, PROBES)
                    look_up(offsets, bases[c], key, masks[mask : mask + buckets], chunk_rows, begin, length)
                    mask += buckets
                    cursor[:] = 0
                    while cursor[0] < buckets and met[q] <= patience:
                        gathered = gather(values, begin, length, buckets, cursor, chunk_rows, crowd)
                        kept = keep_near(values, query, reach, crowd, gathered, near)
                        if kept == DAMAGED:
                            return DAMAGED
                        met[q] += gathered
                        found = report_first(
                            values, query, q, c, starts, widths, radii, crowd[:kept], near, found, out
                        )
    crowded[:] = met > patience
    return found
