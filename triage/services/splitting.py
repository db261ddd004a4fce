"""Splitting: a person says that submissions do not belong to one network, and another unit's supervisor agrees.

Rules join on facts, and can be wrong. The joins stay on record as what they are; the parting stands beside them, and
no rule brings together what it keeps apart. A person can end it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from triage.domain.access import Action
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.decisions import require_words
from triage.domain.errors import Conflict, NotFound, Refused
from triage.domain.linking_rules import LinkRules
from triage.domain.networks import Join, Parting, components
from triage.domain.people import Principal
from triage.domain.plans import NewPlan, Plan, SplitTerms
from triage.domain.priority import PriorityRules
from triage.store.unit_of_work import Store, Unit

from .clock import Clock
from .contending import undisturbed
from .finishing import finish
from .overlapping import Overlapping
from .permitting import a_referral
from .placing import Placing, networks_among, require_current
from .planning import Planning, Rules, a_plan

MOST_PAIRS = 10_000


@dataclass(frozen=True)
class Splitting:
    """Splits of referrals by people, and their end."""

    store: Store
    access: Rules
    planning: Planning
    rules: LinkRules
    priority: PriorityRules
    clock: Clock

    def preview(self, who: Principal, referral_id: int, apart: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        """The networks that a split would leave. Raises as `plan`."""
        self.planning.may_plan(who, Action.SPLIT, a_referral(referral_id))
        with self.store.reading() as unit:
            members = _members(unit, referral_id, apart)
            pairs = [*_pairs(members, apart), *(one.pair for one in unit.partings.touching(members))]
            return components(members, sorted(unit.networks.joins_of(members)), pairs)

    def plan(self, who: Principal, referral_id: int, apart: Sequence[int], reason: str) -> int:
        """Ask to set these submissions of the referral apart from its others; the plan's number.

        Raises Refused with the policy's code, `reason-missing`, `split-nothing`, `split-too-large`; NotFound
        `no-submission`; Conflict `referral-closed` where it goes on in another.
        """
        chosen = tuple(sorted(set(apart)))
        self.preview(who, referral_id, chosen)
        return self.planning.put_forward(who, NewPlan(Action.SPLIT, SplitTerms(chosen), referral_id), reason)

    def split(self, who: Principal, plan_id: int) -> list[int]:
        """Carry it out: one commit. The referrals that stand for the parts now, the oldest first.

        Raises as `plan`, and Refused `plan-not-own`, Conflict `plan-over`, `plan-changed`.
        """
        plan = self.planning.require_own(who, plan_id, Action.SPLIT)
        terms, referral_id = plan.what.terms, plan.what.referral_id
        assert isinstance(terms, SplitTerms)
        assert referral_id is not None
        with self.store.reading() as unit:
            _members(unit, referral_id, terms.apart)
        # Last, because it uses the second person's grant up.
        grant = self.access.ask(who, Action.SPLIT, a_plan(plan_id))
        return undisturbed(lambda: self._split(who, plan, grant))

    def _split(self, who: Principal, plan: Plan, grant: int | None) -> list[int]:
        """Counted first, then one commit. Raises Unavailable `database-contended` where the network has changed."""
        plan_id, referral_id, terms, now = plan.id, plan.what.referral_id, plan.what.terms, self.clock()
        assert isinstance(terms, SplitTerms)
        assert referral_id is not None
        with self.store.reading() as unit:
            members = _members(unit, referral_id, terms.apart)
            joins, pairs = unit.networks.joins_of(members), _pairs(members, terms.apart)
            counted = self._placing.count(unit, networks_among(unit, members, joins, more_apart=pairs), now)
        with self.store.writing() as unit:
            unit.partings.hold()
            members = _members(unit, referral_id, terms.apart)
            if not unit.plans.begin(plan.id, now):
                raise Conflict("plan-over", f"P-{plan_id} was carried out; a grant is good once.")
            standing = {one.pair for one in unit.partings.touching(members)}
            grounds = self._grounds(unit, members, terms.apart)
            unit.partings.add({pair: found for pair, found in grounds.items() if pair not in standing}, plan.id, now)
            details = {"submissions": list(terms.apart), "plan": plan.id, "because": plan.reason}
            unit.networks.add_event(referral_id, "set-apart", details, now)
            placed = self._placing.place(unit, members, counted, now)
            parts = sorted(one for one, _ in placed.referrals)
            # Where all was decided, what splits off has nothing left to decide either.
            finish(unit, [one for one in parts if one != referral_id], now)
            unit.plans.finish(plan.id, now, {"referrals": parts})
            unit.custody.append(
                [
                    _parted(
                        who,
                        referral_id,
                        {
                            "step": "set-apart",
                            "plan": plan.id,
                            "terms": plan.digest.hex(),
                            "approval": grant,
                            "submissions": ",".join(map(str, terms.apart)),
                            "referrals": ",".join(map(str, parts)),
                        },
                        now,
                    )
                ]
            )
            require_current(unit, counted)
            unit.commit()
        return parts

    def join_again(self, who: Principal, referral_id: int, plan_id: int, because: str) -> list[int]:
        """End what a plan set apart: from now on the rules count again. The referrals that stand now.

        One person may do it who may decide in both: joining is the rule. Raises Refused with the policy's code,
        `decision-words`; NotFound `no-parting`.
        """
        require_words(because, needed=True)
        self.access.ask(who, Action.DECIDE, a_referral(referral_id))
        with self.store.reading() as unit:
            ending = _of_plan(unit, referral_id, plan_id)
            sides = set(unit.networks.referrals_of([end for one in ending for end in one.pair]).values())
        for side in sorted(sides - {referral_id}):
            self.access.ask(who, Action.DECIDE, a_referral(side))
        return undisturbed(lambda: self._join_again(who, referral_id, plan_id, because))

    def _join_again(self, who: Principal, referral_id: int, plan_id: int, because: str) -> list[int]:
        """Counted first, then one commit. Raises Unavailable `database-contended` where the network has changed."""
        now = self.clock()
        with self.store.reading() as unit:
            network = unit.networks.network_of(self._ending(unit, referral_id, plan_id)[0].low)
            joins = unit.networks.joins_of(network)
            counted = self._placing.count(unit, networks_among(unit, network, joins, but_plan=plan_id), now)
        with self.store.writing() as unit:
            unit.partings.hold()
            ending = self._ending(unit, referral_id, plan_id)
            unit.partings.end([one.id for one in ending], now)
            for side in sorted(set(unit.networks.referrals_of([end for one in ending for end in one.pair]).values())):
                unit.networks.add_event(side, "parting-ended", {"plan": plan_id, "because": because.strip()}, now)
            network = unit.networks.network_of(ending[0].low)
            placed = self._placing.place(unit, network, counted, now)
            parts = sorted(one for one, _ in placed.referrals)
            details: dict[str, str | int | None] = {
                "step": "ended",
                "plan": plan_id,
                "referrals": ",".join(map(str, parts)),
            }
            unit.custody.append([_parted(who, referral_id, details, now)])
            require_current(unit, counted)
            unit.commit()
        return parts

    def _ending(self, unit: Unit, referral_id: int, plan_id: int) -> list[Parting]:
        """What is to end. Raises NotFound."""
        found = _of_plan(unit, referral_id, plan_id)
        if not found:
            raise NotFound("no-parting", f"P-{plan_id} keeps nothing apart from R-{referral_id}.")
        return found

    @property
    def _placing(self) -> Placing:
        return Placing(self.rules, self.priority)

    def _grounds(
        self, unit: Unit, members: Sequence[int], apart: Sequence[int]
    ) -> dict[tuple[int, int], dict[str, int]]:
        """Each pair that is set apart, with what ties it now: only what comes beyond that is new one day."""
        found: dict[tuple[int, int], dict[str, int]] = {pair: {} for pair in _pairs(members, apart)}
        fewer = min(apart, [one for one in members if one not in set(apart)], key=len)
        overlapping = Overlapping(self.rules)
        joins: list[Join] = [join for one in fewer for join in overlapping.joins(unit, one)]
        for join in joins:
            if (join.low, join.high) in found:
                found[join.low, join.high][join.kind] = join.count
        return found


def _pairs(members: Sequence[int], apart: Sequence[int]) -> list[tuple[int, int]]:
    others = sorted(set(members) - set(apart))
    return [(min(one, other), max(one, other)) for one in apart for other in others]


def _members(unit: Unit, referral_id: int, apart: Sequence[int]) -> list[int]:
    """The referral's submissions, where these can be set apart from the others."""
    members = unit.claims.submissions_of(referral_id)
    if not members:
        raise Conflict("referral-closed", f"R-{referral_id} goes on in another.")
    missing = sorted(set(apart) - set(members))
    if missing:
        raise NotFound("no-submission", f"R-{referral_id} does not hold S-{missing[0]}.")
    if not apart or len(apart) == len(members):
        raise Refused("split-nothing", "Name some of its submissions, and not all: the others stay together.")
    if len(apart) * (len(members) - len(apart)) > MOST_PAIRS:
        raise Refused("split-too-large", f"One split sets at most {MOST_PAIRS:,} pairs apart: make several.")
    return members


def _of_plan(unit: Unit, referral_id: int, plan_id: int) -> list[Parting]:
    """What the plan set apart from submissions of the referral."""
    touching = unit.partings.touching(unit.claims.submissions_of(referral_id))
    return [one for one in touching if one.plan_id == plan_id]


def _parted(who: Principal, referral_id: int, details: Mapping[str, str | int | None], now: datetime) -> CustodyEvent:
    return CustodyEvent(now, who.login, CustodyAction.PARTED, f"referral:{referral_id}", "split", details)
