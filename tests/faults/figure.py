"""The figure of the issue: 12 kills, 2 Redis wipes and 2 PostgreSQL restarts during 24,000 items, exactly 24,000 results."""

from __future__ import annotations

import random

from tests.faults.deeds import kill, restart_database
from tests.faults.scenarios import Act, Scenario, answered

ITEMS, KILLS, RESTARTS = 24_000, 12, 2
QUICK_ITEMS, QUICK_KILLS, QUICK_RESTARTS = 2_000, 3, 1
_WORKERS = ("worker-1", "worker-2")


def figure(*, quick: bool = False, seed: int = 1) -> Scenario:
    """The scenario over so many tiny pictures; `seed` chooses the moments and the workers."""
    kills, restarts = (QUICK_KILLS, QUICK_RESTARTS) if quick else (KILLS, RESTARTS)
    chance = random.Random(seed)
    acts: list[Act] = []
    for number in range(kills):
        acts += answered((number + chance.uniform(0.1, 0.9)) / kills, kill(chance.choice(_WORKERS)))
    for number in range(restarts):
        acts += answered((number + 0.5) / restarts, restart_database)
    items = QUICK_ITEMS if quick else ITEMS
    return Scenario(
        f"{kills} kills and {restarts} restarts of PostgreSQL during {items:,} items",
        tuple(sorted(acts, key=lambda act: act.when.share)),
        settings={"receive": {"batch_items": 64}},
    )
