"""What a fault scenario is: a cluster, moments, and what befalls it at each of them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from tempfile import mkdtemp

from tests.faults.cluster import Cluster, Servers, cluster_on
from tests.faults.material import Seizure
from tests.faults.reckoning import Known, Reckoning, reckon
from tests.servers.disk import SmallDisk, small_disk
from tests.servers.postgresql import private_postgres
from tests.servers.processes import give_away

Deed = Callable[[Cluster], None]

SETTINGS: Mapping[str, Mapping[str, object]] = {
    "receive": {"batch_items": 4},  # many commits, so that a fault falls between, before and within them
    "work": {"lease_seconds": 6.0, "retry_seconds": 0.2},
}
_DATABASE_MEGABYTES = 160


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


class On(Enum):
    """What a deployment runs on."""

    CLUSTER = "PostgreSQL and Redis; a relay and worker processes"
    POSTGRESQL = "PostgreSQL; processes that each ring for themselves"
    SQLITE = "SQLite; processes that each ring for themselves"


class Disk(Enum):
    """What lies on a small disk of its own."""

    DATA = "the data folder: vault, witness, keys"
    DATABASE = "PostgreSQL"


@dataclass(frozen=True)
class Scenario:
    """One sentence of the specification, and how to try it.

    `acts` are in order: each waits for its moment. Workers named in `behind_proxies` reach the database through a
    proxy of their own, those in `own_clocks` can be set to another time. `vault_in_bucket`: evidence goes to S3.
    """

    name: str
    acts: tuple[Act, ...]
    on: On = On.CLUSTER
    workers: tuple[str, ...] = ("worker-1", "worker-2")
    with_api: bool = False
    behind_proxies: tuple[str, ...] = ()
    own_clocks: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    small_disk: Disk | None = None
    database_with_clock: bool = False
    vault_in_bucket: bool = False
    long_only: bool = False

    def play(self, servers: Servers, seizure: Seizure, known: Known) -> Reckoning:
        """Run it to its end and reckon. Raises TimeoutError when the line stands still, ServerMissing, NotAllowed."""
        begun = time.monotonic()
        with ExitStack() as stack:
            chosen, disk = self._chosen(servers, stack)
            small_data = self.small_disk is Disk.DATA
            cluster = stack.enter_context(
                cluster_on(chosen, seizure, self._settings(), proxies=self.behind_proxies, small_data=small_data)
            )
            cluster.disk = disk or cluster.disk
            self._start(cluster)
            cluster.deliver(*seizure.exhibits)
            for act in self.acts:
                cluster.wait_until(
                    lambda: act.when.has_come(cluster, known.items),  # noqa: B023 - called at once
                    f"{act.when.share:.0%} {act.when.what}",
                )
                act.deed(cluster)
            cluster.finish()
            return reckon(cluster, known, time.monotonic() - begun)

    def _chosen(self, servers: Servers, stack: ExitStack) -> tuple[Servers, SmallDisk | None]:
        """The servers that it runs on; a database with a clock or a disk of its own is made for it alone."""
        if self.on is On.SQLITE:
            return Servers(), None
        postgres, disk = servers.postgres, None
        if self.small_disk is Disk.DATABASE:
            disk = stack.enter_context(small_disk(Path(mkdtemp(prefix="triage-disk-")), _DATABASE_MEGABYTES))
            stack.callback(disk.path.rmdir)
            give_away(disk.path)
        if disk or self.database_with_clock:
            made = private_postgres(disk and disk.path, own_clock=self.database_with_clock)
            postgres = stack.enter_context(made)
        redis = servers.redis if self.on is On.CLUSTER else None
        return Servers(postgres, redis, servers.s3 if self.vault_in_bucket else None), disk

    def _settings(self) -> dict[str, dict[str, object]]:
        tables = {*SETTINGS, *self.settings}
        return {name: {**SETTINGS.get(name, {}), **self.settings.get(name, {})} for name in tables}

    def _start(self, cluster: Cluster) -> None:
        if self.on is On.CLUSTER:
            cluster.keep("relay", *cluster.command("relay"))
        if self.with_api:
            cluster.keep("api", *cluster.command("serve", "--port", str(cluster.api_port)))
        words = ("worker",) if self.on is On.CLUSTER else ("work", "--follow")
        for name in self.workers:
            settings = cluster.behind_proxy(name) if name in cluster.proxies else None
            clock = cluster.set_clock(name, 0) if name in self.own_clocks else None
            command = cluster.command(*words, "--threads", "1", settings=settings, clock=clock)
            program = cluster.keep(name, *command)
            program.farewell = signal.SIGTERM if self.on is On.CLUSTER else signal.SIGINT
