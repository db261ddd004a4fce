"""Submissions and their occurrences: every place is kept, and an interrupted run finds what it did."""

from __future__ import annotations

import pytest

from tests.unit.triage.stored import NOW, Scene
from triage.domain.errors import NotFound
from triage.domain.findings import NoteCode, ProcessingNote
from triage.domain.items import ItemKind, Outcome
from triage.domain.matches import Answer
from triage.domain.submissions import Delivery, Found, SubmissionState
from triage.store.unit_of_work import Store

DELIVERY = Delivery("CASE-1", "EXH-1", "Synthetic warrant", b"/mnt/\xff seizure")


def test_the_same_delivery_is_the_same_submission(store: Store) -> None:
    """Case, exhibit and source decide: a killed run goes on, whatever else is stated the second time."""
    with store.writing() as unit:
        first = unit.submissions.open(DELIVERY, NOW)
        again = unit.submissions.open(Delivery("CASE-1", "EXH-1", "Another", DELIVERY.source), NOW)
        other = unit.submissions.open(Delivery("CASE-1", "EXH-2", "Synthetic warrant", DELIVERY.source), NOW)
        assert again == first
        assert other.id != first.id
        assert unit.submissions.all_ids() == [first.id, other.id]
    assert (first.delivery, first.state, first.created_at, first.received_at) == (
        DELIVERY,
        SubmissionState.RECEIVING,
        NOW,
        None,
    )


def test_a_submission_that_is_not_there(store: Store) -> None:
    """Its number is named."""
    with store.reading() as unit, pytest.raises(NotFound, match="S-7") as missing:
        unit.submissions.get(7)
    assert missing.value.code == "no-submission"


def test_receiving_again_keeps_the_time_of_the_last_complete_walk(store: Store) -> None:
    """Reopened is not unreceived: the earlier time stays until a new walk is complete."""
    with store.writing() as unit:
        opened = unit.submissions.open(DELIVERY, NOW)
        unit.submissions.set_state(opened.id, SubmissionState.RECEIVED, NOW)
        unit.submissions.set_state(opened.id, SubmissionState.RECEIVING, None)
        found = unit.submissions.get(opened.id)
    assert (found.state, found.received_at) == (SubmissionState.RECEIVING, NOW)


def test_every_place_of_an_item_is_kept_once(store: Store, scene: Scene) -> None:
    """Two paths are two occurrences, the same path again is none; a member's path is another place."""
    submission = scene.submission()
    item, archive = scene.item(), scene.item(kind=ItemKind.CONTAINER)
    places = [Found(b"a.jpg", 1, 1), Found(b"b.jpg", 1, 1), Found(b"a.jpg", 1, 1, parent_item_id=archive)]
    with store.writing() as unit:
        for _ in range(2):
            unit.submissions.add_occurrences(submission, [(item, place) for place in places])
        assert unit.read.status(submission).occurrences == 3


def test_a_path_whose_bytes_changed_has_two_occurrences(store: Store, scene: Scene) -> None:
    """What lay there first was there: it is not forgotten."""
    submission, before, after = scene.submission(), scene.item(), scene.item()
    with store.writing() as unit:
        unit.submissions.add_occurrences(submission, [(before, Found(b"a.jpg", 1, 1))])
        unit.submissions.add_occurrences(submission, [(after, Found(b"a.jpg", 2, 2))])
        unit.commit()
    assert scene.rows("SELECT item_id, size FROM occurrence ORDER BY id") == [(before, 1), (after, 2)]


def test_what_was_found_before_is_known_by_path_size_and_time(store: Store, scene: Scene) -> None:
    """Anything else may be other bytes, and is read again. Paths are compared as raw bytes."""
    submission, other, item = scene.submission(), scene.submission(), scene.item()
    recorded = Found(b"a\xff.jpg", 5, 100)
    with store.writing() as unit:
        unit.submissions.add_occurrences(submission, [(item, recorded)])
        asked = [(b"new.jpg", 5, 100), (b"a\xff.jpg", 5, 100)]
        assert unit.submissions.already_found(submission, 0, asked) == {1}
        for changed in ((b"a\xff.jpg", 6, 100), (b"a\xff.jpg", 5, 101), (b"a\xfe.jpg", 5, 100)):
            assert unit.submissions.already_found(submission, 0, [changed]) == set()
        assert unit.submissions.already_found(submission, item, asked) == set()
        assert unit.submissions.already_found(other, 0, asked) == set()
        assert unit.submissions.already_found(submission, 0, []) == set()


def test_which_items_a_submission_has_not_met_yet(store: Store, scene: Scene) -> None:
    """An archive that another has unfolded is unfolded again: its members are this one's occurrences too."""
    one, other = scene.submission(), scene.submission()
    item, stranger = scene.item(one), scene.item(other)
    with store.reading() as unit:
        assert unit.submissions.not_found_yet(one, [item, stranger]) == {stranger}
        assert unit.submissions.not_found_yet(other, [item, stranger]) == {item}


def test_notes_on_places_at_the_source_and_forgetting_them(store: Store, scene: Scene) -> None:
    """One for each path and code; gone once the path could be read."""
    submission = scene.submission()
    unreadable = ProcessingNote(NoteCode.SOURCE_UNREADABLE, "errno 5")
    with store.writing() as unit:
        for _ in range(2):
            notes = [(b"a", unreadable), (b"b", unreadable), (b"b", ProcessingNote(NoteCode.SOURCE_CHANGED))]
            unit.submissions.add_source_notes(submission, notes, NOW)
        unit.submissions.forget_source_notes(submission, [b"b", b"never noted"])
        unit.submissions.forget_source_notes(submission, [])
        unit.commit()
    assert scene.rows("SELECT path, code, detail FROM source_note") == [(b"a", "source-unreadable", "errno 5")]


def test_the_barrier_before_linking(store: Store, scene: Scene) -> None:
    """Any item without an answer holds it, also one whose job belongs to another submission."""
    one, other = scene.submission(), scene.submission()
    shared = scene.item(one, other, outcome=Outcome.PENDING)
    with store.writing() as unit:
        assert unit.submissions.has_pending_items(one)
        assert unit.submissions.has_pending_items(other)
        unit.items.set_outcomes({shared: Answer(Outcome.UNKNOWN, "")})
        assert not unit.submissions.has_pending_items(one)


def test_items_wait_for_linking_in_an_order_that_no_timing_can_change(store: Store, scene: Scene) -> None:
    """By content address, once each; what one submission has linked another links again for itself."""
    one, other = scene.submission(), scene.submission()
    items = [scene.item(one, other) for _ in range(6)]
    with store.writing() as unit:
        unit.submissions.add_occurrences(one, [(items[0], Found(b"copy.jpg", 10, 1))])
        waiting = list(unit.submissions.unlinked_items(one))
        assert sorted(waiting) == items
        addresses = {item.id: item.digests.sha256 or b"" for item in unit.items.many(items)}
        assert waiting == sorted(items, key=lambda item: addresses[item])
        unit.submissions.mark_linked(one, items[1:])
        assert list(unit.submissions.unlinked_items(one)) == items[:1]
        unit.submissions.mark_linked(one, items[:1])
        assert list(unit.submissions.unlinked_items(one)) == []
        assert len(list(unit.submissions.unlinked_items(other))) == 6
