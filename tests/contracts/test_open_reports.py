"""Reports that are filled step by step: what each state allows, and what is let go of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.contracts.reports import PICTURE, events, one, rows, sha256
from tests.refusals import refused
from tests.reported import FACTS, NOW, Desk, file_of, report_of
from triage.domain.errors import NotFound, Refused
from triage.domain.reports import Door, FileFacts, ReportState, Viewed, receipt
from triage.services.admitting import Admitted
from triage.services.coming_reports import GivenFile
from triage.store.intake_tables import report, reported_file, upload
from triage.store.job_tables import job
from triage.store.tables import item, occurrence, sealed_object, submission


def test_a_report_step_by_step(desk: Desk, provider: Admitted) -> None:
    """Until it is finished nothing of it is an item, and its bytes wait sealed."""
    opened = desk.taking.open(provider, Door.API, FACTS)
    assert (opened.state, opened.expires_at, opened.receipt) == (ReportState.OPEN, NOW + timedelta(hours=24), None)
    with_bytes = desk.taking.add_file(provider, opened.public_id, FileFacts(name="a.jpg", viewed=Viewed.YES), PICTURE)
    told = desk.taking.add_file(provider, opened.public_id, FileFacts(digests=(sha256(b"elsewhere"),)))
    assert (with_bytes.state, told.state) == ("arrived", "told")
    assert rows(desk, item) == []
    assert [row["state"] for row in rows(desk, upload)] == ["arrived"]
    finished = desk.taking.finish(provider, opened.public_id)
    assert finished.state is ReportState.FINISHED
    assert [file.public_id for file in finished.files] == [with_bytes.public_id, told.public_id]
    assert [(row["outcome"], row["size"]) for row in rows(desk, item)] == [
        ("pending", len(PICTURE)),
        ("pending", None),
    ]
    assert [(row["state"], row["sealed"]) for row in rows(desk, upload)] == [("taken", None)]
    assert events(desk) == [
        ("received", "report", "opened"),
        ("sealed", "reported-file", ""),
        ("received", "submission", "complete"),
        ("sealed", "item", ""),
    ]
    assert sorted((str(owed["stage"]), owed["item_ids"]) for owed in rows(desk, job)) == [
        ("examine", [1]),
        ("match", [2]),
    ]


def test_digests_alone_become_items_that_are_matched(desk: Desk, provider: Admitted) -> None:
    """Many reports at once, and the same digest in two of them."""
    told = GivenFile(FileFacts(name="a.jpg", digests=(sha256(b"elsewhere"),)))
    desk.taking.take([report_of(provider, told), report_of(provider, told, file_of(PICTURE))])
    assert [row["submission_id"] for row in rows(desk, occurrence) if row["item_id"] == 2] == [1, 2]
    assert sorted((str(owed["stage"]), owed["submission_id"]) for owed in rows(desk, job)) == [
        ("examine", 2),
        ("match", 1),
    ]
    assert all(row["item_id"] for row in rows(desk, reported_file))


def test_both_ways_give_the_same(desk: Desk, provider: Admitted) -> None:
    """At once or step by step: the same rows, but for ids, and for what is held by then."""
    one(desk, report_of(provider, file_of(PICTURE)))
    opened = desk.taking.open(provider, Door.API, FACTS)
    desk.taking.add_file(provider, opened.public_id, FileFacts(name="picture.jpg", viewed=Viewed.NO), PICTURE)
    desk.taking.finish(provider, opened.public_id)
    left_out = {
        "id",
        "public_id",
        "exhibit_ref",
        "case_ref",
        "source",
        "submission_id",
        "report_id",
        "upload_id",
        "known",
    }
    for table in (submission, report, reported_file, occurrence):
        first, second = ({key: row[key] for key in row.keys() - left_out} for row in rows(desk, table))
        assert first == second


def test_files_in_an_open_request_wait(desk: Desk, provider: Admitted) -> None:
    """A report may bring files and stay open."""
    status = one(desk, report_of(provider, file_of(PICTURE), finish=False))
    assert rows(desk, item) == []
    assert desk.taking.finish(provider, status.public_id).files[0].public_id == status.files[0].public_id
    assert len(rows(desk, item)) == 1


def test_a_receipt_can_be_computed_by_its_sender(desk: Desk, provider: Admitted) -> None:
    """From what it was told, and it stands in the custody log."""
    status = one(desk, report_of(provider, file_of(PICTURE)))
    assert status.ended_at
    assert status.files[0].measured
    digests = status.files[0].measured.digests.as_digests()
    computed = receipt(status.public_id, status.ended_at, [(status.files[0].public_id, digests)])
    assert status.receipt == computed
    assert desk.taking.status(provider, status.public_id) == status
    with desk.store.reading() as unit:
        told = [record.event.details.get("receipt") for record in unit.custody.records() if record.event]
    assert computed.hex() in told


def test_retracting_lets_go_of_the_bytes(desk: Desk, provider: Admitted) -> None:
    """The only wrapped key goes with the locator."""
    opened = one(desk, report_of(provider, file_of(PICTURE), finish=False))
    assert desk.taking.retract(provider, opened.public_id).state is ReportState.RETRACTED
    [row] = rows(desk, upload)
    assert (row["state"], row["sealed"]) == ("dropped", None)
    assert rows(desk, sealed_object) == []
    assert events(desk)[-1] == ("received", "report", "retracted")


def test_an_idle_report_expires_and_is_swept(desk: Desk, provider: Admitted) -> None:
    """A day after it was opened, or an hour after its last change, whichever is later."""
    opened = one(desk, report_of(provider, file_of(PICTURE), finish=False))
    desk.clock.pass_(timedelta(hours=23, minutes=30))
    desk.taking.add_file(provider, opened.public_id, FileFacts(), b"more")
    desk.clock.pass_(timedelta(minutes=59))
    assert desk.taking.sweep() == 0
    desk.taking.add_file(provider, opened.public_id, FileFacts(), b"and more")
    desk.clock.pass_(timedelta(minutes=60))
    assert desk.taking.status(provider, opened.public_id).state is ReportState.EXPIRED
    assert refused(lambda: desk.taking.finish(provider, opened.public_id)) == "report-expired"
    assert (desk.taking.sweep(), desk.taking.sweep()) == (1, 0)
    assert {(row["state"], row["sealed"]) for row in rows(desk, upload)} == {("dropped", None)}
    assert events(desk)[-1] == ("received", "report", "expired")


@pytest.mark.parametrize(("end", "code"), [("finish", "report-finished"), ("retract", "report-retracted")])
def test_an_ended_report_allows_nothing_more(desk: Desk, provider: Admitted, end: str, code: str) -> None:
    """Each of the two ends is final."""
    opened = desk.taking.open(provider, Door.API, FACTS)
    file = desk.taking.add_file(provider, opened.public_id, FileFacts())
    getattr(desk.taking, end)(provider, opened.public_id)
    for attempt in (
        lambda: desk.taking.add_file(provider, opened.public_id, FileFacts(), PICTURE),
        lambda: desk.taking.describe_file(provider, opened.public_id, file.public_id, FileFacts()),
        lambda: desk.taking.finish(provider, opened.public_id),
        lambda: desk.taking.retract(provider, opened.public_id),
    ):
        assert refused(attempt) == code


def test_what_is_said_of_a_file_can_be_said_again(desk: Desk, provider: Admitted) -> None:
    """While the report is open, and never against its bytes."""
    opened = desk.taking.open(provider, Door.API, FACTS)
    file = desk.taking.add_file(provider, opened.public_id, FileFacts(), PICTURE)
    desk.taking.describe_file(provider, opened.public_id, file.public_id, FileFacts(viewed=Viewed.YES, name="b.jpg"))
    against = FileFacts(digests=(sha256(b"other"),))
    assert (
        refused(lambda: desk.taking.describe_file(provider, opened.public_id, file.public_id, against))
        == "digest-mismatch"
    )
    assert refused(lambda: desk.taking.describe_file(provider, opened.public_id, "0" * 32, FileFacts())) == "no-file"
    desk.taking.finish(provider, opened.public_id)
    [place] = rows(desk, occurrence)
    assert (place["viewed"], place["path"]) == ("yes", b"b.jpg")


def test_bytes_that_are_not_what_is_told_are_refused(desk: Desk, provider: Admitted) -> None:
    """Nothing of them is kept."""
    opened = desk.taking.open(provider, Door.API, FACTS)
    wrong = FileFacts(digests=(sha256(b"other"),))
    assert refused(lambda: desk.taking.add_file(provider, opened.public_id, wrong, PICTURE)) == "digest-mismatch"
    assert rows(desk, upload) == []
    assert list(desk.vault.segments()) == []


def test_a_report_is_its_senders_alone(desk: Desk, provider: Admitted) -> None:
    """Another sender, and the same one's sandbox, find nothing."""
    status = one(desk, report_of(provider))
    for who in (desk.sender("other"), desk.sender(sandbox=True)):
        with pytest.raises(NotFound):
            desk.taking.status(who, status.public_id)
        with pytest.raises(NotFound):
            desk.taking.outcome(who, status.public_id)


def test_a_key_revoked_in_mid_report_stops_the_next_request(desk: Desk, provider: Admitted) -> None:
    """Whatever the door remembers of it."""
    opened = desk.taking.open(provider, Door.API, FACTS)
    desk.admitting.revoke(provider.key.prefix)
    taken = desk.taking.take([report_of(provider)])[0]
    assert isinstance(taken, Refused)
    assert taken.code == "key-revoked"
    for attempt in (
        lambda: desk.taking.add_file(provider, opened.public_id, FileFacts(), PICTURE),
        lambda: desk.taking.finish(provider, opened.public_id),
        lambda: desk.taking.retract(provider, opened.public_id),
    ):
        assert refused(attempt) == "key-revoked"
    assert rows(desk, submission) == []
