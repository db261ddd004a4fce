"""The figure: 12 kills, 2 Redis wipes and 2 PostgreSQL restarts during 24,000 items, exactly 24,000 results."""

from __future__ import annotations

import random

from tests.faults.deeds import kill, restart_database, wipe_redis
from tests.faults.scenarios import Act, Scenario, answered

ITEMS, KILLS, TIMES = 24_000, 12, 2
QUICK_ITEMS, QUICK_KILLS, QUICK_TIMES = 2_000, 3, 1
_WORKERS = ("worker-1", "worker-2")


def figure(*, quick: bool = False, seed: int = 1) -> Scenario:
    """The scenario over so many tiny pictures; `seed` chooses the moments and the workers."""
    kills, times = (QUICK_KILLS, QUICK_TIMES) if quick else (KILLS, TIMES)
    chance = random.Random(seed)
    acts: list[Act] = []
    for number in range(kills):
        acts += answered((number + chance.uniform(0.1, 0.9)) / kills, kill(chance.choice(_WORKERS)))
    for number in range(times):
        acts += answered((number + 0.3) / times, restart_database)
        acts += answered((number + 0.7) / times, wipe_redis)
    items = QUICK_ITEMS if quick else ITEMS
    return Scenario(
        f"{kills} kills, {times} Redis wipes and {times} PostgreSQL restarts during {items:,} items",
        tuple(sorted(acts, key=lambda act: act.when.share)),
        settings={"receive": {"batch_items": 64}},
    )
