"""The legal gate as either database answers it."""

from __future__ import annotations

from datetime import timedelta

from tests.reported import NOT_VIEWED, VIEWED, FinishedReports
from tests.unit.triage.stored import NOW, Scene
from triage.domain.authorities import AuthorityKind, NewAuthority
from triage.domain.legal_gate import GateCode
from triage.domain.reports import FileFacts
from triage.store.unit_of_work import Store

WARRANT = NewAuthority(
    kind=AuthorityKind.WARRANT, reference="W 1", person="A judge", given_at=NOW, submission_id=1, item_id=1
)


def test_shut_items_are_listed_counted_and_opened(store: Store) -> None:
    """By the sender's word, by an authority once its time has come, by a seizure with the same bytes."""
    report = FinishedReports(store).report(
        files=[("a", NOT_VIEWED), ("b", VIEWED), ("c", FileFacts()), ("d", NOT_VIEWED)]
    )
    scene = Scene(store)
    seizure = scene.submission()
    scene.item(seizure, name="d")
    member = scene.item(report, parent=1)
    with store.writing() as unit:
        unit.authorities.add(WARRANT, NOW, "an officer")
        before = unit.gates.shut([report, seizure], NOW - timedelta(seconds=1), 10)
        assert {item: found.code for item, found in before.items()} == {
            1: GateCode.NOT_VIEWED,
            3: GateCode.VIEWING_UNKNOWN,
            member: GateCode.VIEWING_UNKNOWN,
        }
        assert list(unit.gates.shut([report, seizure], NOW, 10)) == [3, member]
        assert unit.gates.shut_count([report, seizure], NOW) == 2
        assert unit.gates.shut_count([report], NOW) == 3  # without the seizure at hand
        assert list(unit.gates.shut([report], NOW, 1)) == [3]
        assert unit.gates.shut_count([seizure], NOW) == unit.gates.shut_count([], NOW) == 0
        unit.authorities.withdraw(1, NOW, "an officer", "quashed")
        assert unit.gates.shut_count([report, seizure], NOW) == 3
        assert not unit.authorities.withdraw(1, NOW, "an officer", "again")
