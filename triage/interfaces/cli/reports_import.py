"""`triage reports import`: reports as police units receive them, as files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from triage.domain.errors import TriageError
from triage.domain.reports import Door
from triage.domain.senders import Scope

from .app import Json, opened
from .lookup import chamber
from .output import console, print_json, table
from .reports import reports

if TYPE_CHECKING:
    from triage.bootstrap import Application
    from triage.chamber.parent import Chamber
    from triage.interfaces.cybertip.deliveries import Delivered
    from triage.services.admitting import Admitted

_LASTS = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Imported:
    """What became of one report of a file, or of the file."""

    file: Path
    reference: str = ""
    submission: int | None = None
    is_new: bool = False
    media: int = 0
    told: int = 0
    left: int = 0
    error: TriageError | None = None

    def document(self) -> dict[str, Any]:
        """For machines."""
        error = {"code": self.error.code, "sentence": self.error.sentence} if self.error else None
        return {
            "file": str(self.file),
            "reference": self.reference,
            "submission": f"S-{self.submission}" if self.submission else None,
            "new": self.is_new,
            "media": self.media,
            "told": self.told,
            "left": self.left,
            "error": error,
        }

    def row(self) -> tuple[object, ...]:
        """For people."""
        became = self.error.code if self.error else f"S-{self.submission}"
        return self.file, self.reference, became, self.media, self.told, self.left


@reports.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="JSON documents, or the ZIPs that they came in.")],
    *,
    sender: Annotated[str, typer.Option(help="From whom they come: triage senders add.")],
    as_json: Json = False,
) -> None:
    """Take in CyberTip reports as police units receive them. One that cannot be read is answered; the rest goes on.

    The media of a ZIP become the report's files; what a document says of their digests is compared. Run it again:
    what is there already is found.
    """
    with opened() as application, chamber() as sealed, _admitted(application, sender) as admitted:
        answers = [answer for path in files for answer in _import(application, sealed, admitted, path)]
    if as_json:
        print_json([answer.document() for answer in answers])
    else:
        columns = ["file", "reference", "became", "media#", "told only#", "left#"]
        console().print(table("Reports", columns, [answer.row() for answer in answers]))
        for answer in answers:
            if answer.error:
                console().print(f"{answer.file}: {answer.error.sentence}")
    failed = next((answer.error for answer in answers if answer.error), None)
    if failed:
        raise typer.Exit(failed.exit_code)


def _import(application: Application, sealed: Chamber, admitted: Admitted, path: Path) -> Iterator[_Imported]:
    from triage.chamber.limits import ArchiveLimits  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.interfaces.cybertip.deliveries import read_delivery  # noqa: PLC0415 - keeps `triage --help` quick

    archives = application.settings.archives
    limits = ArchiveLimits(
        max_members=archives.max_members,
        max_total_bytes=archives.max_total_bytes,
        max_member_bytes=archives.max_member_bytes,
        max_ratio=archives.max_ratio,
    )
    try:
        delivery = read_delivery(path, sealed, limits, application.settings.ispws.import_bytes)
    except TriageError as error:
        yield _Imported(file=path, error=error)
        return
    yield from (_Imported(file=path, error=problem) for problem in delivery.problems)
    yield from (_take(application, admitted, path, delivered) for delivered in delivery.reports)


def _take(application: Application, admitted: Admitted, path: Path, delivered: Delivered) -> _Imported:
    from triage.services.coming_reports import GivenFile, GivenReport  # noqa: PLC0415 - keeps `triage --help` quick

    begun = datetime.now(UTC)
    reference = delivered.report.reference
    given = GivenReport(
        admitted=admitted,
        door=Door.CYBERTIP_FILE,
        facts=delivered.report.facts,
        reference=reference or None,
        idempotency_key=delivered.identity.hex(),
        asked=delivered.identity,
        files=tuple(GivenFile(file.facts, file.data) for file in delivered.files),
        finish=True,
    )
    try:
        given = application.taking_reports.without_media(given)
    except TriageError as error:
        return _Imported(file=path, reference=reference, error=error)
    [answer] = application.taking_reports.take([given])
    if isinstance(answer, TriageError):
        return _Imported(file=path, reference=reference, error=answer)
    media = sum(file.data is not None for file in delivered.files)
    return _Imported(
        file=path,
        reference=reference,
        submission=application.numbering_reports.submission_of(admitted, answer.public_id),
        is_new=answer.opened_at >= begun,
        media=media,
        told=len(delivered.files) - media,
        left=delivered.left,
    )


@contextmanager
def _admitted(application: Application, sender: str) -> Iterator[Admitted]:
    """A key of this sender's, recorded like any other and revoked after the import. Raises NotFound, Refused."""
    issued = application.admitting.issue(sender, frozenset({Scope.REPORT}), _LASTS)
    try:
        yield application.admitting.admit(issued.token)
    finally:
        application.admitting.revoke(issued.key.prefix)
