"""Reports and files on their way to the commit: measured, asked about, checked. Of transactions only reading ones."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from hashsets.algorithms.digests_of_many import digests_of_many
from hashsets.vocabulary import Digest
from triage.chamber.sniff import SNIFF_BYTES, kind_of
from triage.domain.errors import Conflict, Refused, TriageError, Unreadable
from triage.domain.items import ItemKind
from triage.domain.reports import (
    OPEN_FOR,
    Door,
    FileFacts,
    ReportFacts,
    ReportState,
    clock_notes,
    receipt,
)
from triage.store.kept_reports import KeptFile, KeptReport, Measured, NewReport, NewReportedFile
from triage.store.report_documents import file_document, report_document
from triage.store.unit_of_work import Store, Unit

from .admitting import Admitted
from .finishing_reports import Ready, ReadyFile
from .keeping import sealed_row
from .knowing import Knowing, Known, known_in_sandbox
from .lending_writers import Writers
from .report_answers import FileStatus, ReportStatus, digests_of
from .sighting import Sighted, Sighting


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file as a door hands it over; without `data` only digests are told.

    `sighted` instead of `data` is all that is left of bytes that may not be kept; `later` how many bytes an upload of
    its own is going to bring.
    """

    facts: FileFacts
    data: bytes | None = None
    sighted: Sighted | None = None
    later: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenReport:
    """A report as a door hands it over, with the files that came in the same request.

    `asked` is the SHA-256 of the request, which must be equal where an idempotency key comes again.
    """

    admitted: Admitted
    door: Door
    facts: ReportFacts
    reference: str | None = None
    idempotency_key: str | None = None
    asked: bytes | None = None
    files: tuple[GivenFile, ...] = ()
    finish: bool = False


@dataclass(slots=True)
class ComingFile:
    """A file, and what is found out about it before it is recorded."""

    public_id: str
    position: int
    given: GivenFile
    measured: Measured | None = None
    known: Known = Known.NOT_KNOWN
    sealed: dict[str, Any] | None = None
    upload: str | None = None

    @property
    def digests(self) -> Sequence[Digest]:
        """What we measured, else what is told."""
        return self.measured.digests.as_digests() if self.measured else self.given.facts.digests

    @property
    def status(self) -> FileStatus:
        """As its sender is told."""
        state = "arrived" if self.measured else "awaited" if self.upload else "told"
        return FileStatus(self.public_id, state, self.known, self.measured, self.upload)

    def row(self, position: int, *, upload_id: int | None = None, item_id: int | None = None) -> NewReportedFile:
        """As it is recorded."""
        return NewReportedFile(
            public_id=self.public_id,
            position=position,
            facts=self.given.facts,
            known=self.known,
            measured=self.measured,
            upload_id=upload_id,
            item_id=item_id,
            sighted=self.given.sighted.examination if self.given.sighted and not item_id else None,
        )


@dataclass(slots=True)
class Coming:
    """A report before the commit; `answer` once it is decided, `follows` where another of the batch decides it."""

    given: GivenReport
    public_id: str = field(default_factory=lambda: secrets.token_hex(16))
    files: list[ComingFile] = field(default_factory=list)
    answer: ReportStatus | TriageError | None = None
    follows: Coming | None = None

    @property
    def is_evidence(self) -> bool:
        """Whether it is no sandbox report."""
        return not self.given.admitted.key.sandbox

    @property
    def whose(self) -> tuple[int, bool]:
        """Within what its reference and idempotency key are unique."""
        return self.given.admitted.sender.id, self.given.admitted.key.sandbox

    def stamp(self, now: datetime) -> bytes:
        """Its receipt, if it is finished now."""
        return receipt(self.public_id, now, [(file.public_id, file.digests) for file in self.files])

    def notes(self, now: datetime) -> tuple[str, ...]:
        """What is odd about its times."""
        return clock_notes(self.given.facts, [file.given.facts for file in self.files], now)

    def ready(self, admitted: Admitted, now: datetime) -> Ready:
        """As it is finished at once."""
        return Ready(
            admitted=admitted,
            door=self.given.door,
            public_id=self.public_id,
            reference=self.given.reference,
            facts=self.given.facts,
            receipt=self.stamp(now),
            files=tuple(
                ReadyFile(
                    public_id=file.public_id,
                    position=file.position,
                    facts=file.given.facts,
                    measured=file.measured,
                    sealed=file.sealed,
                    sighted=file.given.sighted,
                )
                for file in self.files
            ),
        )

    def row(self, submission_id: int | None, now: datetime) -> NewReport:
        """As it is recorded."""
        given = self.given
        sender_id, sandbox = self.whose
        return NewReport(
            public_id=self.public_id,
            sender_id=sender_id,
            sandbox=sandbox,
            door=given.door,
            facts=given.facts,
            reference=given.reference,
            idempotency_key=given.idempotency_key,
            asked=given.asked,
            state=ReportState.FINISHED if given.finish else ReportState.OPEN,
            at=now,
            notes=self.notes(now),
            submission_id=submission_id,
        )

    def status(self, now: datetime) -> ReportStatus:
        """As its sender is told, once it is recorded."""
        finish = self.given.finish
        return ReportStatus(
            public_id=self.public_id,
            reference=self.given.reference,
            state=ReportState.FINISHED if finish else ReportState.OPEN,
            sandbox=self.whose[1],
            opened_at=now,
            expires_at=None if finish else now + OPEN_FOR,
            ended_at=now if finish else None,
            notes=self.notes(now),
            files=tuple(file.status for file in self.files),
            receipt=self.stamp(now) if finish else None,
        )


@dataclass(frozen=True)
class Preparing:
    """What is done with reports and files before the transaction that records them."""

    store: Store
    writers: Writers
    knowing: Knowing
    sighting: Sighting

    def sight(self, admitted: Admitted, file: GivenFile) -> GivenFile:
        """The file, of a sender that keeps no media without its bytes. In a sandbox they are digested and no more.

        Raises Refused `unkept-too-large`; Unavailable `busy`, `chamber-start` ….
        """
        if file.data is None or _may_have(admitted):
            return file
        return GivenFile(file.facts, sighted=self.sighting.examine(file.data, PurePosixPath(file.facts.name).suffix))

    def check(self, coming: Sequence[Coming]) -> None:
        """Measure bytes, check texts, ask what is known. A report with something wrong in it has its answer then."""
        for one in coming:
            given = one.given
            one.files = [ComingFile(secrets.token_hex(16), place, file) for place, file in enumerate(given.files)]
            try:
                check_text(
                    [
                        report_document(given.facts),
                        [file_document(file.facts) for file in given.files],
                        given.reference,
                        given.idempotency_key,
                    ]
                )
                for file in one.files:
                    require_media_allowed(given.admitted, file.given)
                if given.finish and any(file.later is not None for file in given.files):
                    raise files_missing()
            except TriageError as error:
                one.answer = error
        self._measure(undecided(coming))
        for sandbox in (False, True):
            same = [one for one in undecided(coming) if one.is_evidence is not sandbox]
            self.ask([file for one in same for file in one.files], sandbox=sandbox)

    def _measure(self, coming: Sequence[Coming]) -> None:
        measure([file for one in coming for file in one.files])
        for one in coming:
            try:
                for file in one.files:
                    require_agreement(file.given.facts, file.measured)
            except TriageError as error:
                one.answer = error

    def ask(self, files: Sequence[ComingFile], *, sandbox: bool) -> None:
        """What is known of these files."""
        if sandbox:
            answers = [known_in_sandbox(file.digests) for file in files]
        else:
            answers = self.knowing.known([file.digests for file in files])
        for file, known in zip(files, answers, strict=True):
            file.known = known

    def seal(self, files: Sequence[ComingFile], held: AbstractSet[bytes]) -> None:
        """Seal the bytes whose SHA-256 is not `held`. Raises Unavailable `disk-full`, …: record nothing then."""
        fresh = [
            file
            for file in files
            if file.given.data is not None and file.measured and file.measured.digests.sha256 not in held
        ]
        if not fresh:
            return
        with self.writers.lent() as writer:
            for file in fresh:
                file.sealed = sealed_row(writer.seal([file.given.data or b""]))
            writer.sync()


def held_among(unit: Unit, files: Sequence[ComingFile]) -> set[bytes]:
    """SHA-256 values of those bytes that an item has in the vault. What nobody knows no item has."""
    brought = [file.measured.digests.sha256 for file in files if file.measured and file.known is not Known.NOT_KNOWN]
    return unit.items.sealed_among(brought) if brought else set()


def undecided(coming: Sequence[Coming]) -> list[Coming]:
    """Those that are still to be recorded."""
    return [one for one in coming if one.answer is None and one.follows is None]


def measure(files: Sequence[ComingFile]) -> None:
    """Take the digests of all bytes that came; together they cost less."""
    brought = [(file, file.given.data) for file in files if file.given.data is not None]
    for (file, data), digests in zip(brought, digests_of_many([data for _, data in brought]), strict=True):
        file.measured = Measured(digests=digests, size=len(data), kind=ItemKind(kind_of(data[:SNIFF_BYTES])))
    for file in files:
        sighted = file.given.sighted
        if sighted:
            file.measured = Measured(digests=sighted.digests, size=sighted.size, kind=sighted.kind)


def require_agreement(facts: FileFacts, measured: Measured | None) -> None:
    """Raise Unreadable `digest-mismatch` where bytes are not what is told of them."""
    if measured and not set(facts.digests) <= set(measured.digests.as_digests()):
        raise Unreadable("digest-mismatch", "The bytes of a file do not have the digests that were told of it.")


def require_media_allowed(admitted: Admitted, file: GivenFile) -> None:
    """Raise Refused `media-not-kept` for bytes that may not be kept and that nobody has sighted: a door forgot to."""
    if file.data is not None and not _may_have(admitted):
        raise Refused("media-not-kept", "This sender's media is not kept: tell digests instead.")


def _may_have(admitted: Admitted) -> bool:
    """Whether bytes of this sender may go on as they are: they may be kept, or a sandbox drops them anyway."""
    return admitted.sender.keeps_media or admitted.key.sandbox


def files_missing() -> Conflict:
    """What finishing a report is answered while bytes are awaited."""
    return Conflict("files-missing", "Not all files have arrived: send them, or retract the report.")


def check_text(document: object) -> None:
    """Raise Refused `text-invalid` for what is no text: no database keeps NUL, or half a character."""
    text = json.dumps(document, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refused("text-invalid", "A text holds half a character.") from None
    if "\\u0000" in text and "\\u0000" in text.replace("\\\\", ""):
        raise Refused("text-invalid", "A text holds a NUL character.")


def ready_of(
    admitted: Admitted, kept: KeptReport, files: Sequence[KeptFile], held: AbstractSet[bytes], now: datetime
) -> Ready:
    """A report that was filled while it was open, to be finished; `held` are SHA-256 of sealed items."""
    return Ready(
        admitted=admitted,
        door=kept.door,
        public_id=kept.public_id,
        reference=kept.reference,
        facts=kept.facts,
        receipt=receipt(kept.public_id, now, [(file.public_id, digests_of(file)) for file in files]),
        files=tuple(
            ReadyFile(
                public_id=file.public_id,
                position=file.position,
                facts=file.facts,
                measured=file.measured,
                sealed=file.sealed if file.measured and file.measured.digests.sha256 not in held else None,
                sighted=_sighted(file),
            )
            for file in files
        ),
    )


def _sighted(file: KeptFile) -> Sighted | None:
    measured = file.measured
    if not measured or not file.sighted:
        return None
    return Sighted(measured.digests, measured.size, measured.kind, file.sighted)
