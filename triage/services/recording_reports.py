"""Recording what happens to a report on its way: opened, files that arrived, let go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.reports import ReportState
from triage.store.kept_reports import KeptReport

from .coming_reports import Coming, ComingFile


def opening(one: Coming, now: datetime, actor: str) -> list[CustodyEvent]:
    """An open report, and what came with it."""
    admitted = one.given.admitted
    details = {
        "step": "opened",
        "sender": admitted.sender.id,
        "key": admitted.key.id,
        "door": one.given.door.value,
        "basis": admitted.sender.legal.acquired_under,
    }
    opened = _event(CustodyAction.RECEIVED, f"report:{one.public_id}", details, now, actor)
    return [opened, *arrived(one.public_id, one.files, now, actor)]


def arrived(report_id: str, files: Sequence[ComingFile], now: datetime, actor: str) -> list[CustodyEvent]:
    """Files of an open report: those whose bytes are sealed, and those of which only what was found is kept."""
    return [
        _event(
            CustodyAction.SEALED if file.sealed else CustodyAction.SIGHTED,
            f"reported-file:{file.public_id}",
            {"report": report_id, "sha256": file.measured.digests.sha256.hex(), "size": file.measured.size},
            now,
            actor,
        )
        for file in files
        if file.measured and (file.sealed or file.given.sighted)
    ]


def _event(
    action: CustodyAction, subject: str, details: Mapping[str, Any], now: datetime, actor: str
) -> CustodyEvent:
    return CustodyEvent(now, actor, action, subject, "report", details)


def let_go(kept: KeptReport, state: ReportState, dropped: int, now: datetime, actor: str) -> CustodyEvent:
    """Retracted or expired, with so many files of which nothing can be read any more."""
    details = {"step": state.value, "dropped": dropped}
    return _event(CustodyAction.RECEIVED, f"report:{kept.public_id}", details, now, actor)
