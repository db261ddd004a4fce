"""The legal gate over any occurrences and authorities: what must never be; the database counts by the same rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.triage.stored import digests_of
from triage.domain.authorities import Authority, AuthorityKind, NewAuthority
from triage.domain.checkpoints import LogSigner
from triage.domain.legal import Origin
from triage.domain.legal_gate import GateCode, HeldUnder, gate
from triage.domain.reports import Viewed
from triage.domain.submissions import Delivery, Found
from triage.store.engine import open_engine
from triage.store.items import NewItem
from triage.store.schema import upgrade_schema
from triage.store.unit_of_work import Store
from triage.vault.witness import LogMirror

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
ITEMS, SUBMISSIONS = (1, 2), (1, 2, 3)
SENDERS = st.sampled_from([Origin.PROVIDER, Origin.HOTLINE])
MAYBE = st.none() | st.sampled_from(Viewed)
HELD = st.builds(
    HeldUnder,
    submission_id=st.sampled_from(SUBMISSIONS),
    origin=st.sampled_from(Origin),
    basis=st.sampled_from(["Warrant", "", " "]),
    viewed=MAYBE,
    is_member=st.booleans(),
)
UNVIEWED = st.one_of(
    st.builds(
        HeldUnder,
        submission_id=st.sampled_from(SUBMISSIONS),
        origin=SENDERS,
        basis=st.just("Report"),
        viewed=st.sampled_from([None, Viewed.NO, Viewed.UNKNOWN]),
        is_member=st.booleans(),
    ),
    st.builds(  # a member of an archive that the sender opened
        HeldUnder,
        submission_id=st.sampled_from(SUBMISSIONS),
        origin=SENDERS,
        basis=st.just("Report"),
        viewed=MAYBE,
        is_member=st.just(value=True),
    ),
)
AUTHORITY = st.builds(
    Authority,
    id=st.integers(1, 9),
    kind=st.sampled_from(AuthorityKind),
    reference=st.just("W"),
    person=st.just("A judge"),
    given_at=st.sampled_from([NOW - timedelta(days=1), NOW, NOW + timedelta(seconds=1)]),
    submission_id=st.sampled_from(SUBMISSIONS),
    item_id=st.none() | st.sampled_from(ITEMS),
    recorded_at=st.just(NOW),
    recorded_by=st.just("an officer"),
    withdrawn_at=st.none() | st.just(NOW),
)
CASES = st.lists(HELD, max_size=5)
RECORDED = st.lists(AUTHORITY, max_size=4)
IDLE = AUTHORITY.filter(lambda one: not one.counts(NOW))


@given(st.lists(UNVIEWED), st.lists(IDLE))
def test_without_authority_nothing_unviewed_is_rendered(held: list[HeldUnder], idle: list[Authority]) -> None:
    assert not gate(1, held, idle, NOW).may_render


@given(CASES, RECORDED, UNVIEWED)
def test_an_unviewed_occurrence_revokes_nothing(
    held: list[HeldUnder], recorded: list[Authority], more: HeldUnder
) -> None:
    before = gate(1, held, recorded, NOW)
    if before.may_render:
        after = gate(1, [*held, more], recorded, NOW)
        assert after.may_render
        assert after.code is before.code


@given(CASES, RECORDED, AUTHORITY, st.randoms())
def test_withdrawing_restores_the_former_answer(
    held: list[HeldUnder], recorded: list[Authority], more: Authority, order: object
) -> None:
    shuffled = [*recorded, replace(more, withdrawn_at=NOW)]
    order.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert gate(1, held, shuffled, NOW) == gate(1, held, recorded, NOW)


@given(CASES, RECORDED, AUTHORITY)
def test_another_authority_shuts_nothing(held: list[HeldUnder], recorded: list[Authority], more: Authority) -> None:
    if gate(1, held, recorded, NOW).may_render:
        assert gate(1, held, [*recorded, more], NOW).may_render


@given(CASES, RECORDED, st.randoms())
def test_order_says_nothing(held: list[HeldUnder], recorded: list[Authority], order: object) -> None:
    other, others = list(held), list(recorded)
    order.shuffle(other)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    order.shuffle(others)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert gate(1, other, others, NOW) == gate(1, held, recorded, NOW)


@given(CASES, RECORDED)
def test_an_open_gate_names_a_source_that_is_lawful_alone(held: list[HeldUnder], recorded: list[Authority]) -> None:
    found = gate(1, held, recorded, NOW)
    assert found.may_render is (found.submission_id is not None)
    if found.may_render:
        alone = [one for one in held if one.submission_id == found.submission_id]
        named = [one for one in recorded if one.id == found.authority_id]
        assert gate(1, alone, named, NOW).code is found.code


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One database for all examples, each of which is rolled back."""
    folder = tmp_path_factory.mktemp("gates")
    url = f"sqlite:///{folder / 'triage.sqlite3'}"
    upgrade_schema(url)
    signer = LogSigner("test.example/custody", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    opened = Store(open_engine(url), signer, LogMirror.create(folder / "witness"))
    yield opened
    opened.close()


PLACES = st.lists(
    st.tuples(st.sampled_from(SUBMISSIONS), st.sampled_from(ITEMS), MAYBE, st.booleans()), min_size=1, max_size=6
)
DELIVERIES = st.lists(
    st.tuples(st.sampled_from(Origin), st.sampled_from(["Warrant", "", " "])), min_size=3, max_size=3
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(DELIVERIES, PLACES, RECORDED, st.sets(st.sampled_from(SUBMISSIONS), min_size=1))
def test_the_database_counts_by_the_same_rule(
    store: Store,
    deliveries: list[tuple[Origin, str]],
    places: list[tuple[int, int, Viewed | None, bool]],
    recorded: list[Authority],
    asked: set[int],
) -> None:
    """Items of the submissions asked for whose gate is shut are those that the query lists."""
    with store.writing() as unit:
        submissions = [
            unit.submissions.open(Delivery(f"C-{number}", "E", basis, b"/x", origin=origin), NOW).id
            for number, (origin, basis) in enumerate(deliveries)
        ]
        digests = [digests_of(str(item).encode()) for item in ITEMS]
        ids = unit.items.add([NewItem(one, 1, "raster", 0) for one in digests], NOW).ids  # type: ignore[arg-type]
        items = [ids[one.sha256] for one in digests]
        held: dict[int, list[HeldUnder]] = {item: [] for item in items}
        for number, (submission, item, viewed, is_member) in enumerate(places):
            item_id, parent = items[item - 1], items[0] if is_member else 0
            place = Found(f"{number}".encode(), 1, 1, parent, viewed)
            unit.submissions.add_occurrences(submissions[submission - 1], [(item_id, place)])
            origin, basis = deliveries[submission - 1]
            if submission in asked:
                held[item_id].append(
                    HeldUnder(
                        submission_id=submissions[submission - 1],
                        origin=origin,
                        basis=basis,
                        viewed=viewed,
                        is_member=is_member,
                    )
                )
        authorities = []
        for one in recorded:
            new = NewAuthority(
                kind=one.kind,
                reference=one.reference,
                person=one.person,
                given_at=one.given_at,
                submission_id=submissions[one.submission_id - 1],
                item_id=one.item_id and items[one.item_id - 1],
            )
            made = unit.authorities.add(new, NOW, "an officer")
            if one.withdrawn_at:
                unit.authorities.withdraw(made.id, NOW, "an officer", "made up")
            authorities.append(unit.authorities.get(made.id))
        at_hand = [submissions[one - 1] for one in asked]
        gates = {item: gate(item, held[item], authorities, NOW) for item in items}
        shut = {
            item: found
            for item, found in gates.items()
            if not found.may_render and found.code is not GateCode.NOT_AT_HAND
        }
        assert unit.gates.of_items(items, at_hand, NOW) == gates
        assert unit.gates.shut(at_hand, NOW, limit=10) == shut
        assert unit.gates.shut_count(at_hand, NOW) == len(shut)
