"""Deletion: two people, a ground; the key goes for good, and facts, digests, decisions and records stay."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hashsets.algorithms.digests import Digests
from hashsets.library import Library
from tests.acting import RECEIVER, Acts
from triage.domain.access import Action
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.items import ItemKind
from triage.domain.people import Principal, Role
from triage.domain.plans import DeletionGround, PlanState
from triage.services import erasing
from triage.services.auditing import Auditing, AuditReport
from triage.services.keeping import Keeping, sealed_row
from triage.services.receiving import take
from triage.store.access import Subject
from triage.store.items import NewItem
from triage.store.tables import sealed_object
from triage.store.unit_of_work import Store
from triage.vault.witness import LogMirror

COURT, ENDED = DeletionGround.COURT_ORDER, DeletionGround.RETENTION_ENDED


@pytest.fixture
def acts(store: Store, tmp_path: Path) -> Acts:
    return Acts.over(store, tmp_path)


@pytest.fixture
def sue(acts: Acts) -> Principal:
    return acts.person("sue", Role.SUPERVISOR)


@pytest.fixture
def sam(acts: Acts) -> Principal:
    return acts.person("sam", Role.SUPERVISOR)


@pytest.fixture
def audit(acts: Acts, tmp_path: Path) -> Callable[[], AuditReport]:
    """What an audit of all of it says."""

    def audited() -> AuditReport:
        acts.store.feed_mirror()
        mirror = acts.store.mirror
        assert isinstance(mirror, LogMirror)
        library = Library.open(tmp_path / "sets")
        keeping = Keeping(acts.vault)
        return Auditing(acts.store, acts.vault, keeping, library, mirror, acts.clock, "test").audit()

    return audited


def refused(code: str) -> pytest.RaisesExc[Refused]:
    return pytest.RaisesExc(Refused, check=lambda error: error.code == code)


def test_the_bytes_of_items_go_and_everything_else_stays(
    acts: Acts, sue: Principal, sam: Principal, audit: Callable[[], AuditReport]
) -> None:
    """Nothing opens them any more; item, digest and decision are there; the audit is clean and says so."""
    referral, made = acts.referral(3)
    first, second, _ = acts.items_of(made)
    acts.decided(sue, referral, first, "grave")
    number = acts.erasing.plan_items(sue, [first, second], COURT, "Court 7/2026", "the court ordered it")
    acts.agree(sam, number)
    assert acts.erasing.erase(sue, number) == {"items": 2}
    with acts.store.reading() as unit:
        gone, left = unit.items.kept([first]), unit.items.kept([acts.items_of(made)[2]])
        assert gone[0].item.digests.sha256 is not None
        assert unit.decisions.history(first)[0].category == "grave"
    with refused("bytes-erased"):
        Keeping(acts.vault).open(gone[0])
    Keeping(acts.vault).open(left[0]).close()
    told = acts.log(CustodyAction.ERASED)
    assert [one.subject for one in told] == [f"item:{first}", f"item:{second}", f"plan:{number}"]
    assert (told[0].purpose, told[0].details["reference"]) == ("court-order", "Court 7/2026")
    report = audit()
    assert report.faults == []
    assert (report.items, report.erased, report.not_held) == (3, 2, 0)
    assert report.orphan_bytes > 0, "what is left in the vault is noise that nobody can open"


def test_no_copy_of_the_key_stays_in_the_database(acts: Acts, sue: Principal, sam: Principal) -> None:
    """The row goes, and on SQLite what stood in file and journal with it."""
    _, made = acts.referral(1)
    (item,) = acts.items_of(made)
    with acts.store.reading() as unit:
        wrapped = unit.connection.execute(select(sealed_object.c.wrapped_key)).scalar_one()
    file = acts.store.engine.url.database
    is_file = acts.store.engine.dialect.name == "sqlite"
    holding = [Path(f"{file}{end}") for end in ("", "-wal")] if is_file else []
    assert not is_file or any(wrapped in one.read_bytes() for one in holding if one.exists())
    number = acts.erasing.plan_items(sue, [item], COURT, "Court 7/2026", "the court ordered it")
    acts.agree(sam, number)
    acts.erasing.erase(sue, number)
    with acts.store.reading() as unit:
        assert unit.connection.execute(select(sealed_object)).all() == []
    assert not any(wrapped in one.read_bytes() for one in holding if one.exists())


def test_of_a_submission_what_is_its_alone_goes(acts: Acts, sue: Principal, sam: Principal) -> None:
    """Received by mistake: what another submission holds too, or lies at its source, is left alone and counted."""
    _, made = acts.referral(2)
    shared, own = acts.items_of(made)
    _, other = acts.referral(0, case="CASE-2")
    acts.also(other, shared)
    at_source = acts.item(made, in_place=True)
    assert acts.erasing.reach(sue, made) == erasing.Reach(erased=1, left=2)
    number = acts.erasing.plan_submission(
        sue, made, DeletionGround.MISTAKEN_RECEIPT, "Note 3", "it was another unit's"
    )
    acts.agree(sam, number)
    assert acts.erasing.erase(sue, number) == {"items": 1, "left": 2}
    with acts.store.reading() as unit:
        assert unit.erasures.in_force() == {own}
        assert all(one.is_located for one in unit.items.kept([shared, at_source]))


def test_what_another_submission_brings_meanwhile_stays(
    acts: Acts, sue: Principal, sam: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between choosing and deleting: its alone is asked once more where nothing can come between."""
    _, made = acts.referral(2)
    shared, own = acts.items_of(made)
    _, other = acts.referral(0, case="CASE-2")
    number = acts.erasing.plan_submission(
        sue, made, DeletionGround.MISTAKEN_RECEIPT, "Note 3", "it was another unit's"
    )
    acts.agree(sam, number)
    erase = erasing.Erasing._erase

    def brought_before(*told: Any) -> None:
        acts.also(other, shared)
        erase(*told)

    monkeypatch.setattr(erasing.Erasing, "_erase", brought_before)
    assert acts.erasing.erase(sue, number) == {"items": 1, "left": 1}
    with acts.store.reading() as unit:
        assert unit.erasures.in_force() == {own}


def test_retention_must_have_ended_where_it_is_the_ground(acts: Acts, sue: Principal, sam: Principal) -> None:
    """For each submission in which an item occurs; and once more when it is carried out."""
    _, made = acts.referral(1)
    items = acts.items_of(made)
    for until in (None, date(2026, 11, 27)):
        acts.set_submission(made, preserve_until=until)
        with refused("retention-not-ended"):
            acts.erasing.plan_items(sue, items, ENDED, "Rule 4", "its time is over")
        with refused("retention-not-ended"):
            acts.erasing.plan_submission(sue, made, ENDED, "Rule 4", "its time is over")
    acts.set_submission(made, preserve_until=date(2026, 11, 26))
    number = acts.erasing.plan_submission(sue, made, ENDED, "Rule 4", "its time is over")
    acts.agree(sam, number)
    acts.set_submission(made, preserve_until=date(2027, 1, 1))
    with refused("retention-not-ended"):
        acts.erasing.erase(sue, number)
    acts.set_submission(made, preserve_until=date(2026, 11, 26))
    assert acts.erasing.erase(sue, number)["items"] == 1


def test_what_is_not_ours_to_delete(acts: Acts, sue: Principal) -> None:
    """A file at its source, an item that is not there, one that is gone already, a member whose archive is kept."""
    _, made = acts.referral(1)
    (archive,) = acts.items_of(made)
    member, at_source = acts.item(made, parent=archive), acts.item(made, in_place=True)
    both = acts.item(made)
    acts.place_item(both)
    for item, code in ((at_source, "in-place-not-ours"), (both, "in-place-not-ours"), (member, "archive-holds-it")):
        with refused(code):
            acts.erasing.plan_items(sue, [item], COURT, "Court 7/2026", "the court ordered it")
    assert acts.erasing.plan_items(sue, [member, archive], COURT, "Court 7/2026", "the court ordered it")
    with refused("not-a-member"):
        acts.erasing.plan_items(sue, [999_999], COURT, "Court 7/2026", "the court ordered it")
    with pytest.raises(NotFound), acts.store.reading() as unit:
        erasing._require_ours(unit, [999_999])


def test_everybody_whose_case_holds_an_item_has_a_say(acts: Acts) -> None:
    """Its bytes are the same in both cases: a member of one alone neither asks nor agrees."""
    _, made = acts.referral(1)
    (item,) = acts.items_of(made)
    _, other = acts.referral(0, case="CASE-2")
    acts.also(other, item)
    one = acts.person("one", Role.SUPERVISOR, cases=["CASE-1"])
    both = acts.person("both", Role.SUPERVISOR, cases=["CASE-1", "CASE-2"])
    with refused("not-a-member"):
        acts.erasing.plan_items(one, [item], COURT, "Court 7/2026", "the court ordered it")
    number = acts.erasing.plan_items(both, [item], COURT, "Court 7/2026", "the court ordered it")
    with refused("not-a-member"):
        acts.agree(one, number)


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ((Role.ANALYST,), "role-lacks"),
        ((Role.PARTNER,), "role-lacks"),
        ((Role.SUPERVISOR, Role.ADMINISTRATOR), "never-with-that-role"),
    ],
)
def test_only_supervisors_delete(acts: Acts, roles: tuple[Role, ...], code: str) -> None:
    """And nobody who runs the system."""
    _, made = acts.referral(1)
    who = acts.person("who", *roles)
    with refused(code):
        acts.erasing.plan_items(who, acts.items_of(made), COURT, "Court 7/2026", "the court ordered it")
    with refused(code):
        acts.erasing.plan_submission(who, made, COURT, "Court 7/2026", "the court ordered it")


def test_nothing_goes_without_another_person_in_time_and_only_once(
    acts: Acts, sue: Principal, sam: Principal
) -> None:
    """Not asked, agreed by oneself, declined, too late, spent."""
    _, made = acts.referral(1)
    items = acts.items_of(made)
    number = acts.erasing.plan_items(sue, items, COURT, "Court 7/2026", "the court ordered it")
    with refused("second-person-needed"):
        acts.erasing.erase(sue, number)
    with refused("same-person"):
        acts.agree(sue, number)
    acts.agree(sam, number, granted=False)
    with refused("second-person-needed"):
        acts.erasing.erase(sue, number)
    late = acts.erasing.plan_items(sue, items, COURT, "Court 7/2026", "the court ordered it")
    acts.agree(sam, late)
    acts.later(hours=8)
    with refused("second-person-needed"):
        acts.erasing.erase(acts.proved(sue), late)
    again = acts.erasing.plan_items(acts.proved(sue), items, COURT, "Court 7/2026", "the court ordered it")
    acts.agree(sam, again)
    acts.erasing.erase(acts.proved(sue), again)
    with pytest.raises(Conflict) as caught:
        acts.erasing.erase(acts.proved(sue), again)
    assert caught.value.code == "plan-over"


def test_one_that_was_cut_off_goes_on(
    acts: Acts, sue: Principal, sam: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The grant was spent with the first commit: the same person ends what was begun, after showing who they are."""
    monkeypatch.setattr(erasing, "SLICE", 2)
    _, made = acts.referral(5)
    number = acts.erasing.plan_submission(sue, made, COURT, "Court 7/2026", "the court ordered it")
    acts.agree(sam, number)
    plan = acts.planning.plan(sue, number)
    acts.accessing.ask(sue, Action.DELETE, Subject("plan", number))  # and then the power went, after one commit
    first = acts.items_of(made)[:2]
    acts.erasing._erase(sue, plan, plan.what.terms, first)  # type: ignore[arg-type]
    assert acts.planning.plan(sue, number).state(acts.clock.now) is PlanState.BEGUN
    with refused("plan-not-own"):
        acts.erasing.erase(sam, number)
    acts.later(minutes=6)
    with refused("step-up-needed"):
        acts.erasing.erase(sue, number)
    assert acts.erasing.erase(acts.proved(sue), number)["items"] == 5


def test_what_is_deleted_is_neither_exported_nor_deleted_again(acts: Acts, sue: Principal, sam: Principal) -> None:
    """With a code that says so, also where it was planned before."""
    referral, made = acts.referral(1)
    items = acts.items_of(made)
    export = acts.exporting.plan(sue, referral, RECEIVER, acts.key, "they asked", items)
    acts.agree(sam, export)
    number = acts.erasing.plan_items(sue, items, COURT, "Court 7/2026", "the court ordered it")
    acts.agree(sam, number)
    acts.erasing.erase(sue, number)
    with refused("bytes-erased"):
        acts.exporting.begin(sue, export).write(io.BytesIO())
    with refused("bytes-erased"):
        acts.erasing.plan_items(sue, items, COURT, "Court 7/2026", "the court ordered it")


def test_the_audit_finds_what_was_removed_without_a_record_and_what_came_back_without_one(
    acts: Acts, sue: Principal, sam: Principal, audit: Callable[[], AuditReport]
) -> None:
    """A note in the database alone excuses nothing; nor does a locator that was put back."""
    _, made = acts.referral(2)
    first, second = acts.items_of(made)
    number = acts.erasing.plan_items(sue, [first], COURT, "Court 7/2026", "the court ordered it")
    acts.agree(sam, number)
    with acts.store.reading() as unit:
        before = dict(unit.items.kept([first])[0].sealed or {})
    acts.erasing.erase(sue, number)
    with acts.store.writing() as unit:  # somebody without a record
        unit.erasures.erase([second], number, acts.clock.now)
        unit.connection.execute(sealed_object.insert().values(item_id=first, **before))
        unit.commit()
    assert [(one.code, one.subject) for one in audit().faults] == [
        ("erasure-unrecorded", f"I-{second}"),
        ("erasure-undone", f"I-{first}"),
    ]


def test_the_same_bytes_received_anew_are_held_again(
    acts: Acts, sue: Principal, sam: Principal, audit: Callable[[], AuditReport]
) -> None:
    """Another delivery has a basis of its own. The record says that they had been deleted before."""
    _, made = acts.referral(1)
    (item,) = acts.items_of(made)
    number = acts.erasing.plan_items(sue, [item], COURT, "Court 7/2026", "the court ordered it")
    acts.agree(sam, number)
    acts.erasing.erase(sue, number)
    data = acts.data[item]
    with acts.vault.writer() as writer:
        row = sealed_row(writer.seal([data]))
        writer.sync()
    digests = Digests(hashlib.md5(data).digest(), hashlib.sha1(data).digest(), hashlib.sha256(data).digest())

    def event(item_id: int, new: NewItem, **more: str) -> CustodyEvent:
        details = {"sha256": new.digests.sha256.hex(), **more}
        return CustodyEvent(acts.clock.now, "test", CustodyAction.SEALED, f"item:{item_id}", "receive", details)

    with acts.store.writing() as unit:
        taken = take(unit, [NewItem(digests, len(data), ItemKind.RASTER, 0, sealed=row)], acts.clock.now)
        unit.custody.append(taken.keeping_events(event))
        unit.commit()
    assert acts.log(CustodyAction.SEALED)[-1].details["before"] == "erased"
    with acts.store.reading() as unit:
        assert unit.erasures.in_force() == set()
        (kept,) = unit.items.kept([item])
    Keeping(acts.vault).open(kept).close()
    report = audit()
    assert (report.faults, report.erased) == ([], 0)
