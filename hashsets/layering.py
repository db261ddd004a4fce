"""From a release and staged updates to the next release's layer: the few entries that differ from the volume below.

What an earlier layer held is written anew together with the updates, so that there is one layer at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from hashsets.delta_staging import Change, Staging, UpdateReject
from hashsets.formats.records import Read
from hashsets.index.segment_files import write_segment
from hashsets.manifests import Counts, Layer
from hashsets.release_builder import ReleaseBuilder, test_class_entries
from hashsets.releases import GONE, GONE_KIND, Release
from hashsets.vocabulary import Entry


@dataclass(slots=True)
class Effect:
    """What a delta changes of its base, in entries. `touched` are numbers of entries of the base that go."""

    added: int = 0
    changed: int = 0
    retracted: int = 0
    unchanged: int = 0
    touched: set[int] = field(default_factory=set)

    @property
    def is_nothing(self) -> bool:
        """Whether the release would stay as it is."""
        return not (self.added or self.changed or self.retracted)


def resolve(staging: Staging, base: Release | None) -> Effect:
    """Compare the updates with the base; those that change nothing are dropped from the staging. Raises Damaged."""
    effect = Effect()
    gone: set[int] = set()
    for changes in staging.changes():
        dropped = _resolve(changes, base, staging, effect, gone)
        staging.drop(dropped)
    effect.retracted = len(gone)
    effect.touched |= gone
    return effect


def _resolve(
    changes: Sequence[Change], base: Release | None, staging: Staging, effect: Effect, gone: set[int]
) -> list[str]:
    """Resolve one batch; keys of the updates that change nothing. `gone` grows by what is retracted."""
    keys = [change.key for change in changes]
    found = base.find_keys(keys) if base else {}
    dropped: list[str] = []
    for change in changes:
        number, content = found.get(change.key, (None, None))
        if change.content is None:
            if number is None:
                staging.reject(change.position, UpdateReject.RETRACTS_UNKNOWN)
            else:
                gone.add(number)
        elif number is None:
            effect.added += 1
        elif content == change.content:
            effect.unchanged += 1
            dropped.append(change.key)
        else:
            effect.changed += 1
            effect.touched.add(number)
    unknown = {change.key for change in changes if change.content is None and change.key not in found}
    gone |= _continuations(base, staging, [key for key in keys if key not in unknown]) if base else set()
    return dropped


def _continuations(base: Release, staging: Staging, keys: Sequence[str]) -> set[int]:
    """What else the source listed under a key of the delta goes, unless the delta concerns it by its own key."""
    continued = base.continued(keys)
    concerned = staging.replaces([key for _, key in continued])
    return {number for number, key in continued if key not in concerned}


def write_layer(
    base: Release, staging: Staging, effect: Effect, growing: Path, test_classes: Sequence[str]
) -> tuple[Counts, Layer]:
    """Write the layer to `growing`, and count the entries of the whole release. Raises Damaged."""
    span = base.below.span
    below = sorted(number for number in effect.touched if number < span)
    kept = (Read(0, entry) for number, entry in _earlier(base) if number + span not in effect.touched)
    fresh = write_entries(chain(kept, staging.records()), growing, test_classes)
    gone = np.union1d(base.gone, np.array(below, np.uint32))
    write_segment(growing / GONE, GONE_KIND, {}, {"numbers": gone})
    left = (entry for _, entry in chain(_earlier(base), base.some(below)))
    counts = _without(base.manifest.counts, left).plus(fresh, staging.rejects, test_classes)
    return counts, Layer(base.ground, fresh.entries, len(gone))


def _earlier(base: Release) -> Iterator[tuple[int, Entry]]:
    return base.above.contents() if base.above else iter(())


def write_entries(records: Iterable[Read], growing: Path, test_classes: Sequence[str]) -> Counts:
    """Write a volume of entries whose keys all differ."""
    builder = ReleaseBuilder(growing, test_classes)
    try:
        builder.take(records)
        return builder.finish()
    finally:
        builder.abandon()


@dataclass(frozen=True, slots=True)
class _Remaining:
    entries: int
    categories: Counter[str]
    digests: Counter[str]
    fingerprints: Counter[str]
    opaque: Counter[str]
    only_opaque: int

    def plus(self, fresh: Counts, rejects: Mapping[str, int], test_classes: Sequence[str]) -> Counts:
        categories = _sum(self.categories, fresh.categories)
        return Counts(
            entries=self.entries + fresh.entries,
            categories=categories,
            digests=_sum(self.digests, fresh.digests),
            fingerprints=_sum(self.fingerprints, fresh.fingerprints),
            opaque=_sum(self.opaque, fresh.opaque),
            rejects=dict(sorted(rejects.items())),
            test_class=test_class_entries(categories, test_classes),
            only_opaque=self.only_opaque + fresh.only_opaque,
        )


def _without(counts: Counts, entries: Iterable[Entry]) -> _Remaining:
    """What is counted of a release, without some of its entries."""
    number, only_opaque, categories, digests, fingerprints, opaque = 0, 0, *(Counter[str]() for _ in range(4))
    for entry in entries:
        number += 1
        only_opaque += not (entry.digests or entry.fingerprints)
        categories[entry.opinion.category or ""] += 1
        digests.update(digest.algorithm.value for digest in entry.digests)
        fingerprints["pdq"] += len(entry.fingerprints)
        opaque.update(kind for kind, _ in entry.opaque)
    return _Remaining(
        counts.entries - number,
        _difference(counts.categories, categories),
        _difference(counts.digests, digests),
        _difference(counts.fingerprints, fingerprints),
        _difference(counts.opaque, opaque),
        counts.only_opaque - only_opaque,
    )


def _difference(counted: Mapping[str, int], without: Counter[str]) -> Counter[str]:
    left = Counter(counted)
    left.subtract(without)
    return left


def _sum(left: Counter[str], fresh: Mapping[str, int]) -> dict[str, int]:
    total = Counter(left)
    total.update(fresh)
    return {name: count for name, count in sorted(total.items()) if count}
