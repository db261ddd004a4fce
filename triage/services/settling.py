"""A submission whose items all have their answer is linked: one barrier, checked in the commit that lifts it."""

from __future__ import annotations

from collections.abc import Iterable

from triage.domain.jobs import NewJob, Stage
from triage.domain.submissions import SubmissionState
from triage.store.unit_of_work import Unit


def settle(unit: Unit, submission_ids: Iterable[int]) -> None:
    """Owe a LINK job to each of these submissions that is received whole and waits for no item.

    Call it after the unit's custody record: the log's lock lets one such commit after another, and without it the
    last two items of a submission, answered at once, would each see the other waiting.
    """
    for submission_id in sorted(set(submission_ids)):
        if (
            unit.submissions.get(submission_id).state is SubmissionState.RECEIVED
            and not unit.jobs.item_jobs_owed(submission_id)
            and not unit.submissions.has_pending_items(submission_id)
            and not unit.jobs.is_owed(Stage.LINK, submission_id)
        ):
            unit.jobs.add([NewJob(Stage.LINK, submission_id)])
