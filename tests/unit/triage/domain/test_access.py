"""The policy: the whole table, and the sentences of it that must never come to say something else."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.triage.domain.access_matrix import CASES, ME, NOW, OTHER, lines, person
from triage.domain.access import FEWEST_PEOPLE, POLICY, Action, Facts, Kind, Need, Purpose, may
from triage.domain.people import EVERY_CASE, Membership, Role
from triage.services.accessing import SENTENCES

ROOT = Path(__file__).parents[4]
ALL_ROLES = [frozenset(team) for size in range(7) for team in itertools.combinations(Role, size)]
HERE = Facts(cases=frozenset("A"))


def answer(team: frozenset[Role], action: Action, facts: Facts = HERE, *, fresh: bool = True, **asked: object) -> str:
    """The code for a member of everything."""
    who = person(team, (Membership(EVERY_CASE),), fresh=fresh)
    return may(who, action, facts, NOW, **{"purpose": Purpose.COURT, "seconded": True, **asked}).code  # type: ignore[arg-type] # asked by name


def test_the_policy_is_the_table_that_was_agreed_on() -> None:
    """A change of a rule changes lines here, and is read before it holds. The module says how to write it anew."""
    kept = (Path(__file__).parent / "access_matrix.txt").read_text().splitlines()
    assert list(lines()) == kept


def test_every_action_has_a_rule() -> None:
    assert set(POLICY) == set(Action)


@pytest.mark.parametrize(
    "action", [Action.REVEAL, Action.REVEAL_KNOWN, Action.EXPORT_MEDIA, Action.DELETE, Action.APPROVE]
)
def test_whoever_runs_the_system_opens_nothing_whatever_else_they_are(action: Action) -> None:
    """With any roles beside, in any case, proved and seconded: and nobody is the second person there who may not."""
    facts = Facts(frozenset("A"), OTHER, "south", requested=Action.REVEAL_KNOWN)
    for team in ALL_ROLES:
        if Role.ADMINISTRATOR in team:
            assert answer(team, action, facts) == "never-with-that-role"


@pytest.mark.parametrize("action", [action for action, rule in POLICY.items() if rule.kind is Kind.EVIDENCE])
@pytest.mark.parametrize("cases", ["was-member", "no-member"])
def test_without_membership_nobody_does_anything_with_evidence(action: Action, cases: str) -> None:
    """Any roles at all."""
    for team in ALL_ROLES:
        assert not may(
            person(team, CASES[cases], fresh=True), action, HERE, NOW, purpose=Purpose.COURT, seconded=True
        ).allowed


@pytest.mark.parametrize("action", [action for action, rule in POLICY.items() if rule.kind is Kind.EVIDENCE])
def test_what_does_not_exist_answers_as_what_is_anothers(action: Action) -> None:
    """Numbers that are tried one after the other tell nothing."""
    team = frozenset({Role.ANALYST, Role.SUPERVISOR})
    member = person(team, CASES["member"], fresh=True)
    gone = may(member, action, Facts(), NOW, purpose=Purpose.COURT, seconded=True)
    others = may(member, action, Facts(cases=frozenset("Z")), NOW, purpose=Purpose.COURT, seconded=True)
    assert gone == others
    assert gone.code == "not-a-member"


def test_exposure_of_a_person_is_for_them_and_the_welfare_lead() -> None:
    """X10: no role of the line sees it."""
    for team in ALL_ROLES:
        may_see = answer(team, Action.SEE_EXPOSURE, Facts(person=OTHER)) == "allowed"
        assert may_see == (Role.WELFARE_LEAD in team)
        assert (answer(team, Action.SEE_EXPOSURE, Facts(person=ME)) == "allowed") == bool(team)


def test_totals_of_fewer_than_five_are_for_nobody() -> None:
    """X10: the welfare lead too."""
    for team in ALL_ROLES:
        assert answer(team, Action.SEE_TOTALS, Facts(people=FEWEST_PEOPLE - 1)) != "allowed"


def test_a_split_takes_a_supervisor_of_another_unit() -> None:
    """One network, one referral: whoever would gain by a split does not grant it."""
    team = frozenset({Role.SUPERVISOR})
    for unit, code in (("north", "same-unit"), ("south", "allowed")):
        asked = Facts(frozenset("A"), OTHER, unit, requested=Action.SPLIT)
        assert may(person(team, (), fresh=True), Action.APPROVE, asked, NOW).code == code


@pytest.mark.parametrize("requested", [action for action, rule in POLICY.items() if rule.second_person])
def test_nobody_is_their_own_second_person(requested: Action) -> None:
    """However many roles they hold."""
    for team in ALL_ROLES:
        assert answer(team, Action.APPROVE, Facts(frozenset("A"), ME, "north", requested=requested)) != "allowed"


@pytest.mark.parametrize("requested", [action for action, rule in POLICY.items() if not rule.second_person])
def test_what_one_may_do_alone_cannot_be_granted(requested: Action) -> None:
    """A grant of it would be a way around the rule."""
    asked = Facts(frozenset("A"), OTHER, "south", requested=requested)
    assert answer(frozenset({Role.SUPERVISOR}), Action.APPROVE, asked) == "not-a-member"


def test_a_proof_is_asked_for_before_a_colleague_is() -> None:
    """And neither is before the plain no."""
    team = frozenset({Role.ANALYST})
    stale = person(team, CASES["member"], fresh=False)
    ruling = may(stale, Action.REVEAL_KNOWN, HERE, NOW, purpose=Purpose.COURT)
    assert (ruling.code, ruling.needs) == ("step-up-needed", Need.STEP_UP)
    fresh = person(team, CASES["member"], fresh=True)
    ruling = may(fresh, Action.REVEAL_KNOWN, HERE, NOW, purpose=Purpose.COURT)
    assert (ruling.code, ruling.needs) == ("second-person-needed", Need.SECOND_PERSON)
    assert may(stale, Action.REVEAL_KNOWN, HERE, NOW).code == "purpose-unfit"


@pytest.mark.parametrize(
    ("minutes", "code"), [(0, "allowed"), (4.99, "allowed"), (5, "step-up-needed"), (-1, "step-up-needed")]
)
def test_a_proof_is_fresh_for_five_minutes_and_not_from_tomorrow(minutes: float, code: str) -> None:
    """A clock that was set back proves nothing."""
    who = person(frozenset({Role.CURATOR}), (), fresh=True)
    proved = NOW - timedelta(minutes=minutes)
    asked = type(who)(**{name: getattr(who, name) for name in who.__slots__} | {"proved_at": proved})
    assert may(asked, Action.MANAGE_SETS, Facts(), NOW).code == code


def test_nobody_manages_their_own_rights() -> None:
    assert answer(frozenset({Role.ADMINISTRATOR}), Action.MANAGE_PEOPLE, Facts(person=ME)) == "not-your-own"


def test_what_lies_in_two_cases_leaves_the_house_with_members_of_both() -> None:
    """Media and deletion: the other case's people are asked too."""
    both = Facts(cases=frozenset({"A", "C"}))
    who = person(frozenset({Role.SUPERVISOR}), CASES["member"], fresh=True)
    for action in (Action.EXPORT_MEDIA, Action.DELETE):
        assert may(who, action, both, NOW, seconded=True).code == "not-a-member"
    assert may(who, Action.DECIDE, both, NOW).allowed


def test_every_code_is_explained() -> None:
    """In a sentence for whoever meets it, and on the page."""
    codes = set(re.findall(r"[a-z-]+", " ".join(line.rpartition(": ")[2] for line in lines()))) - {"-"}
    codes |= {"disabled"}
    page = (ROOT / "docs/access.md").read_text()
    assert codes == set(SENTENCES) | {"allowed"}
    assert [code for code in codes if f"`{code}`" not in page] == []
    assert [action for action in Action if f"`{action}`" not in page] == []
    assert [role for role in Role if f"`{role}`" not in page] == []
