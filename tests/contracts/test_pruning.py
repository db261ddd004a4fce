"""What people did is kept as long as it is set to be; what something followed from, for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.reviewing import person
from triage.domain.access import Action, Ruling
from triage.domain.people import Principal
from triage.services import pruning
from triage.services.pruning import Pruned, Pruning
from triage.settings import KeepSettings, load_settings
from triage.store.access import Subject
from triage.store.review_tables import access_asked, session
from triage.store.sessions import Session
from triage.store.unit_of_work import Store

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
KEEP = KeepSettings(ended_sessions_days=90, rulings_days=730)
YES, NO = Ruling(True, "allowed"), Ruling(False, "not-a-member")


@pytest.fixture
def ann(store: Store) -> Principal:
    """Who asked."""
    return person(store, "ann")


def over(store: Store, settings: KeepSettings = KEEP) -> Pruning:
    """At NOW."""
    return Pruning(store, settings, lambda: NOW, "tester@triage")


def rule(store: Store, who: Principal | None, action: str, days: float, ruling: Ruling = YES) -> None:
    """A ruling of so many days ago."""
    with store.writing() as unit:
        at = NOW - timedelta(days=days)
        unit.access.log(who.id if who else None, action, Subject("item", 1), ruling, at)
        unit.commit()


def kept(store: Store) -> list[str]:
    """Actions of the rulings that are left."""
    with store.reading() as unit:
        return list(unit.connection.execute(select(access_asked.c.action).order_by(access_asked.c.id)).scalars())


def records(store: Store) -> list[dict[str, object]]:
    """What the custody log says of it."""
    with store.reading() as unit:
        events = [one.event for one in unit.custody.records() if one.event]
    assert {one.action for one in events} <= {"pruned"}
    return [dict(one.details) for one in events]


def test_old_rulings_on_seeing_go_and_the_log_says_how_many(store: Store, ann: Principal) -> None:
    """Allowed or not; whole days, so that the day at the edge stays."""
    for days in (800, 731, 730.2, 729, 1):
        rule(store, ann, Action.SEE_ITEM, days, NO if days == 800 else YES)
    assert over(store).prune() == Pruned(0, 2)
    assert len(kept(store)) == 3
    assert records(store) == [{"before": "2024-11-26", "count": 2, "first": 1, "last": 2}]
    assert over(store).prune() == Pruned(0, 0)
    assert len(records(store)) == 1


SEEN = {
    "see-referral", "see-submission", "see-item", "claim", "see-own-work", "see-totals", "see-sets", "see-jobs",
    "see-audit", "see-people",
}  # fmt: skip


@pytest.mark.parametrize("ruling", [YES, NO], ids=["allowed", "refused"])
def test_what_something_followed_from_is_never_deleted(store: Store, ann: Principal, ruling: Ruling) -> None:
    """Looks, decisions, exports, rights, sign-ins: written out, so that a new action is kept until named."""
    actions = [*(one.value for one in Action), "sign-in", "step-up"]
    for action in actions:
        rule(store, ann, action, 10_000, ruling)
    rule(store, None, "sign-in", 10_000, NO)
    assert over(store).prune() == Pruned(0, len(SEEN))
    assert set(kept(store)) == set(actions) - SEEN


def test_for_ever_is_for_ever(store: Store, ann: Principal) -> None:
    """0 days; and fewer than ninety are refused."""
    rule(store, ann, Action.SEE_ITEM, 30_000)
    assert over(store, KeepSettings(ended_sessions_days=1, rulings_days=0)).prune() == Pruned(0, 0)
    assert (len(kept(store)), records(store)) == (1, [])
    with pytest.raises(ValueError, match="90 days at least"):
        KeepSettings(ended_sessions_days=1, rulings_days=89)
    assert load_settings().keep == KEEP


def test_it_goes_in_small_batches_and_ends_when_it_is_told_to(
    store: Store, ann: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit and a record for each; the turn has an end, and the next goes on."""
    monkeypatch.setattr(pruning, "_TOGETHER", 2)
    monkeypatch.setattr(pruning, "_BATCHES", 2)
    for _ in range(5):
        rule(store, ann, Action.SEE_ITEM, 1_000)
    stopped = Pruning(store, KEEP, lambda: NOW, "tester@triage", lambda: True)
    assert stopped.prune() == Pruned(0, 0)
    assert [over(store).prune().rulings for _ in range(3)] == [4, 1, 0]
    assert [one["count"] for one in records(store)] == [2, 2, 1]


def begin(store: Store, who: Principal, name: str, *, expires: float, ended: float | None = None) -> None:
    """A session that expires, or was ended, so many days from now; before now where negative."""
    with store.writing() as unit:
        at = NOW - timedelta(days=1_000)
        new = Session(name.encode().ljust(32), who.id, ("password",), at, at, NOW + timedelta(days=expires), None)
        unit.sessions.begin(new)
        if ended is not None:
            unit.sessions.end(new.token_sha256, NOW + timedelta(days=ended))
        unit.commit()


def test_sessions_that_are_over_go_and_live_ones_stay(store: Store, ann: Principal) -> None:
    """Signed out, run out, or neither."""
    begin(store, ann, "live", expires=0.5)
    begin(store, ann, "live of long ago", expires=1)
    begin(store, ann, "out lately", expires=-10, ended=-11)
    begin(store, ann, "ran out", expires=-92)
    begin(store, ann, "signed out", expires=-10, ended=-95)
    assert over(store).prune() == Pruned(2, 0)
    with store.reading() as unit:
        left = unit.connection.execute(select(session.c.token_sha256)).scalars()
        assert {bytes(one).strip() for one in left} == {b"live", b"live of long ago", b"out lately"}
    assert records(store) == []
