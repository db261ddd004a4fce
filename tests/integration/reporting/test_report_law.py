"""What a report says of law and of reports, and for whom it may be made."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.integration.reporting.scenes import NOW, Scene, events
from tests.reported import OF_PROVIDER, VIEWED, FinishedReports, account, subject
from triage.domain.errors import Refused
from triage.domain.reports import FileFacts, FileMark, Viewed
from triage.domain.retention import HolderKind
from triage.services.reporting import Reporting
from triage.store.unit_of_work import Store


def test_a_report_leaves_the_house_only_for_whom_its_sender_named(reporting: Reporting, store: Store) -> None:
    """In any spelling; for anybody else nothing is made, and nothing recorded. The record names the receiver."""
    mine = FinishedReports(store, legal=replace(OF_PROVIDER, may_share_with=("TH", "Agency One"))).report()
    for stranger in ("LA", "T", "Agency"):
        with pytest.raises(Refused) as refused:
            reporting.report(mine, stranger)
        assert refused.value.code == "may-not-share"
    assert events(store) == []
    assert b"made for" in reporting.report(mine, "agency one ")
    assert events(store)[-1].details["receiver"] == "agency one "


def test_what_nobody_named_a_receiver_for_is_shared_with_nobody(reporting: Reporting, scene: Scene) -> None:
    """A seizure whose terms were not stated stays in the house; within it the page is made as ever."""
    mine = scene.submission()
    with pytest.raises(Refused):
        reporting.report(mine, "TH")
    assert b"May be shared with" in reporting.report(mine)


def test_a_dossier_counts_what_its_report_says(reporting: Reporting, store: Store) -> None:
    """And which of its items are not to be rendered; no identifier comes with it."""
    told = FileFacts(viewed=Viewed.NO, classification="ncmec:A1", marks=(FileMark.MEME,))
    mine = FinishedReports(store).report(
        subject(account("private name")), files=[("a", told), ("b", VIEWED)], escalated=True
    )
    dossier = reporting.dossier(mine)
    assert dossier.do_not_render == 1
    assert dossier.reported is not None
    assert dossier.reported.viewed == {Viewed.YES: 1, Viewed.NO: 1, Viewed.UNKNOWN: 0}
    assert (dossier.reported.files, dossier.reported.classifications) == (2, {"ncmec:A1": 1})
    assert dossier.reported.marks == {FileMark.MEME: 1}
    assert (dossier.reported.facts["accounts"], dossier.reported.facts["reporter_escalated"]) == (1, 1)
    assert dossier.preservation == {HolderKind.REPORT_CONTENT: 1}
    assert dossier.preserve_until == NOW.date() + timedelta(days=365)
    assert b"private name" not in reporting.report(mine)
