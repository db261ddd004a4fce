"""What it costs to add to a large set: one entry until it is found, many until they are merged; beside a rebuild.

The set holds random PDQ values, imported as a list. Times are wall clock, from the call to the entry's own answer,
and contain everything that a user waits for: staging, the layer, seals, self-probes, opening. The peer's index
(python-threatexchange) takes no additions once it is in use: it is built anew, which is timed over the same values.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from pathlib import Path

import numpy as np
from threatexchange.signal_type.pdq.pdq_index import PDQIndex

from bench.figures import Figure, arguments, report
from bench.skewed_values import Values, uniform
from hashsets import merging
from hashsets.deltas import Delta
from hashsets.library import Library
from hashsets.vocabulary import Entry, Fingerprint, FingerprintAlgorithm, Profile, SetKind

PEER = "python-threatexchange, index built anew"
TRIES = 5


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "").parse_args()
    count = 100_000 if options.quick else 10_000_000
    with tempfile.TemporaryDirectory(prefix="bench-adding-") as place:
        folder = Path(place)
        values = uniform(count)
        listed = folder / "list.txt"
        _write(listed, values)
        library = Library.open(folder / "library")
        begin = time.perf_counter()
        library.import_file(listed, name="large", kind=SetKind.KNOWN, format="pdq-list")
        imported = time.perf_counter() - begin
        listed.unlink()
        peer = _rebuilt(values)
        del values
        figures = [
            Figure(f"{count:,} PDQ lines imported", count / imported, "entries per s"),
            Figure("one entry added, until it is found", _added(library, 0), "s", PEER, peer, "less than 1"),
            *_many(library, folder / "library"),
        ]
    report("adding", figures, as_json=options.json)


def _added(library: Library, seed: int) -> float:
    """Add one entry and find it, several times over; the slowest."""
    slowest = 0.0
    for number in range(TRIES):
        value = hashlib.sha256(f"added {seed} {number}".encode()).digest()
        begin = time.perf_counter()
        library.apply_delta("large", Delta([(value.hex()[:8], Entry(value.hex()[:8], fingerprints=(value,)))]))
        found = library.lookup_fingerprints([Fingerprint(FingerprintAlgorithm.PDQ, Profile.PDQ_FULL, value)])
        slowest = max(slowest, time.perf_counter() - begin)
        if not found:
            raise AssertionError("an entry that was added is not found")
    return slowest


def _many(library: Library, root: Path) -> list[Figure]:
    """Fill the layer until merging is due, add one more, and merge while a reader asks."""
    entries = (
        (key, Entry(key, fingerprints=(hashlib.sha256(key.encode()).digest(),)))
        for key in map(str, range(merging.DUE_ABOVE))
    )
    begin = time.perf_counter()
    library.apply_delta("large", Delta(entries))
    filled = time.perf_counter() - begin
    last = _added(library, 1)
    begin = time.perf_counter()
    library.merge("large")
    merged = time.perf_counter() - begin
    begin = time.perf_counter()
    reader = Library.open(root)
    reader.lookup_fingerprints([Fingerprint(FingerprintAlgorithm.PDQ, Profile.PDQ_FULL, bytes(32))])
    return [
        Figure(f"{merging.DUE_ABOVE:,} entries added at once", filled, "s"),
        Figure("one more on a layer of that size", last, "s", goal="less than 1"),
        Figure("merging, readers go on meanwhile", merged, "s"),
        Figure("opening the merged release and asking it", time.perf_counter() - begin, "s", goal="at most 1"),
    ]


def _rebuilt(values: Values) -> float:
    begin = time.perf_counter()
    PDQIndex((value.tobytes().hex(), row) for row, value in enumerate(values))
    return time.perf_counter() - begin


def _write(path: Path, values: Values) -> None:
    with path.open("w", encoding="ascii") as file:
        for first in range(0, len(values), 100_000):
            digits = np.ascontiguousarray(values[first : first + 100_000]).tobytes().hex()
            file.writelines(f"pdq {digits[at : at + 64]}\n" for at in range(0, len(digits), 64))


if __name__ == "__main__":
    main()
