"""The policy over rows: conditions that filter lists, facts of single things, rulings and requests that were made.

A condition here says what `triage.domain.access.may` says, thing by thing; a property test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, exists, false, insert, select, true, update

from triage.domain.access import POLICY, Action, Facts, Ruling
from triage.domain.errors import NotFound
from triage.domain.people import EVERY_CASE, Principal
from triage.domain.plans import PlanState, request_state

from .plan_tables import plan
from .review_tables import access_asked, approval, principal
from .rows import among, insert_all, sliced
from .tables import item, occurrence, referral, referral_member, submission


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about: `kind` is referral, submission, item, plan, person, request, total or deployment."""

    kind: str
    id: int = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


DEPLOYMENT = Subject("deployment")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a second person."""

    id: int
    action: Action
    subject: Subject
    reason: str
    asked_by: int
    asked_login: str
    asked_unit: str
    asked_at: datetime
    expires_at: datetime
    granted: bool | None = None
    used_at: datetime | None = None

    def state(self, now: datetime) -> PlanState:
        """Where it stands, as of a plan: what was used is carried out."""
        used = self.used_at is not None
        return PlanState.DONE if used else request_state(self.granted, self.expires_at, now)


def visible_submissions(who: Principal, now: datetime) -> ColumnElement[bool]:
    """Submissions that `who` may see, as a condition on `submission`."""
    return _if_role(who, Action.SEE_SUBMISSION, now, _in_cases(who, now))


def visible_referrals(who: Principal, now: datetime) -> ColumnElement[bool]:
    """Referrals that `who` may see, as a condition on `referral`."""
    members = select(referral_member.c.submission_id).where(referral_member.c.referral_id == referral.c.id)
    if EVERY_CASE not in who.cases_held(now):
        of_cases = submission.c.id == referral_member.c.submission_id
        members = members.join(submission, of_cases).where(_in_cases(who, now))
    inside = exists(members)
    return _if_role(who, Action.SEE_REFERRAL, now, inside)


def visible_items(who: Principal, now: datetime) -> ColumnElement[bool]:
    """Items that `who` may see, as a condition on `item`: found in a submission of one of their cases."""
    inside = exists(
        select(occurrence.c.id)
        .join(submission, submission.c.id == occurrence.c.submission_id)
        .where(occurrence.c.item_id == item.c.id, _in_cases(who, now))
    )
    return _if_role(who, Action.SEE_ITEM, now, inside)


def _if_role(who: Principal, action: Action, now: datetime, inside: ColumnElement[bool]) -> ColumnElement[bool]:
    rule = POLICY[action]
    if who.is_disabled(now) or who.roles & rule.never or not who.roles & rule.roles:
        return false()
    return inside


def _in_cases(who: Principal, now: datetime) -> ColumnElement[bool]:
    held = who.cases_held(now)
    return true() if EVERY_CASE in held else submission.c.case_ref.in_(sorted(held))


@dataclass(frozen=True, slots=True)
class Access:
    """Access to rulings and requests within one unit of work."""

    connection: Connection

    def facts_of(self, subject: Subject, now: datetime) -> Facts:
        """What the policy must know of it. Of what does not exist: nothing, so that nobody may do anything to it."""
        plain = {
            "person": Facts(person=subject.id),
            "total": Facts(people=subject.id),
            "deployment": Facts(),
        }
        match subject.kind:
            case "referral":
                members = select(referral_member.c.submission_id).where(referral_member.c.referral_id == subject.id)
                return Facts(cases=self._cases(submission.c.id.in_(members)))
            case "item":
                found = select(occurrence.c.submission_id).where(occurrence.c.item_id == subject.id)
                return Facts(cases=self._cases(submission.c.id.in_(found)))
            case "submission":
                return Facts(cases=self._cases(submission.c.id == subject.id))
            case "plan":
                return Facts(cases=self._cases_of_plan(subject.id))
            case "request":
                return self._facts_of_request(subject.id, now)
        return plain[subject.kind]

    def log(self, principal_id: int | None, action: str, subject: Subject, ruling: Ruling, now: datetime) -> None:
        """Keep a ruling: who, what, which thing by its number, why. No data of the thing."""
        self.log_all([(principal_id, action, subject, ruling, now)])

    def log_all(self, rulings: Sequence[tuple[int | None, str, Subject, Ruling, datetime]]) -> None:
        """Keep several."""
        rows = [
            {
                "principal_id": principal_id,
                "action": action,
                "subject": str(subject),
                "allowed": ruling.allowed,
                "code": ruling.code,
                "at": now,
            }
            for principal_id, action, subject, ruling, now in rulings
        ]
        insert_all(self.connection, access_asked, rows)

    def prune(self, before: datetime, actions: Iterable[str], limit: int) -> list[int]:
        """Delete the oldest rulings on these actions from before then; their ids."""
        old = (
            select(access_asked.c.id)
            .where(access_asked.c.at < before, access_asked.c.action.in_(sorted(actions)))
            .order_by(access_asked.c.at)
            .limit(limit)
        )
        gone = delete(access_asked).where(access_asked.c.id.in_(old)).returning(access_asked.c.id)
        return list(self.connection.execute(gone).scalars())

    def request(
        self, who: Principal, action: Action, subject: Subject, reason: str, now: datetime, expires_at: datetime
    ) -> int:
        """Ask for a second person; the request's id."""
        row = {"action": action.value, "subject": str(subject), "reason": reason, "asked_by": who.id}
        made = insert(approval).values(asked_at=now, expires_at=expires_at, **row).returning(approval.c.id)
        return int(self.connection.execute(made).scalar_one())

    def requests(self, now: datetime) -> list[Asked]:
        """All that wait for an answer, oldest first; who may answer is the policy's to say."""
        open_ = self._requests().where(approval.c.answered_at.is_(None), approval.c.expires_at > now)
        return [_asked(row) for row in self.connection.execute(open_.order_by(approval.c.id))]

    def requests_of(self, who: Principal, limit: int) -> list[Asked]:
        """What this person asked for itself, without plans: those are told with what they plan. The latest first."""
        own = self._requests().where(approval.c.asked_by == who.id, approval.c.subject.not_like("plan:%"))
        return [_asked(row) for row in self.connection.execute(own.order_by(approval.c.id.desc()).limit(limit))]

    def open_request(self, request_id: int, now: datetime) -> Asked:
        """One that waits. Raises NotFound `no-request`."""
        open_ = self._requests().where(
            approval.c.id == request_id, approval.c.answered_at.is_(None), approval.c.expires_at > now
        )
        row = self.connection.execute(open_).one_or_none()
        if row is None:
            raise NotFound("no-request", "No such request waits for an answer.")
        return _asked(row)

    def answer(self, request_id: int, by: int, now: datetime, expires_at: datetime, *, granted: bool) -> bool:
        """Grant or refuse it. False where somebody answered meanwhile. A grant is good until `expires_at`."""
        open_ = (approval.c.id == request_id, approval.c.answered_at.is_(None), approval.c.expires_at > now)
        values = {"answered_by": by, "answered_at": now, "granted": granted, "expires_at": expires_at}
        return self.connection.execute(update(approval).where(*open_).values(values)).rowcount == 1

    def grant_for(self, who: Principal, action: Action, subject: Subject, now: datetime) -> int | None:
        """An unused grant of exactly this to this person."""
        query = (
            select(approval.c.id)
            .where(
                approval.c.asked_by == who.id,
                approval.c.action == action.value,
                approval.c.subject == str(subject),
                approval.c.granted.is_(True),
                approval.c.used_at.is_(None),
                approval.c.expires_at > now,
            )
            .order_by(approval.c.id)
            .limit(1)
        )
        return self.connection.execute(query).scalar_one_or_none()

    def use_grant(self, request_id: int, now: datetime) -> bool:
        """Use it up. False where it was used meanwhile."""
        unused = (approval.c.id == request_id, approval.c.used_at.is_(None))
        return self.connection.execute(update(approval).where(*unused).values(used_at=now)).rowcount == 1

    def _cases(self, which: ColumnElement[bool]) -> frozenset[str]:
        return frozenset(self.connection.execute(select(submission.c.case_ref).where(which).distinct()).scalars())

    def _cases_of_plan(self, plan_id: int) -> frozenset[str]:
        """Of a plan over single items all cases that they lie in: it is their bytes everywhere."""
        row = self.connection.execute(select(plan).where(plan.c.id == plan_id)).one_or_none()
        if row is None:
            return frozenset()
        if row.submission_id is not None:
            return self._cases(submission.c.id == row.submission_id)
        if row.referral_id is not None:
            members = select(referral_member.c.submission_id).where(referral_member.c.referral_id == row.referral_id)
            return self._cases(submission.c.id.in_(members))
        found: frozenset[str] = frozenset()
        for part in sliced(row.terms["items"]):
            among_them = among(self.connection, occurrence.c.item_id, part)
            found |= self._cases(submission.c.id.in_(select(occurrence.c.submission_id).where(among_them)))
        return found

    def _requests(self) -> Select[Any]:
        return select(approval, principal.c.login, principal.c.unit).join(
            principal, principal.c.id == approval.c.asked_by
        )

    def _facts_of_request(self, request_id: int, now: datetime) -> Facts:
        try:
            asked = self.open_request(request_id, now)
        except NotFound:
            return Facts()
        cases = self.facts_of(asked.subject, now).cases if asked.subject.kind != "request" else frozenset[str]()
        return Facts(cases=cases, person=asked.asked_by, unit=asked.asked_unit, requested=asked.action)


def _asked(row: Row[Any]) -> Asked:
    kind, _, number = row.subject.partition(":")
    return Asked(
        id=row.id,
        action=Action(row.action),
        subject=Subject(kind, int(number)),
        reason=row.reason,
        asked_by=row.asked_by,
        asked_login=row.login,
        asked_unit=row.unit,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        granted=row.granted,
        used_at=row.used_at,
    )
