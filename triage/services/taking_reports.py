"""Reports of providers and hotlines: opened, filled, finished or let go. Until then nothing of one is an item.

Bytes are digested and sealed before anything else is done with them; while a report is open, their locator waits in
its `upload` row, and forgetting that makes them unreadable. Of a sender that keeps no media they are examined in
memory and dropped; what was found waits beside the file. A sandbox report goes through the same states and answers;
its bytes are digested and dropped, and it never becomes a submission.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from triage.domain.errors import NotFound, Refused, TriageError
from triage.domain.finished_reports import FinishedReport
from triage.domain.reports import (
    IDLE_FOR,
    OPEN_FOR,
    Door,
    FileFacts,
    ReportFacts,
    ReportState,
    require_open,
)
from triage.domain.senders import Scope
from triage.domain.uploads import NewUpload
from triage.store.kept_reports import KeptFile, KeptReport
from triage.store.report_documents import file_document
from triage.store.reports import ARRIVED, DROPPED, TAKEN
from triage.store.unit_of_work import Unit

from .admitting import Admitted, admitted_now
from .answering_early import admitted_still, answer_repeated
from .clock import Clock
from .coming_reports import (
    Coming,
    ComingFile,
    GivenFile,
    GivenReport,
    Preparing,
    check_text,
    files_missing,
    held_among,
    measure,
    ready_of,
    require_agreement,
    undecided,
)
from .finishing_reports import Finished, Ready, record_all, write_all
from .preserving import Preserving
from .recording_reports import arrived, let_go, opening
from .report_answers import (
    FileStatus,
    ReportOutcome,
    ReportStatus,
    outcome_of,
    state_at,
    status_of,
    status_of_file,
)
from .uploading import Uploading

_SWEPT_TOGETHER = 100


class _Overtaken(Exception):
    """Another process has just written a report of the same reference or key: look again."""


@dataclass(frozen=True)
class TakingReports:
    """Takes reports in. Parses nothing of a file, and fetches nothing that a report names."""

    preparing: Preparing
    preserving: Preserving
    uploading: Uploading
    clock: Clock
    actor: str

    def open(
        self,
        admitted: Admitted,
        door: Door,
        facts: ReportFacts,
        *,
        reference: str | None = None,
        idempotency_key: str | None = None,
        asked: bytes | None = None,
    ) -> ReportStatus:
        """Open a report. Raises Refused, Conflict `reference-taken`, `idempotency-key-reused`."""
        given = GivenReport(
            admitted=admitted,
            door=door,
            facts=facts,
            reference=reference,
            idempotency_key=idempotency_key,
            asked=asked,
        )
        [answer] = self.take([given])
        if isinstance(answer, TriageError):
            raise answer
        return answer

    def take(self, given: Sequence[GivenReport]) -> list[ReportStatus | TriageError]:
        """Take these reports in one commit: each one's status, or what is wrong with it.

        Of a sender that keeps no media they come from `without_media`.

        Raises Unavailable, Tampered where nothing can be taken now.
        """
        while True:
            coming = [Coming(one) for one in given]
            for one in coming:
                if Scope.REPORT not in one.given.admitted.key.scopes:
                    one.answer = Refused("scope-missing", "This key does not have the scope report.")
            self.preparing.check(undecided(coming))
            with self.preparing.store.reading() as unit:
                answer_repeated(unit, undecided(coming), self.clock())
                files = [file for one in undecided(coming) if one.is_evidence for file in one.files]
                held = held_among(unit, files)
            self.preparing.seal(files, held)
            try:
                self._record(coming)
            except _Overtaken:
                continue
            answers = [one.follows.answer if one.follows else one.answer for one in coming]
            return [answer for answer in answers if answer]

    def without_media(self, given: GivenReport) -> GivenReport:
        """The report as it may be taken: bytes that may not be kept are examined now, which takes its time, and gone.

        Raises Refused `unkept-too-large`; Unavailable `busy`, `chamber-start` ….
        """
        files = tuple(self.preparing.sight(given.admitted, file) for file in given.files)
        return replace(given, files=files)

    def add_file(
        self,
        admitted: Admitted,
        report_id: str,
        facts: FileFacts,
        data: bytes | None = None,
        *,
        later: int | None = None,
    ) -> FileStatus:
        """Add a file to an open report; `later` bytes of it come by an upload of their own, which is made here.

        Raises NotFound, Conflict, Refused, Unavailable, Unreadable `digest-mismatch`.
        """
        admitted.require(Scope.REPORT)
        sandbox = admitted.key.sandbox
        with self.preparing.store.reading() as unit:
            self._opened(unit, admitted, report_id)
        check_text(file_document(facts))
        given = self.preparing.sight(admitted, GivenFile(facts, data, later=later))
        file = ComingFile(secrets.token_hex(16), 0, given)
        measure([file])
        require_agreement(facts, file.measured)
        self.preparing.ask([file], sandbox=sandbox)
        if not sandbox:
            with self.preparing.store.reading() as unit:
                held = held_among(unit, [file])
            self.preparing.seal([file], held)
        now = self.clock()
        with self.preparing.store.writing() as unit:
            kept = self._opened(unit, admitted, report_id, hold=True)
            upload_id = self._waiting(unit, admitted, kept.id, file, kept.expires_at)
            position = unit.reports.next_position(kept.id)
            unit.reports.add_files([(kept.id, file.row(position, upload_id=upload_id))])
            unit.reports.change(kept.id, now)
            unit.custody.append(arrived(kept.public_id, [file], now, self.actor))
            unit.commit()
        self._expect([file])
        return file.status

    def describe_file(self, admitted: Admitted, report_id: str, file_id: str, facts: FileFacts) -> FileStatus:
        """Say something else of a file of an open report. Raises as `add_file`, NotFound `no-file`."""
        admitted.require(Scope.REPORT)
        check_text(file_document(facts))
        with self.preparing.store.writing() as unit:
            kept = self._opened(unit, admitted, report_id, hold=True)
            found = [file for file in unit.reports.files(kept.id) if file.public_id == file_id]
            if not found:
                raise NotFound("no-file", "There is no such file in this report.")
            require_agreement(facts, found[0].measured)
            unit.reports.describe(found[0], facts)
            unit.reports.change(kept.id, self.clock())
            unit.commit()
        return status_of_file(found[0])

    def finish(self, admitted: Admitted, report_id: str) -> ReportStatus:
        """Finish a report: it becomes a submission in one commit. Raises NotFound, Conflict `files-missing`."""
        admitted.require(Scope.REPORT)
        now = self.clock()
        with self.preparing.store.writing() as unit:
            kept = self._opened(unit, admitted, report_id, hold=True)
            files = unit.reports.files(kept.id)
            if any(file.upload_state not in {None, ARRIVED} for file in files):
                raise files_missing()
            for file in files:
                require_agreement(file.facts, file.measured)
            submission_id = None if kept.sandbox else self._finished(unit, admitted, kept, files, now)
            unit.reports.let_go(kept.id, TAKEN)
            unit.reports.end(kept.id, ReportState.FINISHED, now, submission_id)
            unit.commit()
        return self.status(admitted, report_id)

    def retract(self, admitted: Admitted, report_id: str) -> ReportStatus:
        """Let go of an open report: its bytes can be read by nobody from now on. Raises NotFound, Conflict."""
        admitted.require(Scope.REPORT)
        with self.preparing.store.writing() as unit:
            kept = self._opened(unit, admitted, report_id, hold=True)
            self._end(unit, kept, ReportState.RETRACTED, self.clock())
            unit.commit()
        return self.status(admitted, report_id)

    def status(self, admitted: Admitted, report_id: str) -> ReportStatus:
        """Where a report stands. Raises NotFound."""
        admitted.require(Scope.REPORT)
        with self.preparing.store.reading() as unit:
            kept = unit.reports.named(report_id, admitted.sender.id, sandbox=admitted.key.sandbox)
            return status_of(kept, unit.reports.files(kept.id), self.clock())

    def outcome(self, admitted: Admitted, report_id: str) -> ReportOutcome:
        """What became of a report, in as many words as the key allows. Raises NotFound."""
        admitted.require(Scope.REPORT)
        may_know = Scope.KNOWN in admitted.key.scopes
        with self.preparing.store.reading() as unit:
            kept = unit.reports.named(report_id, admitted.sender.id, sandbox=admitted.key.sandbox)
            return outcome_of(unit, kept, self.clock(), may_know=may_know)

    def outcome_told(self, report_id: str, *, sandbox: bool) -> ReportOutcome:
        """The same for the unit itself: what a sender is told whose key may know. Raises NotFound."""
        with self.preparing.store.reading() as unit:
            kept = unit.reports.of_anybody(report_id, sandbox=sandbox)
            return outcome_of(unit, kept, self.clock(), may_know=True)

    def sweep(self) -> int:
        """Drop reports whose time has come; how many."""
        now = self.clock()
        with self.preparing.store.writing() as unit:
            overdue = unit.reports.overdue(now - OPEN_FOR, now - IDLE_FOR, _SWEPT_TOGETHER)
            for kept in overdue:
                self._end(unit, kept, ReportState.EXPIRED, now)
            unit.commit()
        return len(overdue)

    def _record(self, coming: Sequence[Coming]) -> None:
        """One commit for all. Raises _Overtaken."""
        now = self.clock()
        if not undecided(coming):
            return
        with self.preparing.store.writing() as unit:
            admitted = admitted_still(unit, undecided(coming), now)
            left = undecided(coming)
            whole = [one for one in left if one.given.finish and one.is_evidence]
            ready = [one.ready(admitted[one.given.admitted.key.id], now) for one in whole]
            written = write_all(unit, ready, now, self.actor)
            finished = {one.public_id: done for one, done in zip(whole, written.finished, strict=True)}
            rows = [one.row(_submission_id(finished.get(one.public_id)), now) for one in left]
            ids = unit.reports.add(rows)
            if len(ids) < len(left):
                raise _Overtaken
            self._add_files(unit, left, ids, finished, now)
            self._preserve(
                unit, [(ids[one.public_id], it) for one, it in zip(whole, ready, strict=True)], finished, now
            )
            opened = [one for one in left if one.is_evidence and not one.given.finish]
            unit.custody.append([event for one in opened for event in opening(one, now, self.actor)])
            record_all(unit, written, now, self.actor)
            unit.commit()
        for one in left:
            self._expect(one.files)
            one.answer = one.status(now)

    def _finished(
        self, unit: Unit, admitted: Admitted, kept: KeptReport, files: Sequence[KeptFile], now: datetime
    ) -> int:
        """Make a submission of an open report's rows; its id."""
        held = unit.items.sealed_among([file.measured.digests.sha256 for file in files if file.measured])
        ready = ready_of(admitted, kept, files, held, now)
        written = write_all(unit, [ready], now, self.actor)
        [finished] = written.finished
        by_public = {file.public_id: file.id for file in files}
        unit.reports.taken({by_public[public_id]: item_id for public_id, item_id in finished.items.items()})
        self._preserve(unit, [(kept.id, ready)], {kept.public_id: finished}, now)
        record_all(unit, written, now, self.actor)
        return finished.submission_id

    def _preserve(
        self,
        unit: Unit,
        reports: Sequence[tuple[int, Ready]],
        finished: Mapping[str, Finished],
        now: datetime,
    ) -> None:
        """Identifiers as rows, and who is to be asked for what until when."""
        told = [
            FinishedReport(
                report_id=report_id,
                submission_id=finished[one.public_id].submission_id,
                sender=one.admitted.sender,
                facts=one.facts,
                files=tuple(file.facts for file in one.files),
                reference=one.reference or one.public_id,
            )
            for report_id, one in reports
        ]
        unit.report_rows.add_identifiers(told)
        self.preserving.preserve(unit, told, now)

    def _opened(self, unit: Unit, admitted: Admitted, report_id: str, *, hold: bool = False) -> KeptReport:
        """The report, if it is open and the key still opens it. Raises NotFound, Conflict, Refused."""
        now = self.clock()
        admitted_now(unit.senders.keys([admitted.key.id])[admitted.key.id], now)
        kept = unit.reports.named(report_id, admitted.sender.id, sandbox=admitted.key.sandbox, hold=hold)
        require_open(state_at(kept, now))
        return kept

    def _add_files(
        self,
        unit: Unit,
        coming: Sequence[Coming],
        ids: Mapping[str, int],
        finished: Mapping[str, Finished],
        now: datetime,
    ) -> None:
        rows = []
        for one in coming:
            report_id, done = ids[one.public_id], finished.get(one.public_id)
            for file in one.files:
                upload_id = None
                if not done:
                    upload_id = self._waiting(unit, one.given.admitted, report_id, file, now + OPEN_FOR)
                item_id = done.items.get(file.public_id) if done else None
                rows.append((report_id, file.row(file.position, upload_id=upload_id, item_id=item_id)))
        unit.reports.add_files(rows)

    def _waiting(
        self, unit: Unit, admitted: Admitted, report_id: int, file: ComingFile, until: datetime
    ) -> int | None:
        """The upload in which its bytes wait, or are awaited."""
        if file.given.later is None:
            return _wait(unit, admitted, report_id, file, until)
        new = NewUpload(length=file.given.later, stated=file.given.facts.digests, report_id=report_id)
        kept = self.uploading.open_in(unit, admitted, new)
        file.upload = kept.public_id
        return kept.id

    def _expect(self, files: Sequence[ComingFile]) -> None:
        """An upload of no bytes is whole at once."""
        if any(file.given.later == 0 for file in files):
            self.uploading.arrivals.set()

    def _end(self, unit: Unit, kept: KeptReport, state: ReportState, now: datetime) -> None:
        dropped = unit.reports.let_go(kept.id, DROPPED)
        unit.reports.end(kept.id, state, now)
        if not kept.sandbox:
            unit.custody.append([let_go(kept, state, dropped, now, self.actor)])


def _wait(unit: Unit, admitted: Admitted, report_id: int, file: ComingFile, until: datetime) -> int | None:
    """Keep the locator of bytes while their report is open; nothing where there are none, or an item has them."""
    if not file.measured or not file.sealed:
        return None
    public_id, key = secrets.token_hex(16), admitted.key
    return unit.reports.add_arrived(
        public_id, admitted.sender.id, key.id, report_id, file.measured, file.sealed, until
    )


def _submission_id(finished: Finished | None) -> int | None:
    return finished.submission_id if finished else None
