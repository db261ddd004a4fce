"""The run that every other is compared with: the same seizure, one process, SQLite, no fault."""

from __future__ import annotations

from tests.faults.cluster import Servers, cluster_on
from tests.faults.material import Seizure
from tests.faults.reckoning import Known, known_of
from tests.faults.scenarios import SETTINGS


def undisturbed(seizure: Seizure) -> Known:
    """Receive and work everything in this process, and note what came of it."""
    with cluster_on(Servers(), seizure, SETTINGS) as cluster:
        for letter in seizure.exhibits:
            cluster.done(*cluster.submitting(letter))
        cluster.done("work", "--threads", "1")
        known = known_of(cluster.rows)
        assert not cluster.run("audit", "--json").json["faults"]
        return known
