"""Redis goes, forgets, or says everything twice and in the wrong order. It only ever held doorbells."""

import random

from tests.faults.cluster import Cluster
from tests.faults.deeds import crash_redis, wipe_redis
from tests.faults.scenarios import Scenario, answered, received
from triage.domain.jobs import Ring
from workers.broker import open_redis

_NO_SUCH_JOB = 987_654_321


def ring_wildly(cluster: Cluster) -> None:
    """Ring three times for every job there is, done or not, and for one that there is not, in any order."""
    assert cluster.servers.redis is not None
    jobs = [*[number for (number,) in cluster.rows("SELECT id FROM job")], _NO_SUCH_JOB] * 3
    random.Random(5).shuffle(jobs)
    bells = open_redis(cluster.servers.redis.url, cluster.mark)
    try:
        bells.ring([Ring(number, urgent_line=number % 5 == 0, lane=0) for number in jobs])
    finally:
        bells.close()


SCENARIOS = (
    Scenario(
        "Redis is killed and wiped",
        (*received(0.5, crash_redis), *answered(0.2, wipe_redis), *answered(0.5, crash_redis, wipe_redis)),
    ),
    Scenario(
        "doorbells come often, late and in any order",
        (*received(0.5, ring_wildly), *answered(0.2, ring_wildly), *answered(0.6, ring_wildly)),
    ),
)
