"""Reports on SQLite and PostgreSQL: what each state allows, what a commit holds, and what is let go of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hashsets.vocabulary import SetKind
from tests.contracts.reports import PICTURE, events, one, rows, sha256
from tests.refusals import refused
from tests.reported import BOTH, FACTS, LEGAL, NOW, Desk, file_of, report_of
from tests.unit.triage.services.listing import import_list
from triage.domain.errors import Conflict, Refused, Unreadable
from triage.domain.feedback import Feedback
from triage.domain.items import Outcome
from triage.domain.jobs import Stage
from triage.domain.legal import Origin
from triage.domain.matches import Answer
from triage.domain.reports import Door, FileFacts, ReportState
from triage.domain.senders import Scope
from triage.services.admitting import Admitted
from triage.services.coming_reports import ComingFile, GivenFile, Preparing
from triage.services.knowing import SANDBOX_ANSWERS, Known
from triage.services.report_answers import ReportStatus
from triage.store.intake_tables import preservation, report, reported_file, reported_identifier, upload
from triage.store.job_tables import job
from triage.store.tables import item, occurrence, sealed_object, submission
from triage.vault.seam import SealedObject


def test_a_whole_report_becomes_a_submission_in_one_commit(desk: Desk, provider: Admitted) -> None:
    """With its item, its place, its first job, and the legal facts of its sender."""
    status = one(desk, report_of(provider, file_of(PICTURE), reference="made-up 7"))
    [sent] = rows(desk, submission)
    assert sent["case_ref"] == "example-provider/made-up 7"
    assert (sent["exhibit_ref"], sent["basis"]) == (status.public_id, LEGAL.acquired_under)
    assert (sent["origin"], sent["may_share_with"], sent["handling"]) == (Origin.PROVIDER, ["TH"], ["H1"])
    assert (sent["state"], sent["source"]) == ("received", f"report:{status.public_id}".encode())
    [held] = rows(desk, item)
    [place] = rows(desk, occurrence)
    assert (place["item_id"], place["path"], place["viewed"]) == (held["id"], b"picture.jpg", "no")
    [owed] = rows(desk, job)
    assert (owed["stage"], owed["item_ids"]) == (Stage.EXAMINE, [held["id"]])
    [file] = rows(desk, reported_file)
    assert file["item_id"] == held["id"]
    assert rows(desk, upload) == []
    assert events(desk) == [("received", "submission", "complete"), ("sealed", "item", "")]


def test_the_bytes_are_in_the_vault_and_come_back(desk: Desk, provider: Admitted) -> None:
    """Sealed, and found by the item's locator."""
    one(desk, report_of(provider, file_of(PICTURE)))
    [row] = rows(desk, sealed_object)
    row.pop("item_id")
    with closing(desk.vault.open(SealedObject(**row))) as source:  # type: ignore[arg-type]
        assert source.read_at(0, len(PICTURE)) == PICTURE


def test_preservation_and_identifiers_are_in_the_same_commit(desk: Desk, provider: Admitted) -> None:
    """At once or step by step."""
    one(desk, report_of(provider, file_of(PICTURE)))
    desk.taking.finish(provider, desk.taking.open(provider, Door.API, FACTS).public_id)
    told = [(row["report_id"], row["kind"], row["value"], row["port"]) for row in rows(desk, reported_identifier)]
    assert told == [(1, "ip", "192.0.2.7", 4711), (2, "ip", "192.0.2.7", 4711)]
    assert {row["submission_id"] for row in rows(desk, preservation)} == {1, 2}


def test_many_reports_are_taken_in_one_commit(desk: Desk, provider: Admitted) -> None:
    """Each with its own submission; bytes that two bring are one item, examined once."""
    other = desk.sender("other-provider")
    answers = desk.taking.take(
        [
            report_of(provider, file_of(PICTURE), file_of(b"second")),
            report_of(other, file_of(PICTURE)),
            report_of(other),
        ]
    )
    assert all(isinstance(answer, ReportStatus) for answer in answers)
    assert (len(rows(desk, submission)), len(rows(desk, item)), len(rows(desk, occurrence))) == (3, 2, 3)
    stages = sorted((str(owed["stage"]), owed["submission_id"]) for owed in rows(desk, job))
    assert stages == [("examine", 1), ("link", 3)]


def test_a_report_of_what_is_answered_already_is_linked_at_once(desk: Desk, provider: Admitted) -> None:
    """Nobody would lift its barrier otherwise."""
    one(desk, report_of(provider, file_of(PICTURE)))
    with desk.store.writing() as unit:
        comparison = unit.matches.comparison("policy 1", "none")
        unit.items.set_outcomes({1: Answer(Outcome.UNKNOWN, "nothing-near")}, comparison)
        unit.commit()
    one(desk, report_of(provider, file_of(PICTURE)))
    assert [(owed["stage"], owed["submission_id"]) for owed in rows(desk, job)][-1] == ("link", 2)
    assert len(rows(desk, sealed_object)) == 1


def test_one_bad_report_does_not_hold_up_the_others(desk: Desk, provider: Admitted) -> None:
    """Each is answered for itself."""
    wrong = GivenFile(FileFacts(digests=(sha256(b"something else"),)), PICTURE)
    bad, text, good = desk.taking.take(
        [
            report_of(provider, wrong),
            replace(report_of(provider), facts=replace(FACTS, note="\x00")),
            report_of(provider, file_of(PICTURE)),
        ]
    )
    assert isinstance(bad, Unreadable)
    assert bad.code == "digest-mismatch"
    assert isinstance(text, Refused)
    assert text.code == "text-invalid"
    assert isinstance(good, ReportStatus)
    assert len(rows(desk, submission)) == 1


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800", "\\\x00"])
def test_text_that_no_database_keeps_is_refused(desk: Desk, provider: Admitted, text: str) -> None:
    """Wherever it stands."""
    with_note = replace(report_of(provider), facts=replace(FACTS, note=text))
    as_name = report_of(provider, GivenFile(FileFacts(name=text)))
    as_reference = report_of(provider, reference=text)
    codes = [answer.code for answer in desk.taking.take([with_note, as_name, as_reference])]  # type: ignore[union-attr]
    assert codes == ["text-invalid"] * 3


def test_text_that_only_looks_odd_is_kept(desk: Desk, provider: Admitted) -> None:
    """A backslash is a backslash."""
    for text in ("\\u0000", "..\\..\\etc", "/etc/passwd", "ภาพ\u202e.gpj", "a\nb"):
        status = one(desk, report_of(provider, GivenFile(FileFacts(name=text))))
        with desk.store.reading() as unit:
            kept = unit.reports.named(status.public_id, provider.sender.id, sandbox=False)
            assert unit.reports.files(kept.id)[0].facts.name == text


def test_the_same_request_again_has_the_same_answer(desk: Desk, provider: Admitted) -> None:
    """And writes nothing twice; another request under the same key is refused."""
    given = report_of(provider, file_of(PICTURE), idempotency_key="k-1", asked=b"a" * 32)
    first = one(desk, given)
    assert one(desk, given) == first
    other = desk.taking.take([replace(given, asked=b"b" * 32)])[0]
    assert isinstance(other, Conflict)
    assert other.code == "idempotency-key-reused"
    assert (len(rows(desk, report)), len(rows(desk, submission))) == (1, 1)


def test_the_same_request_twice_at_once_is_one_report(desk: Desk, provider: Admitted) -> None:
    """A client that loses patience sends again while the first is being written."""
    given = report_of(provider, file_of(PICTURE), idempotency_key="k-1", asked=b"a" * 32)
    first, second, other = desk.taking.take([given, given, replace(given, asked=b"b" * 32)])
    assert first == second
    assert isinstance(other, Conflict)
    assert len(rows(desk, report)) == 1


def test_a_key_of_another_sender_is_another_key(desk: Desk, provider: Admitted) -> None:
    """References and idempotency keys are each sender's own, and the sandbox's apart."""
    whose = [provider, desk.sender("other"), desk.sender(sandbox=True)]
    answers = desk.taking.take(
        [report_of(who, idempotency_key="k-1", asked=b"a" * 32, reference="r-1") for who in whose]
    )
    assert len({answer.public_id for answer in answers if isinstance(answer, ReportStatus)}) == 3


def test_a_reference_is_used_once(desk: Desk, provider: Admitted) -> None:
    """The refusal names the report that has it."""
    first = one(desk, report_of(provider, reference="r-1"))
    again, fresh, twice = desk.taking.take([report_of(provider, reference=name) for name in ("r-1", "r-2", "r-2")])
    assert isinstance(again, Conflict)
    assert again.code == "reference-taken"
    assert first.public_id in again.sentence
    assert isinstance(fresh, ReportStatus)
    assert isinstance(twice, Conflict)


def test_without_its_scope_a_key_reports_nothing(desk: Desk) -> None:
    """A key that asks what is known may not report."""
    known_only = desk.sender(scopes=frozenset({Scope.KNOWN}))
    answer = desk.taking.take([report_of(known_only)])[0]
    assert isinstance(answer, Refused)
    assert answer.code == "scope-missing"


def test_a_sandbox_report_leaves_no_evidence(desk: Desk) -> None:
    """It goes through the same states, and is no submission, no item, no record."""
    trying = desk.sender(sandbox=True)
    whole = one(desk, report_of(trying, file_of(PICTURE), file_of(b"triage sandbox known")))
    opened = desk.taking.open(trying, Door.API, FACTS)
    desk.taking.add_file(trying, opened.public_id, FileFacts(), PICTURE)
    finished = desk.taking.finish(trying, opened.public_id)
    desk.taking.retract(trying, desk.taking.open(trying, Door.API, FACTS).public_id)
    for table in (submission, item, occurrence, sealed_object, job, upload):
        assert rows(desk, table) == []
    assert events(desk) == []
    assert list(desk.vault.segments()) == []
    assert (whole.sandbox, whole.receipt is not None, finished.state) == (True, True, ReportState.FINISHED)
    assert [file.known for file in whole.files] == [Known.NOT_KNOWN, Known.KNOWN]


def test_the_sandbox_answers_by_its_documented_digests(desk: Desk) -> None:
    """By bytes or by SHA-256 alone, and never by a list."""
    trying = desk.sender(sandbox=True)
    for text, known in SANDBOX_ANSWERS.items():
        status = one(desk, report_of(trying, file_of(text), GivenFile(FileFacts(digests=(sha256(text),)))))
        assert [file.known for file in status.files] == [known, known]
    outcome = desk.taking.outcome(trying, one(desk, report_of(trying, file_of(b"triage sandbox known"))).public_id)
    assert (outcome.report, outcome.files[0][1]) == (Feedback.CLOSED, Feedback.ALREADY_KNOWN)


def test_known_digests_are_told_at_the_door(desk: Desk, provider: Admitted, tmp_path: Path) -> None:
    """Before anything is examined: in a known set, here already, or neither."""
    import_list(desk.library, tmp_path, "a-set", SetKind.KNOWN, hashlib.md5(PICTURE).hexdigest())
    one(desk, report_of(provider, file_of(b"held before")))
    status = one(desk, report_of(provider, file_of(PICTURE), file_of(b"held before"), file_of(b"new")))
    assert [file.known for file in status.files] == [Known.KNOWN, Known.HELD, Known.NOT_KNOWN]
    assert [row["known"] for row in rows(desk, reported_file)] == ["not-known", "known", "held", "not-known"]


@pytest.mark.parametrize(
    ("outcome", "told", "hidden"),
    [
        (Outcome.PENDING, Feedback.RECEIVED, Feedback.RECEIVED),
        (Outcome.KNOWN, Feedback.ALREADY_KNOWN, Feedback.CLOSED),
        (Outcome.KNOWN_GOOD, Feedback.CLOSED, Feedback.CLOSED),
        (Outcome.NEAR, Feedback.LIKELY_KNOWN, Feedback.UNDER_REVIEW),
        (Outcome.UNDECODABLE, Feedback.UNDECODABLE, Feedback.UNDECODABLE),
        (Outcome.UNKNOWN, Feedback.UNDER_REVIEW, Feedback.UNDER_REVIEW),
    ],
)
def test_outcomes_are_told_as_the_key_allows(
    desk: Desk, provider: Admitted, outcome: Outcome, told: Feedback, hidden: Feedback
) -> None:
    """Without the scope nothing tells whether anything is in a known set."""
    status = one(desk, report_of(provider, file_of(PICTURE)))
    with desk.store.writing() as unit:
        if outcome is not Outcome.PENDING:
            comparison = unit.matches.comparison("policy 1", "none")
            unit.items.set_outcomes({1: Answer(outcome, "rule")}, comparison)
        unit.commit()
    reporter = desk.sender(scopes=BOTH - {Scope.KNOWN})
    assert desk.taking.outcome(provider, status.public_id).files[0][1] is told
    assert desk.taking.outcome(reporter, status.public_id).files[0][1] is hidden


def test_a_referred_report_is_told_so(desk: Desk, provider: Admitted) -> None:
    """Once a referral holds its submission."""
    status = one(desk, report_of(provider, file_of(PICTURE)))
    with desk.store.writing() as unit:
        comparison = unit.matches.comparison("policy 1", "none")
        unit.items.set_outcomes({1: Answer(Outcome.UNKNOWN, "nothing-near")}, comparison)
        unit.networks.place([1], unit.networks.open_referral(NOW), NOW)
        unit.commit()
    outcome = desk.taking.outcome(provider, status.public_id)
    assert (outcome.report, outcome.files[0][1]) == (Feedback.REFERRED, Feedback.REFERRED)


def test_odd_times_are_kept_and_noted(desk: Desk, provider: Admitted) -> None:
    """They are facts of the sender."""
    for at, note in (
        (NOW + timedelta(hours=23), ()),
        (NOW + timedelta(days=2), ("time-in-future",)),
        (datetime(1970, 1, 1, tzinfo=UTC), ("time-before-1990",)),
    ):
        odd = replace(report_of(provider), facts=replace(FACTS, incident=replace(FACTS.incident, at=at)))
        status = one(desk, odd)
        assert status.notes == note
        assert desk.taking.status(provider, status.public_id).notes == note
        with desk.store.reading() as unit:
            kept = unit.reports.named(status.public_id, provider.sender.id, sandbox=False)
        assert kept.facts.incident.at == at


def test_everything_that_was_said_comes_back(desk: Desk, provider: Admitted) -> None:
    """The documents in the database lose nothing."""
    status = one(desk, report_of(provider))
    with desk.store.reading() as unit:
        assert unit.reports.named(status.public_id, provider.sender.id, sandbox=False).facts == FACTS


def test_a_reference_taken_by_another_process_meanwhile_is_seen(
    desk: Desk, provider: Admitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking and writing another may come first: nothing is written twice, and nothing is half written."""
    taking = desk.taking
    seal = type(taking.preparing).seal
    first: list[ReportStatus] = []

    def overtaken(preparing: Preparing, files: Sequence[ComingFile], held: set[bytes]) -> None:
        monkeypatch.setattr(Preparing, "seal", seal)
        first.append(one(desk, report_of(provider, reference="r")))
        seal(preparing, files, held)

    monkeypatch.setattr(Preparing, "seal", overtaken)
    answer = taking.take([report_of(provider, file_of(PICTURE), reference="r")])[0]
    assert isinstance(answer, Conflict)
    assert first[0].public_id in answer.sentence
    assert (len(rows(desk, submission)), rows(desk, item)) == (1, [])


def test_a_full_disk_records_nothing(desk: Desk, provider: Admitted, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next report is taken as soon as there is room."""
    taking = desk.taking
    monkeypatch.setattr("triage.vault.local.write_whole", _no_room)
    assert refused(lambda: taking.take([report_of(provider, file_of(PICTURE))])) == "disk-full"
    assert (rows(desk, report), rows(desk, submission)) == ([], [])
    monkeypatch.undo()
    assert isinstance(taking.take([report_of(provider, file_of(PICTURE))])[0], ReportStatus)


def _no_room(_descriptor: int, _data: bytes) -> None:
    raise OSError(28, "No space left on device")


def test_who_asks_what_is_known_is_on_record(desk: Desk, provider: Admitted, tmp_path: Path) -> None:
    """Who, how many, how many of each answer; no digest. A sandbox leaves no record, and others may not ask."""
    import_list(desk.library, tmp_path, "made-up", SetKind.KNOWN, hashlib.sha256(PICTURE).hexdigest())
    told = desk.knowing.tell(provider, [[sha256(PICTURE)], [sha256(b"elsewhere")], [sha256(b"elsewhere too")]])
    assert told == [Known.KNOWN, Known.NOT_KNOWN, Known.NOT_KNOWN]
    desk.knowing.tell(desk.sender(sandbox=True), [[sha256(PICTURE)]])
    assert refused(lambda: desk.knowing.tell(desk.sender(scopes=frozenset({Scope.REPORT})), [])) == "scope-missing"
    with desk.store.reading() as unit:
        [event] = [one.event for one in unit.custody.records() if one.event and one.event.action == "asked"]
    assert event.subject == f"sender:{provider.sender.id}"
    assert event.details == {
        "key": provider.key.id,
        "files": 3,
        "known": 1,
        "listed": 0,
        "held": 0,
        "not_known": 2,
    }
