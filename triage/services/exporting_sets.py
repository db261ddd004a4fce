"""Handing out a hash-set release as a file, with its place in the custody log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hashsets.errors import Damaged, HashSetError
from hashsets.exporting import ExportReport, export_release
from hashsets.library import Library
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Conflict, NotFound, Refused, Tampered, TriageError, Unavailable
from triage.store.unit_of_work import Store

from .clock import Clock

ANSWERS: Mapping[str, type[TriageError]] = {"release-unknown": NotFound, "export-not-written": Unavailable}
PRIVATE = 0o600


@dataclass(frozen=True)
class ExportingSets:
    """Writes a release to a file, for another tool or for its source."""

    store: Store
    library: Library
    clock: Clock
    actor: str

    def export(
        self,
        release_id: str,
        path: Path,
        *,
        format_name: str,
        columns: Mapping[str, str] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> ExportReport:
        """Write the file aside, record the disclosure with the file's digest, and only then put it at `path`.

        Only the owner may read the file. Raises Conflict (there is such a file), NotFound, Refused (terms, format,
        columns, nothing to write), Unavailable (no room or no folder), Tampered (the release is damaged).
        """
        if path.exists():
            raise Conflict("export-exists", "A file of this name is there already; it stays as it is.")
        try:
            with TemporaryDirectory(prefix=".exporting-", dir=path.parent) as folder:
                aside = Path(folder) / "export"
                report = self._written(release_id, aside, format_name, columns, progress)
                aside.chmod(PRIVATE)
                self._record(report)
                aside.rename(path)
        except OSError as error:
            raise Unavailable("export-not-written", f"No file can be written there (error {error.errno}).") from None
        return report

    def _written(
        self,
        release_id: str,
        path: Path,
        format_name: str,
        columns: Mapping[str, str] | None,
        progress: Callable[[int, int], None] | None,
    ) -> ExportReport:
        try:
            return export_release(
                self.library, release_id, path, format=format_name, columns=columns, progress=progress
            )
        except Damaged as error:
            raise Tampered(error.code, error.sentence) from error
        except HashSetError as error:
            raise ANSWERS.get(error.code, Refused)(error.code, error.sentence) from error

    def _record(self, report: ExportReport) -> None:
        details: dict[str, str | int | None] = {
            "set": report.set_name,
            "format": report.format,
            "entries": report.written,
            "bytes": report.bytes,
            "output_sha256": report.sha256,
        }
        subject = f"release:{report.release_id}"
        event = CustodyEvent(self.clock(), self.actor, CustodyAction.DISCLOSED, subject, "export", details)
        with self.store.writing() as unit:
            unit.custody.append([event])
            unit.commit()
