"""What a sender is told of what became of its report: codes, and no more than its key allows."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from triage.domain.items import Outcome
from triage.domain.reports import ReportState


class Feedback(StrEnum):
    """The answer to a sender, of a file or of a whole report."""

    RECEIVED = "received"  # here, and not answered yet
    ALREADY_KNOWN = "already-known"  # the very bytes are in a known set: nobody had to look
    LIKELY_KNOWN = "likely-known"  # near to something known; a person says
    UNDECODABLE = "undecodable"  # no picture came out of it
    UNDER_REVIEW = "under-review"  # answered by machine, and not yet before a person
    REFERRED = "referred"  # before a person
    CLOSED = "closed"  # answered, and nobody needs to look
    RETRACTED = "retracted"
    EXPIRED = "expired"


_ENDED = {ReportState.RETRACTED: Feedback.RETRACTED, ReportState.EXPIRED: Feedback.EXPIRED}
_CLOSED = {Feedback.ALREADY_KNOWN, Feedback.CLOSED}


def of_file(state: ReportState, outcome: Outcome | None, *, is_referred: bool, may_know: bool) -> Feedback:
    """What is told of a file. Without `may_know` nothing tells whether anything is in a known set."""
    if state in _ENDED:
        return _ENDED[state]
    if outcome is None or outcome is Outcome.PENDING:
        return Feedback.RECEIVED
    waiting = Feedback.REFERRED if is_referred else Feedback.UNDER_REVIEW
    told = {
        Outcome.KNOWN: Feedback.ALREADY_KNOWN if may_know else Feedback.CLOSED,
        Outcome.KNOWN_GOOD: Feedback.CLOSED,
        Outcome.NEAR: Feedback.LIKELY_KNOWN if may_know else waiting,
        Outcome.UNDECODABLE: Feedback.UNDECODABLE,
    }
    return told.get(outcome, waiting)


def of_report(state: ReportState, files: Iterable[Feedback], *, is_referred: bool) -> Feedback:
    """What is told of the whole report."""
    if state in _ENDED:
        return _ENDED[state]
    told = set(files)
    if state is ReportState.OPEN or Feedback.RECEIVED in told:
        return Feedback.RECEIVED
    if is_referred:
        return Feedback.REFERRED
    return Feedback.CLOSED if told and told <= _CLOSED else Feedback.UNDER_REVIEW
