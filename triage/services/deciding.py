"""Deciding: what a person says of items, mostly on facts alone. Opens no evidence.

Whoever decides has the referral in hand. The items are held while their decisions are read and written, so that two
people cannot both find nothing decided; the database's own index would refuse a second standing decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from triage.domain.access import Action
from triage.domain.categories import Schemes
from triage.domain.claims import Claim, ReferralState
from triage.domain.custody import CustodyEvent
from triage.domain.decisions import (
    NOTHING_SAID,
    Decision,
    DecisionState,
    Instead,
    Placement,
    Proposal,
    Said,
    SeenBasis,
    Stroke,
    place,
    require_second,
    require_undo,
    require_words,
)
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.jobs import item_range
from triage.domain.people import Principal
from triage.domain.review_rules import ReviewRules
from triage.store.decisions import NewDecision
from triage.store.unit_of_work import Store, Unit

from .choosing_looks import LookPlan, decidable, look_plan
from .clock import Clock
from .finishing import SET_ASIDE, finish, reopen_changed
from .opining import Opinions, opinions, proposal_of
from .permitting import Permits, a_referral, an_item
from .remembering_groups import GroupMemory
from .strokes import confirmable, decided_event, going_with, stand, waiting_with

SLICE = 500
"""Items of one custody record."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What an act came to. `left_alone` have another decision, which a bulk act never overwrites."""

    decisions: Mapping[int, int] = field(default_factory=dict)  # item id → decision id
    awaiting: int = 0  # of them, those that wait for a second person
    left_alone: tuple[int, ...] = ()
    done: tuple[int, ...] = ()  # referrals that are done by it


@dataclass(frozen=True)
class Deciding:
    """Decisions in the deployment's scheme."""

    store: Store
    permits: Permits
    rules: ReviewRules
    schemes: Schemes
    clock: Clock
    groups: GroupMemory = field(default_factory=GroupMemory)

    def decide(self, principal: Principal, held: Claim, item_ids: Sequence[int], said: Said) -> Decided:
        """Decide these items of the referral in hand.

        One item raises Conflict `decided-already` or `decision-awaits-second` where another decision is in the way;
        of several, such items are left alone. Raises Conflict `claim-lost`, NotFound, Refused.
        """
        return self._decide(principal, held, tuple(dict.fromkeys(item_ids)), said)

    def decide_rest(self, principal: Principal, held: Claim, said: Said) -> Decided:
        """Decide everything that is left of the referral, by its facts: what nobody has decided, and nothing else."""
        with self.store.reading() as unit:
            left = unit.decisions.left(held.referral_id, self.rules.scheme)
        return self._decide(principal, held, left, said, one_by_one=False)

    def look_plan(self, unit: Unit, referral_id: int) -> LookPlan:
        """The next look of a referral, what facts are enough for, and what is left; within a unit of the caller's."""
        scheme = self.schemes.scheme(self.rules.scheme)
        return look_plan(unit, referral_id, self.rules, scheme, self.clock(), self.groups)

    def opinions(self, unit: Unit, referral_id: int, after: int = 0) -> Opinions:
        """What was said about a referral's next items, for whoever may see it; within a unit of the caller's."""
        return opinions(unit, referral_id, self.rules.scheme, self.schemes, after)

    def proposal(self, principal: Principal, referral_id: int, centre_id: int) -> Proposal | None:
        """What look-alikes around this one propose for this referral; None where nothing."""
        self.permits.ask(principal, Action.SEE_REFERRAL, a_referral(referral_id))
        with self.store.reading() as unit:
            return proposal_of(unit, referral_id, self.rules.scheme, centre_id)

    def confirm_proposal(
        self, principal: Principal, held: Claim, proposal: Proposal, item_ids: Sequence[int] | None = None
    ) -> Decided:
        """Confirm what a group proposes, on facts: all of it, or the items named.

        Raises Conflict `proposal-changed` when the group proposes another thing by now, Refused `proposal-divided`.
        """
        with self.store.reading() as unit:
            found = proposal_of(unit, held.referral_id, self.rules.scheme, proposal.centre_id)
        if found is None or found.decision_id != proposal.decision_id:
            raise Conflict("proposal-changed", "The group proposes another thing by now: look at its facts again.")
        if found.is_divided:
            raise Refused("proposal-divided", "The group's decisions contradict each other: decide item by item.")
        # What joined the group since the person saw it was not what they confirmed.
        shown = set(proposal.item_ids) & (set(proposal.item_ids) if item_ids is None else set(item_ids))
        chosen = [one for one in found.item_ids if one in shown]
        said = Said(found.categories[0])
        return self._decide(principal, held, chosen, said, one_by_one=False, spread_from=proposal.decision_id)

    def confirm_group(self, principal: Principal, held: Claim, centre_id: int, mark: str) -> Decided:
        """Decide what is left of the group of this stack as looks at it said, on facts, where these are enough.

        Raises Conflict `proposal-changed` when another thing is proposed by now than what bears the mark.
        """
        scheme, now = self.schemes.scheme(self.rules.scheme), self.clock()
        with self.store.reading() as unit:
            found = decidable(unit, held.referral_id, centre_id, self.rules, scheme, now, self.groups)
        for one, items in found:
            if one.mark == mark:
                said, source = Said(one.category), one.decision_id
                return self._decide(principal, held, items, said, one_by_one=False, spread_from=source)
        raise Conflict("proposal-changed", "The group proposes another thing by now: look at its facts again.")

    def set_aside(self, principal: Principal, held: Claim, because: str) -> None:
        """The facts were enough: what is left needs no decision. Ends the referral, and the claim on it."""
        self.permits.ask(principal, Action.DECIDE, a_referral(held.referral_id))
        require_words(because, needed=True)
        now = self.clock()
        with self.store.writing() as unit:
            unit.claims.require(held)
            _require_own(principal, held)
            left = unit.decisions.left_count(held.referral_id)
            if unit.decisions.state_of(held.referral_id) is not ReferralState.OPEN:
                raise Conflict("referral-closed", f"R-{held.referral_id} is not open.")
            unit.decisions.set_state(held.referral_id, ReferralState.FACTS_ENOUGH, now)
            unit.networks.add_event(held.referral_id, SET_ASIDE, {"because": because.strip(), "items": left}, now)
            unit.claims.remember_work(held.referral_id, principal.id, now)
            unit.claims.put_back(held)
            details: dict[str, str | int | None] = {"step": SET_ASIDE, "items": left}
            unit.custody.append([decided_event(principal, now, held.referral_id, details)])
            unit.commit()

    def reopen(self, principal: Principal, referral_id: int, because: str) -> None:
        """A referral that was done or set aside is open again. Raises Conflict `referral-open`."""
        self.permits.ask(principal, Action.DECIDE, a_referral(referral_id))
        require_words(because, needed=True)
        now = self.clock()
        with self.store.writing() as unit:
            if unit.decisions.state_of(referral_id) not in {ReferralState.DONE, ReferralState.FACTS_ENOUGH}:
                raise Conflict("referral-open", f"R-{referral_id} is neither done nor set aside.")
            unit.decisions.set_state(referral_id, ReferralState.OPEN, now)
            unit.networks.add_event(referral_id, "reopened", {"because": because.strip()}, now)
            unit.custody.append([decided_event(principal, now, referral_id, {"step": "reopened"})])
            unit.commit()

    def undo(self, principal: Principal, decision_id: int, *, whole_stroke: bool = False) -> int:
        """Take one's own decision back, with what was spread from it; how many. What it superseded stands again.

        `whole_stroke`: and whatever else was decided in the same act, as far as nobody has confirmed it.
        """
        now = self.clock()
        with self.store.writing() as unit:
            unit.items.hold([one.item_id for one in going_with(unit, decision_id, whole_stroke=whole_stroke)])
            undone = going_with(unit, decision_id, whole_stroke=whole_stroke)
            (taken,) = (one for one in undone if one.id == decision_id)
            require_undo(taken, principal.id, self.rules, now)
            unit.decisions.end([one.id for one in undone], DecisionState.UNDONE, now)
            standing = [one for one in undone if one.state is DecisionState.STANDING]
            unit.decisions.restore([one.supersedes for one in standing if one.supersedes is not None], now)
            holding = unit.decisions.referrals_holding([one.item_id for one in undone])
            reopen_changed(unit, holding, now)
            details: dict[str, str | int | None] = {
                "step": "undone",
                "decisions": item_range(tuple(one.id for one in undone)),
            }
            unit.custody.append([decided_event(principal, now, taken.referral_id, details)])
            unit.commit()
        return len(undone)

    def confirm(self, principal: Principal, decision_id: int, *, whole_stroke: bool = False) -> Decided:
        """Be the second person: from now on it stands. Raises Conflict `not-awaiting`, Refused `same-person`.

        `whole_stroke`: and whatever else waits of the same act on the same basis. Of these, items of which somebody
        says another thing, or that another decision closed meanwhile, are left alone.
        """
        with self.store.reading() as unit:
            waiting = unit.decisions.get(decision_id)
            together = waiting_with(unit, waiting, whole_stroke=whole_stroke)
        self.permits.ask(principal, Action.CONFIRM_DECISION, a_referral(waiting.referral_id))
        now = self.clock()
        with self.store.writing() as unit:
            unit.items.hold(sorted(one.item_id for one in together))
            waiting = unit.decisions.get(decision_id)
            require_second(waiting, principal.id)
            together = waiting_with(unit, waiting, whole_stroke=whole_stroke)
            agreed = confirmable(unit, together, whole_stroke=whole_stroke)
            done = stand(unit, principal, agreed, now) if agreed else set()
            unit.commit()
        decisions = {one.item_id: one.id for one in agreed}
        left_alone = tuple(one.item_id for one in together if one.item_id not in decisions)
        return Decided(decisions, left_alone=left_alone, done=tuple(done))

    def dissent(self, principal: Principal, decision_id: int, category: str, because: str) -> Decided:
        """Say another thing beside a decision, as a second person or later. Both are kept and shown."""
        self.schemes.scheme(self.rules.scheme).category(category)
        with self.store.reading() as unit:
            other = unit.decisions.get(decision_id)
        self.permits.ask(principal, Action.CONFIRM_DECISION, a_referral(other.referral_id))
        with self.store.writing() as unit:
            said = Said(category, because, Instead.DISSENT)
            made = self._write(unit, principal, other.referral_id, [other.item_id], said, one_by_one=True)
            unit.commit()
        return made

    def awaiting(self, principal: Principal, limit: int = 100) -> list[Stroke]:
        """Decisions of others that wait for a second person, those of one act together."""
        with self.store.reading() as unit:
            return unit.decisions.awaiting(principal, self.clock(), limit)

    def history(self, principal: Principal, item_id: int) -> list[Decision]:
        """All that was ever said of an item."""
        self.permits.ask(principal, Action.SEE_ITEM, an_item(item_id))
        with self.store.reading() as unit:
            return unit.decisions.history(item_id)

    def _decide(
        self,
        principal: Principal,
        held: Claim,
        item_ids: Sequence[int],
        said: Said,
        *,
        one_by_one: bool | None = None,
        spread_from: int | None = None,
    ) -> Decided:
        self.schemes.scheme(self.rules.scheme).category(said.category)
        require_words(said.because, needed=False)
        _require_own(principal, held)
        self.permits.ask(principal, Action.DECIDE, a_referral(held.referral_id))
        with self.store.writing() as unit:
            unit.claims.require(held)
            if len(unit.decisions.occurring(held.referral_id, item_ids)) < len(set(item_ids)):
                raise NotFound("no-item", f"R-{held.referral_id} has no such item.")
            made = self._write(
                unit,
                principal,
                held.referral_id,
                item_ids,
                said,
                one_by_one=len(item_ids) == 1 if one_by_one is None else one_by_one,
                spread_from=spread_from,
            )
            unit.commit()
        return made

    def _write(
        self,
        unit: Unit,
        principal: Principal,
        referral_id: int,
        item_ids: Sequence[int],
        said: Said,
        *,
        one_by_one: bool,
        spread_from: int | None = None,
    ) -> Decided:
        now = self.clock()
        decisions: dict[int, int] = {}
        left_alone: list[int] = []
        events: list[CustodyEvent] = []
        awaiting = 0
        ordered = sorted(item_ids)
        unit.items.hold(ordered)
        for start in range(0, len(ordered), SLICE):
            part = ordered[start : start + SLICE]
            placed, refused = self._placed(unit, part, principal.id, said, one_by_one=one_by_one)
            left_alone += refused
            bases = unit.viewings.bases(principal.id, part)
            _end_replaced(unit, placed, now)
            new = [
                NewDecision(
                    one, said.category, bases.get(one, SeenBasis.FACTS), where.state, where.supersedes, spread_from
                )
                for one, where in placed.items()
                if where.state is not None
            ]
            made = unit.decisions.add(new, referral_id, principal.id, self.rules.scheme, said.because.strip(), now)
            awaiting += sum(one.state is DecisionState.AWAITING_SECOND for one in new)
            events += self._events(principal, referral_id, new, placed, made, now)
            decisions |= made
        if not decisions and not events:
            return Decided(left_alone=tuple(left_alone))
        unit.claims.remember_work(referral_id, principal.id, now)
        done = finish(unit, unit.decisions.referrals_holding(list(decisions)), now)
        line = {"items": len(decisions), "category": said.category, "scheme": self.rules.scheme}
        unit.networks.add_event(referral_id, "decided", line, now)
        unit.custody.append(events)
        return Decided(decisions, awaiting, tuple(left_alone), tuple(done))

    def _placed(
        self, unit: Unit, item_ids: Sequence[int], by: int, said: Said, *, one_by_one: bool
    ) -> tuple[dict[int, Placement], list[int]]:
        """Where each item's decision goes, and the items that have another one, which is left alone."""
        current = unit.decisions.current(item_ids, self.rules.scheme)
        placed: dict[int, Placement] = {}
        left_alone: list[int] = []
        for one in item_ids:
            try:
                where = place(said, by, current.get(one, NOTHING_SAID), self.rules)
            except Conflict:
                if one_by_one:
                    raise
                left_alone.append(one)
                continue
            if where is not None:
                placed[one] = where
        return placed, left_alone

    def _events(
        self,
        principal: Principal,
        referral_id: int,
        new: Sequence[NewDecision],
        placed: Mapping[int, Placement],
        made: Mapping[int, int],
        now: datetime,
    ) -> list[CustodyEvent]:
        """One record for all that were decided alike."""
        alike: dict[tuple[SeenBasis, DecisionState, int | None], list[int]] = {}
        for one in new:
            alike.setdefault((one.basis, one.state, one.spread_from), []).append(one.item_id)
        events = []
        for (basis, state, spread_from), ids in alike.items():
            ended = [where.supersedes for where in map(placed.__getitem__, ids) if where.supersedes is not None]
            details: dict[str, str | int | None] = {
                "step": state.value,
                "items": item_range(tuple(ids)),
                "decisions": item_range(tuple(made[one] for one in ids)),
                "scheme": self.rules.scheme,
                "category": new[0].category,
                "basis": basis.value,
                "rules": self.rules.edition,
            }
            if ended:
                details["supersedes"] = item_range(tuple(ended))
            if spread_from is not None:
                details["spread_from"] = spread_from
            events.append(decided_event(principal, now, referral_id, details))
        back = [where.takes_back for where in placed.values() if where.takes_back is not None]
        if back:
            details = {"step": "undone", "decisions": item_range(tuple(back))}
            events.append(decided_event(principal, now, referral_id, details))
        return events


def _end_replaced(unit: Unit, placed: Mapping[int, Placement], now: datetime) -> None:
    """What is superseded by a decision that stands at once has ended; what waits ends nothing yet."""
    superseded = [
        where.supersedes
        for where in placed.values()
        if where.supersedes is not None and where.state is DecisionState.STANDING
    ]
    unit.decisions.end(superseded, DecisionState.SUPERSEDED, now)
    taken_back = [where.takes_back for where in placed.values() if where.takes_back is not None]
    unit.decisions.end(taken_back, DecisionState.UNDONE, now)


def _require_own(principal: Principal, held: Claim) -> None:
    if held.principal_id != principal.id:
        raise Conflict("claim-lost", f"R-{held.referral_id} is not in your hands.")
