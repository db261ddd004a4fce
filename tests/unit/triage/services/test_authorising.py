"""Authorities: recorded and withdrawn, each on record; and the gate that is asked before any rendition."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.reported import NOT_VIEWED, VIEWED, FinishedReports
from tests.unit.triage.stored import ACTOR, NOW, Scene, digests_of
from triage.domain.authorities import AuthorityKind, NewAuthority
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.legal_gate import Gate, GateCode
from triage.services.authorising import Authorising
from triage.services.gatekeeping import Gatekeeping
from triage.store.unit_of_work import Store


@pytest.fixture
def authorising(store: Store) -> Authorising:
    return Authorising(store, lambda: NOW, ACTOR)


@pytest.fixture
def gatekeeping(store: Store) -> Gatekeeping:
    return Gatekeeping(store, lambda: NOW)


def warrant(submission: int, item: int | None = None, given_at: datetime = NOW) -> NewAuthority:
    return NewAuthority(
        kind=AuthorityKind.WARRANT,
        reference=" W 1/2026 ",
        person="A judge",
        given_at=given_at,
        submission_id=submission,
        item_id=item,
    )


def item_of(store: Store, content: str) -> int:
    """The item of this content; `FinishedReports` names files by it."""
    sha256 = digests_of(content.encode()).sha256
    with store.reading() as unit:
        return unit.items.ids_by_sha256([sha256])[sha256]


def test_an_authority_opens_the_gate_and_its_withdrawal_shuts_it(
    store: Store, scene: Scene, authorising: Authorising, gatekeeping: Gatekeeping
) -> None:
    """Each is one record of the log, the first with what was relied upon."""
    submission = FinishedReports(store).report(files=[("a", NOT_VIEWED)])
    item = item_of(store, "a")
    before = gatekeeping.may_render(item, [submission], "analyst")
    recorded = authorising.record(warrant(submission), by="an officer")
    assert (recorded.reference, recorded.recorded_by, recorded.recorded_at) == ("W 1/2026", "an officer", NOW)
    assert gatekeeping.may_render(item, [submission], "analyst") == Gate(GateCode.AUTHORISED, submission, recorded.id)
    ended = authorising.withdraw(recorded.id, " Quashed ")
    assert (ended.withdrawn_because, ended.withdrawn_by, ended.withdrawn_at) == ("Quashed", ACTOR, NOW)
    assert gatekeeping.may_render(item, [submission], "analyst") == before
    assert scene.log() == [
        f"look-refused item:{item} legal-gate",
        f"authorised submission:{submission} warrant",
        f"withdrawn submission:{submission} authority",
        f"look-refused item:{item} legal-gate",
    ]
    with store.reading() as unit:
        details = [dict(record.event.details) for record in unit.custody.records() if record.event]
        assert unit.authorities.of_submissions([submission]) == [ended]
    assert details[0] == {"code": "not-viewed", "submissions": str(submission)}
    assert details[1] == {
        "authority": recorded.id,
        "item": None,
        "reference": "W 1/2026",
        "person": "A judge",
        "given_at": NOW.isoformat(),
    }


def test_the_same_said_twice_is_recorded_once(scene: Scene, store: Store, authorising: Authorising) -> None:
    """Or withdrawing one would leave the other in force. After a withdrawal it is another authority."""
    submission = FinishedReports(store).report()
    first = authorising.record(warrant(submission))
    assert authorising.record(warrant(submission)) == first
    assert len(scene.log()) == 1
    authorising.withdraw(first.id, "Quashed")
    assert authorising.record(warrant(submission)).id != first.id
    other = authorising.record(replace(warrant(submission), reference="W 2/2026"))
    assert other.reference == "W 2/2026"


def test_an_authority_for_one_item_opens_no_other(
    store: Store, authorising: Authorising, gatekeeping: Gatekeeping
) -> None:
    submission = FinishedReports(store).report(files=[("a", NOT_VIEWED), ("b", NOT_VIEWED)])
    one, two = item_of(store, "a"), item_of(store, "b")
    authorising.record(warrant(submission, one))
    assert gatekeeping.may_render(one, [submission], "analyst").may_render
    assert not gatekeeping.may_render(two, [submission], "analyst").may_render


def test_an_authority_of_tomorrow_opens_nothing_today(
    store: Store, authorising: Authorising, gatekeeping: Gatekeeping
) -> None:
    submission = FinishedReports(store).report(files=[("a", NOT_VIEWED)])
    authorising.record(warrant(submission, given_at=NOW + timedelta(days=1)))
    assert not gatekeeping.may_render(item_of(store, "a"), [submission], "analyst").may_render
    later = replace(gatekeeping, clock=lambda: NOW + timedelta(days=1))
    assert later.may_render(item_of(store, "a"), [submission], "analyst").may_render


def test_what_cannot_be_recorded_leaves_no_record(scene: Scene, store: Store, authorising: Authorising) -> None:
    """An unknown submission, an item that is not in it, an authority half stated."""
    submission = FinishedReports(store).report(files=[("a", NOT_VIEWED)])
    elsewhere = scene.item(scene.submission())
    for wrong, error, code in (
        (warrant(99), NotFound, "no-submission"),
        (warrant(submission, elsewhere), NotFound, "item-not-in-submission"),
        (replace(warrant(submission), person=" "), Refused, "authority-incomplete"),
    ):
        with pytest.raises(error) as raised:
            authorising.record(wrong)
        assert raised.value.code == code
    assert scene.log() == []


def test_a_withdrawal_has_a_reason_and_happens_once(scene: Scene, store: Store, authorising: Authorising) -> None:
    submission = FinishedReports(store).report()
    recorded = authorising.record(warrant(submission))
    with pytest.raises(Refused):
        authorising.withdraw(recorded.id, " ")
    with pytest.raises(NotFound):
        authorising.withdraw(recorded.id + 1, "Quashed")
    authorising.withdraw(recorded.id, "Quashed")
    with pytest.raises(Conflict):
        authorising.withdraw(recorded.id, "Again")
    assert len(scene.log()) == 2


def test_an_open_gate_is_not_a_look(store: Store, scene: Scene, gatekeeping: Gatekeeping) -> None:
    """Whoever renders records the look; to have asked is nothing."""
    submission = FinishedReports(store).report(files=[("a", VIEWED)])
    assert gatekeeping.may_render(item_of(store, "a"), [submission], "analyst").code is GateCode.VIEWED_BY_SENDER
    assert scene.log() == []


def test_an_item_of_a_case_that_is_not_at_hand_is_refused_on_record(
    store: Store, scene: Scene, gatekeeping: Gatekeeping
) -> None:
    """However lawful it is there; also an item that nobody has."""
    FinishedReports(store).report(files=[("a", VIEWED)])
    other, item = scene.submission(), item_of(store, "a")
    assert gatekeeping.may_render(item, [other], "analyst").code is GateCode.NOT_AT_HAND
    assert gatekeeping.may_render(99, [other], "analyst").code is GateCode.NOT_AT_HAND
    assert scene.log() == [f"look-refused item:{item} legal-gate", "look-refused item:99 legal-gate"]


def test_a_seizure_with_the_same_bytes_opens_the_gate(store: Store, scene: Scene, gatekeeping: Gatekeeping) -> None:
    """The independent source; a member of a reported archive stays shut without it."""
    report = FinishedReports(store).report(files=[("a", NOT_VIEWED)])
    item, seizure = item_of(store, "a"), scene.submission()
    member = scene.item(report, parent=item)
    assert gatekeeping.may_render(member, [report], "analyst").code is GateCode.VIEWING_UNKNOWN
    again = scene.item(seizure, report, name="a")
    assert again == item
    assert gatekeeping.may_render(item, [report, seizure], "analyst") == Gate(GateCode.OWN_BASIS, seizure)
    assert not gatekeeping.may_render(item, [report], "analyst").may_render
