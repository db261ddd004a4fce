"""Items: one row for the same bytes, one place for them, one answer."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from tests.unit.triage.stored import NOW, SEALED, Scene, digests_of
from triage.domain.items import Item, ItemKind, Outcome
from triage.domain.matches import Answer
from triage.services.taking_items import measured
from triage.store.items import NewItem
from triage.store.unit_of_work import Store

IN_PLACE = {"root": b"/mnt", "path": b"a\xff.jpg", "size": 10, "mtime_ns": 5}


def new(data: bytes = b"a", **place: dict[str, object]) -> NewItem:
    return NewItem(digests_of(data), 10, ItemKind.RASTER, 0, **place)


def test_an_item_waits_for_its_answer_from_the_first(store: Store) -> None:
    """It is pending, with what is known before any parser ran."""
    with store.writing() as unit:
        ids = unit.items.add([new()], NOW).ids
        assert unit.items.many(list(ids.values())) == [
            Item(1, measured(digests_of(b"a")), 10, ItemKind.RASTER, 0, Outcome.PENDING)
        ]


def test_the_same_bytes_are_one_item(store: Store) -> None:
    """Within one call and over several; ids of all are given back."""
    with store.writing() as unit:
        first = unit.items.add([new(b"a"), new(b"a"), new(b"b")], NOW)
        again = unit.items.add([new(b"b"), new(b"c")], NOW)
        ids = {**first.ids, **again.ids}
        assert unit.items.ids_by_sha256([digests_of(one).sha256 for one in (b"a", b"b", b"c", b"d")]) == ids
        assert (len(ids), first.fresh, again.fresh) == (
            3,
            set(first.ids.values()),
            {again.ids[digests_of(b"c").sha256]},
        )


def test_bytes_that_come_into_the_vault_later_are_told_once(store: Store) -> None:
    """An item referenced in place, then sealed, then sealed again: the second alone is to be recorded as sealed."""
    with store.writing() as unit:
        told = [
            unit.items.add([new(in_place=IN_PLACE)], NOW),
            unit.items.add([new(sealed=SEALED)], NOW),
            unit.items.add([new(sealed={**SEALED, "offset": 99})], NOW),
            unit.items.add([new(b"b", sealed=SEALED)], NOW),
        ]
    fresh, sealed_now = [len(one.fresh) for one in told], [len(one.sealed_now) for one in told]
    assert (fresh, sealed_now) == ([1, 0, 0, 1], [0, 1, 0, 0])


def test_bytes_are_kept_in_one_place_however_often_they_come(store: Store) -> None:
    """The first locator stays: a second sealed copy would be an orphan, not another truth."""
    with store.writing() as unit:
        unit.items.add([new(sealed=SEALED)], NOW)
        unit.items.add([new(sealed={**SEALED, "offset": 99})], NOW)
        (kept,) = unit.items.kept([1])
    assert kept.sealed == SEALED
    assert kept.in_place is None


def test_an_item_in_place_keeps_its_path_as_raw_bytes(store: Store) -> None:
    """Names need not be UTF-8."""
    with store.writing() as unit:
        unit.items.add([new(in_place=IN_PLACE)], NOW)
        (kept,) = unit.items.kept([1])
    assert (kept.sealed, kept.in_place) == (None, IN_PLACE)


def test_the_least_depth_ever_met_is_kept(store: Store) -> None:
    """An archive first met five levels down and then on the disk itself may still be unfolded."""
    with store.writing() as unit:
        unit.items.add([NewItem(digests_of(b"a"), 1, ItemKind.CONTAINER, 4)], NOW)
        for depth, expected in ((6, 4), (2, 2), (3, 2)):
            unit.items.met_at({1: depth})
            assert unit.items.many([1])[0].depth == expected
        unit.items.met_at({})


def test_all_items_are_walked_in_order_of_id_in_batches(store: Store) -> None:
    """An audit holds one batch in memory, and an end is an empty one."""
    with store.writing() as unit:
        unit.items.add([new(bytes([number]), sealed=SEALED) for number in range(5)], NOW)
        walked: list[int] = []
        while batch := unit.items.kept_after(walked[-1] if walked else 0, batch=2):
            assert len(batch) <= 2
            walked += [kept.item.id for kept in batch]
    assert walked == [1, 2, 3, 4, 5]


def test_answers_and_why_an_item_is_closed(store: Store, scene: Scene) -> None:
    """Only the items named are touched."""
    with store.writing() as unit:
        unit.items.add([new(b"a"), new(b"b"), new(b"c")], NOW)
        unit.items.set_outcomes({1: Answer(Outcome.KNOWN, "", "exact match: known"), 2: Answer(Outcome.UNKNOWN, "")})
        unit.items.set_outcomes({})
        unit.commit()
    assert scene.rows("SELECT id, outcome, closed_because FROM item ORDER BY id") == [
        (1, "known", "exact match: known"),
        (2, "unknown", None),
        (3, "pending", None),
    ]


def test_a_note_is_written_once_for_each_code(store: Store, scene: Scene) -> None:
    """The first detail stays: a repeated stage adds nothing."""
    with store.writing() as unit:
        unit.items.add([new()], NOW)
        unit.items.add_notes("examine", [(1, "truncated", "1"), (1, "low-quality", "")])
        unit.items.add_notes("examine", [(1, "truncated", "2")])
        unit.commit()
    assert scene.rows("SELECT code, detail FROM processing_note ORDER BY code") == [
        ("low-quality", ""),
        ("truncated", "1"),
    ]


def test_a_note_on_nothing_is_refused(store: Store) -> None:
    """No item, no note."""
    with store.writing() as unit, pytest.raises(IntegrityError):
        unit.items.add_notes("examine", [(77, "truncated", "")])
