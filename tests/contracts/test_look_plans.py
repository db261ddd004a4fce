"""The plan of looks: what the database groups and counts is what the domain would, on any database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from tests.reviewing import LOOKS, REVIEW, SCHEMES, Made, alike, person, referral_with
from triage.domain.decisions import SeenBasis
from triage.domain.findings import THUMBNAIL_DISAGREES_ABOVE, Camera, CaptureTime, Findings
from triage.domain.items import Outcome
from triage.domain.look_plan import RUN, GroupKey, Outline, Stack, Tie, Verdict, Why, key_of, occasion_of, outline_of
from triage.domain.review_rules import ReviewRules
from triage.services.choosing_looks import look_plan
from triage.services.remembering_groups import GroupMemory
from triage.store.look_plans import Asking
from triage.store.review_tables import decision
from triage.store.tables import finding, occurrence, provenance, raster
from triage.store.unit_of_work import Store

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
LONG_AGO, LATELY = datetime(2019, 5, 1, 12), datetime(2026, 3, 10, 12)  # noqa: DTZ001 - cameras' own clocks
SINCE, UNTIL = datetime(2026, 2, 14), datetime(2026, 3, 17)  # noqa: DTZ001
RULES = REVIEW
ONE, OTHER = Camera("MADEUP", "M1", "7701031"), Camera("MADEUP", "M1")
U = Outcome.UNKNOWN


def asking(made: Made) -> Asking:
    return Asking(made.id, "scheme-a", ("some", "grave"), SINCE, UNTIL)


def states(store: Store, found: Mapping[int, tuple[Camera | None, datetime | None]]) -> None:
    """Files of these items state a camera and a time, as examining writes them."""
    with store.writing() as unit:
        tool = insert(provenance).values(tool=f"made up {min(found)}").returning(provenance.c.id)
        made = unit.connection.execute(tool).scalar_one()
        rows = []
        for item_id, (camera, moment) in found.items():
            if camera is not None:
                told = {"make": camera.make, "model": camera.model, "serial": camera.serial}
                rows.append({"item_id": item_id, "kind": "camera", "value": told, "provenance_id": made})
            if moment is not None:
                taken = {"local": moment.isoformat(), "offset_minutes": None}
                rows.append({"item_id": item_id, "kind": "captured", "value": taken, "provenance_id": made})
        unit.connection.execute(insert(finding), rows)
        unit.commit()


def says(store: Store, made: Made, category: str, *items: int, basis: SeenBasis = SeenBasis.REDUCED) -> None:
    """Decisions of these items."""
    with store.writing() as unit:
        row = {
            "referral_id": made.id,
            "principal_id": 1,
            "scheme": "scheme-a",
            "category": category,
            "basis": basis,
            "because": "",
            "decided_at": NOW,
            "changed_at": NOW,
            "state": "standing",
        }
        unit.connection.execute(insert(decision), [row | {"item_id": one} for one in items])
        unit.commit()


def outlines(store: Store, made: Made) -> dict[GroupKey, Outline]:
    with store.reading() as unit:
        return {one.outline.key: one.outline for one in unit.look_plans.groups(asking(made))}


def stacks(store: Store, made: Made, key: GroupKey) -> list[Stack]:
    with store.reading() as unit:
        (group,) = (one for one in unit.look_plans.groups(asking(made)) if one.outline.key == key)
        return unit.look_plans.stacks(asking(made), group)


def occasion(camera: Camera, moment: datetime) -> GroupKey:
    found = occasion_of(Findings(camera, captured=CaptureTime(moment, None)))
    return key_of(0, found, 0)


@pytest.fixture(autouse=True)
def ann(store: Store) -> None:
    assert person(store, "ann").id == 1


def test_a_camera_on_a_day_is_an_occasion_and_its_copies_are_one_stack(store: Store) -> None:
    made = referral_with(store, "1", *[U] * 5)
    a, copy, b, other, without = made.items
    alike(store, a, copy)
    states(
        store,
        {a: (ONE, LONG_AGO), b: (ONE, LONG_AGO + timedelta(hours=1)), other: (OTHER, LONG_AGO), without: (ONE, None)},
    )
    found = outlines(store, made)
    key = occasion(ONE, LONG_AGO)
    assert stacks(store, made, key) == [
        Stack(a, LONG_AGO.isoformat(), 2),
        Stack(b, (LONG_AGO + timedelta(hours=1)).isoformat(), 1),
    ]
    assert set(found) == {key, occasion(OTHER, LONG_AGO), key_of(without, None, 0)}


def test_what_has_no_occasion_lies_in_its_archive_or_in_its_run(store: Store) -> None:
    made = referral_with(store, "1", *[U] * 3)
    inside, loose, archive = made.items
    with store.writing() as unit:
        unit.connection.execute(
            update(occurrence).where(occurrence.c.item_id == inside).values(parent_item_id=archive)
        )
        unit.commit()
    assert set(outlines(store, made)) == {
        GroupKey(Tie.ARCHIVE, archive=archive, run=inside // RUN),
        GroupKey(Tie.NOTHING, run=loose // RUN),
    }


def test_only_what_can_be_looked_at_is_planned(store: Store) -> None:
    closed = (Outcome.KNOWN, Outcome.KNOWN_GOOD, Outcome.UNDECODABLE, Outcome.NOT_EXAMINED, Outcome.CONTAINER)
    made = referral_with(store, "1", *closed, Outcome.TOO_POOR)
    (found,) = outlines(store, made).values()
    assert (found.stacks, found.open_items) == (1, 1)


def test_what_was_said_of_one_copy_is_said_of_its_stack(store: Store) -> None:
    """After a look. What was decided as unlawful on facts needs none, as what is near to a known one."""
    made = referral_with(store, "1", *[U] * 6)
    a, copy, b, c, lawful, waiting = made.items
    alike(store, a, copy)
    says(store, made, "grave", copy)
    says(store, made, "grave", b, basis=SeenBasis.FACTS)
    says(store, made, "lawful", lawful)
    (key,) = outlines(store, made)
    assert stacks(store, made, key) == [
        Stack(a, "", 1, Verdict.UNLAWFUL),
        Stack(b, "", 0, is_near=True),
        Stack(c, "", 1),
        Stack(lawful, "", 0, Verdict.LAWFUL),
        Stack(waiting, "", 1),
    ]


def test_facts_that_raise_are_read(store: Store) -> None:
    """Taken lately by a camera; near to what is known; a thumbnail of another picture."""
    made = referral_with(store, "1", U, U, Outcome.NEAR, U)
    lately, undated, near, edited = made.items
    states(store, {lately: (ONE, LATELY), undated: (None, LATELY), edited: (ONE, LATELY)})
    with store.writing() as unit:
        row = {
            "item_id": edited,
            "format": "JPEG",
            "width": 9,
            "height": 9,
            "mode": "RGB",
            "frames": 1,
            "thumbnail_distance": THUMBNAIL_DISAGREES_ABOVE + 1,
            "provenance_id": unit.connection.execute(select(provenance.c.id)).scalars().first(),
        }
        unit.connection.execute(insert(raster).values(row))
        unit.commit()
    moment = LATELY.isoformat()
    assert stacks(store, made, occasion(ONE, LATELY)) == [
        Stack(lately, moment, 1, is_recent=True),
        Stack(edited, moment, 1, is_recent=True, disagrees=True),
    ]
    assert stacks(store, made, key_of(near, None, 0)) == [Stack(near, "", 1, is_near=True), Stack(undated, moment, 1)]


def test_the_database_counts_as_the_domain_does(store: Store) -> None:
    made = referral_with(store, "1", *[U, U, U, Outcome.NEAR] * 8)
    items = made.items
    for start in range(0, 24, 3):
        alike(store, items[start], items[start + 2])
    moments = {one: (ONE, LONG_AGO + timedelta(minutes=7 * one)) for one in items[::2]}
    states(store, moments | {items[1]: (OTHER, LATELY), items[5]: (None, LATELY)})
    says(store, made, "some", items[0], items[12])
    says(store, made, "lawful", items[2], items[9])
    says(store, made, "grave", items[16], basis=SeenBasis.FACTS)
    found = outlines(store, made)
    assert len(found) > 2
    for key, outline in found.items():
        assert outline == outline_of(key, stacks(store, made, key))


def test_another_referral_and_an_ended_decision_say_nothing(store: Store) -> None:
    made, other = referral_with(store, "1", U), referral_with(store, "2", U)
    says(store, made, "grave", *made.items)
    with store.writing() as unit:
        unit.connection.execute(update(decision).values(state="undone"))
        unit.commit()
    (mine,), (theirs,) = outlines(store, made).values(), outlines(store, other).values()
    assert (mine.open_items, mine.unlawful, theirs.open_items) == (1, 0, 1)


def test_groups_that_say_most_come_first_when_not_all_fit(store: Store) -> None:
    made = referral_with(store, "1", *[U] * 4)
    first, second, third, fourth = made.items
    days = [LONG_AGO + timedelta(days=day) for day in range(3)]
    states(store, {first: (ONE, days[0]), second: (ONE, LATELY), third: (ONE, days[2]), fourth: (OTHER, days[1])})
    says(store, made, "some", fourth)
    with store.reading() as unit:
        found = unit.look_plans.groups(asking(made), 2)
    assert [one.outline.key for one in found] == [occasion(OTHER, days[1]), occasion(ONE, LATELY)]


def plan_of(store: Store, made: Made, rules: ReviewRules = RULES) -> tuple[int | None, Why | None]:
    with store.reading() as unit:
        plan = look_plan(unit, made.id, rules, SCHEMES.scheme("scheme-a"), NOW, GroupMemory())
    return (plan.next.item_id, plan.next.why) if plan.next else (None, None)


def test_following_the_plan_ends_and_leaves_the_rest_to_facts(store: Store) -> None:
    """Twelve pictures of a camera's day, nothing unlawful: two looks, then facts are enough for what is left."""
    made = referral_with(store, "1", *[U] * 12)
    states(store, {one: (ONE, LONG_AGO + timedelta(minutes=one)) for one in made.items})
    looked: list[int] = []
    reasons: list[Why | None] = []
    while (chosen := plan_of(store, made))[0] is not None:
        looked.append(chosen[0] or 0)
        reasons.append(chosen[1])
        says(store, made, "lawful", looked[-1])
    with store.reading() as unit:
        left = look_plan(unit, made.id, RULES, SCHEMES.scheme("scheme-a"), NOW, GroupMemory()).left
    assert reasons == [Why.FIRST, Why.SPREAD]
    assert (left.looks, left.groups_on_facts, left.items_on_facts) == (0, 1, 10)
    assert left.chance <= LOOKS.quiet
    order = sorted(made.items)
    assert {order.index(one) * 2 // 12 for one in looked} == {0, 1}


def test_something_unlawful_raises_the_other_days_of_its_camera(store: Store) -> None:
    made = referral_with(store, "1", *[U] * 26)
    first, second = made.items[:2], made.items[2:]
    moments = dict.fromkeys(first, (ONE, LONG_AGO))
    moments |= {one: (ONE, LONG_AGO + timedelta(days=30, minutes=one)) for one in second}
    states(store, moments)
    says(store, made, "grave", *first)
    _, why = plan_of(store, made)
    assert why is Why.CAMERA
    _, why = plan_of(store, made, replace(RULES, looks=replace(LOOKS, camera=0.9)))
    assert why is Why.CAMERA


def test_a_camera_that_mixed_once_is_looked_at_more_closely_on_its_other_days(store: Store) -> None:
    """What people said on one day of two unlawful and two lawful ones changes how many looks another day is due."""
    made = referral_with(store, "1", *[U] * 16)
    first, second = made.items[:4], made.items[4:]
    moments = dict.fromkeys(first, (ONE, LONG_AGO))
    moments |= {one: (ONE, LONG_AGO + timedelta(days=30, minutes=one)) for one in second}
    states(store, moments)
    assert looks_left(store, made) == (2 + 2)
    says(store, made, "grave", *first[:2])
    assert looks_left(store, made) == 4
    says(store, made, "lawful", *first[2:])
    assert (looks_left(store, made), plan_of(store, made)[1]) == (6, Why.MIXED)


def looks_left(store: Store, made: Made) -> int:
    with store.reading() as unit:
        return look_plan(unit, made.id, RULES, SCHEMES.scheme("scheme-a"), NOW, GroupMemory()).left.looks


def test_the_gate_of_the_next_look_is_told(store: Store) -> None:
    """Whether the law lets it be shown is said before somebody asks."""
    made = referral_with(store, "1", U)
    with store.reading() as unit:
        plan = look_plan(unit, made.id, RULES, SCHEMES.scheme("scheme-a"), NOW, GroupMemory())
    assert plan.next is not None
    assert plan.gate is not None
    assert plan.gate.may_render
