"""The one policy: who may do what to which thing, as a table and a function over it.

`may` answers for one thing; `triage/store/access.py` states the same rule as a condition that filters lists, and a
property test holds the two together. Role, membership of the thing's cases and purpose all have to agree. Every code
is explained in docs/access.md; the whole table is written out, and checked, in tests/unit/triage/domain/
access_matrix.txt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from triage.domain.people import EVERY_CASE, Principal, Role

STEP_UP_WITHIN = timedelta(minutes=5)
"""How fresh the proof of who asks must be, where a rule wants one."""

FEWEST_PEOPLE = 5
"""Of fewer people a total says something of one of them."""


class Action(StrEnum):
    """What can be asked for."""

    SEE_REFERRAL = "see-referral"
    SEE_SUBMISSION = "see-submission"
    SEE_ITEM = "see-item"
    CLAIM = "claim"
    HAND_OVER = "hand-over"
    DECIDE = "decide"
    CONFIRM_DECISION = "confirm-decision"
    TELL_OUTCOME = "tell-outcome"
    HURRY = "hurry"
    RECORD_AUTHORITY = "record-authority"
    REVEAL = "reveal"
    REVEAL_KNOWN = "reveal-known"
    EXPORT_FACTS = "export-facts"
    EXPORT_MEDIA = "export-media"
    DELETE = "delete"
    SPLIT = "split"
    APPROVE = "approve"
    SEE_OWN_WORK = "see-own-work"
    SEE_EXPOSURE = "see-exposure"
    SEE_TOTALS = "see-totals"
    SEE_WELFARE = "see-welfare"
    OVERRIDE_TIME = "override-time"
    SEE_SETS = "see-sets"
    MANAGE_SETS = "manage-sets"
    SEE_JOBS = "see-jobs"
    MANAGE_JOBS = "manage-jobs"
    SEE_AUDIT = "see-audit"
    SEE_PEOPLE = "see-people"
    MANAGE_PEOPLE = "manage-people"
    MANAGE_SENDERS = "manage-senders"


ONLY_SEEN = frozenset(
    {
        Action.SEE_REFERRAL,
        Action.SEE_SUBMISSION,
        Action.SEE_ITEM,
        Action.CLAIM,
        Action.SEE_OWN_WORK,
        Action.SEE_TOTALS,
        Action.SEE_SETS,
        Action.SEE_JOBS,
        Action.SEE_AUDIT,
        Action.SEE_PEOPLE,
    }
)
"""What nothing follows from but that somebody saw facts: rulings on these alone may be deleted when they are old."""


class Purpose(StrEnum):
    """What for. Work on a case needs none; a look does, and one that is a reason for a look."""

    WORK = "work"
    LEGAL_THRESHOLD = "legal-threshold"
    VICTIM_IDENTIFICATION = "victim-identification"
    COURT = "court"
    QUALITY_CHECK = "quality-check"


class Kind(StrEnum):
    """What sort of thing an action is done to, and so which facts of it count."""

    EVIDENCE = "evidence"  # lies in cases
    PERSON = "person"  # is about somebody
    TOTAL = "total"  # counts some people
    REQUEST = "request"  # somebody's, for a second person
    DEPLOYMENT = "deployment"


class Need(StrEnum):
    """What would make a no a yes."""

    NOTHING = "nothing"
    STEP_UP = "step-up"
    SECOND_PERSON = "second-person"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the policy must know of a thing. What does not apply is left out.

    `cases` are those in which it lies; a thing that does not exist lies in none. `person` is whom it is about or who
    asked for it, `unit` that person's; `people` how many a total counts; `requested` what a request asks for.
    """

    cases: frozenset[str] = frozenset()
    person: int | None = None
    unit: str = ""
    people: int = 0
    requested: Action | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer: a stable code, and what is still needed where something is."""

    allowed: bool
    code: str
    needs: Need = Need.NOTHING


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the policy. `whole`: membership of every case in which the thing lies, not only of one."""

    kind: Kind
    roles: frozenset[Role]
    whole: bool = False
    purposes: frozenset[Purpose] = frozenset(Purpose)
    step_up: bool = False
    second_person: bool = False
    never: frozenset[Role] = frozenset()


_ADMINISTRATOR, _CURATOR, _ANALYST = Role.ADMINISTRATOR, Role.CURATOR, Role.ANALYST
_SUPERVISOR, _WELFARE, _PARTNER = Role.SUPERVISOR, Role.WELFARE_LEAD, Role.PARTNER
_EVERYBODY = frozenset(Role)
_DECIDING = frozenset({_ANALYST, _SUPERVISOR})
_SEEING = frozenset({_ANALYST, _SUPERVISOR, _PARTNER, _ADMINISTRATOR})
_RUNNING = frozenset({_ADMINISTRATOR})
_LOOKING = frozenset(Purpose) - {Purpose.WORK}
_NO_PIXELS = frozenset({_ADMINISTRATOR})
"""Whoever runs the machines opens no evidence on them, whatever else they are: no other role lifts it."""

POLICY: Mapping[Action, Rule] = {
    Action.SEE_REFERRAL: Rule(Kind.EVIDENCE, _SEEING),
    Action.SEE_SUBMISSION: Rule(Kind.EVIDENCE, _SEEING),
    Action.SEE_ITEM: Rule(Kind.EVIDENCE, _SEEING),
    Action.CLAIM: Rule(Kind.EVIDENCE, _DECIDING),
    Action.HAND_OVER: Rule(Kind.EVIDENCE, _DECIDING),
    Action.DECIDE: Rule(Kind.EVIDENCE, _DECIDING),
    Action.CONFIRM_DECISION: Rule(Kind.EVIDENCE, _DECIDING),
    Action.TELL_OUTCOME: Rule(Kind.EVIDENCE, _DECIDING),
    Action.HURRY: Rule(Kind.EVIDENCE, _DECIDING),
    Action.RECORD_AUTHORITY: Rule(Kind.EVIDENCE, frozenset({_SUPERVISOR}), step_up=True),
    Action.REVEAL: Rule(Kind.EVIDENCE, _DECIDING, purposes=_LOOKING, step_up=True, never=_NO_PIXELS),
    Action.REVEAL_KNOWN: Rule(
        Kind.EVIDENCE, _DECIDING, purposes=_LOOKING, step_up=True, second_person=True, never=_NO_PIXELS
    ),
    Action.EXPORT_FACTS: Rule(Kind.EVIDENCE, _DECIDING, step_up=True),
    Action.EXPORT_MEDIA: Rule(
        Kind.EVIDENCE, _DECIDING, whole=True, step_up=True, second_person=True, never=_NO_PIXELS
    ),
    Action.DELETE: Rule(
        Kind.EVIDENCE, frozenset({_SUPERVISOR}), whole=True, step_up=True, second_person=True, never=_NO_PIXELS
    ),
    Action.SPLIT: Rule(Kind.EVIDENCE, _DECIDING, second_person=True),
    Action.APPROVE: Rule(Kind.REQUEST, frozenset({_SUPERVISOR}), step_up=True, never=_NO_PIXELS),
    Action.SEE_OWN_WORK: Rule(Kind.PERSON, _EVERYBODY),
    Action.SEE_EXPOSURE: Rule(Kind.PERSON, _EVERYBODY),
    Action.SEE_TOTALS: Rule(Kind.TOTAL, frozenset({_SUPERVISOR, _ADMINISTRATOR, _WELFARE})),
    Action.SEE_WELFARE: Rule(Kind.DEPLOYMENT, frozenset({_WELFARE})),
    Action.OVERRIDE_TIME: Rule(Kind.PERSON, frozenset({_SUPERVISOR, _WELFARE}), step_up=True),
    Action.SEE_SETS: Rule(Kind.DEPLOYMENT, frozenset({_CURATOR, _ANALYST, _SUPERVISOR, _ADMINISTRATOR})),
    Action.MANAGE_SETS: Rule(Kind.DEPLOYMENT, frozenset({_CURATOR}), step_up=True),
    Action.SEE_JOBS: Rule(Kind.DEPLOYMENT, frozenset({_ADMINISTRATOR, _SUPERVISOR, _ANALYST})),
    Action.MANAGE_JOBS: Rule(Kind.DEPLOYMENT, _RUNNING),
    Action.SEE_AUDIT: Rule(Kind.DEPLOYMENT, frozenset({_ADMINISTRATOR, _SUPERVISOR})),
    Action.SEE_PEOPLE: Rule(Kind.DEPLOYMENT, _RUNNING),
    Action.MANAGE_PEOPLE: Rule(Kind.PERSON, _RUNNING, step_up=True),
    Action.MANAGE_SENDERS: Rule(Kind.DEPLOYMENT, _RUNNING, step_up=True),
}

WITH_SECOND_PERSON = frozenset(action for action, rule in POLICY.items() if rule.second_person)
_OF_OTHER_UNIT = frozenset({Action.SPLIT})
"""For these the second person is of another unit, and so need be no member: they judge the written reason."""


def may(
    principal: Principal,
    action: Action,
    facts: Facts,
    now: datetime,
    *,
    purpose: Purpose = Purpose.WORK,
    seconded: bool = False,
) -> Ruling:
    """Whether this person may do this to a thing of these facts, now and for this purpose.

    `seconded`: a second person has granted exactly this, and the grant is unused. A fresh proof is asked for before a
    second person is: nobody troubles a colleague over a session that was left open.
    """
    rule = POLICY[action]
    code = _standing(principal, rule, now) or _of_kind(principal, action, rule, facts, now)
    if code:
        return Ruling(allowed=False, code=code)
    if purpose not in rule.purposes:
        return Ruling(allowed=False, code="purpose-unfit")
    if rule.step_up and not is_fresh(principal, now):
        return Ruling(allowed=False, code="step-up-needed", needs=Need.STEP_UP)
    if rule.second_person and not seconded:
        return Ruling(allowed=False, code="second-person-needed", needs=Need.SECOND_PERSON)
    return Ruling(allowed=True, code="allowed")


def is_fresh(principal: Principal, now: datetime) -> bool:
    """Whether the person proved who they are a moment ago. A proof from the future proves nothing."""
    proved = principal.proved_at
    return proved is not None and proved <= now < proved + STEP_UP_WITHIN


def _standing(principal: Principal, rule: Rule, now: datetime) -> str:
    if principal.is_disabled(now):
        return "disabled"
    if principal.roles & rule.never:
        return "never-with-that-role"
    return "" if principal.roles & rule.roles else "role-lacks"


def _of_kind(principal: Principal, action: Action, rule: Rule, facts: Facts, now: datetime) -> str:
    """What the thing itself has against it; nothing where it has not."""
    match rule.kind:
        case Kind.EVIDENCE:
            return "" if _is_member(principal, facts.cases, now, whole=rule.whole) else "not-a-member"
        case Kind.PERSON:
            return _of_person(principal, action, facts)
        case Kind.TOTAL:
            return "" if facts.people >= FEWEST_PEOPLE else "too-few-people"
        case Kind.REQUEST:
            return _of_request(principal, facts, now)
        case Kind.DEPLOYMENT:
            return ""


def _is_member(principal: Principal, cases: frozenset[str], now: datetime, *, whole: bool) -> bool:
    held = principal.cases_held(now)
    if EVERY_CASE in held:
        return bool(cases)
    return bool(cases) and (cases <= held if whole else bool(cases & held))


def _of_person(principal: Principal, action: Action, facts: Facts) -> str:
    own = facts.person == principal.id
    if action in {Action.MANAGE_PEOPLE, Action.OVERRIDE_TIME}:
        return "not-your-own" if own else ""
    if own or (action is Action.SEE_EXPOSURE and Role.WELFARE_LEAD in principal.roles):
        return ""
    return "only-their-own"


def _of_request(principal: Principal, facts: Facts, now: datetime) -> str:
    if facts.person is None or facts.requested not in WITH_SECOND_PERSON:
        return "not-a-member"  # there is no such request
    if facts.person == principal.id:
        return "same-person"
    if facts.requested in _OF_OTHER_UNIT:
        return "same-unit" if facts.unit == principal.unit else ""
    whole = POLICY[facts.requested].whole
    return "" if _is_member(principal, facts.cases, now, whole=whole) else "not-a-member"
