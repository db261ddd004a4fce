"""The enabled releases of all hash sets, and what they say of digests and fingerprints."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from hashsets.answers import Answering, Variants, exact_candidates, near_candidates, order
from hashsets.categories import TEST_CLASSES
from hashsets.deltas import POSITIONS, Delta, make_release
from hashsets.errors import HashSetError
from hashsets.formats.detect import FORMATS, Format
from hashsets.importing import Description, import_release
from hashsets.index.hamming import REACH
from hashsets.keeping import EntryChange, FileKeeper, Keeper, ReleaseChange
from hashsets.merging import Step, is_due, merge
from hashsets.placing import alone, sweep
from hashsets.releases import Release
from hashsets.reports import ImportReport, ReleaseInfo
from hashsets.standing import RELEASES, Standing, without
from hashsets.states import (
    VERDICTS,
    EntryState,
    Feedback,
    StateChange,
)
from hashsets.terms import AS_BEFORE, UNSTATED, Terms, TermsGiven
from hashsets.verifying import ReleaseCheck, check_releases
from hashsets.vocabulary import Candidate, Digest, Fingerprint, SetKind, StateKind
from hashsets.watched_input import Progress

__all__ = ["ImportReport", "Library", "ReleaseInfo"]


class Library:
    """All releases under one folder. Releases are opened at the first lookup. Safe for many threads at once.

    A library answers from the releases that were enabled, and the states of entries, when it was opened or last
    refreshed, so that `version` names the state that an answer came from. Days are those of `now`, in UTC.
    """

    def __init__(
        self,
        root: Path,
        now: Callable[[], datetime],
        test_classes: Sequence[str],
        formats: Sequence[Format],
        keeper: Keeper,
    ) -> None:
        self._root = root
        self._formats = formats
        self._test_classes = tuple(test_classes)
        self._lock = threading.Lock()
        self._opened: dict[str, Release] = {}
        self._standing = Standing(root, now, keeper)

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        test_classes: Sequence[str] = TEST_CLASSES,
        formats: Sequence[Format] = FORMATS,
        keeper: Keeper | None = None,
    ) -> Library:
        """The library under `root`; an absent or empty folder is a library without releases. Raises Damaged.

        Entries whose category is one of `test_classes` (in any scheme and case) never answer. `formats` are those
        that files may be imported in. A `keeper` keeps what is in force, and is first asked when that is needed;
        without one it is in files in `root`, and read now.
        """
        library = cls(root, now, test_classes, formats, keeper or FileKeeper(root))
        if not keeper:
            library.refresh()
        return library

    @property
    def version(self) -> str:
        """What answers, for provenance: the enabled releases that have not expired, by id, joined with `+`.

        `none` when there are none. Once anything has been said of entries, `States.version` follows as a last part.
        """
        return self._standing.version

    def refresh(self) -> bool:
        """Take up what others have enabled, disabled or said since; whether anything changed. Raises Damaged."""
        return self._standing.refresh()

    def releases(self) -> list[ReleaseInfo]:
        """All releases by set name and age. Raises Damaged."""
        return [self._standing.info(manifest) for manifest in self._standing.manifests()]

    def answering_sets(self) -> dict[str, SetKind]:
        """Names and kinds of the sets whose release in force answers today. Cheap: asked for every batch of items.

        Raises Damaged.
        """
        manifests = map(
            self._standing.known_manifest,
            self._standing.answering_ids(self._standing.held.releases, self._standing.today()),
        )
        return {manifest.set_name: manifest.set_kind for manifest in manifests}

    def info(self, release_id: str) -> ReleaseInfo:
        """A release, in force or not. Raises HashSetError when there is no such; Damaged."""
        return self._standing.info(self._standing.manifest(release_id))

    def in_force(self, set_name: str) -> ReleaseInfo:
        """The release in force of a set. Raises HashSetError when there is none, or no such set; Damaged."""
        return self._standing.info(self._standing.required(set_name))

    def release_of(self, set_name: str) -> str | None:
        """The id of the release in force of a set, if there is one. Raises Damaged."""
        manifest = self._standing.in_force(set_name)
        return manifest.release_id if manifest else None

    def import_file(
        self,
        path: Path,
        *,
        name: str,
        kind: SetKind,
        format: str = "auto",  # noqa: A002  # the word of the command line and of the manifest
        source: str = "",
        terms: Terms = UNSTATED,
        columns: Mapping[str, str] | None = None,
        expires: date | None = None,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Make a file the release in force of the set `name`; the one before stays on disk, disabled.

        `expires` is the first day (UTC) on which the release answers no more. Raises HashSetError; then the release
        in force is still the one before.
        """
        with alone(self._root):
            self.refresh()
            sweep(self._root / RELEASES)
            before = self._standing.in_force(name)
            manifest = import_release(
                path,
                self._root / RELEASES,
                Description(
                    name, kind, source, terms, self._standing.stamp(), before.release_id if before else None, expires
                ),
                format_name=format,
                formats=self._formats,
                columns=columns,
                test_classes=self._test_classes,
                progress=progress,
            )
            self._standing.change(
                ReleaseChange(
                    "imported",
                    manifest.release_id,
                    {
                        "set": manifest.set_name,
                        "kind": manifest.set_kind.value,
                        "entries": manifest.counts.entries,
                        "input_sha256": manifest.input_sha256,
                        "replaced": manifest.replaced,
                        "expires": manifest.expires,
                    },
                    partial(self._standing.in_its_place, manifest),
                )
            )
        return ImportReport(
            self._standing.info(manifest), manifest.positions, manifest.counts.rejects, manifest.first_rejects
        )

    def apply_delta(
        self,
        set_name: str,
        delta: Delta,
        *,
        kind: SetKind | None = None,
        source: str | None = None,
        terms: TermsGiven = AS_BEFORE,
        expires: date | None = None,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Make the release in force of a set and a delta the set's new release in force; the base stays, disabled.

        A set without any release gets its first (of `kind`, else known). What is not given is as in the base. Nobody
        else can change the library while the updates are read: fetch them first. Raises HashSetError; then the
        release in force is still the one before.
        """
        with alone(self._root):
            self.refresh()
            sweep(self._root / RELEASES)
            base = self._standing.base_of(set_name, kind)
            expiry = self._standing.held.releases.expiry(base) if base else None
            told = Description(
                set_name,
                base.set_kind if base else kind or SetKind.KNOWN,
                base.source if base and source is None else source or "",
                terms.over(base.terms if base else UNSTATED),
                self._standing.stamp(),
                base.release_id if base else None,
                expires or expiry,
            )
            application = make_release(
                delta,
                self.release_folder(base.release_id) if base else None,
                self._root / RELEASES,
                told,
                test_classes=self._test_classes,
                progress=progress,
                described_anew=bool(
                    base and (base.source, base.terms, expiry) != (told.source, told.terms, told.expires)
                ),
            )
            in_force = application.manifest or base
            assert in_force
            self._standing.change(
                ReleaseChange(
                    "applied",
                    in_force.release_id,
                    {
                        "set": in_force.set_name,
                        "kind": in_force.set_kind.value,
                        "entries": in_force.counts.entries,
                        "input_sha256": delta.input_sha256() if delta.input_sha256 else None,
                        "base": base.release_id if base else None,
                        "added": application.facts.added,
                        "changed": application.facts.changed,
                        "retracted": application.facts.retracted,
                        "expires": in_force.expires,
                    },
                    partial(self._standing.on_its_base, application.manifest, base, delta.checkpoint),
                )
            )
        return ImportReport(
            self._standing.info(in_force),
            POSITIONS,
            application.rejects,
            application.first_rejects,
            application.facts,
        )

    def merge(self, set_name: str, step: Step = lambda _name: None) -> bool:
        """Make one volume of the set's release in force and of the one that it lies on, if that has become due.

        The release stays the same one. Readers go on with what they have open, and nobody waits: releases may be made
        meanwhile. May be interrupted. Whether anything was merged. Raises HashSetError.
        """
        manifest = self._standing.in_force(set_name)
        return manifest is not None and is_due(manifest) and merge(self.release_folder(manifest.release_id), step)

    def checkpoint(self, set_name: str) -> str | None:
        """Where the source of a set says to go on after the release in force. Raises Damaged."""
        manifest = self._standing.in_force(set_name)
        return self.checkpoint_of(manifest.release_id) if manifest else None

    def checkpoint_of(self, release_id: str) -> str | None:
        """Where a release's source says to go on after it. Raises HashSetError when there is no such; Damaged."""
        manifest = self._standing.manifest(release_id)
        made_with = manifest.delta.checkpoint if manifest.delta else None
        return self._standing.held.releases.checkpoints.get(release_id, made_with)

    def enable(self, release_id: str) -> None:
        """Put a release in force, and the set's other one out of it. Raises HashSetError when there is no such."""
        with alone(self._root):
            self.refresh()
            manifest = self._standing.manifest(release_id)
            self._standing.change(
                ReleaseChange("enabled", release_id, {}, partial(self._standing.in_its_place, manifest))
            )

    def disable(self, release_id: str) -> None:
        """Put a release out of force; it stays on disk. Raises HashSetError when it is not in force."""
        with alone(self._root):
            self._standing.change(ReleaseChange("disabled", release_id, {}, partial(without, release_id)))

    def expire(self, release_id: str, on: date) -> None:
        """Set the first day (UTC) on which a release answers no more, whatever it said. Raises HashSetError."""
        with alone(self._root):
            self.refresh()
            self._standing.manifest(release_id)
            self._standing.change(
                ReleaseChange(
                    "expires", release_id, {"on": on.isoformat()}, lambda state: state.with_expiry(release_id, on)
                )
            )

    def set_state(
        self,
        set_name: str,
        entry_key: str,
        kind: StateKind,
        *,
        by: str,
        note: str = "",
        until: date | None = None,
    ) -> StateChange:
        """Say something of an entry of the set's release in force. It holds for later releases of the set too.

        `until` (the first day on which the entry answers again) belongs to `DISABLED`, a `note` (a code: why) to
        `QUARANTINED` at least. A verdict replaces the one before. Raises HashSetError.
        """
        state = EntryState(set_name, entry_key, kind, by, self._standing.stamp(), note, until)
        with alone(self._root):
            self.refresh()
            if until and until <= self._standing.today():
                raise HashSetError("state-date-unusable", "an entry is disabled until a day that is still to come")
            if not self._lists(self._standing.required(set_name).release_id, entry_key):
                raise HashSetError("entry-unknown", "the set's release in force lists no entry of this key")
            return self._say(EntryChange(state, cleared=False))

    def clear_state(self, set_name: str, entry_key: str, kind: StateKind, *, by: str, note: str = "") -> StateChange:
        """Take back what was said of an entry; that it was said stays on record. Raises HashSetError."""
        with alone(self._root):
            self.refresh()
            said = self._standing.held.states.find(set_name, entry_key, kind)
            if not said:
                raise HashSetError("state-unknown", "nothing of this kind is said of the entry")
            taken_back = replace(said, by=by, at=self._standing.stamp(), note=note or said.note)
            return self._say(EntryChange(taken_back, cleared=True))

    def states(self, set_name: str | None = None) -> list[EntryState]:
        """What is said of entries, by set, key and kind; also what was said until a day that has come.

        Of one set, or of all. Raises HashSetError when there is no set of this name; Damaged.
        """
        said = [state for state in self._standing.held.states.all() if set_name in {None, state.set_name}]
        if not said and set_name is not None and all(info.set_name != set_name for info in self.releases()):
            raise HashSetError("set-unknown", "there is no set of this name")
        return said

    def history(self, set_name: str, entry_key: str) -> list[StateChange]:
        """Everything that was ever said of an entry, or taken back, in order. Raises Damaged."""
        return self._standing.keeper.history(set_name, entry_key)

    def feedback(self, set_name: str) -> Iterator[Feedback]:
        """What our analysts confirmed and refuted, for the source of a set."""
        for state in self._standing.held.states.all():
            if state.set_name == set_name and state.kind in VERDICTS:
                yield Feedback(state.entry_key, state.kind, state.at, state.note)

    def verify(self, progress: Progress | None = None) -> list[ReleaseCheck]:
        """Read every byte of every enabled release, also after one that is damaged."""
        return check_releases(
            [self._root / RELEASES / found for found in self._standing.held.releases.enabled], progress
        )

    def release_folder(self, release_id: str) -> Path:
        """Where a release lies, in force or not. Raises HashSetError when there is no such."""
        return self._standing.folder(release_id)

    def lookup_digests(self, digests: Sequence[Digest]) -> list[Candidate]:
        """Entries that list one of `digests`, by query, set and entry. Raises Damaged."""
        answering = self._answering()
        found: list[Candidate] = []
        for release in self._open_releases(answering.today):
            found += exact_candidates(release, digests, answering)
        return sorted(found, key=order)

    def lookup_fingerprints(
        self, fingerprints: Sequence[Fingerprint], reach: int | Mapping[str, int] = REACH
    ) -> list[Candidate]:
        """Entries within `reach` bits of one of `fingerprints` or of its variants, by query, distance, set and entry.

        Only PDQ is compared; others find nothing. Of several transforms that lead to an entry the nearest is named,
        of equally near ones the first of `TRANSFORMS`. A mapping gives the reach (0..41) for each set to be asked;
        sets that it does not name are not asked. Raises Damaged.
        """
        answering = self._answering()
        variants = Variants.of(fingerprints)
        found: list[Candidate] = []
        for release in self._open_releases(answering.today):
            within = reach if isinstance(reach, int) else reach.get(release.manifest.set_name)
            if within is not None and len(variants.values):
                found += near_candidates(release, fingerprints, variants, within, answering)
        return sorted(found, key=order)

    def _answering(self) -> Answering:
        return Answering(self._standing.held.states, self._standing.today(), self._test_classes)

    def _open_releases(self, today: date) -> list[Release]:
        answering = self._standing.answering_ids(self._standing.held.releases, today)
        with self._lock:
            self._opened = {
                release_id: self._opened.get(release_id) or Release.open(self._root / RELEASES / release_id)
                for release_id in answering
            }
            return list(self._opened.values())

    def _say(self, change: EntryChange) -> StateChange:
        self._standing.change(change)
        return StateChange(self._standing.held.states.changes, change.state, change.cleared)

    def _lists(self, release_id: str, entry_key: str) -> bool:
        with closing(Release.open(self._root / RELEASES / release_id)) as release:
            return release.has_entry(entry_key)
