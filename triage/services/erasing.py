"""Erasing: the keys to evidence bytes are destroyed, by two people, on a ground that is on record.

The sealed bytes stay where they lie, and nobody can read them again. Facts, digests, decisions and custody stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from triage.domain.access import Action
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import NotFound, Refused
from triage.domain.people import Principal
from triage.domain.plans import DeletionGround, DeletionTerms, NewPlan, Plan, PlanState, listed, stated
from triage.store.access import Subject
from triage.store.unit_of_work import Store, Unit

from .accessing import lacks_only_a_second_person, require
from .clock import Clock
from .permitting import an_item
from .planning import Planning, Rules, a_plan

SLICE = 500
"""Items of one commit: one that is cut off goes on where the last commit stood."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What deleting a submission's bytes would come to."""

    erased: int
    left: int  # held, and left alone: they occur elsewhere too, or lie at their source


@dataclass(frozen=True)
class Erasing:
    """The only way in which evidence bytes go."""

    store: Store
    rules: Rules
    planning: Planning
    clock: Clock

    def reach(self, who: Principal, submission_id: int) -> Reach:
        """For whoever may plan it. Raises Refused with the policy's code."""
        self.planning.may_plan(who, Action.DELETE, Subject("submission", submission_id))
        with self.store.reading() as unit:
            return _reach(unit, submission_id)

    def plan_submission(
        self, who: Principal, submission_id: int, ground: DeletionGround, reference: str, reason: str
    ) -> int:
        """Ask to delete what came with a submission and occurs in no other; the plan's number.

        Raises Refused with the policy's code, `reason-missing`, `plan-words`, `retention-not-ended`,
        `nothing-to-erase`.
        """
        reach = self.reach(who, submission_id)
        terms = DeletionTerms(ground, stated(reference))
        with self.store.reading() as unit:
            self._require_retention(unit, [submission_id], ground)
        if not reach.erased:
            raise Refused(
                "nothing-to-erase",
                f"S-{submission_id} has no bytes in the vault that are its alone: what lies at its source is deleted "
                "there, and what came with others too is named item by item.",
            )
        return self.planning.put_forward(who, NewPlan(Action.DELETE, terms, submission_id=submission_id), reason)

    def plan_items(
        self, who: Principal, items: Sequence[int], ground: DeletionGround, reference: str, reason: str
    ) -> int:
        """Ask to delete the bytes of these items, wherever they occur; the plan's number.

        Raises as `plan_submission`, and Refused `bytes-erased`, `bytes-not-held`, `in-place-not-ours`,
        `archive-holds-it`, NotFound `no-item`.
        """
        chosen = listed(items)
        for item_id in chosen:
            self.planning.may_plan(who, Action.DELETE, an_item(item_id))
        terms = DeletionTerms(ground, stated(reference), chosen)
        with self.store.reading() as unit:
            _require_ours(unit, chosen)
            self._require_retention(unit, unit.read.submissions_holding(chosen), ground)
        return self.planning.put_forward(who, NewPlan(Action.DELETE, terms), reason)

    def erase(self, who: Principal, plan_id: int) -> dict[str, Any]:
        """Carry a plan out, or go on with one that was cut off; how many items' bytes were deleted.

        Raises as the plans do, Refused `plan-not-own`, Conflict `plan-over`, `plan-changed`.
        """
        plan = self.planning.require_own(who, plan_id, Action.DELETE)
        terms = plan.what.terms
        assert isinstance(terms, DeletionTerms)
        with self.store.reading() as unit:
            going = unit.erasures.among(terms.items)
            chosen = self._chosen(unit, plan, terms, going)
        if plan.state(self.clock()) is PlanState.BEGUN:
            # The grant was spent with its first commit; whoever may no longer do such a thing goes on with nothing.
            ruling = self.rules.would(who, Action.DELETE, a_plan(plan_id))
            if not lacks_only_a_second_person(ruling):
                require(ruling)
        else:
            self.rules.ask(who, Action.DELETE, a_plan(plan_id))
        for start in range(0, len(chosen), SLICE):
            self._erase(who, plan, terms, chosen[start : start + SLICE])
        self.store.scour()
        return self._finish(who, plan, terms)

    def _chosen(self, unit: Unit, plan: Plan, terms: DeletionTerms, gone: set[int]) -> list[int]:
        """Asked again: what it rests on may have changed since it was agreed to."""
        if plan.what.submission_id is not None:
            self._require_retention(unit, [plan.what.submission_id], terms.ground)
            return unit.erasures.sealed_of(plan.what.submission_id)
        left = [one for one in terms.items if one not in gone]
        _require_ours(unit, left, with_them=terms.items)
        self._require_retention(unit, unit.read.submissions_holding(terms.items), terms.ground)
        return left

    def _erase(self, who: Principal, plan: Plan, terms: DeletionTerms, items: Sequence[int]) -> None:
        now = self.clock()
        with self.store.writing() as unit:
            unit.items.hold(items)
            if plan.what.submission_id is not None:  # what another submission has brought meanwhile stays
                items = unit.erasures.sealed_of(plan.what.submission_id, items)
            held = [one.item.id for one in unit.items.kept(items) if one.sealed is not None and one.in_place is None]
            unit.plans.begin(plan.id, now)
            unit.erasures.erase(held, plan.id, now)
            unit.custody.append([_erased(who, plan, terms, one, now) for one in held])
            unit.commit()

    def _finish(self, who: Principal, plan: Plan, terms: DeletionTerms) -> dict[str, Any]:
        now = self.clock()
        with self.store.writing() as unit:
            result: dict[str, Any] = {"items": unit.erasures.of_plan(plan.id)}
            if plan.what.submission_id is not None:
                result["left"] = _reach(unit, plan.what.submission_id).left
            unit.plans.begin(plan.id, now)
            unit.plans.finish(plan.id, now, result)
            holding = self._referrals(unit, plan, terms)
            for referral_id in sorted(holding):
                unit.networks.add_event(referral_id, "erased", {"plan": plan.id, "items": result["items"]}, now)
            details: dict[str, str | int | None] = {
                "step": "finished",
                "plan": plan.id,
                "terms": plan.digest.hex(),
                **result,
            }
            unit.custody.append(
                [CustodyEvent(now, who.login, CustodyAction.ERASED, f"plan:{plan.id}", terms.ground.value, details)]
            )
            unit.commit()
        return result

    @staticmethod
    def _referrals(unit: Unit, plan: Plan, terms: DeletionTerms) -> set[int]:
        if plan.what.submission_id is not None:
            return set(unit.networks.referrals_of([plan.what.submission_id]).values())
        return unit.decisions.referrals_holding(terms.items)

    def _require_retention(self, unit: Unit, submissions: Sequence[int], ground: DeletionGround) -> None:
        """Raise Refused where evidence is to be kept for longer, and the ground says that it is not."""
        if ground is not DeletionGround.RETENTION_ENDED:
            return
        today = self.clock().astimezone(UTC).date()
        for one in unit.submissions.many(submissions):
            until = one.delivery.preserve_until
            if until is None or today < until:
                told = f"until {until:%Y-%m-%d}" if until else "without an end on record"
                raise Refused("retention-not-ended", f"S-{one.id} is to be kept {told}.")


def _reach(unit: Unit, submission_id: int) -> Reach:
    erased = len(unit.erasures.sealed_of(submission_id))
    return Reach(erased, unit.erasures.held_of(submission_id) - erased)


def _require_ours(unit: Unit, items: Sequence[int], with_them: Sequence[int] = ()) -> None:
    """Raise NotFound, Refused unless the bytes of all of them lie in our vault and nowhere else."""
    kept = unit.items.kept(items)
    if len(kept) < len(items):
        raise NotFound("no-item", "There is no such item.")
    for one in kept:
        name = f"I-{one.item.id}"
        if one.is_erased:
            raise Refused("bytes-erased", f"The bytes of {name} were lawfully deleted; its facts remain.")
        if one.in_place is not None:
            raise Refused("in-place-not-ours", f"{name} lies at its source, which is not ours: it is deleted there.")
        if one.sealed is None:
            raise Refused("bytes-not-held", f"Of {name} nothing is held.")
    around = unit.erasures.archives_around(items) - set(items) - set(with_them)
    if around:
        raise Refused(
            "archive-holds-it", f"The same bytes lie in archive I-{min(around)}, which is held: name it too."
        )


def _erased(who: Principal, plan: Plan, terms: DeletionTerms, item_id: int, now: datetime) -> CustodyEvent:
    details: dict[str, str | int | None] = {
        "plan": plan.id,
        "terms": plan.digest.hex(),
        "approval": plan.request_id,
        "reference": terms.reference,
    }
    return CustodyEvent(now, who.login, CustodyAction.ERASED, f"item:{item_id}", terms.ground.value, details)
