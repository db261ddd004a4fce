"""Asking: every answer is kept without data; grants are another's, for exactly this, once, for a while."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.triage.stored import Scene
from triage.domain.access import Action, Purpose
from triage.domain.errors import Refused, TriageError
from triage.domain.people import Membership, Principal, Role
from triage.domain.plans import PlanState
from triage.services.accessing import Accessing
from triage.services.approving import Approving
from triage.store.access import DEPLOYMENT, Subject
from triage.store.unit_of_work import Store

START = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)


@dataclass
class Office:
    """People, one item in case A and one in case B, and the two services."""

    store: Store
    scene: Scene
    now: datetime = START

    def __post_init__(self) -> None:
        self.here = Subject("item", self.scene.item(self.scene.submission(case="A")))
        self.there = Subject("item", self.scene.item(self.scene.submission(case="B")))
        self.accessing = Accessing(self.store, lambda: self.now)
        self.approving = Approving(self.store, lambda: self.now)
        self.analyst = self.person("analyst", Role.ANALYST)
        self.colleague = self.person("colleague", Role.SUPERVISOR)
        self.elsewhere = self.person("elsewhere", Role.SUPERVISOR, unit="south", case="B")

    def person(self, login: str, *roles: Role, unit: str = "north", case: str = "A") -> Principal:
        with self.store.writing() as unit_:
            new = Principal(0, login, login, unit, "en", "UTC")
            number = unit_.people.add(new, START)
            unit_.commit()
        return replace(new, id=number, roles=frozenset(roles), cases=(Membership(case),), proved_at=START)

    def later(self, who: Principal, **by: float) -> Principal:
        """Time passes; they prove once more who they are."""
        self.now += timedelta(**by)
        return replace(who, proved_at=self.now)

    def ask(self, who: Principal, action: Action = Action.REVEAL_KNOWN, subject: Subject | None = None) -> str:
        """The code of the answer."""
        try:
            self.accessing.ask(who, action, subject or self.here, Purpose.COURT)
        except TriageError as error:
            return error.code
        return "allowed"

    def request(self, who: Principal, action: Action = Action.REVEAL_KNOWN, subject: Subject | None = None) -> int:
        return self.approving.request(who, action, subject or self.here, "The court asks.", Purpose.COURT)


@pytest.fixture
def office(store: Store, scene: Scene) -> Office:
    return Office(store, scene)


def test_every_answer_is_kept_by_number_and_code(office: Office) -> None:
    """Yes and no alike; of the thing its kind and number, nothing else."""
    office.ask(office.analyst, Action.SEE_ITEM)
    office.ask(office.analyst, Action.SEE_ITEM, office.there)
    office.ask(office.analyst, Action.MANAGE_JOBS, DEPLOYMENT)
    rows = office.scene.rows("SELECT principal_id, action, subject, allowed, code FROM access_asked ORDER BY id")
    assert rows == [
        (office.analyst.id, "see-item", f"item:{office.here.id}", 1, "allowed"),
        (office.analyst.id, "see-item", f"item:{office.there.id}", 0, "not-a-member"),
        (office.analyst.id, "manage-jobs", "deployment:0", 0, "role-lacks"),
    ]


@pytest.mark.parametrize("kind", ["item", "submission", "referral"])
def test_a_number_that_nobody_has_answers_as_anothers_does(office: Office, kind: str) -> None:
    assert office.ask(office.analyst, Action.SEE_ITEM, Subject(kind, 10**9)) == "not-a-member"


def test_a_grant_is_anothers_and_good_once(office: Office) -> None:
    """For the one who asked, for exactly that, and then no more. Where it stands is told to who asked."""

    def told(who: Principal) -> list[tuple[int, PlanState]]:
        return [(one.id, one.state(office.now)) for one in office.approving.mine(who)]

    assert office.ask(office.analyst) == "second-person-needed"
    request = office.request(office.analyst)
    assert (told(office.analyst), told(office.colleague)) == ([(request, PlanState.WAITING)], [])
    assert office.ask(office.analyst) == "second-person-needed"
    assert [one.id for one in office.approving.waiting_for(office.colleague)] == [request]
    office.approving.answer(office.colleague, request, granted=True)
    assert told(office.analyst) == [(request, PlanState.GRANTED)]
    assert office.ask(office.colleague) == "second-person-needed"
    assert office.accessing.would(office.analyst, Action.REVEAL_KNOWN, office.here, Purpose.COURT).allowed
    assert office.accessing.ask(office.analyst, Action.REVEAL_KNOWN, office.here, Purpose.COURT) == request
    assert told(office.analyst) == [(request, PlanState.DONE)]
    assert office.ask(office.analyst) == "second-person-needed"
    assert any(line.startswith("approved item:") for line in office.scene.log())


def test_a_refusal_grants_nothing(office: Office) -> None:
    office.approving.answer(office.colleague, office.request(office.analyst), granted=False)
    assert office.ask(office.analyst) == "second-person-needed"


def test_a_request_is_answered_once(office: Office) -> None:
    """A refusal is not talked round by asking somebody else to answer too."""
    request = office.request(office.analyst)
    office.approving.answer(office.colleague, request, granted=False)
    with pytest.raises(Refused) as error:
        office.approving.answer(office.colleague, request, granted=True)
    assert error.value.code == "not-a-member"


@pytest.mark.parametrize("who", ["self", "no-member", "no-supervisor", "administrator"])
def test_the_second_person_is_one_who_may(office: Office, who: str) -> None:
    """Another, a supervisor, a member, and nobody who runs the system."""
    boss = office.person("boss", Role.SUPERVISOR)
    asks = boss if who == "self" else office.analyst
    answers = {
        "self": boss,
        "no-member": office.elsewhere,
        "no-supervisor": office.person("second", Role.ANALYST),
        "administrator": office.person("root", Role.SUPERVISOR, Role.ADMINISTRATOR),
    }[who]
    request = office.request(asks)
    assert office.approving.waiting_for(answers) == []
    with pytest.raises(Refused):
        office.approving.answer(answers, request, granted=True)
    assert office.ask(asks) == "second-person-needed"


def test_a_split_is_granted_by_another_unit(office: Office) -> None:
    """Who need be no member: they judge the reason."""
    with office.store.writing() as unit:
        referral = unit.networks.open_referral(START)
        unit.networks.place([office.scene.submissions[0]], referral, START)
        unit.commit()
    subject = Subject("referral", referral)
    request = office.request(office.analyst, Action.SPLIT, subject)
    with pytest.raises(Refused) as error:
        office.approving.answer(office.colleague, request, granted=True)
    assert error.value.code == "same-unit"
    office.approving.answer(office.elsewhere, request, granted=True)
    assert office.ask(office.analyst, Action.SPLIT, subject) == "allowed"


def test_requests_and_grants_end(office: Office) -> None:
    """After 72 hours without an answer, and 8 hours after one."""
    first, second = office.request(office.analyst), office.request(office.analyst)
    colleague = office.later(office.colleague, hours=71)
    office.approving.answer(colleague, first, granted=True)
    analyst = office.later(office.analyst, hours=8)
    assert office.ask(analyst) == "second-person-needed"
    assert office.approving.waiting_for(replace(colleague, proved_at=office.now)) == []
    with pytest.raises(Refused):
        office.approving.answer(replace(colleague, proved_at=office.now), second, granted=True)


def test_a_reason_is_written(office: Office) -> None:
    with pytest.raises(Refused) as error:
        office.approving.request(office.analyst, Action.REVEAL_KNOWN, office.here, "  ", Purpose.COURT)
    assert error.value.code == "reason-missing"


@pytest.mark.parametrize(("action", "code"), [(Action.DECIDE, "approval-needless"), (Action.DELETE, "role-lacks")])
def test_only_what_lacks_a_second_person_is_asked_for(office: Office, action: Action, code: str) -> None:
    with pytest.raises(Refused) as error:
        office.request(office.analyst, action)
    assert error.value.code == code
    assert office.scene.rows("SELECT * FROM approval") == []


def test_of_two_uses_of_one_grant_one_counts(office: Office) -> None:
    """Two windows, one grant."""
    request = office.request(office.analyst)
    office.approving.answer(office.colleague, request, granted=True)
    with office.store.writing() as unit:
        assert unit.access.use_grant(request, office.now)
        assert not unit.access.use_grant(request, office.now)
        unit.commit()
    assert office.ask(office.analyst) == "second-person-needed"


def test_nothing_that_was_read_leaves_before_its_ruling_stands(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept while the thing is read. A no is kept and reads nothing; what cannot be kept lets nothing out."""
    kept = "SELECT principal_id, subject, allowed FROM access_asked ORDER BY id"
    read = []
    for subject in (office.here, office.there):
        with suppress(Refused), office.accessing.reading(office.analyst, Action.SEE_ITEM, subject) as unit:
            read += [one.id for one in unit.items.many([subject.id])]
        assert office.scene.rows(kept)[-1] == (office.analyst.id, str(subject), int(subject == office.here))
    assert read == [office.here.id]

    def fail(_accessing: Accessing, _rulings: object) -> None:
        raise OSError("not kept")

    monkeypatch.setattr(Accessing, "_write", fail)
    with ExitStack() as stack:
        stack.enter_context(office.accessing.reading(office.analyst, Action.SEE_ITEM, office.here))
        with pytest.raises(OSError, match="not kept"):
            stack.close()
    assert len(office.scene.rows(kept)) == 2
