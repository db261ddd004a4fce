"""What of a library's releases is in force, as it was last read; and how a change of that is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from hashsets.errors import Damaged, HashSetError
from hashsets.keeping import Change, InForce, Keeper
from hashsets.library_state import LibraryState
from hashsets.manifests import Manifest
from hashsets.reports import ReleaseInfo
from hashsets.vocabulary import SetKind

RELEASES = "releases"


class Standing:
    """Which releases under `root` answer, on the days of `now`, by what a keeper keeps. First read when asked."""

    def __init__(self, root: Path, now: Callable[[], datetime], keeper: Keeper) -> None:
        self.root = root
        self.keeper = keeper
        self._now = now
        self._read: InForce | None = None
        self._manifests: dict[str, Manifest] = {}

    @property
    def version(self) -> str:
        """See `Library.version`."""
        return self._version_of(self.held)

    def refresh(self) -> bool:
        """See `Library.refresh`."""
        before, self._read = self._read, self.keeper.read(self._read, self._version_of)
        return before is None or _answering_part(before) != _answering_part(self._read)

    def change(self, change: Change) -> None:
        """Make a change true on top of what stands now. Raises HashSetError where it no longer fits."""
        self._read = self.keeper.change(change, self._version_of)

    @property
    def held(self) -> InForce:
        """As it was last read."""
        if self._read is None:
            self._read = self.keeper.read(None, self._version_of)
        return self._read

    def today(self) -> date:
        """The day for which it holds, in UTC."""
        return self.held.day or self._now().astimezone(UTC).date()

    def stamp(self) -> str:
        """The present moment, as records bear it."""
        return self._now().isoformat(timespec="microseconds")

    def folder(self, release_id: str) -> Path:
        """Where a release lies, in force or not. Raises HashSetError when there is no such."""
        folder = self.root / RELEASES / release_id
        if folder.name != release_id or release_id.startswith(".") or not folder.is_dir():
            raise HashSetError("release-unknown", "there is no release of this id")
        return folder

    def manifest(self, release_id: str) -> Manifest:
        """Of a release, in force or not. Raises HashSetError when there is no such; Damaged."""
        return Manifest.read(self.folder(release_id))

    def manifests(self) -> list[Manifest]:
        """Of all releases, by set name and age. Raises Damaged."""
        folders = (self.root / RELEASES).glob("*") if (self.root / RELEASES).is_dir() else ()
        found = [Manifest.read(folder) for folder in folders if not folder.name.startswith(".")]
        return sorted(found, key=lambda manifest: (manifest.set_name, manifest.created))

    def known_manifest(self, release_id: str) -> Manifest:
        """A release is immutable: its manifest is read once. Raises Damaged."""
        if release_id not in self._manifests:
            self._manifests[release_id] = Manifest.read(self.root / RELEASES / release_id)
        return self._manifests[release_id]

    def in_force(self, set_name: str) -> Manifest | None:
        """Of the set's release in force, if there is one. Raises Damaged."""
        manifests = (self.manifest(found) for found in self.held.releases.enabled)
        return next((manifest for manifest in manifests if manifest.set_name == set_name), None)

    def required(self, set_name: str) -> Manifest:
        """Of the set's release in force. Raises HashSetError when there is none, or no such set; Damaged."""
        manifest = self.in_force(set_name)
        if manifest:
            return manifest
        if any(found.set_name == set_name for found in self.manifests()):
            raise HashSetError("set-not-in-force", "the set has releases and none is in force")
        raise HashSetError("set-unknown", "there is no set of this name")

    def base_of(self, set_name: str, kind: SetKind | None) -> Manifest | None:
        """What a delta of a set is to be applied to. Raises HashSetError where that is not clear."""
        base = self.in_force(set_name)
        if not base and any(found.set_name == set_name for found in self.manifests()):
            raise HashSetError("set-not-in-force", "the set has releases and none is in force: enable the base")
        if base and kind and kind is not base.set_kind:
            raise HashSetError("set-kind-differs", "the set's release in force is of another kind")
        return base

    def info(self, manifest: Manifest) -> ReleaseInfo:
        """A release as it stands today."""
        today = self.today()
        state = self.held.releases
        expiry = state.expiry(manifest)
        return ReleaseInfo.of(
            manifest,
            enabled=manifest.release_id in state.enabled,
            expires=expiry.isoformat() if expiry else None,
            expired=state.has_expired(manifest, today),
            silenced=self.held.states.silenced(manifest.set_name, today),
        )

    def in_its_place(self, manifest: Manifest, state: LibraryState) -> LibraryState:
        """With a release in force, and its set's other one out of it."""
        others = (found for found in state.enabled if self.manifest(found).set_name != manifest.set_name)
        return state.with_enabled({*others, manifest.release_id})

    def on_its_base(
        self, made: Manifest | None, base: Manifest | None, checkpoint: str | None, state: LibraryState
    ) -> LibraryState:
        """With what a delta made of its base, as long as the base is what it was made of."""
        if base and base.release_id not in state.enabled:
            raise HashSetError("set-changed-meanwhile", "the set has another release in force by now: apply again")
        if made:
            return self.in_its_place(made, state)
        return state.with_checkpoint(base.release_id, checkpoint) if base and checkpoint else state

    def _version_of(self, held: InForce) -> str:
        today = held.day or self.today()
        parts = self.answering_ids(held.releases, today) or ["none"]
        said = held.states.version(today)
        return "+".join([*parts, said] if said else parts)

    def answering_ids(self, state: LibraryState, today: date) -> list[str]:
        """Releases that are in force and have not expired."""
        return [found for found in state.enabled if not self._has_expired(state, found, today)]

    def _has_expired(self, state: LibraryState, release_id: str, today: date) -> bool:
        try:
            return state.has_expired(self.known_manifest(release_id), today)
        except Damaged:  # whoever asks such a release is told; whoever only names it or disables it can
            return False


def without(release_id: str, state: LibraryState) -> LibraryState:
    """With a release out of force. Raises HashSetError when it is not in force."""
    if release_id not in state.enabled:
        raise HashSetError("release-not-enabled", "no such release is in force")
    return state.with_enabled(found for found in state.enabled if found != release_id)


def _answering_part(held: InForce) -> tuple[object, ...]:
    return held.releases.enabled, held.releases.expiries, held.states.seal, held.day
