"""What the audit page lists: the log's records and the policy's refusals, and nothing of who looked (X10)."""

from __future__ import annotations

from tests.unit.triage.stored import NOW
from triage.domain.access import Action, Ruling
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.store.access import Subject
from triage.store.unit_of_work import Store


def event(action: CustodyAction, purpose: str) -> CustodyEvent:
    return CustodyEvent(NOW, "somebody", action, "item:1", purpose)


def test_records_of_looks_are_left_out_newest_first(store: Store) -> None:
    kept = [event(CustodyAction.OPENED, "examine"), event(CustodyAction.DECIDED, "review")]
    of_looks = [
        event(CustodyAction.VIEWED, "court"),
        event(CustodyAction.LOOK_REFUSED, "legal-gate"),
        event(CustodyAction.NOTED, "exposure"),
        event(CustodyAction.APPROVED, Action.REVEAL_KNOWN.value),
    ]
    with store.writing() as unit:
        unit.custody.append([kept[0], *of_looks, kept[1]])
        unit.commit()
    with store.reading() as unit:
        found = unit.pages.newest_records(10)
    assert [one.event["action"] for one in found if one.event] == ["decided", "opened"]


def test_refusals_are_listed_and_neither_answers_nor_looks(store: Store) -> None:
    no, yes = Ruling(allowed=False, code="role-lacks"), Ruling(allowed=True, code="allowed")
    with store.writing() as unit:
        for action, ruling in (
            (Action.DECIDE, no),
            (Action.DECIDE, yes),
            (Action.REVEAL, no),
            (Action.REVEAL_KNOWN, no),
            (Action.OVERRIDE_TIME, no),
            (Action.CLAIM, no),
        ):
            unit.access.log(None, action, Subject("referral", 7), ruling, NOW)
        unit.commit()
    with store.reading() as unit:
        found = unit.pages.newest_refusals(10)
    assert [(one.action, one.code) for one in found] == [("claim", "role-lacks"), ("decide", "role-lacks")]
