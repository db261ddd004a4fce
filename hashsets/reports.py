"""What a library tells of its releases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hashsets.manifests import Counts, DeltaFacts, Manifest
from hashsets.terms import Terms
from hashsets.vocabulary import SECOND_ALGORITHMS, SetKind


@dataclass(frozen=True, slots=True)
class NotComparable:
    """What a release lists that we can compare with nothing, to be said wherever its answers are shown.

    `values` counts by type name. `nothing_else` counts entries that list neither a digest nor a PDQ value and can
    therefore never be found.
    """

    set_name: str
    release_id: str
    values: Mapping[str, int]
    nothing_else: int

    @property
    def sentence(self) -> str:
        """One sentence for people."""
        listed = ", ".join(f"{count:,} {kind}" for kind, count in self.values.items())
        values = "value" if sum(self.values.values()) == 1 else "values"
        rest = f"{self.nothing_else:,} of its entries have nothing else that could be found"
        return f"Release {self.release_id} lists {listed} {values}, which this program cannot compare; {rest}."


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """A release as lists show it. `created` is ISO 8601 in UTC.

    `expires` is the first day (UTC) on which it answers no more; from then on it is `expired`, enabled or not.
    `delta` is what a delta made of its base, for releases that were made so. `silenced` counts the set's entries that
    we keep from answering today: disabled, quarantined, refuted.
    """

    release_id: str
    set_name: str
    set_kind: SetKind
    enabled: bool
    created: str
    source: str
    terms: Terms
    format: str
    input_sha256: str
    replaced: str | None
    counts: Counts
    expires: str | None = None
    expired: bool = False
    delta: DeltaFacts | None = None
    silenced: int = 0

    @property
    def not_comparable(self) -> NotComparable | None:
        """Values that are compared with nothing; None when there are none."""
        values = {kind: count for kind, count in self.counts.opaque.items() if kind not in set(SECOND_ALGORITHMS)}
        if not values:
            return None
        return NotComparable(self.set_name, self.release_id, values, self.counts.only_opaque)

    @classmethod
    def of(
        cls, manifest: Manifest, *, enabled: bool, expires: str | None, expired: bool, silenced: int
    ) -> ReleaseInfo:
        """What a manifest says, and what holds today beside it."""
        return cls(
            release_id=manifest.release_id,
            set_name=manifest.set_name,
            set_kind=manifest.set_kind,
            enabled=enabled,
            created=manifest.created,
            source=manifest.source,
            terms=manifest.terms,
            format=manifest.format,
            input_sha256=manifest.input_sha256,
            replaced=manifest.replaced,
            counts=manifest.counts,
            expires=expires,
            expired=expired,
            delta=manifest.delta,
            silenced=silenced,
        )


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import or a delta made.

    `rejects` counts what was not taken by its code, `first_rejects` are positions (of `positions`: lines, records…)
    and codes.
    `delta` says what a delta changed. One that changes nothing makes no release: then `release` is the one in force.
    """

    release: ReleaseInfo
    positions: str
    rejects: Mapping[str, int]
    first_rejects: tuple[tuple[int, str], ...]
    delta: DeltaFacts | None = None
