"""How many looks it takes to decide every item of a seizure, and what is missed by not looking. No times.

Made-up seizures (`made_seizure.py`: numbers, no pictures) are decided in several ways (`made_deciding.py`): looking
at everything; after an exact-hash filter; after exact and near stacking, a look at each stack; three looks at each
occasion; and as the product proposes it: what is near to a known one is decided on facts, and the rest by
`domain/look_plan.py`, which also chooses the next look on a referral's page.

What is simulated is the seizure and the person. An urgent series counts as found when a look at one of its items
said unlawful; of those that are missed, some were looked at and not recognised. Then: for which reasons looks were
proposed and what they found; the rule's bounds varied (looks against misses); how few looks could do at all
(`least_looks.py`); and one assumption changed at a time. With other seizures the numbers will differ.

`--seed` and `--draws` choose the seizures. Rules are made on seeds other than those that are reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bench.figures import Figure, arguments, report
from bench.least_looks import least
from bench.made_deciding import Run, Stack, by_number, by_plan, by_stack, everything, stacked, tied
from bench.made_seizure import Assumptions, Seizure, made
from triage.domain.look_plan import LookRules, Why
from triage.rule_files import load_review_rules

RULES = load_review_rules().looks
GOAL = "at most 25, nothing urgent missed"
SEED, DRAWS = 20_001, 40
TRADED, VARIED = 20, 10
"""Of these draws, the first: where a bound is varied, where an assumption is."""

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
    yield Figure("draws that missed no urgent series", sum(not one for one in ours.missed), f"of {len(drawn)}")
    yield Figure("urgent series in all draws", sum(len(seizure.series) for seizure, _ in drawn), "")


def _reasons(drawn: Sequence[tuple[Seizure, list[Stack]]]) -> Iterator[Figure]:
    """For what looks were proposed: how many, and how many urgent series one of them was the first to find."""
    runs = [_planned(*one) for one in drawn]
    items = sum(seizure.assumptions.items for seizure, _ in drawn)
    for why in Why:
        looks, found = sum(one.reasons[why] for one in runs), sum(one.firsts[why] for one in runs)
        yield Figure(f"looks because of “{why}”, per 1,000 items", 1_000 * looks / items, "")
        yield Figure(f"urgent series first found because of “{why}”", found, "")


def _traded(drawn: Sequence[tuple[Seizure, list[Stack]]]) -> Iterator[Figure]:
    """Looks against misses: the accepted chances at occasions that nothing but their camera raises."""
    for camera, mixed in ((60, 60), (45, 45), (30, 30), (20, 20), (10, 10), (5, 5), (45, 10), (30, 10), (20, 5)):
        rules = replace(RULES, quiet=max(RULES.quiet, camera / 100), camera=camera / 100, mixed=mixed / 100)
        yield from _shown(f"chance of {camera} % accepted, {mixed} % where the camera mixed", drawn, _with(rules))


def _least(name: str, drawn: Sequence[tuple[Seizure, list[Stack]]]) -> Iterator[Figure]:
    """Beneath every order of looks; beside it, the largest stacks first."""
    series = sum(len(seizure.series) for seizure, _ in drawn)
    items = sum(seizure.assumptions.items for seizure, _ in drawn)
    groups = [list(tied(*one)) for one in drawn]
    for percent in (45, 30, 20, 10, 5):
        lot = [least(one, percent / 100) for one in groups]
        copies = [least(one, percent / 100, most_copies=True) for one in groups]
        words = f"{name}: at least, with a chance of {percent} %"
        yield Figure(f"{words}: looks per 1,000 items", 1_000 * sum(one[0] for one in lot) / items, "")
        missed, other = (100 * sum(one[1] for one in told) / series for told in (lot, copies))
        yield Figure(f"{words}: urgent series missed", missed, "%", "most copies first", other)


CHANGES: tuple[tuple[str, dict[str, float]], ...] = (
    ("as assumed", {}),
    ("known: 30 % of all", {"known": 0.30}),
    ("known: 75 % of all", {"known": 0.75}),
    ("copies of a picture: 2", {"family": 2.0}),
    ("copies of a picture: 8", {"family": 8.0}),
    ("urgent series of 10 items", {"urgent_items": 10}),
    ("urgent series of 40 items", {"urgent_items": 40}),
    ("urgent series of 6 pictures without copies", {"urgent_items": 6, "urgent_family": 0.3}),
    ("lawful without traces: 10 % of the rest", {"stray": 0.10, "own": 0.67}),
    ("a third of the owner's occasions without traces", {"own_without_traces": 0.33}),
    ("one camera of three begins the same day anew", {"clocks_reset": 1}),
    ("urgent with a wrong clock: 50 %", {"urgent_clock_wrong": 0.5}),
    ("urgent among the owner's occasions: none", {"urgent_among_own": 0.0}),
    ("urgent among the owner's occasions: 60 %", {"urgent_among_own": 0.6}),
    ("urgent among the owner's occasions: all", {"urgent_among_own": 1.0}),
    ("a look sees 90 % of what is unlawful", {"sees_unlawful": 0.90}),
    ("nothing is near to a known one", {"near_known": 0.0}),
    ("occasions of 4 to 20 pictures", {"shots_differ": 8}),
    ("urgent series are of one camera in three", {"urgent_cameras": 1}),
    ("an urgent series was taken within 20 seconds", {"urgent_seconds": 20}),
    ("one camera in three, and within 20 seconds", {"urgent_cameras": 1, "urgent_seconds": 20}),
)


def _varied(told: Assumptions, draws: int) -> Iterator[Figure]:
    """One assumption changed at a time."""
    for name, change in CHANGES:
        changed = replace(told, **change)  # type: ignore[arg-type] # as its own fields
        drawn = _drawn(changed, draws)
        yield from _shown(name, drawn, _planned, by_number)
        if "urgent_family" in change:
            yield from _least(name, drawn)


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
    yield Figure(f"{name}: draws that missed none", sum(not one for one in came.missed), f"of {len(drawn)}")


def main() -> None:
    """Print the figures."""
    asked = arguments(__doc__ or "")
    asked.add_argument("--seed", type=int, default=SEED, help="of the first seizure")
    asked.add_argument("--draws", type=int, default=DRAWS, help="how many seizures are decided")
    chosen = asked.parse_args()
    told = Assumptions(items=4_000 if chosen.quick else 20_000, seed=chosen.seed)
    drawn = _drawn(told, 2 if chosen.quick else chosen.draws)
    figures = [*_compared(drawn), *_reasons(drawn), *_traded(drawn[:TRADED]), *_least("as assumed", drawn)]
    figures += _varied(told, min(len(drawn), VARIED))
    report("exposure", figures, as_json=chosen.json)


if __name__ == "__main__":
    main()
