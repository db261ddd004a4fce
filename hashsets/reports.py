"""What a library tells of its releases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hashsets.manifests import Counts, DeltaFacts, Manifest
from hashsets.vocabulary import SetKind


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """A release as lists show it. `created` is ISO 8601 in UTC.

    `expires` is the first day (UTC) on which it answers no more; from then on it is `expired`, enabled or not.
    `delta` is what a delta made of its base, for releases that were made so.
    """

    release_id: str
    set_name: str
    set_kind: SetKind
    enabled: bool
    created: str
    source: str
    terms: str
    format: str
    input_sha256: str
    replaced: str | None
    counts: Counts
    expires: str | None = None
    expired: bool = False
    delta: DeltaFacts | None = None

    @classmethod
    def of(cls, manifest: Manifest, *, enabled: bool, today: date) -> ReleaseInfo:
        """What a manifest says, and what holds today."""
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
            expires=manifest.expires,
            expired=manifest.expired_on(today),
            delta=manifest.delta,
        )


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import or a delta made. `first_rejects` are positions (of `positions`: lines, records…) and codes.

    `delta` says what a delta changed. One that changes nothing makes no release: then `release` is the one in force.
    """

    release: ReleaseInfo
    positions: str
    first_rejects: tuple[tuple[int, str], ...]
    delta: DeltaFacts | None = None
