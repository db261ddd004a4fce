"""Handing out what concerns hash sets as a file, with its place in the custody log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from hashsets.delta_exporting import DeltaExport, export_delta
from hashsets.exporting import ExportReport, export_release
from hashsets.keeping import Details
from hashsets.library import Library
from hashsets.states import Feedback
from hashsets.volumes import sha256_of
from hashsets.writers.feedback import FeedbackFormat, write_feedback
from triage.domain.errors import Conflict, Refused, Unavailable

from .hash_set_errors import answered
from .recording_sets import RecordingSets

PRIVATE = 0o600

Progress = Callable[[int, int], None]
Written = TypeVar("Written")


@dataclass(frozen=True)
class FeedbackExport:
    """What was written for the source of a set."""

    set_name: str
    release_id: str
    format: FeedbackFormat
    entries: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class ExportingSets:
    """Writes a release, the updates between two, or our feedback to a file, for another tool or for a source.

    The file is written aside, its digest recorded as DISCLOSED, and only then put in its place. Only the owner may
    read it. Every method raises Conflict (there is such a file), Unavailable (no room, no folder), Tampered (a
    release is damaged).
    """

    library: Library
    recording: RecordingSets

    def export(
        self,
        release_id: str,
        path: Path,
        *,
        format_name: str,
        columns: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> ExportReport:
        """Hand out a release. Raises NotFound, Refused (terms, format, columns, nothing to write)."""

        def write(aside: Path) -> ExportReport:
            return export_release(
                self.library, release_id, aside, format=format_name, columns=columns, progress=progress
            )

        def told(report: ExportReport) -> Details:
            return {
                "set": report.set_name,
                "format": report.format,
                "entries": report.written,
                "bytes": report.bytes,
                "output_sha256": report.sha256,
            }

        return self._hand_out(path, f"release:{release_id}", "export", write, told)

    def export_delta(self, old_id: str, new_id: str, path: Path, *, progress: Progress | None = None) -> DeltaExport:
        """Hand out the updates that lead from one release to another. Raises NotFound, Refused (terms of either)."""

        def write(aside: Path) -> DeltaExport:
            return export_delta(self.library, old_id, new_id, aside, progress=progress)

        def told(report: DeltaExport) -> Details:
            return {
                "set": report.set_name,
                "base": report.old,
                "format": "updates",
                "entries": report.updates,
                "bytes": report.bytes,
                "output_sha256": report.sha256,
            }

        return self._hand_out(path, f"release:{new_id}", "export", write, told)

    def export_feedback(self, set_name: str, path: Path, form: FeedbackFormat) -> FeedbackExport:
        """Hand out what our analysts confirmed and refuted. Raises NotFound, Conflict (nothing in force), Refused."""
        release_id, found = self.feedback(set_name)
        if not found:
            raise Refused("nothing-to-export", "Nothing of this set was confirmed or refuted.")

        def write(aside: Path) -> FeedbackExport:
            write_feedback(found, set_name, aside, form)
            return FeedbackExport(set_name, release_id, form, len(found), aside.stat().st_size, sha256_of(aside))

        def told(report: FeedbackExport) -> Details:
            return {
                "set": report.set_name,
                "format": report.format.value,
                "entries": report.entries,
                "bytes": report.bytes,
                "output_sha256": report.sha256,
            }

        return self._hand_out(path, f"release:{release_id}", "feedback", write, told)

    def feedback(self, set_name: str) -> tuple[str, list[Feedback]]:
        """The set's release in force, and what our analysts found of its entries. Raises NotFound, Conflict."""
        with answered():
            return self.library.in_force(set_name).release_id, list(self.library.feedback(set_name))

    def _hand_out(
        self,
        path: Path,
        subject: str,
        purpose: str,
        write: Callable[[Path], Written],
        told: Callable[[Written], Details],
    ) -> Written:
        if path.exists():
            raise Conflict("export-exists", "A file of this name is there already; it stays as it is.")
        try:
            with TemporaryDirectory(prefix=".exporting-", dir=path.parent) as folder:
                aside = Path(folder) / "export"
                with answered():
                    report = write(aside)
                aside.chmod(PRIVATE)
                self.recording.disclosed(subject, purpose, told(report))
                aside.rename(path)
        except OSError as error:
            raise Unavailable("export-not-written", f"No file can be written there (error {error.errno}).") from None
        return report
