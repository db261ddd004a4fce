"""Which releases answer, and until when, each change with its place in the custody log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hashsets.library import Library

from .hash_set_errors import answered


@dataclass(frozen=True)
class PuttingInForce:
    """Puts releases in and out of force, and sets the day on which they expire. Makes none and removes none."""

    library: Library

    def enable(self, release_id: str) -> None:
        """Put a release in force, and its set's other one out of it. Raises NotFound, Tampered."""
        with answered():
            self.library.enable(release_id)

    def disable(self, release_id: str) -> None:
        """Put a release out of force; it stays on disk. Raises Conflict when it is not in force, Tampered."""
        with answered():
            self.library.disable(release_id)

    def expire(self, release_id: str, on: date) -> None:
        """Set the first day (UTC) on which a release answers no more. Raises NotFound, Tampered."""
        with answered():
            self.library.expire(release_id, on)
