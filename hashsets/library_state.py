"""Which releases of a library are in force, and until when: one small file, replaced whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from hashsets.errors import Damaged
from hashsets.index.segment_files import settle_folder, write_durably
from hashsets.manifests import Manifest

FILE = "state.json"


@dataclass(frozen=True, slots=True)
class LibraryState:
    """Ids of the enabled releases, in order; by release what has come later than its manifest knows.

    `checkpoints` are later ones, `expiries` days (ISO 8601) that have been set since.
    """

    enabled: tuple[str, ...] = ()
    checkpoints: Mapping[str, str] = field(default_factory=dict)
    expiries: Mapping[str, str] = field(default_factory=dict)

    def with_enabled(self, enabled: Iterable[str]) -> LibraryState:
        """With other releases in force."""
        return replace(self, enabled=tuple(sorted(enabled)))

    def with_checkpoint(self, release_id: str, checkpoint: str) -> LibraryState:
        """With a later checkpoint of a release that a delta left as it is."""
        return replace(self, checkpoints={**self.checkpoints, release_id: checkpoint})

    def with_expiry(self, release_id: str, on: date) -> LibraryState:
        """With another day from which a release answers no more."""
        return replace(self, expiries={**self.expiries, release_id: on.isoformat()})

    def expiry(self, manifest: Manifest) -> date | None:
        """The first day (UTC) on which a release answers no more."""
        day = self.expiries.get(manifest.release_id, manifest.expires)
        return date.fromisoformat(day) if day else None

    def has_expired(self, manifest: Manifest, today: date) -> bool:
        """Whether a release answers no more."""
        expiry = self.expiry(manifest)
        return expiry is not None and expiry <= today

    @classmethod
    def read(cls, root: Path) -> LibraryState:
        """As it stands. Raises Damaged."""
        try:
            document = json.loads((root / FILE).read_bytes())
            checkpoints = document.get("checkpoints", {}).items()
            expiries = document.get("expiries", {}).items()
            return cls(
                tuple(str(found) for found in document["enabled"]),
                {str(release_id): str(checkpoint) for release_id, checkpoint in checkpoints},
                {str(release_id): date.fromisoformat(day).isoformat() for release_id, day in expiries},
            )
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Damaged("library-state-unreadable", "the list of enabled releases cannot be read") from error

    def write(self, root: Path) -> None:
        """Put it in the place of the one before. Only while holding the library's lock."""
        fresh = root / f"{FILE}.new"
        fresh.unlink(missing_ok=True)
        document = {
            "layout": 1,
            "enabled": self.enabled,
            "checkpoints": dict(self.checkpoints),
            "expiries": dict(self.expiries),
        }
        write_durably(fresh, json.dumps(document, indent=1).encode())
        fresh.replace(root / FILE)
        settle_folder(root)
