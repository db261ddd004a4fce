"""What a release says of itself, as frozen values and as sealed JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from hashsets.errors import Damaged, HashSetError
from hashsets.index.segment_files import seal_of, settle_folder, write_durably
from hashsets.terms import Terms
from hashsets.vocabulary import SetKind
from hashsets.volumes import MANIFEST, Files

LAYOUT = 2
TOOL = "hashsets 0.3.0"
"""Who wrote a release: changes whenever an import of the same file could come out differently."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a release holds, and what of its file was not taken."""

    entries: int
    categories: Mapping[str, int]  # as in Opinion.category; "" for entries without one
    digests: Mapping[str, int]
    fingerprints: Mapping[str, int]
    opaque: Mapping[str, int]  # kept for their owner, never searched for
    rejects: Mapping[str, int]  # by RejectCode
    test_class: int = 0  # among `entries`: they never count as hits
    only_opaque: int = 0  # entries without digest and PDQ value: nothing can find them

    @property
    def values(self) -> dict[str, int]:
        """Values that are searched, by type."""
        return {**self.digests, **self.fingerprints}


@dataclass(frozen=True, slots=True)
class DeltaFacts:
    """What a delta made of its base: numbers of entries, and where its source says to go on."""

    base: str | None
    added: int
    changed: int
    retracted: int
    unchanged: int
    checkpoint: str | None


@dataclass(frozen=True, slots=True)
class Ground:
    """The volume on which a release lies as a thin layer: a release's own, or the one that it was merged into."""

    release_id: str
    seal: str  # of that release's manifest, or of its merged form
    merged: bool


@dataclass(frozen=True, slots=True)
class Layer:
    """What a release that lies on a ground holds itself: so many entries; and the ground's that hold no more."""

    ground: Ground
    entries: int
    gone: int


@dataclass(frozen=True)
class Manifest:
    """An immutable, dated state of a hash set. `created` is ISO 8601, `files` maps path to size and SHA-256.

    Without slots: its seal is computed once. Every lookup asks for the id, and a large release has many categories.
    """

    set_name: str
    set_kind: SetKind
    source: str
    terms: Terms
    created: str
    format: str
    positions: str  # what the positions of rejects count
    input_sha256: str  # of the file; of a delta: see deltas.py
    input_bytes: int
    counts: Counts
    first_rejects: tuple[tuple[int, str], ...]
    replaced: str | None
    tool: str = TOOL
    expires: str | None = None  # ISO 8601: the first day (UTC) on which the release answers no more
    delta: DeltaFacts | None = None
    layer: Layer | None = None
    files: Files | None = None

    @cached_property
    def seal(self) -> str:
        """SHA-256 over everything above and, through the files' digests, over the whole release."""
        return seal_of(self._document())

    @cached_property
    def release_id(self) -> str:
        """Set, date and the beginning of the seal: `example-set.20261122.0f1e2d3c`."""
        slug = re.sub(r"[^a-z0-9]+", "-", self.set_name.lower()).strip("-")[:40] or "set"
        return f"{slug}.{self.created[:10].replace('-', '')}.{self.seal[:8]}"

    def write(self, folder: Path) -> None:
        """Write the sealed manifest, the last file of a release."""
        document = {**self._document(), "seal": self.seal}
        write_durably(folder / MANIFEST, json.dumps(document, indent=1, sort_keys=True).encode())
        settle_folder(folder)

    def with_files(self, files: Files) -> Manifest:
        """The same with the list of files."""
        return replace(self, files=dict(files))

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read and check the seal. Raises Damaged."""
        try:
            document = json.loads((folder / MANIFEST).read_bytes())
            seal, layout = document.pop("seal"), document.pop("layout")
            manifest = cls._of_document(document) if layout == LAYOUT else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Damaged("release-manifest-unreadable", "a release's manifest is missing or unreadable") from error
        if not manifest:
            raise Damaged("release-layout-unknown", "a release was written by another version: import it again")
        if manifest.seal != seal or manifest.release_id != folder.name:
            raise Damaged("release-seal-broken", "a release's manifest is not as it was sealed")
        return manifest

    def _document(self) -> dict[str, Any]:
        document = asdict(self)
        document["terms"] = self.terms.document()
        document["files"] = {name: list(facts) for name, facts in (self.files or {}).items()}
        document["first_rejects"] = [list(reject) for reject in self.first_rejects]
        return {**document, "layout": LAYOUT}

    @classmethod
    def _of_document(cls, document: dict[str, Any]) -> Manifest:
        document["counts"] = Counts(**document["counts"])
        document["terms"] = Terms.of_document(document["terms"])
        document["set_kind"] = SetKind(document["set_kind"])
        document["first_rejects"] = tuple((int(at), str(code)) for at, code in document["first_rejects"])
        if document["delta"]:
            document["delta"] = DeltaFacts(**document["delta"])
        if document["layer"]:
            document["layer"] = Layer(**{**document["layer"], "ground": Ground(**document["layer"]["ground"])})
        document["files"] = {
            str(name): (int(size), str(digest)) for name, (size, digest) in document["files"].items()
        }
        return cls(**document)


def checked_set_name(name: str) -> str:
    """A set's name as people read it: 1 to 100 printable characters. Raises HashSetError."""
    if not 1 <= len(name) <= 100 or not name.isprintable() or name != name.strip():
        raise HashSetError(
            "set-name-unusable", "a set's name is 1 to 100 printable characters, no blanks around them"
        )
    return name
