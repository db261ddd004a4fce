"""Disks that are full for a while, in the middle of everything."""

from tests.faults.cluster import Cluster
from tests.faults.scenarios import Disk, Scenario, answered, received


def full_for_a_while(cluster: Cluster) -> None:
    """Nothing more fits for three seconds; then there is room for all."""
    assert cluster.disk is not None
    cluster.disk.fill(leaving=0)
    cluster.pass_seconds(3)
    cluster.disk.make_room(512)


SCENARIOS = (
    Scenario("the disk of vault and witness is full", received(0.3, full_for_a_while), small_disk=Disk.DATA),
    Scenario(
        "the disk of PostgreSQL is full",
        answered(0.2, full_for_a_while),
        small_disk=Disk.DATABASE,
        long_only=True,
    ),
)
