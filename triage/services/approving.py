"""What one person may not do alone: asked for with a reason, answered by another, good once and for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from triage.domain.access import Action, Purpose, may
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Conflict, Refused
from triage.domain.people import Principal
from triage.store.access import Asked, Subject
from triage.store.unit_of_work import Store

from .accessing import lacks_only_a_second_person, require
from .clock import Clock

WAITS, GOOD_FOR = timedelta(hours=72), timedelta(hours=8)
"""How long a request waits for an answer, and how long a grant is good for."""


@dataclass(frozen=True)
class Approving:
    """Requests for a second person, and their answers. Each answer is in the custody log."""

    store: Store
    clock: Clock

    def request(
        self, who: Principal, action: Action, subject: Subject, reason: str, purpose: Purpose = Purpose.WORK
    ) -> int:
        """Ask; the request's number. Raises Refused: `reason-missing`, and whatever the policy has against it."""
        now, words = self.clock(), require_reason(reason)
        with self.store.writing() as unit:
            ruling = may(who, action, unit.access.facts_of(subject, now), now, purpose=purpose)
            unit.access.log(who.id, action, subject, ruling, now)
            if lacks_only_a_second_person(ruling):
                number = unit.access.request(who, action, subject, words, now, now + WAITS)
                unit.commit()
                return number
            unit.commit()
        require(ruling)
        raise Refused("approval-needless", "One person may do this alone.")

    def waiting_for(self, who: Principal) -> list[Asked]:
        """Requests that this person could answer, once they have shown who they are."""
        now = self.clock()
        with self.store.reading() as unit:
            return [
                one
                for one in unit.access.requests(now)
                if may(who, Action.APPROVE, unit.access.facts_of(Subject("request", one.id), now), now).code
                in {"allowed", "step-up-needed"}
            ]

    def mine(self, who: Principal, limit: int = 20) -> list[Asked]:
        """What this person has asked for, without plans, the latest first."""
        with self.store.reading() as unit:
            return unit.access.requests_of(who, limit)

    def answer(self, who: Principal, request_id: int, *, granted: bool) -> None:
        """Grant or refuse. Raises Refused with the policy's code, Conflict `request-answered`."""
        now, subject = self.clock(), Subject("request", request_id)
        with self.store.writing() as unit:
            ruling = may(who, Action.APPROVE, unit.access.facts_of(subject, now), now)
            unit.access.log(who.id, Action.APPROVE, subject, ruling, now)
            if ruling.allowed:
                asked = unit.access.open_request(request_id, now)
                if not unit.access.answer(request_id, who.id, now, now + GOOD_FOR, granted=granted):
                    raise Conflict("request-answered", "Somebody answered meanwhile.")
                details: dict[str, str | int | None] = {
                    "request": request_id,
                    "asked_by": asked.asked_login,
                    "granted": int(granted),
                }
                if asked.subject.kind == "plan":  # agreed to as it is written down now, and to nothing else
                    details["terms"] = unit.plans.get(asked.subject.id).digest.hex()
                event = CustodyEvent(
                    now, who.login, CustodyAction.APPROVED, str(asked.subject), asked.action.value, details
                )
                unit.custody.append([event])
            unit.commit()
        require(ruling)


def require_reason(reason: str) -> str:
    """The reason in words. Raises Refused `reason-missing`."""
    words = reason.strip()
    if not words:
        raise Refused("reason-missing", "Say why, in writing: the second person judges the reason.")
    return words
