"""One release, and one entry of a release, as a person is shown them: everything but values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from hashsets.errors import HashSetError
from hashsets.library import Library
from hashsets.manifests import Layer, Manifest
from hashsets.releases import Release
from hashsets.reports import ReleaseInfo
from hashsets.states import EntryState, StateChange
from hashsets.vocabulary import Opinion


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """What a manifest says, and what has come since.

    `first_rejects` are positions (of `positions`: lines, records…) and codes. `checkpoint` is where the set's source
    says to go on. `bytes` and `files` are of its own folder, `layer` says on what it lies besides, where it does.
    `seal` is SHA-256 over all of it.
    """

    release: ReleaseInfo
    input_bytes: int
    positions: str
    first_rejects: tuple[tuple[int, str], ...]
    checkpoint: str | None
    tool: str
    files: int
    bytes: int
    layer: Layer | None
    seal: str


@dataclass(frozen=True, slots=True)
class EntryPage:
    """What the release in force of a set says of an entry, and what we say of it.

    `values` counts by type, those of `not_comparable` types are kept for their owner. `states` is what is
    said of it (the day of a disabled entry may have come), `history` everything that was ever said.
    """

    set_name: str
    release_id: str
    entry_key: str
    opinion: Opinion
    values: Mapping[str, int]
    not_comparable: tuple[str, ...]
    states: tuple[EntryState, ...]
    history: tuple[StateChange, ...]


def release_page(library: Library, release_id: str) -> ReleasePage:
    """A release, in force or not. Raises HashSetError when there is no such; Damaged."""
    manifest = Manifest.read(library.release_folder(release_id))
    files = manifest.files or {}
    return ReleasePage(
        release=library.info(release_id),
        input_bytes=manifest.input_bytes,
        positions=manifest.positions,
        first_rejects=manifest.first_rejects,
        checkpoint=library.checkpoint_of(release_id),
        tool=manifest.tool,
        files=len(files),
        bytes=sum(size for size, _ in files.values()),
        layer=manifest.layer,
        seal=manifest.seal,
    )


def entry_page(library: Library, set_name: str, entry_key: str) -> EntryPage:
    """An entry of the set's release in force. Raises HashSetError when there is no such; Damaged."""
    info = library.in_force(set_name)
    release = Release.open(library.release_folder(info.release_id))
    try:
        entry = release.entry(entry_key)
    finally:
        release.close()
    if entry is None:
        raise HashSetError("entry-unknown", "the set's release in force lists no entry of this key")
    values = Counter(digest.algorithm.value for digest in entry.digests)
    values["pdq"] += len(entry.fingerprints)
    values.update(kind for kind, _ in entry.opaque)
    said = (state for state in library.states() if (state.set_name, state.entry_key) == (set_name, entry_key))
    return EntryPage(
        set_name=set_name,
        release_id=info.release_id,
        entry_key=entry_key,
        opinion=entry.opinion,
        values=dict(+values),
        not_comparable=tuple(sorted({kind for kind, _ in entry.opaque})),
        states=tuple(said),
        history=tuple(library.history(set_name, entry_key)),
    )
