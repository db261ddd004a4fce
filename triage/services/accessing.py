"""May they? Asked before every deed and every look at one thing; every answer is kept, without the thing's data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from triage.domain.access import POLICY, Action, Need, Purpose, Ruling, may
from triage.domain.errors import Conflict, Refused
from triage.domain.people import Principal
from triage.store.access import Subject
from triage.store.unit_of_work import Store, Unit

from .clock import Clock
from .keeping_rulings import Asked, Together

SENTENCES: Mapping[str, str] = {
    "disabled": "You may do nothing here any more.",
    "role-lacks": "Your roles do not include this.",
    "never-with-that-role": "Whoever runs the system opens no evidence.",
    "not-a-member": "There is no such thing, or it lies in no case of yours.",
    "not-your-own": "Somebody else has to do this for you.",
    "only-their-own": "This is for the person and the welfare lead.",
    "too-few-people": "Fewer than five people: a total would say something of one of them.",
    "same-person": "A second person has to answer.",
    "same-unit": "A supervisor of another unit has to answer.",
    "purpose-unfit": "A look needs a reason that is one.",
    "step-up-needed": "Show once more who you are.",
    "second-person-needed": "A second person has to agree first.",
}
"""Each code of the policy in a sentence."""


@dataclass(frozen=True)
class Accessing:
    """Asks the policy, keeps its answer, and uses up the second person's grant where one was needed."""

    store: Store
    clock: Clock
    _together: Together = field(default_factory=Together, repr=False)

    def ask(self, who: Principal, action: Action, subject: Subject, purpose: Purpose = Purpose.WORK) -> int | None:
        """Return when they may; the number of the grant that this used up, where the rule asks for one.

        Raises Refused with the policy's code; Conflict `grant-used` where two used the same grant at once.
        """
        if not POLICY[action].second_person:
            self._ask_alone(who, action, subject, purpose)
            return None
        now = self.clock()
        with self.store.writing() as unit:
            facts = unit.access.facts_of(subject, now)
            grant = unit.access.grant_for(who, action, subject, now)
            ruling = may(who, action, facts, now, purpose=purpose, seconded=grant is not None)
            if ruling.allowed and grant is not None and not unit.access.use_grant(grant, now):
                raise Conflict("grant-used", "That was granted once, and has been used.")
            unit.access.log(who.id, action, subject, ruling, now)
            unit.commit()
        require(ruling)
        return grant

    @contextmanager
    def reading(self, who: Principal, action: Action, subject: Subject) -> Iterator[Unit]:
        """Read one thing, if they may: the answer is kept meanwhile, and nothing leaves the block before it stands.

        For actions that need no second person. Raises Refused with the policy's code.
        """
        now = self.clock()
        with self.store.reading() as unit:
            ruling = may(who, action, unit.access.facts_of(subject, now), now)
            kept = self._together.begin(Asked(who.id, action, subject, ruling, now), self._write)
            try:
                require(ruling)
                yield unit
            finally:
                kept.result()

    def _ask_alone(self, who: Principal, action: Action, subject: Subject, purpose: Purpose) -> None:
        """Nothing is used up by the answer, so those that come at once share the commit that keeps them."""
        now = self.clock()
        with self.store.reading() as unit:
            facts = unit.access.facts_of(subject, now)
        ruling = may(who, action, facts, now, purpose=purpose)
        self._together.keep(Asked(who.id, action, subject, ruling, now), self._write)
        require(ruling)

    def _write(self, rulings: Sequence[Asked]) -> None:
        with self.store.writing() as unit:
            unit.access.log_all([(one.principal_id, one.action, one.subject, one.ruling, one.at) for one in rulings])
            unit.commit()

    def would(self, who: Principal, action: Action, subject: Subject, purpose: Purpose = Purpose.WORK) -> Ruling:
        """What the answer would be: for showing what can be done. Keeps nothing and uses nothing up."""
        now = self.clock()
        with self.store.reading() as unit:
            facts = unit.access.facts_of(subject, now)
            grant = unit.access.grant_for(who, action, subject, now) if POLICY[action].second_person else None
        return may(who, action, facts, now, purpose=purpose, seconded=grant is not None)


def require(ruling: Ruling) -> None:
    """Raise Refused unless it is a yes."""
    if not ruling.allowed:
        raise Refused(ruling.code, SENTENCES[ruling.code])


def lacks_only_a_second_person(ruling: Ruling) -> bool:
    """Whether asking a colleague is what is left to do."""
    return ruling.needs is Need.SECOND_PERSON
