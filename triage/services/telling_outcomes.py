"""Telling outcomes: whoever worked on a referral hears what became of it. Knowing helps people stay well."""

from __future__ import annotations

from dataclasses import dataclass

from triage.domain.access import Action
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import NotFound
from triage.domain.outcomes import OutcomeCode, plain_words
from triage.domain.people import Principal
from triage.store.outcomes import Note, Outcome
from triage.store.unit_of_work import Store

from .clock import Clock
from .permitting import Permits, a_referral


@dataclass(frozen=True)
class TellingOutcomes:
    """Outcomes in, notes out. Opens no evidence."""

    store: Store
    permits: Permits
    clock: Clock

    def tell(self, principal: Principal, referral_id: int, code: OutcomeCode, words: str) -> int:
        """Record what became of a referral; how many people are told. Raises Refused, NotFound."""
        self.permits.ask(principal, Action.TELL_OUTCOME, a_referral(referral_id))
        said, now = plain_words(words), self.clock()
        with self.store.writing() as unit:
            unit.decisions.state_of(referral_id)  # or NotFound
            outcome_id, told = unit.outcomes.tell(referral_id, code, said, principal.id, now)
            unit.networks.add_event(referral_id, "outcome", {"code": code.value}, now)
            details: dict[str, str | int | None] = {"outcome": outcome_id, "code": code.value, "notes": told}
            subject = f"referral:{referral_id}"
            unit.custody.append([CustodyEvent(now, principal.login, CustodyAction.TOLD, subject, "outcome", details)])
            unit.commit()
        return told

    def of_referral(self, principal: Principal, referral_id: int) -> list[Outcome]:
        """What became of it so far."""
        self.permits.ask(principal, Action.SEE_REFERRAL, a_referral(referral_id))
        with self.store.reading() as unit:
            return unit.outcomes.of_referral(referral_id)

    def notes(self, principal: Principal, limit: int = 50) -> list[Note]:
        """The person's own notes: of what they worked on, also where they are no member any more."""
        with self.store.reading() as unit:
            return unit.outcomes.notes(principal.id, limit)

    def unread(self, principal: Principal) -> int:
        """How many they have not read."""
        with self.store.reading() as unit:
            return unit.outcomes.unread(principal.id)

    def mark_read(self, principal: Principal, note_id: int) -> None:
        """Raises NotFound for another's, or one that was read."""
        with self.store.writing() as unit:
            if not unit.outcomes.mark_read(principal.id, note_id, self.clock()):
                raise NotFound("no-note", "There is no such unread note.")
            unit.commit()
