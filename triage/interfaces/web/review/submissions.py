"""Submissions: what was handed in, and how far the work on it is."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from triage.domain.access import Action
from triage.domain.errors import NotFound
from triage.interfaces.web import words
from triage.interfaces.web.forms import Id
from triage.store.access import Subject
from triage.store.page_models import SubmissionLine
from triage.store.read_models import SubmissionStatus
from triage.store.unit_of_work import Unit

from .desk import AtDesk

LINES = 50


routes = APIRouter(include_in_schema=False)
"""`/submissions`, `/submissions/NUMBER` and what of it changes while work goes on."""


@routes.get("/submissions")
def submissions(desk: AtDesk, before: Id | None = None) -> Response:
    """One page of them; `before` is the last of the page before."""
    with desk.application.store.reading() as unit:
        lines = unit.pages.submissions(desk.submissions, before, LINES)
    return desk.page("submissions.html.j2", lines=lines, next=lines[-1].id if len(lines) == LINES else None)


@routes.get("/submissions/{submission_id}")
def submission(desk: AtDesk, submission_id: Id) -> Response:
    """One submission's facts."""
    with desk.reading(Action.SEE_SUBMISSION, Subject("submission", submission_id)) as unit:
        line = _line(unit, submission_id)
        status = unit.read.status(submission_id)
        delivery = unit.submissions.get(submission_id).delivery
    return desk.page(
        "submission.html.j2",
        line=line,
        counted=status,
        delivery=delivery,
        owed=_owed(status),
        counts=[(code, status.outcomes[code]) for code in words.OUTCOMES if status.outcomes.get(code)],
        notes=sorted((*status.processing_notes.items(), *status.source_notes.items())),
    )


@routes.get("/submissions/{submission_id}/progress")
def progress(desk: AtDesk, submission_id: Id) -> Response:
    """The line of the page that changes."""
    with desk.reading(Action.SEE_SUBMISSION, Subject("submission", submission_id)) as unit:
        status = unit.read.status(submission_id)
    return desk.page("progress.html.j2", owed=_owed(status))


def _line(unit: Unit, submission_id: int) -> SubmissionLine:
    found = unit.pages.submission(submission_id)
    if found is None:
        raise NotFound("no-submission", f"There is no submission S-{submission_id}.")
    return found


def _owed(status: SubmissionStatus) -> list[tuple[str, int]]:
    """Stage and jobs that are owed, in the order of the work."""
    return [(stage, count) for stage in words.STAGES if (count := status.jobs.get(stage, {}).get("ready", 0))]
