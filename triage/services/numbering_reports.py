"""Reports by number, for doors whose clients know no other name of a report than a whole number."""

from __future__ import annotations

from dataclasses import dataclass

from triage.domain.errors import NotFound
from triage.store.kept_reports import KeptFile
from triage.store.unit_of_work import Store

from .admitting import Admitted


@dataclass(frozen=True)
class NumberingReports:
    """Tells numbers and public ids of a sender's own reports apart. Another's report is not there."""

    store: Store

    def number_of(self, admitted: Admitted, public_id: str) -> int:
        """The number of a report. Raises NotFound `no-report`."""
        with self.store.reading() as unit:
            return unit.reports.named(public_id, admitted.sender.id, sandbox=admitted.key.sandbox).id

    def public_id_of(self, admitted: Admitted, number: int) -> str:
        """The public id of the report of this number. Raises NotFound `no-report`."""
        with self.store.reading() as unit:
            return unit.reports.numbered(number, admitted.sender.id, sandbox=admitted.key.sandbox).public_id

    def submission_of(self, admitted: Admitted, public_id: str) -> int | None:
        """The submission that a report became; None while it is none. Raises NotFound `no-report`."""
        with self.store.reading() as unit:
            return unit.reports.named(public_id, admitted.sender.id, sandbox=admitted.key.sandbox).submission_id

    def file_of(self, admitted: Admitted, number: int, file_id: str) -> KeptFile:
        """A file of the report of this number, as recorded. Raises NotFound `no-report`, `no-file`."""
        with self.store.reading() as unit:
            report = unit.reports.numbered(number, admitted.sender.id, sandbox=admitted.key.sandbox)
            found = [file for file in unit.reports.files(report.id) if file.public_id == file_id]
        if not found:
            raise NotFound("no-file", "There is no such file in this report.")
        return found[0]
