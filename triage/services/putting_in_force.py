"""Which releases answer, and until when, each change with its place in the custody log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hashsets.library import Library
from triage.domain.custody import CustodyAction

from .hash_set_errors import answered
from .recording_sets import RecordingSets


@dataclass(frozen=True)
class PuttingInForce:
    """Puts releases in and out of force, and sets the day on which they expire. Makes none and removes none."""

    library: Library
    recording: RecordingSets

    def enable(self, release_id: str) -> None:
        """Put a release in force, and its set's other one out of it. Raises NotFound, Tampered."""
        with answered():
            self.library.enable(release_id)
        self._changed(release_id, {"step": "enabled"})

    def disable(self, release_id: str) -> None:
        """Put a release out of force; it stays on disk. Raises Conflict when it is not in force, Tampered."""
        with answered():
            self.library.disable(release_id)
        self._changed(release_id, {"step": "disabled"})

    def expire(self, release_id: str, on: date) -> None:
        """Set the first day (UTC) on which a release answers no more. Raises NotFound, Tampered."""
        with answered():
            self.library.expire(release_id, on)
        self._changed(release_id, {"step": "expires", "on": on.isoformat()})

    def _changed(self, release_id: str, details: dict[str, str | int | None]) -> None:
        self.recording.changed(CustodyAction.RELEASED, f"release:{release_id}", details)
