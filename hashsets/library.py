"""The enabled releases of all hash sets, and what they say of digests and fingerprints."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hashsets.errors import Damaged, HashSetError
from hashsets.importing import UNFINISHED, Description, Progress, alone, import_release, sweep
from hashsets.index.hamming import MAX_REACH
from hashsets.index.hits import Hits
from hashsets.index.segment_files import settle_folder, write_durably
from hashsets.manifests import Counts, Manifest
from hashsets.releases import Release, verify
from hashsets.vocabulary import (
    TRANSFORMS,
    Basis,
    Candidate,
    Digest,
    DigestAlgorithm,
    Fingerprint,
    FingerprintAlgorithm,
    SetKind,
    Transform,
)

STATE = "state.json"
RELEASES = "releases"


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """A release as lists show it. `created` is ISO 8601 in UTC."""

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


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import made. `first_rejects` are positions (of `positions`: lines or records) and codes."""

    release: ReleaseInfo
    positions: str
    first_rejects: tuple[tuple[int, str], ...]


class Library:
    """All releases under one folder. Releases are opened at the first lookup. Safe for many threads at once.

    A library answers from the releases that were enabled when it was opened or last refreshed, so that `version`
    names the state that an answer came from.
    """

    def __init__(self, root: Path, now: Callable[[], datetime]) -> None:
        self._root = root
        self._now = now
        self._lock = threading.Lock()
        self._enabled = _read_state(root)
        self._opened: dict[str, Release] = {}

    @classmethod
    def open(cls, root: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Library:
        """The library under `root`; an absent or empty folder is a library without releases. Raises Damaged."""
        return cls(root, now)

    @property
    def version(self) -> str:
        """The enabled releases by id, joined with `+`; `none` when there are none. For provenance."""
        return "+".join(self._enabled) or "none"

    def refresh(self) -> bool:
        """Take up what others have enabled or disabled since; whether anything changed. Raises Damaged."""
        enabled = _read_state(self._root)
        changed = enabled != self._enabled
        self._enabled = enabled
        return changed

    def releases(self) -> list[ReleaseInfo]:
        """All releases by set name and age. Raises Damaged."""
        folders = (self._root / RELEASES).glob("*") if (self._root / RELEASES).is_dir() else ()
        manifests = [Manifest.read(folder) for folder in folders if not folder.name.startswith(UNFINISHED)]
        return [
            self._info(manifest) for manifest in sorted(manifests, key=lambda found: (found.set_name, found.created))
        ]

    def import_file(
        self,
        path: Path,
        *,
        name: str,
        kind: SetKind,
        format: str = "auto",  # noqa: A002  # the word of the command line and of the manifest
        source: str = "",
        terms: str = "",
        columns: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Make a file the release in force of the set `name`; the one before stays on disk, disabled.

        Raises HashSetError; then the release in force is still the one before.
        """
        with alone(self._root):
            self.refresh()
            sweep(self._root / RELEASES)
            before = self._in_force(name)
            manifest = import_release(
                path,
                self._root / RELEASES,
                Description(name, kind, source, terms),
                format_name=format,
                columns=columns,
                replaced=before,
                now=self._now(),
                progress=progress,
            )
            self._set_enabled([*(found for found in self._enabled if found != before), manifest.release_id])
        return ImportReport(self._info(manifest), manifest.positions, manifest.first_rejects)

    def enable(self, release_id: str) -> None:
        """Put a release in force, and the set's other one out of it. Raises HashSetError when there is no such."""
        with alone(self._root):
            self.refresh()
            manifest = self._manifest(release_id)
            before = self._in_force(manifest.set_name)
            self._set_enabled([*(found for found in self._enabled if found != before), release_id])

    def disable(self, release_id: str) -> None:
        """Put a release out of force; it stays on disk. Raises HashSetError when it is not in force."""
        with alone(self._root):
            self.refresh()
            if release_id not in self._enabled:
                raise HashSetError("release-not-enabled", "no such release is in force")
            self._set_enabled([found for found in self._enabled if found != release_id])

    def verify(self) -> None:
        """Read every byte of every enabled release. Raises Damaged."""
        for release_id in self._enabled:
            verify(self._root / RELEASES / release_id)

    def release_folder(self, release_id: str) -> Path:
        """Where a release lies, in force or not. Raises HashSetError when there is no such."""
        folder = self._root / RELEASES / release_id
        if folder.name != release_id or release_id.startswith(".") or not folder.is_dir():
            raise HashSetError("release-unknown", "there is no release of this id")
        return folder

    def lookup_digests(self, digests: Sequence[Digest]) -> list[Candidate]:
        """Entries that list one of `digests`, by query, set and entry. Raises Damaged."""
        found: list[Candidate] = []
        for release in self._open_releases():
            for algorithm in DigestAlgorithm:
                asked = [place for place, digest in enumerate(digests) if digest.algorithm is algorithm]
                hits = release.find_exact(algorithm, [digests[place].value for place in asked])
                entries = release.entries(hits.entry.tolist())
                for query, number in zip(hits.query.tolist(), hits.entry.tolist(), strict=True):
                    key, opinion = entries[number]
                    found.append(
                        Candidate(
                            query=asked[query],
                            set_name=release.manifest.set_name,
                            set_kind=release.manifest.set_kind,
                            release_id=release.release_id,
                            entry_key=key,
                            basis=Basis.EXACT,
                            algorithm=algorithm.value,
                            profile=None,
                            distance=0,
                            transform=Transform.IDENTITY,
                            opinion=opinion,
                        )
                    )
        return sorted(found, key=_order)

    def lookup_fingerprints(
        self, fingerprints: Sequence[Fingerprint], reach: int | Mapping[str, int] = MAX_REACH
    ) -> list[Candidate]:
        """Entries within `reach` bits of one of `fingerprints` or of its variants, by query, distance, set and entry.

        Only PDQ is compared; others find nothing. Of several transforms that lead to an entry the nearest is named,
        of equally near ones the first of `TRANSFORMS`. A mapping gives the reach (0..31) for each set to be asked;
        sets that it does not name are not asked. Raises Damaged.
        """
        asked = _Variants.of(fingerprints)
        found: list[Candidate] = []
        for release in self._open_releases():
            name = release.manifest.set_name
            within = reach if isinstance(reach, int) else reach.get(name)
            if within is None or not len(asked.values):
                continue
            hits, transforms = asked.nearest(release.find_near(asked.values, within))
            entries = release.entries(hits.row.tolist())
            for query, number, distance, transform in zip(
                hits.query.tolist(), hits.row.tolist(), hits.distance.tolist(), transforms.tolist(), strict=True
            ):
                key, opinion = entries[number]
                found.append(
                    Candidate(
                        query=query,
                        set_name=name,
                        set_kind=release.manifest.set_kind,
                        release_id=release.release_id,
                        entry_key=key,
                        basis=Basis.NEAR,
                        algorithm=FingerprintAlgorithm.PDQ.value,
                        profile=fingerprints[query].profile,
                        distance=distance,
                        transform=TRANSFORMS[transform],
                        opinion=opinion,
                    )
                )
        return sorted(found, key=_order)

    def _open_releases(self) -> list[Release]:
        with self._lock:
            self._opened = {
                release_id: self._opened.get(release_id) or Release.open(self._root / RELEASES / release_id)
                for release_id in self._enabled
            }
            return list(self._opened.values())

    def _manifest(self, release_id: str) -> Manifest:
        return Manifest.read(self.release_folder(release_id))

    def _in_force(self, set_name: str) -> str | None:
        return next((found for found in self._enabled if self._manifest(found).set_name == set_name), None)

    def _set_enabled(self, enabled: Sequence[str]) -> None:
        ordered = tuple(sorted(enabled))
        fresh = self._root / f"{STATE}.new"
        fresh.unlink(missing_ok=True)
        write_durably(fresh, json.dumps({"layout": 1, "enabled": ordered}, indent=1).encode())
        fresh.replace(self._root / STATE)
        settle_folder(self._root)
        self._enabled = ordered

    def _info(self, manifest: Manifest) -> ReleaseInfo:
        return ReleaseInfo(
            release_id=manifest.release_id,
            set_name=manifest.set_name,
            set_kind=manifest.set_kind,
            enabled=manifest.release_id in self._enabled,
            created=manifest.created,
            source=manifest.source,
            terms=manifest.terms,
            format=manifest.format,
            input_sha256=manifest.input_sha256,
            replaced=manifest.replaced,
            counts=manifest.counts,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Variants:
    """All values to be asked for, and which fingerprint and transform each belongs to."""

    values: npt.NDArray[np.uint8]
    query: npt.NDArray[np.int64]
    transform: npt.NDArray[np.int64]

    @classmethod
    def of(cls, fingerprints: Sequence[Fingerprint]) -> _Variants:
        """The eight variants of every PDQ fingerprint, or its value alone where it has none."""
        rows = [
            (query, transform, value)
            for query, fingerprint in enumerate(fingerprints)
            if fingerprint.algorithm is FingerprintAlgorithm.PDQ
            for transform, value in enumerate(fingerprint.variants or (fingerprint.value,))
        ]
        values = np.frombuffer(b"".join(value for *_, value in rows), np.uint8)
        return cls(
            values.reshape(len(rows), FingerprintAlgorithm.PDQ.size),
            np.array([query for query, *_ in rows], np.int64),
            np.array([transform for _, transform, _ in rows], np.int64),
        )

    def nearest(self, hits: Hits) -> tuple[Hits, npt.NDArray[np.int64]]:
        """Of each fingerprint and entry the nearest hit, and its transform."""
        query, transform = self.query[hits.query], self.transform[hits.query]
        order = np.lexsort((transform, hits.distance, hits.row, query))
        query, row = query[order], hits.row[order]
        first = np.ones(len(order), bool)
        first[1:] = (query[1:] != query[:-1]) | (row[1:] != row[:-1])
        return Hits(query[first], row[first], hits.distance[order][first]), transform[order][first]


def _order(candidate: Candidate) -> tuple[int, int, str, str, str]:
    return candidate.query, candidate.distance, candidate.set_name, candidate.entry_key, candidate.algorithm


def _read_state(root: Path) -> tuple[str, ...]:
    try:
        document = json.loads((root / STATE).read_bytes())
        return tuple(str(found) for found in document["enabled"])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged("library-state-unreadable", "the list of enabled releases cannot be read") from error
