"""What a fault scenario is: a cluster, moments, and what befalls it at each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.faults.cluster import Cluster, Servers, cluster_on
from tests.faults.material import Seizure
from tests.faults.reckoning import Known, Reckoning, reckon

Deed = Callable[[Cluster], None]

SETTINGS: Mapping[str, Mapping[str, object]] = {
    "receive": {"batch_items": 4},  # many commits, so that a fault falls between, before and within them
    "work": {"lease_seconds": 6.0, "retry_seconds": 0.2},
}


@dataclass(frozen=True)
class Moment:
    """Once this share of all items has been received, or answered."""

    what: str
    share: float

    def has_come(self, cluster: Cluster, items: int) -> bool:
        """Ask the database; while it does not answer the moment has not come."""
        query = "SELECT count(*) FROM item" + (" WHERE outcome <> 'pending'" if self.what == "answered" else "")
        return cluster.count(query) >= self.share * items


@dataclass(frozen=True)
class Act:
    """What befalls a cluster, and when."""

    when: Moment
    deed: Deed


def received(share: float, *deeds: Deed) -> tuple[Act, ...]:
    """Deeds, one after the other, once so much has been received."""
    return tuple(Act(Moment("received", share), deed) for deed in deeds)


def answered(share: float, *deeds: Deed) -> tuple[Act, ...]:
    """Deeds, one after the other, once so much has its answer."""
    return tuple(Act(Moment("answered", share), deed) for deed in deeds)


@dataclass(frozen=True)
class Scenario:
    """One sentence of the specification, and how to try it.

    `acts` are in order: each waits for its moment. `start` brings the programs up; what `workers` names are worker
    processes, those in `behind_proxies` reach the database through a proxy of their own.
    """

    name: str
    acts: tuple[Act, ...]
    on: str = "postgresql"
    workers: tuple[str, ...] = ("worker-1", "worker-2")
    behind_proxies: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    long_only: bool = False

    def play(self, servers: Servers, seizure: Seizure, known: Known) -> Reckoning:
        """Run it to its end and reckon. Raises TimeoutError when the line stands still."""
        begun = time.monotonic()
        chosen = servers if self.on == "postgresql" else Servers()
        settings = {
            name: {**SETTINGS.get(name, {}), **self.settings.get(name, {})} for name in {*SETTINGS, *self.settings}
        }
        with cluster_on(chosen, seizure, settings, self.behind_proxies) as cluster:
            for name in self.workers:
                start_worker(cluster, name)
            cluster.deliver(*seizure.exhibits)
            for act in self.acts:
                cluster.wait_until(
                    lambda: act.when.has_come(cluster, known.items),  # noqa: B023 - called at once
                    f"{act.when.share:.0%} {act.when.what}",
                )
                act.deed(cluster)
            cluster.finish()
            return reckon(cluster, known, time.monotonic() - begun)


def start_worker(cluster: Cluster, name: str, *, launcher: tuple[str, ...] = ()) -> None:
    """One worker process of one thread."""
    settings = cluster.behind_proxy(name) if name in cluster.proxies else None
    words = cluster.command("work", "--follow", "--threads", "1", settings=settings)
    cluster.keep(name, *launcher, *words)
