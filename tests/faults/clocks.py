"""Clocks that jump. Leases are in the database's time; a worker's own clock only dates what it writes."""

from tests.faults.cluster import Cluster
from tests.faults.deeds import kill
from tests.faults.scenarios import Deed, Scenario, answered

_HOUR, _DAY = 3_600, 86_400


def database_clock(seconds: int) -> Deed:
    """The database's clock is stepped, so far from the machine's."""

    def deed(cluster: Cluster) -> None:
        assert cluster.servers.postgres is not None
        cluster.servers.postgres.set_clock(seconds)

    return deed


def worker_clock(name: str, seconds: int) -> Deed:
    """A worker's clock is stepped, and that of no other."""
    return lambda cluster: cluster.set_clock(name, seconds)


SCENARIOS = (
    Scenario(
        "a worker's clock jumps a day ahead, and two back",
        (*answered(0.1, worker_clock("worker-1", _DAY)), *answered(0.4, worker_clock("worker-1", -_DAY))),
        own_clocks=("worker-1",),
        long_only=True,
    ),
    Scenario(
        "the database's clock jumps an hour ahead, and back",
        (
            *answered(0.1, database_clock(_HOUR)),
            *answered(0.4, kill("worker-1"), database_clock(0)),
        ),
        database_with_clock=True,
    ),
)
