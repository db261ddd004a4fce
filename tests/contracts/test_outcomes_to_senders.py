"""What a sender is told of what people recorded: codes of the referral that its report is in, and nothing else."""

from __future__ import annotations

from dataclasses import fields
from hashlib import sha256
from pathlib import Path

import pytest

from hashsets.vocabulary import Digest, DigestAlgorithm
from tests.reported import BOTH, NOW, Desk, file_of, report_of
from tests.reviewing import Everything, person
from triage.domain.errors import NotFound, Refused
from triage.domain.feedback import Feedback
from triage.domain.outcomes import OutcomeCode
from triage.domain.people import Principal
from triage.domain.reports import FileFacts, ReportState
from triage.domain.senders import Scope
from triage.services.admitting import Admitted
from triage.services.coming_reports import GivenFile
from triage.services.report_answers import SANDBOX_BECAME, ReportOutcome, ReportStatus
from triage.services.telling_outcomes import TellingOutcomes
from triage.store.unit_of_work import Store

WORDS = "Words for colleagues alone."


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    """Services over an empty database."""
    return Desk.over(store, tmp_path)


@pytest.fixture
def ann(store: Store) -> Principal:
    """Who records outcomes."""
    return person(store, "ann")


@pytest.fixture
def telling(store: Store) -> TellingOutcomes:
    """What she records them with."""
    return TellingOutcomes(store, Everything(), lambda: NOW)


def sent(desk: Desk, who: Admitted, *data: bytes, finish: bool = True) -> str:
    """A report's public id."""
    [answer] = desk.taking.take([report_of(who, *map(file_of, data), finish=finish)])
    assert isinstance(answer, ReportStatus), answer
    return answer.public_id


def referred(desk: Desk, *reports: tuple[Admitted, str]) -> int:
    """One referral of these reports."""
    with desk.store.writing() as unit:
        kept = [unit.reports.named(name, who.sender.id, sandbox=False) for who, name in reports]
        made = unit.networks.open_referral(NOW)
        unit.networks.place([one.submission_id for one in kept if one.submission_id], made, NOW)
        unit.commit()
    return made


def went_on(desk: Desk, before: int, into: int, *reports: tuple[Admitted, str]) -> None:
    """A referral's submissions go on in another."""
    with desk.store.writing() as unit:
        kept = [unit.reports.named(name, who.sender.id, sandbox=False) for who, name in reports]
        unit.networks.place([one.submission_id for one in kept if one.submission_id], into, NOW)
        unit.networks.merge(before, into, NOW)
        unit.commit()


def became(desk: Desk, who: Admitted, report: str) -> tuple[str, ...]:
    """The codes that the sender is told."""
    return tuple(one.value for one in desk.taking.outcome(who, report).became)


def test_every_sender_of_the_referral_is_told_the_codes(desk: Desk, ann: Principal, telling: TellingOutcomes) -> None:
    """Each once, where it was told last, the latest last; a sender of another referral hears nothing of them."""
    one, two, other = (desk.sender(name) for name in ("one", "two", "other"))
    first, second, apart = sent(desk, one, b"a"), sent(desk, two, b"b"), sent(desk, other, b"c")
    made, elsewhere = referred(desk, (one, first), (two, second)), referred(desk, (other, apart))
    assert (became(desk, one, first), became(desk, other, apart)) == ((), ())
    for code in (OutcomeCode.ACCEPTED, OutcomeCode.CHILD_SAFE, OutcomeCode.ACCEPTED):
        telling.tell(ann, made, code, WORDS)
    telling.tell(ann, elsewhere, OutcomeCode.NO_GROUNDS, WORDS)
    assert became(desk, one, first) == became(desk, two, second) == ("child-safe", "accepted")
    assert became(desk, other, apart) == ("no-grounds",)


def test_what_was_told_before_referrals_became_one_is_still_told(
    desk: Desk, ann: Principal, telling: TellingOutcomes
) -> None:
    """Also by way of a third; the people who worked on the first are told as well."""
    who = desk.sender()
    reports = [sent(desk, who, data) for data in (b"a", b"b", b"c")]
    first, second, third = (referred(desk, (who, report)) for report in reports)
    telling.tell(ann, first, OutcomeCode.ACCEPTED, "")
    with desk.store.writing() as unit:
        unit.claims.remember_work(first, ann.id, NOW)
        unit.commit()
    went_on(desk, first, second, (who, reports[0]))
    went_on(desk, second, third, (who, reports[0]), (who, reports[1]))
    assert telling.tell(ann, third, OutcomeCode.CONVICTION, "") == 1
    assert [became(desk, who, report) for report in reports] == [("accepted", "conviction")] * 3
    assert [one.code for one in telling.of_referral(ann, third)] == ["accepted", "conviction"]


def test_nobodys_words_and_no_numbers_of_ours_are_in_the_answer(
    desk: Desk, ann: Principal, telling: TellingOutcomes
) -> None:
    """The answer has no place for them."""
    who = desk.sender()
    report = sent(desk, who, b"a")
    telling.tell(ann, referred(desk, (who, report)), OutcomeCode.CLOSED, WORDS)
    answer = desk.taking.outcome(who, report)
    assert WORDS not in str(answer)
    assert {field.name for field in fields(ReportOutcome)} == {"report", "files", "became"}
    assert answer.report is Feedback.RECEIVED  # by machine: nothing of it is examined yet


def test_the_keys_scope_decides(desk: Desk, ann: Principal, telling: TellingOutcomes) -> None:
    """Reporting is enough for codes of what became of it; asking what is known is not."""
    who = desk.sender(scopes=frozenset({Scope.REPORT}))
    report = sent(desk, who, b"a")
    telling.tell(ann, referred(desk, (who, report)), OutcomeCode.CHILD_IDENTIFIED, "")
    assert became(desk, who, report) == ("child-identified",)
    with pytest.raises(Refused, match="scope"):
        desk.taking.outcome(desk.sender(scopes=frozenset({Scope.KNOWN})), report)


def test_nobody_else_and_no_sandbox_key_finds_it(desk: Desk) -> None:
    """Not even the same sender's."""
    who = desk.sender()
    report = sent(desk, who, b"a")
    for other in (desk.sender("other"), desk.sender(sandbox=True)):
        with pytest.raises(NotFound):
            desk.taking.outcome(other, report)
    with pytest.raises(NotFound):
        desk.taking.outcome_told(report, sandbox=True)
    assert desk.taking.outcome_told(report, sandbox=False) == desk.taking.outcome(who, report)


def test_what_is_not_finished_has_no_outcome(desk: Desk) -> None:
    """Open and retracted reports are part of nothing."""
    who = desk.sender()
    opened = sent(desk, who, b"a", finish=False)
    assert became(desk, who, opened) == ()
    desk.taking.retract(who, opened)
    assert (desk.taking.outcome(who, opened).report, became(desk, who, opened)) == (Feedback.RETRACTED, ())


@pytest.mark.parametrize("text", SANDBOX_BECAME)
def test_the_sandbox_answers_each_code_by_its_documented_bytes(desk: Desk, text: bytes) -> None:
    """By bytes or by SHA-256 alone, once finished; in earnest the same bytes are only bytes."""
    trying, in_earnest = desk.sender(scopes=BOTH, sandbox=True), desk.sender()
    report = sent(desk, trying, text, b"another")
    assert became(desk, trying, report) == (SANDBOX_BECAME[text],)
    digest = Digest(DigestAlgorithm.SHA256, sha256(text).digest())
    told = GivenFile(FileFacts(digests=(digest,)))
    [open_] = desk.taking.take([report_of(trying, told, finish=False)])
    assert isinstance(open_, ReportStatus)
    assert became(desk, trying, open_.public_id) == ()
    assert desk.taking.finish(trying, open_.public_id).state is ReportState.FINISHED
    assert became(desk, trying, open_.public_id) == (SANDBOX_BECAME[text],)
    assert became(desk, in_earnest, sent(desk, in_earnest, text)) == ()
