"""The bucket that holds the evidence refuses, is slow, breaks off, or did it and does not say so."""

from typing import Any

from tests.faults.cluster import Cluster
from tests.faults.scenarios import Deed, Scenario, answered, received


def bucket(kind: str, **more: Any) -> Deed:
    """The next requests to the bucket meet this fault; kinds as in `tests/servers/s3.py`."""

    def deed(cluster: Cluster) -> None:
        assert cluster.store is not None
        cluster.store.fail(kind, **more)

    return deed


def gone_for(seconds: float) -> Deed:
    """Every request is refused for so long."""

    def deed(cluster: Cluster) -> None:
        assert cluster.store is not None
        cluster.store.fail("status", status=503, times=1_000_000)
        cluster.pass_seconds(seconds)
        cluster.store.heal()

    return deed


SCENARIOS = (
    Scenario(
        "S3 fails, breaks off and is slow",
        (
            *received(0.1, bucket("status", status=500, times=4), bucket("lost-reply", method="PUT", times=2)),
            *received(0.6, bucket("reset", times=3)),
            *answered(0.1, bucket("cut", method="GET", times=3), bucket("slow", seconds=0.3, times=20)),
            *answered(0.5, bucket("slow", seconds=5, times=2)),
        ),
        vault_in_bucket=True,
    ),
    Scenario(
        "S3 is gone for longer than anybody tries",
        (*received(0.4, gone_for(8)), *answered(0.2, gone_for(8))),
        vault_in_bucket=True,
        long_only=True,
    ),
)
