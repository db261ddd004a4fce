"""Which releases of a library are in force: one small file, replaced whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hashsets.errors import Damaged
from hashsets.index.segment_files import settle_folder, write_durably

FILE = "state.json"


@dataclass(frozen=True, slots=True)
class LibraryState:
    """Ids of the enabled releases, in order, and later checkpoints than their manifests know, by release."""

    enabled: tuple[str, ...] = ()
    checkpoints: Mapping[str, str] = field(default_factory=dict)

    def with_enabled(self, enabled: Iterable[str]) -> LibraryState:
        """With other releases in force."""
        return LibraryState(tuple(sorted(enabled)), self.checkpoints)

    def with_checkpoint(self, release_id: str, checkpoint: str) -> LibraryState:
        """With a later checkpoint of a release that a delta left as it is."""
        return LibraryState(self.enabled, {**self.checkpoints, release_id: checkpoint})

    @classmethod
    def read(cls, root: Path) -> LibraryState:
        """As it stands. Raises Damaged."""
        try:
            document = json.loads((root / FILE).read_bytes())
            checkpoints = document.get("checkpoints", {}).items()
            return cls(
                tuple(str(found) for found in document["enabled"]),
                {str(release_id): str(checkpoint) for release_id, checkpoint in checkpoints},
            )
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Damaged("library-state-unreadable", "the list of enabled releases cannot be read") from error

    def write(self, root: Path) -> None:
        """Put it in the place of the one before. Only while holding the library's lock."""
        fresh = root / f"{FILE}.new"
        fresh.unlink(missing_ok=True)
        document = {"layout": 1, "enabled": self.enabled, "checkpoints": dict(self.checkpoints)}
        write_durably(fresh, json.dumps(document, indent=1).encode())
        fresh.replace(root / FILE)
        settle_folder(root)
