"""Planning: an act that takes two people is written down, put before a second person, and found again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from triage.domain.access import Action, Purpose, Ruling, may
from triage.domain.errors import Conflict, Refused
from triage.domain.people import Principal
from triage.domain.plans import KeyBefore, NewPlan, Plan, PlanState, key_before
from triage.store.access import Subject
from triage.store.unit_of_work import Store

from .accessing import lacks_only_a_second_person, require
from .approving import WAITS, require_reason
from .clock import Clock


class Rules(Protocol):
    """The one policy, as `Accessing` has it."""

    def ask(self, who: Principal, action: Action, subject: Subject, purpose: Purpose = Purpose.WORK) -> int | None:
        """The number of the second person's grant that this used up, if any. Raises Refused, Conflict."""

    def would(self, who: Principal, action: Action, subject: Subject, purpose: Purpose = Purpose.WORK) -> Ruling:
        """What the answer would be."""


@dataclass(frozen=True)
class Planning:
    """Plans of acts that take two people. Knows nothing of what they do."""

    store: Store
    rules: Rules
    clock: Clock

    def put_forward(self, who: Principal, new: NewPlan, reason: str) -> int:
        """Write the plan down and ask a second person to agree to it; its number.

        Raises Refused `reason-missing`, and whatever the policy has against it but the second person.
        """
        now, words = self.clock(), require_reason(reason)
        with self.store.writing() as unit:
            plan_id = unit.plans.add(new, who.id)
            subject = a_plan(plan_id)
            ruling = may(who, new.action, unit.access.facts_of(subject, now), now)
            if lacks_only_a_second_person(ruling):
                unit.access.log(who.id, new.action, subject, ruling, now)
                unit.plans.put_before(plan_id, unit.access.request(who, new.action, subject, words, now, now + WAITS))
                unit.commit()
                return plan_id
            unit.plans.drop(plan_id)
            unit.access.log(who.id, new.action, subject, ruling, now)
            unit.commit()
        require(ruling)
        raise Refused("approval-needless", "One person may do this alone.")

    def may_plan(self, who: Principal, action: Action, about: Subject) -> None:
        """Before anything is told of what a plan would come to. Raises Refused with the policy's code."""
        ruling = self.rules.would(who, action, about)
        if not lacks_only_a_second_person(ruling):
            require(ruling)

    def plan(self, who: Principal, plan_id: int) -> Plan:
        """For whoever asked or answered, and whoever may do either. Raises NotFound `no-plan`, Refused."""
        with self.store.reading() as unit:
            found = unit.plans.get(plan_id)
        if who.login not in {found.asked_login, found.answered_login}:
            answering = self.rules.would(who, Action.APPROVE, Subject("request", found.request_id))
            acting = self.rules.would(who, found.action, a_plan(plan_id))
            if answering.code not in _COULD and acting.code not in _COULD:
                require(acting)
        return found

    def keys_before(self, plans: Iterable[Plan]) -> dict[int, KeyBefore]:
        """How each export's key compares with what was sent before, by the number of its plan."""
        exports = [one for one in plans if one.action is Action.EXPORT_MEDIA]
        if not exports:
            return {}
        with self.store.reading() as unit:
            sent = unit.plans.sent()
        return {one.id: found for one in exports if (found := key_before(one, sent)) is not None}

    def mine(self, who: Principal, limit: int = 50) -> list[Plan]:
        """What this person has asked for, the latest first."""
        with self.store.reading() as unit:
            return unit.plans.latest(limit, who.id)

    def by_subject(self, subjects: list[Subject]) -> dict[int, Plan]:
        """The plans that requests are about, by their numbers."""
        with self.store.reading() as unit:
            return unit.plans.many([one.id for one in subjects if one.kind == "plan"])

    def require_own(self, who: Principal, plan_id: int, action: Action) -> Plan:
        """A plan of this kind that the person put forward and that is not over, its row as it was agreed to.

        Raises NotFound `no-plan`, Refused `plan-not-own`, Conflict `plan-over`, `plan-changed`.
        """
        with self.store.reading() as unit:
            found = unit.plans.get(plan_id)
        if found.asked_by != who.id or found.action is not action:
            raise Refused("plan-not-own", "Whoever asked for it carries it out.")
        if found.digest != found.what.digest:
            raise Conflict("plan-changed", f"P-{plan_id} is not what was agreed to: tell whoever runs the system.")
        if found.state(self.clock()) is PlanState.DONE:
            raise Conflict("plan-over", f"P-{plan_id} was carried out; a grant is good once.")
        return found


_COULD = frozenset({"allowed", "step-up-needed", "second-person-needed"})


def a_plan(plan_id: int) -> Subject:
    """As the policy names it."""
    return Subject("plan", plan_id)
