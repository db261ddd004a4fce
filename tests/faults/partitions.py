"""A worker that cannot reach the database for longer than its lease, and does not know it."""

from tests.faults.cluster import Cluster
from tests.faults.deeds import pause, resume, wait
from tests.faults.scenarios import Deed, Scenario, answered


def freeze(name: str) -> Deed:
    """Nothing passes between this program and the database, and nobody is told."""
    return lambda cluster: cluster.proxies[name].freeze()


def thaw(name: str) -> Deed:
    """What was sent meanwhile arrives."""
    return lambda cluster: cluster.proxies[name].thaw()


def cut(name: str) -> Deed:
    """Its connections are reset."""
    return lambda cluster: cluster.proxies[name].cut()


def slow(name: str, seconds: float) -> Deed:
    """Each message takes so long, there and back."""

    def deed(cluster: Cluster) -> None:
        cluster.proxies[name].delay(seconds)

    return deed


_SHORT_LEASES = {"work": {"lease_seconds": 2.0}}

SCENARIOS = (
    Scenario(
        "a worker is cut off for longer than its lease, and comes back",
        (*answered(0.1, freeze("worker-1"), wait(5), thaw("worker-1")), *answered(0.5, cut("worker-1"))),
        behind_proxies=("worker-1",),
        settings=_SHORT_LEASES,
    ),
    Scenario(
        "a worker stands still for longer than its lease, and goes on",
        (*answered(0.1, pause("worker-1"), wait(5), resume("worker-1")),),
        settings=_SHORT_LEASES,
        long_only=True,
    ),
    Scenario(
        "the network to the database is slow",
        (*answered(0.1, slow("worker-1", 0.1)), *answered(0.6, slow("worker-1", 0))),
        behind_proxies=("worker-1",),
        settings=_SHORT_LEASES,
        long_only=True,
    ),
)
