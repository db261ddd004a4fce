"""Claiming: which referral a person takes in hand, and how it leaves their hands again. Opens no evidence.

Nothing here is custody: no evidence is touched. Opting out leaves no line anywhere but the person's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from triage.domain.access import Action
from triage.domain.claims import Claim, QueueFilter
from triage.domain.errors import Conflict, Refused
from triage.domain.people import Principal
from triage.domain.review_rules import ReviewRules
from triage.store.claims import QueueLine, SavedView
from triage.store.unit_of_work import Store

from .clock import Clock
from .permitting import Permits, a_referral

_LONGEST_NAME = 80
_MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A piece of the queue, how long all of it is, and what the person has: claims in hand, filters under names."""

    lines: list[QueueLine]
    total: int
    mine: list[Claim]
    views: list[SavedView]


@dataclass(frozen=True)
class Claiming:
    """The queue of one person at a time."""

    store: Store
    permits: Permits
    rules: ReviewRules
    clock: Clock

    def queue(self, principal: Principal, wanted: QueueFilter, limit: int = 50, offset: int = 0) -> QueuePage:
        """What the person may see, most urgent first, less what the person declined."""
        now = self.clock()
        limit, offset = min(max(limit, 1), _MOST_LINES), max(offset, 0)
        with self.store.reading() as unit:
            lines = unit.claims.lines(principal, wanted, now, limit, offset)
            total = unit.claims.count(principal, wanted, now)
            return QueuePage(lines, total, unit.claims.held_by(principal.id), unit.claims.saved_views(principal.id))

    def take_next(self, principal: Principal, wanted: QueueFilter, passing: Sequence[int] = ()) -> Claim | None:
        """Claim the most urgent referral that is free, not declined, not among `passing`; None where none is."""
        with self.store.writing() as unit:
            taken = unit.claims.take_next(principal, wanted, self.rules.claim_seconds, self.clock(), passing)
            unit.commit()
        return self._permitted(principal, taken)

    def take(self, principal: Principal, referral_id: int) -> Claim:
        """Claim this one. Raises Conflict `claim-taken`: held by another, closed, or not there for this person."""
        self.permits.ask(principal, Action.CLAIM, a_referral(referral_id))
        with self.store.writing() as unit:
            taken = unit.claims.take(referral_id, principal, self.rules.claim_seconds, self.clock())
            if taken is None:
                raise Conflict("claim-taken", f"R-{referral_id} cannot be claimed now.")
            unit.commit()
        return taken

    def mine(self, principal: Principal) -> list[Claim]:
        """What the person has in hand."""
        with self.store.reading() as unit:
            return unit.claims.held_by(principal.id)

    def claim_on(self, principal: Principal, referral_id: int) -> Claim:
        """The person's claim on it. Raises Conflict `claim-lost`."""
        with self.store.reading() as unit:
            return unit.claims.on(referral_id, principal.id)

    def renew(self, principal: Principal, held: Claim) -> None:
        """The page is still open. Raises Conflict `claim-lost`."""
        _require_own(principal, held)
        with self.store.writing() as unit:
            unit.claims.renew(held, self.rules.claim_seconds)
            unit.commit()

    def put_back(self, principal: Principal, held: Claim) -> None:
        """It goes back into the queue, for anybody. Raises Conflict `claim-lost`."""
        _require_own(principal, held)
        with self.store.writing() as unit:
            unit.claims.put_back(held)
            unit.commit()

    def skip(
        self, principal: Principal, held: Claim, wanted: QueueFilter, skipped: Sequence[int] = ()
    ) -> Claim | None:
        """Put it back and take the next one that is not among those skipped, in one move."""
        _require_own(principal, held)
        passing = [*skipped, held.referral_id]
        with self.store.writing() as unit:
            unit.claims.put_back(held)
            taken = unit.claims.take_next(principal, wanted, self.rules.claim_seconds, self.clock(), passing)
            unit.commit()
        return self._permitted(principal, taken)

    def opt_out(self, principal: Principal, held: Claim) -> None:
        """One click, no reason: it goes back, is not offered to this person again, and nobody is told.

        No line in its history, none in the custody log, no ruling: who may see a queue can also leave a referral.
        """
        _require_own(principal, held)
        with self.store.writing() as unit:
            unit.claims.put_back(held)
            unit.claims.decline(principal.id, held.referral_id)
            unit.commit()

    def declined(self, principal: Principal) -> list[int]:
        """What the person opted out of: for their own page."""
        with self.store.reading() as unit:
            return unit.claims.declined_by(principal.id)

    def offer_again(self, principal: Principal, referral_id: int) -> None:
        """The person takes an opting-out back."""
        with self.store.writing() as unit:
            unit.claims.offer_again(principal.id, referral_id)
            unit.commit()

    def hand_over(self, principal: Principal, held: Claim, to: Principal) -> Claim:
        """Into a colleague's hands. Raises Conflict `claim-lost`, Refused `hand-over-impossible`.

        One code whatever the reason: another would tell who opted out.
        """
        _require_own(principal, held)
        self.permits.ask(principal, Action.HAND_OVER, a_referral(held.referral_id))
        with self.store.writing() as unit:
            handed = unit.claims.hand_over(held, to, self.rules.claim_seconds, self.clock())
            if handed is None:
                raise Refused("hand-over-impossible", f"R-{held.referral_id} cannot be handed to this person.")
            unit.commit()
        return handed

    def save_view(self, principal: Principal, name: str, wanted: QueueFilter) -> None:
        """Keep a filter under a name. Raises Refused `view-name`."""
        name = name.strip()
        if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
            raise Refused("view-name", f"A view's name has 1 to {_LONGEST_NAME} printable characters.")
        with self.store.writing() as unit:
            unit.claims.save_view(principal.id, name, wanted)
            unit.commit()

    def saved_views(self, principal: Principal) -> list[SavedView]:
        """The person's own."""
        with self.store.reading() as unit:
            return unit.claims.saved_views(principal.id)

    def forget_view(self, principal: Principal, view_id: int) -> None:
        """Raises NotFound."""
        with self.store.writing() as unit:
            unit.claims.forget_view(principal.id, view_id)
            unit.commit()

    def _permitted(self, principal: Principal, taken: Claim | None) -> Claim | None:
        """Which referral it would be is known only once it is claimed; it goes back where the policy says no."""
        if taken is None:
            return None
        try:
            self.permits.ask(principal, Action.CLAIM, a_referral(taken.referral_id))
        except Refused:
            self.put_back(principal, taken)
            raise
        return taken


def _require_own(principal: Principal, held: Claim) -> None:
    """A claim names its holder; another's is as good as lost."""
    if held.principal_id != principal.id:
        raise Conflict("claim-lost", f"R-{held.referral_id} is not in your hands.")
