"""The enabled releases of all hash sets, and what they say of digests and fingerprints.

Over 400 lines, because one class is the door to the whole room; each method hands on to the file that does the work.
"""

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
from hashsets.errors import Damaged, HashSetError
from hashsets.formats.detect import FORMATS, Format
from hashsets.importing import Description, import_release
from hashsets.index.hamming import REACH
from hashsets.keeping import Change, EntryChange, FileKeeper, InForce, Keeper, ReleaseChange
from hashsets.library_state import LibraryState
from hashsets.manifests import Manifest
from hashsets.merging import Step, is_due, merge
from hashsets.placing import alone, sweep
from hashsets.releases import Release
from hashsets.reports import ImportReport, ReleaseInfo
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

RELEASES = "releases"


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
        self._now = now
        self._keeper = keeper
        self._formats = formats
        self._test_classes = tuple(test_classes)
        self._lock = threading.Lock()
        self._read: InForce | None = None
        self._opened: dict[str, Release] = {}
        self._manifests: dict[str, Manifest] = {}

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
        return self._version_of(self._held)

    def refresh(self) -> bool:
        """Take up what others have enabled, disabled or said since; whether anything changed. Raises Damaged."""
        before, self._read = self._read, self._keeper.read(self._read, self._version_of)
        return before is None or _answering_part(before) != _answering_part(self._read)

    def releases(self) -> list[ReleaseInfo]:
        """All releases by set name and age. Raises Damaged."""
        folders = (self._root / RELEASES).glob("*") if (self._root / RELEASES).is_dir() else ()
        manifests = [Manifest.read(folder) for folder in folders if not folder.name.startswith(".")]
        return [
            self._info(manifest) for manifest in sorted(manifests, key=lambda found: (found.set_name, found.created))
        ]

    def answering_sets(self) -> dict[str, SetKind]:
        """Names and kinds of the sets whose release in force answers today. Cheap: asked for every batch of items.

        Raises Damaged.
        """
        manifests = map(self._known_manifest, self._answering_ids(self._held.releases, self._today()))
        return {manifest.set_name: manifest.set_kind for manifest in manifests}

    def info(self, release_id: str) -> ReleaseInfo:
        """A release, in force or not. Raises HashSetError when there is no such; Damaged."""
        return self._info(self._manifest(release_id))

    def in_force(self, set_name: str) -> ReleaseInfo:
        """The release in force of a set. Raises HashSetError when there is none, or no such set; Damaged."""
        return self._info(self._required(set_name))

    def release_of(self, set_name: str) -> str | None:
        """The id of the release in force of a set, if there is one. Raises Damaged."""
        manifest = self._in_force(set_name)
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
            before = self._in_force(name)
            manifest = import_release(
                path,
                self._root / RELEASES,
                Description(name, kind, source, terms, self._stamp(), before.release_id if before else None, expires),
                format_name=format,
                formats=self._formats,
                columns=columns,
                test_classes=self._test_classes,
                progress=progress,
            )
            self._change(
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
                    partial(self._in_its_place, manifest),
                )
            )
        return ImportReport(self._info(manifest), manifest.positions, manifest.counts.rejects, manifest.first_rejects)

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
            base = self._base(set_name, kind)
            expiry = self._held.releases.expiry(base) if base else None
            told = Description(
                set_name,
                base.set_kind if base else kind or SetKind.KNOWN,
                base.source if base and source is None else source or "",
                terms.over(base.terms if base else UNSTATED),
                self._stamp(),
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
            self._change(
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
                    partial(self._on_its_base, application.manifest, base, delta.checkpoint),
                )
            )
        return ImportReport(
            self._info(in_force), POSITIONS, application.rejects, application.first_rejects, application.facts
        )

    def merge(self, set_name: str, step: Step = lambda _name: None) -> bool:
        """Make one volume of the set's release in force and of the one that it lies on, if that has become due.

        The release stays the same one. Readers go on with what they have open, and nobody waits: releases may be made
        meanwhile. May be interrupted. Whether anything was merged. Raises HashSetError.
        """
        manifest = self._in_force(set_name)
        return manifest is not None and is_due(manifest) and merge(self.release_folder(manifest.release_id), step)

    def checkpoint(self, set_name: str) -> str | None:
        """Where the source of a set says to go on after the release in force. Raises Damaged."""
        manifest = self._in_force(set_name)
        return self.checkpoint_of(manifest.release_id) if manifest else None

    def checkpoint_of(self, release_id: str) -> str | None:
        """Where a release's source says to go on after it. Raises HashSetError when there is no such; Damaged."""
        manifest = self._manifest(release_id)
        made_with = manifest.delta.checkpoint if manifest.delta else None
        return self._held.releases.checkpoints.get(release_id, made_with)

    def enable(self, release_id: str) -> None:
        """Put a release in force, and the set's other one out of it. Raises HashSetError when there is no such."""
        with alone(self._root):
            self.refresh()
            manifest = self._manifest(release_id)
            self._change(ReleaseChange("enabled", release_id, {}, partial(self._in_its_place, manifest)))

    def disable(self, release_id: str) -> None:
        """Put a release out of force; it stays on disk. Raises HashSetError when it is not in force."""
        with alone(self._root):
            self._change(ReleaseChange("disabled", release_id, {}, partial(_without, release_id)))

    def expire(self, release_id: str, on: date) -> None:
        """Set the first day (UTC) on which a release answers no more, whatever it said. Raises HashSetError."""
        with alone(self._root):
            self.refresh()
            self._manifest(release_id)
            self._change(
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
        state = EntryState(set_name, entry_key, kind, by, self._stamp(), note, until)
        with alone(self._root):
            self.refresh()
            if until and until <= self._today():
                raise HashSetError("state-date-unusable", "an entry is disabled until a day that is still to come")
            if not self._lists(self._required(set_name).release_id, entry_key):
                raise HashSetError("entry-unknown", "the set's release in force lists no entry of this key")
            return self._say(EntryChange(state, cleared=False))

    def clear_state(self, set_name: str, entry_key: str, kind: StateKind, *, by: str, note: str = "") -> StateChange:
        """Take back what was said of an entry; that it was said stays on record. Raises HashSetError."""
        with alone(self._root):
            self.refresh()
            said = self._held.states.find(set_name, entry_key, kind)
            if not said:
                raise HashSetError("state-unknown", "nothing of this kind is said of the entry")
            taken_back = replace(said, by=by, at=self._stamp(), note=note or said.note)
            return self._say(EntryChange(taken_back, cleared=True))

    def states(self, set_name: str | None = None) -> list[EntryState]:
        """What is said of entries, by set, key and kind; also what was said until a day that has come.

        Of one set, or of all. Raises HashSetError when there is no set of this name; Damaged.
        """
        said = [state for state in self._held.states.all() if set_name in {None, state.set_name}]
        if not said and set_name is not None and all(info.set_name != set_name for info in self.releases()):
            raise HashSetError("set-unknown", "there is no set of this name")
        return said

    def history(self, set_name: str, entry_key: str) -> list[StateChange]:
        """Everything that was ever said of an entry, or taken back, in order. Raises Damaged."""
        return self._keeper.history(set_name, entry_key)

    def feedback(self, set_name: str) -> Iterator[Feedback]:
        """What our analysts confirmed and refuted, for the source of a set."""
        for state in self._held.states.all():
            if state.set_name == set_name and state.kind in VERDICTS:
                yield Feedback(state.entry_key, state.kind, state.at, state.note)

    def verify(self, progress: Progress | None = None) -> list[ReleaseCheck]:
        """Read every byte of every enabled release, also after one that is damaged."""
        return check_releases([self._root / RELEASES / found for found in self._held.releases.enabled], progress)

    def release_folder(self, release_id: str) -> Path:
        """Where a release lies, in force or not. Raises HashSetError when there is no such."""
        folder = self._root / RELEASES / release_id
        if folder.name != release_id or release_id.startswith(".") or not folder.is_dir():
            raise HashSetError("release-unknown", "there is no release of this id")
        return folder

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
        return Answering(self._held.states, self._today(), self._test_classes)

    @property
    def _held(self) -> InForce:
        if self._read is None:
            self._read = self._keeper.read(None, self._version_of)
        return self._read

    def _version_of(self, held: InForce) -> str:
        today = held.day or self._today()
        parts = self._answering_ids(held.releases, today) or ["none"]
        said = held.states.version(today)
        return "+".join([*parts, said] if said else parts)

    def _today(self) -> date:
        return self._held.day or self._now().astimezone(UTC).date()

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="microseconds")

    def _open_releases(self, today: date) -> list[Release]:
        answering = self._answering_ids(self._held.releases, today)
        with self._lock:
            self._opened = {
                release_id: self._opened.get(release_id) or Release.open(self._root / RELEASES / release_id)
                for release_id in answering
            }
            return list(self._opened.values())

    def _answering_ids(self, state: LibraryState, today: date) -> list[str]:
        return [found for found in state.enabled if not self._has_expired(state, found, today)]

    def _has_expired(self, state: LibraryState, release_id: str, today: date) -> bool:
        try:
            return state.has_expired(self._known_manifest(release_id), today)
        except Damaged:  # whoever asks such a release is told; whoever only names it or disables it can
            return False

    def _known_manifest(self, release_id: str) -> Manifest:
        """A release is immutable: its manifest is read once. Raises Damaged."""
        if release_id not in self._manifests:
            self._manifests[release_id] = Manifest.read(self._root / RELEASES / release_id)
        return self._manifests[release_id]

    def _change(self, change: Change) -> None:
        self._read = self._keeper.change(change, self._version_of)

    def _say(self, change: EntryChange) -> StateChange:
        self._change(change)
        return StateChange(self._held.states.changes, change.state, change.cleared)

    def _lists(self, release_id: str, entry_key: str) -> bool:
        with closing(Release.open(self._root / RELEASES / release_id)) as release:
            return release.has_entry(entry_key)

    def _base(self, set_name: str, kind: SetKind | None) -> Manifest | None:
        """What a delta of a set is to be applied to. Raises HashSetError where that is not clear."""
        base = self._in_force(set_name)
        if not base and any(info.set_name == set_name for info in self.releases()):
            raise HashSetError("set-not-in-force", "the set has releases and none is in force: enable the base")
        if base and kind and kind is not base.set_kind:
            raise HashSetError("set-kind-differs", "the set's release in force is of another kind")
        return base

    def _manifest(self, release_id: str) -> Manifest:
        return Manifest.read(self.release_folder(release_id))

    def _in_force(self, set_name: str) -> Manifest | None:
        manifests = (self._manifest(found) for found in self._held.releases.enabled)
        return next((manifest for manifest in manifests if manifest.set_name == set_name), None)

    def _required(self, set_name: str) -> Manifest:
        manifest = self._in_force(set_name)
        if manifest:
            return manifest
        if any(info.set_name == set_name for info in self.releases()):
            raise HashSetError("set-not-in-force", "the set has releases and none is in force")
        raise HashSetError("set-unknown", "there is no set of this name")

    def _in_its_place(self, manifest: Manifest, state: LibraryState) -> LibraryState:
        """With a release in force, and its set's other one out of it."""
        others = (found for found in state.enabled if self._manifest(found).set_name != manifest.set_name)
        return state.with_enabled({*others, manifest.release_id})

    def _on_its_base(
        self, made: Manifest | None, base: Manifest | None, checkpoint: str | None, state: LibraryState
    ) -> LibraryState:
        """With what a delta made of its base, as long as the base is what it was made of."""
        if base and base.release_id not in state.enabled:
            raise HashSetError("set-changed-meanwhile", "the set has another release in force by now: apply again")
        if made:
            return self._in_its_place(made, state)
        return state.with_checkpoint(base.release_id, checkpoint) if base and checkpoint else state

    def _info(self, manifest: Manifest) -> ReleaseInfo:
        today = self._today()
        state = self._held.releases
        expiry = state.expiry(manifest)
        return ReleaseInfo.of(
            manifest,
            enabled=manifest.release_id in state.enabled,
            expires=expiry.isoformat() if expiry else None,
            expired=state.has_expired(manifest, today),
            silenced=self._held.states.silenced(manifest.set_name, today),
        )


def _without(release_id: str, state: LibraryState) -> LibraryState:
    if release_id not in state.enabled:
        raise HashSetError("release-not-enabled", "no such release is in force")
    return state.with_enabled(found for found in state.enabled if found != release_id)


def _answering_part(held: InForce) -> tuple[object, ...]:
    return held.releases.enabled, held.releases.expiries, held.states.seal, held.day
