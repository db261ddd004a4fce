"""The whole policy as text: every role, action and sort of thing, so that any change of it shows in a diff.

python -m tests.unit.triage.domain.access_matrix > tests/unit/triage/domain/access_matrix.txt
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from triage.domain.access import POLICY, Action, Facts, Kind, Purpose, may
from triage.domain.people import EVERY_CASE, Membership, Principal, Role

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
ME, OTHER = 1, 2
_OVER = NOW - timedelta(days=1)
CASES: Mapping[str, tuple[Membership, ...]] = {
    "member": (Membership("A"),),
    "member-of-all": (Membership(EVERY_CASE),),
    "was-member": (Membership("A", _OVER),),
    "no-member": (Membership("B"),),
}
_ONE, _TWO = Facts(cases=frozenset("A")), Facts(cases=frozenset({"A", "C"}))


def things(action: Action) -> Mapping[str, tuple[Facts, tuple[Membership, ...]]]:
    """What the action may be asked of: the thing's facts, and the asker's cases."""
    match POLICY[action].kind:
        case Kind.EVIDENCE:
            found = {f"in-a-case/{name}": (_ONE, cases) for name, cases in CASES.items()}
            found |= {f"in-two-cases/{name}": (_TWO, cases) for name, cases in CASES.items()}
            return found | {"nowhere/member-of-all": (Facts(), CASES["member-of-all"])}
        case Kind.PERSON:
            return {"oneself": (Facts(person=ME), ()), "another": (Facts(person=OTHER), ())}
        case Kind.TOTAL:
            return {f"of-{people}": (Facts(people=people), ()) for people in (0, 4, 5)}
        case Kind.REQUEST:
            found = {}
            for requested in (Action.REVEAL_KNOWN, Action.EXPORT_MEDIA, Action.DELETE, Action.SPLIT):
                for whose, person, unit in (
                    ("own", ME, "north"),
                    ("same-unit", OTHER, "north"),
                    ("other-unit", OTHER, "south"),
                ):
                    facts = Facts(frozenset("A"), person, unit, requested=requested)
                    found[f"{requested}/{whose}/member"] = (facts, CASES["member"])
                    found[f"{requested}/{whose}/no-member"] = (facts, CASES["no-member"])
            return found | {"none": (Facts(), CASES["member-of-all"])}
        case Kind.DEPLOYMENT:
            return {"it": (Facts(), ())}


def person(roles: frozenset[Role], cases: tuple[Membership, ...], *, fresh: bool) -> Principal:
    """Who asks."""
    proved = NOW - timedelta(minutes=1 if fresh else 6)
    return Principal(ME, "me", "Me", "north", "en", "UTC", roles, cases, proved_at=proved)


def lines() -> Iterator[str]:
    """One line for each: role, action, thing, then the answer step by step as proofs and purposes come."""
    teams = [frozenset({role}) for role in Role]
    teams += [frozenset({Role.ADMINISTRATOR, Role.ANALYST, Role.SUPERVISOR}), frozenset()]
    for team in teams:
        name = "+".join(sorted(team)) or "none"
        for action in Action:
            for thing, (facts, cases) in things(action).items():
                yield f"{name} {action} {thing}: {_answers(team, action, facts, cases)}"


def _answers(team: frozenset[Role], action: Action, facts: Facts, cases: tuple[Membership, ...]) -> str:
    """For work and unproved; for court; and proved; and seconded. Repeated answers are said once."""
    steps = (
        (False, Purpose.WORK, False),
        (False, Purpose.COURT, False),
        (True, Purpose.COURT, False),
        (True, Purpose.COURT, True),
    )
    said: list[str] = []
    for fresh, purpose, seconded in steps:
        ruling = may(person(team, cases, fresh=fresh), action, facts, NOW, purpose=purpose, seconded=seconded)
        if not said or said[-1] != ruling.code:
            said.append(ruling.code)
    return " > ".join(said)


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in lines())
