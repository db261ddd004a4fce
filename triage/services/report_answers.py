"""What a sender is told of its reports: where they stand, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from hashsets.vocabulary import Digest, DigestAlgorithm
from triage.domain.feedback import Feedback, of_file, of_report
from triage.domain.outcomes import OutcomeCode, as_told
from triage.domain.reports import ReportState, receipt
from triage.store.kept_reports import KeptFile, KeptReport, Measured
from triage.store.unit_of_work import Unit

from .knowing import Known


@dataclass(frozen=True, slots=True)
class FileStatus:
    """A file of a report, as its sender is told. `state` is `told`, `awaited`, `arrived` or a failed upload's.

    `upload` is where its bytes are awaited.
    """

    public_id: str
    state: str
    known: str
    measured: Measured | None
    upload: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportStatus:
    """A report, as its sender is told. `receipt` once it is finished: see `domain.reports.receipt`."""

    public_id: str
    reference: str | None
    state: ReportState
    sandbox: bool
    opened_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None
    notes: tuple[str, ...]
    files: tuple[FileStatus, ...]
    receipt: bytes | None


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """What became of a report and of its files, by their public ids.

    `became` is what people recorded of its referral, the latest last: codes alone.
    """

    report: Feedback
    files: tuple[tuple[str, Feedback], ...]
    became: tuple[OutcomeCode, ...] = ()


def state_at(kept: KeptReport, now: datetime) -> ReportState:
    """Its state. An open report whose time has come is expired, swept or not."""
    is_over = kept.state is ReportState.OPEN and kept.expires_at <= now
    return ReportState.EXPIRED if is_over else kept.state


def status_of(kept: KeptReport, files: Sequence[KeptFile], now: datetime) -> ReportStatus:
    """Where a recorded report stands."""
    state = state_at(kept, now)
    stamp = None
    if state is ReportState.FINISHED:
        assert kept.ended_at
        stamp = receipt(kept.public_id, kept.ended_at, [(file.public_id, digests_of(file)) for file in files])
    return ReportStatus(
        public_id=kept.public_id,
        reference=kept.reference,
        state=state,
        sandbox=kept.sandbox,
        opened_at=kept.opened_at,
        expires_at=kept.expires_at if state is ReportState.OPEN else None,
        ended_at=kept.ended_at,
        notes=kept.notes,
        files=tuple(map(status_of_file, files)),
        receipt=stamp,
    )


def status_of_file(file: KeptFile) -> FileStatus:
    """Where one of its files stands."""
    state = file.upload_state or "told"
    if file.measured:
        state = "arrived"
    elif state == "open":
        state = "awaited"
    upload = file.upload if state == "awaited" else None
    return FileStatus(file.public_id, state, file.known, file.measured, upload)


def digests_of(file: KeptFile) -> Sequence[Digest]:
    """What we measured of it, else what is told of it."""
    return file.measured.digests.as_digests() if file.measured else file.facts.digests


def outcome_of(unit: Unit, kept: KeptReport, now: datetime, *, may_know: bool) -> ReportOutcome:
    """What became of a report, in as many words as a sender may be told. A sandbox's asks nothing of evidence."""
    state = state_at(kept, now)
    if kept.sandbox:
        return sandbox_outcome(state, unit.reports.files(kept.id), may_know=may_know)
    submissions = [kept.submission_id] if kept.submission_id else []
    referred = bool(submissions and unit.networks.referrals_of(submissions))
    became = [code for one in submissions for code in unit.outcomes.codes_of_submission(one)]
    files = tuple(
        (one.public_id, of_file(state, one.outcome, is_referred=referred, may_know=may_know))
        for one in unit.reports.outcomes(kept.id)
    )
    whole = of_report(state, (told for _, told in files), is_referred=referred)
    return ReportOutcome(whole, files, as_told(became))


SANDBOX_BECAME = {f"triage sandbox became {code}".encode(): code for code in OutcomeCode}
"""Bytes whose SHA-256 the sandbox answers with what became of it, as a person would have recorded it."""

_SANDBOX_BECAME = {
    Digest(DigestAlgorithm.SHA256, sha256(text).digest()): code for text, code in SANDBOX_BECAME.items()
}
_SANDBOX = {Known.KNOWN: Feedback.ALREADY_KNOWN, Known.LISTED: Feedback.LIKELY_KNOWN}
_HIDDEN = {Feedback.ALREADY_KNOWN: Feedback.CLOSED, Feedback.LIKELY_KNOWN: Feedback.UNDER_REVIEW}


def sandbox_outcome(state: ReportState, files: Sequence[KeptFile], *, may_know: bool) -> ReportOutcome:
    """What the sandbox answers: by the documented digests, and nothing is ever before a person."""
    answers = []
    for file in files:
        if state is ReportState.FINISHED:
            answer = _SANDBOX.get(Known(file.known), Feedback.UNDER_REVIEW)
        else:
            answer = of_file(state, None, is_referred=False, may_know=may_know)
        answers.append((file.public_id, answer if may_know else _HIDDEN.get(answer, answer)))
    became = (_SANDBOX_BECAME.get(one) for file in files for one in digests_of(file))
    codes = tuple(sorted({one for one in became if one and state is ReportState.FINISHED}))
    return ReportOutcome(of_report(state, (one for _, one in answers), is_referred=False), tuple(answers), codes)
