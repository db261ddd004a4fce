"""How many looks it takes to decide every item of a seizure, and what is missed by not looking. No times.

Made-up seizures (`made_seizure.py`: numbers, no pictures) are decided in several ways (`made_deciding.py`): looking
at everything; after an exact-hash filter; after exact and near stacking, a look at each stack; three looks at each
occasion; and as the product proposes it: what is near to a known one is decided on facts, and the rest by
`domain/look_plan.py`, which also chooses the next look on a referral's page.

What is simulated is the seizure and the person. An urgent series counts as found when a look at one of its items
said unlawful; of those that are missed, some were looked at and not recognised. Then the rule's bounds are varied
(looks against misses), then one assumption at a time. With other seizures the numbers will differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bench.figures import Figure, arguments, report
from bench.made_deciding import Run, Stack, by_number, by_plan, by_stack, everything, stacked
from bench.made_seizure import Assumptions, Seizure, made
from triage.domain.look_plan import LookRules
from triage.rule_files import load_review_rules

RULES = load_review_rules().looks
GOAL = "at most 25, nothing urgent missed"
DRAWS = 10

Way = Callable[[Seizure, Sequence[Stack]], Run]


@dataclass(frozen=True, slots=True)
class Came:
    """What one way came to over several seizures: each figure of each, in order. All but looks are percent."""

    looks: tuple[float, ...]  # per 1,000 items
    missed: tuple[float, ...]  # of urgent series
    unrecognised: tuple[float, ...]  # of urgent series: missed although something of them was looked at
    called_lawful: tuple[float, ...]  # of unlawful items
    called_unlawful: tuple[float, ...]  # of lawful items


def _planned(seizure: Seizure, stacks: Sequence[Stack]) -> Run:
    return by_plan(seizure, stacks, RULES)


def _each_item(seizure: Seizure, stacks: Sequence[Stack]) -> Run:
    del stacks
    return by_stack(seizure, [Stack([one]) for one in seizure.left])


def _all(seizure: Seizure, stacks: Sequence[Stack]) -> Run:
    del stacks
    return everything(seizure)


PEERS: tuple[tuple[str, Way], ...] = (
    ("everything", _all),
    ("exact-hash filter", _each_item),
    ("exact and near stacking", by_stack),
    ("three looks at an occasion", by_number),
)


def _drawn(told: Assumptions, draws: int) -> list[tuple[Seizure, list[Stack]]]:
    seizures = [made(replace(told, seed=told.seed + draw)) for draw in range(draws)]
    return [(seizure, stacked(seizure.left)) for seizure in seizures]


def _came(drawn: Sequence[tuple[Seizure, list[Stack]]], way: Way) -> Came:
    rows = []
    for seizure, stacks in drawn:
        run = way(seizure, stacks)
        unlawful = sum(one.is_unlawful for one in seizure.left)
        rows.append(
            (
                1_000 * run.looks / seizure.assumptions.items,
                100 * (1 - len(run.found) / len(seizure.series)),
                100 * len(run.looked_at - run.found) / len(seizure.series),
                100 * run.missed_items / unlawful,
                100 * run.accused_items / (len(seizure.left) - unlawful),
            )
        )
    return Came(*zip(*rows, strict=True))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _compared(drawn: Sequence[tuple[Seizure, list[Stack]]]) -> Iterator[Figure]:
    """The product's plan beside the other ways, over the same seizures."""
    ours = _came(drawn, _planned)
    for name, way in PEERS:
        peer = _came(drawn, way)
        looks, missed = "looks per 1,000 items", "urgent series missed"
        yield Figure(looks, _mean(ours.looks), "", name, _mean(peer.looks), GOAL)
        yield Figure(missed, _mean(ours.missed), "%", name, _mean(peer.missed), "0")
        yield Figure(f"{looks}, the worst draw", max(ours.looks), "", name, max(peer.looks), GOAL)
        yield Figure(f"{missed}, the worst draw", max(ours.missed), "%", name, max(peer.missed), "0")
        for words, mine, theirs in (
            ("urgent series missed that were looked at", ours.unrecognised, peer.unrecognised),
            ("unlawful items called lawful", ours.called_lawful, peer.called_lawful),
            ("lawful items called unlawful", ours.called_unlawful, peer.called_unlawful),
        ):
            yield Figure(words, _mean(mine), "%", name, _mean(theirs))
    yield Figure("urgent series in all draws", sum(len(seizure.series) for seizure, _ in drawn), "")


def _traded(drawn: Sequence[tuple[Seizure, list[Stack]]]) -> Iterator[Figure]:
    """Looks against misses: the accepted chance at occasions that nothing but their camera raises."""
    for percent in (60, 45, 30, 20, 15, 10, 5):
        rules = replace(RULES, quiet=percent / 100, camera=percent / 100)
        yield from _shown(f"chance of {percent} % accepted", drawn, _with(rules))


def _varied(told: Assumptions, draws: int) -> Iterator[Figure]:
    """One assumption changed at a time."""
    changes: tuple[tuple[str, dict[str, float]], ...] = (
        ("as assumed", {}),
        ("copies of a picture: 2", {"family": 2.0}),
        ("copies of a picture: 8", {"family": 8.0}),
        ("lawful without traces: 10 % of the rest", {"stray": 0.10, "own": 0.67}),
        ("urgent among the owner's occasions: 60 %", {"urgent_among_own": 0.6}),
        ("urgent with a wrong clock: 50 %", {"urgent_clock_wrong": 0.5}),
        ("a look sees 90 % of what is unlawful", {"sees_unlawful": 0.90}),
        ("nothing is near to a known one", {"near_known": 0.0}),
        ("occasions of 4 to 20 pictures", {"shots_differ": 8}),
        ("urgent series are of one camera in three", {"urgent_cameras": 1}),
        ("an urgent series was taken within 20 seconds", {"urgent_seconds": 20}),
        ("one camera in three, and within 20 seconds", {"urgent_cameras": 1, "urgent_seconds": 20}),
    )
    for name, change in changes:
        changed = replace(told, **change)  # type: ignore[arg-type] # as its own fields
        drawn = _drawn(changed, draws)
        yield from _shown(name, drawn, _planned, by_number)


def _with(rules: LookRules) -> Way:
    return lambda seizure, stacks: by_plan(seizure, stacks, rules)


def _shown(
    name: str, drawn: Sequence[tuple[Seizure, list[Stack]]], way: Way, peer: Way | None = None
) -> Iterator[Figure]:
    came, other = _came(drawn, way), _came(drawn, peer) if peer else None
    beside = "three looks at an occasion" if other else None
    looks, missed = (_mean(other.looks), _mean(other.missed)) if other else (None, None)
    yield Figure(f"{name}: looks per 1,000 items", _mean(came.looks), "", beside, looks)
    yield Figure(f"{name}: urgent series missed", _mean(came.missed), "%", beside, missed)


def main() -> None:
    """Print the figures."""
    chosen = arguments(__doc__ or "").parse_args()
    told = Assumptions(items=4_000 if chosen.quick else 20_000)
    draws = 2 if chosen.quick else DRAWS
    drawn = _drawn(told, draws)
    figures = [*_compared(drawn), *_traded(drawn), *_varied(told, draws if chosen.quick else 5)]
    report("exposure", figures, as_json=chosen.json)


if __name__ == "__main__":
    main()
