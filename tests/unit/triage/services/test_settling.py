"""The barrier before linking."""

from __future__ import annotations

from tests.unit.triage.stored import Scene
from triage.domain.items import Outcome
from triage.domain.jobs import Stage
from triage.services.settling import settle
from triage.store.unit_of_work import Store


def settled(store: Store, *submissions: int) -> None:
    with store.writing() as unit:
        settle(unit, submissions)
        unit.commit()


def test_a_submission_whose_items_are_answered_is_linked_once(store: Store, scene: Scene) -> None:
    """However often it is asked while the job waits."""
    one = scene.submission()
    scene.item(one)
    settled(store, one, one)
    settled(store, one)
    assert scene.jobs() == [("link", one, ())]


def test_a_submission_still_being_received_waits(store: Store, scene: Scene) -> None:
    """More may come."""
    settled(store, scene.submission(received=False))
    assert scene.jobs() == []


def test_an_item_without_an_answer_holds_every_submission_that_has_it(store: Store, scene: Scene) -> None:
    """Also one that owes no job for it itself."""
    one, two = scene.submission(), scene.submission()
    scene.item(one, two, outcome=Outcome.PENDING)
    settled(store, one, two)
    assert scene.jobs() == []


def test_an_item_job_holds_its_submission(store: Store, scene: Scene) -> None:
    """An archive may be answered by its digest while its members are still to come."""
    one = scene.submission()
    scene.owe(Stage.EXPAND, one, [scene.item(one, outcome=Outcome.KNOWN)])
    settled(store, one)
    assert scene.jobs() == [("expand", one, (1,))]


def test_a_dead_letter_holds_nobody(store: Store, scene: Scene) -> None:
    """One item's trouble is not its submission's."""
    one = scene.submission()
    lease = scene.lease(Stage.EXAMINE, one, [scene.item(one)])
    with store.writing() as unit:
        unit.jobs.bury(lease, "a-code")
        unit.commit()
    settled(store, one)
    assert scene.jobs() == [("link", one, ())]


def test_a_link_job_at_work_does_not_stand_for_what_came_after_it_began(store: Store, scene: Scene) -> None:
    """It read what waited when it began; whatever is answered now needs another."""
    one = scene.submission()
    scene.item(one)
    lease = scene.lease(Stage.LINK, one)
    settled(store, one)
    with store.writing() as unit:
        unit.jobs.finish(lease)
        unit.commit()
    assert scene.jobs() == [("link", one, ())]
