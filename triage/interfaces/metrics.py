"""Figures in the words of Prometheus, for `/metrics` and `triage metrics`; `docs/operations.md` explains each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from triage.chamber.sealing import FLOOR, Layer
from triage.domain.findings import NoteCode
from triage.domain.items import Outcome
from triage.domain.jobs import JobState, Stage
from triage.services.observing import Observed

CHAMBER_DEATHS = (NoteCode.CHAMBER_DIED, NoteCode.TIME_LIMIT, NoteCode.MEMORY_LIMIT)
LEAST_SECONDS = 5.0
SHARE = 0.05
"""Counting may take this share of one core's time, however large the deployment and however often somebody asks."""

Labels = TypeVar("Labels", bound=tuple[str, ...])


@dataclass
class Remembered:
    """The latest count, taken anew when it is old: some seconds, or twenty times what the last count took."""

    observe: Callable[[], Observed]
    _found: Observed | None = None
    _due: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> Observed:
        """As `Observing.observe`."""
        with self._lock:
            started = time.monotonic()
            if self._found is None or started >= self._due:
                self._found = self.observe()
                ended = time.monotonic()
                self._due = ended + max(LEAST_SECONDS, (ended - started) / SHARE)
            return self._found


@dataclass(frozen=True, eq=False)
class DeploymentCollector(Collector):
    """Asks when Prometheus asks."""

    observe: Callable[[], Observed]
    layers: Callable[[], tuple[Layer, ...]]

    def collect(self) -> Iterable[Metric]:
        """Every family, also those without a value yet: a graph that begins at nothing shows the first event."""
        yield from families(self.observe(), self.layers())


def page(collector: Collector) -> bytes:
    """The text that Prometheus reads: the deployment's families and those of this process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    ProcessCollector(registry=registry)
    return generate_latest(registry)


def families(observed: Observed, layers: tuple[Layer, ...]) -> Iterator[Metric]:
    """Everything as metric families."""
    figures = observed.figures
    yield from _queue(observed)
    yield _gauge("triage_submissions", "Submissions by state.", ["state"], _one(figures.submissions))
    yield _gauge("triage_items", "Distinct items by outcome.", ["outcome"], _one(figures.items, Outcome))
    answered = sum(count for outcome, count in figures.items.items() if outcome != Outcome.PENDING)
    yield _counter("triage_items_answered", "Items that have an answer.", [], {(): answered})
    yield _gauge("triage_processing_notes", "Items by what could not be done.", ["code"], _one(figures.notes))
    died = {code.value: figures.notes.get(code.value, 0) for code in CHAMBER_DEATHS}
    yield _counter("triage_chamber_deaths", "Chamber children ended by an item, by note.", ["code"], _one(died))
    yield _gauge(
        "triage_chamber_layer",
        "Whether a wall of the chamber stands on this machine.",
        ["layer", "floor"],
        {(layer.name, str(layer.name in FLOOR).lower()): int(layer.active) for layer in layers},
    )
    yield _gauge("triage_referrals", "Referrals by state.", ["state"], _one(figures.referrals))
    yield _gauge("triage_vault_objects", "Sealed objects that items refer to.", [], {(): figures.sealed_objects})
    yield _gauge("triage_vault_bytes", "Their sealed bytes.", [], {(): figures.sealed_bytes})
    yield _gauge("triage_vault_segments", "Segments that they lie in.", [], {(): figures.segments})
    yield _counter("triage_custody_records", "Records of the custody log.", [], {(): figures.custody_records})
    # Work goes on between the two counts: a witness that is ahead of the count is not behind.
    behind = max(0, figures.custody_records - observed.witnessed)
    yield _gauge("triage_custody_witness_lag", "Records that the witness does not have yet.", [], {(): behind})
    yield from _releases(observed)
    yield _gauge(
        "triage_rematch_items", "Items listed by re-matches not finished yet.", [], {(): figures.rematch_items}
    )


def _queue(observed: Observed) -> Iterator[Metric]:
    figures = observed.figures
    states = {
        (stage.value, state.value): figures.jobs.get((stage, state), 0) for stage in Stage for state in JobState
    }
    yield _gauge("triage_jobs", "Jobs by stage and state.", ["stage", "state"], states)
    finished = {(stage.value,): figures.jobs.get((stage, JobState.DONE), 0) for stage in Stage}
    yield _counter("triage_jobs_done", "Jobs finished.", ["stage"], finished)
    yield _counter("triage_job_failures", "Attempts that failed.", [], {(): figures.failed_attempts})
    oldest = {(stage.value,): figures.oldest_seconds.get(stage.value, 0.0) for stage in Stage}
    yield _gauge("triage_job_oldest_seconds", "Age of the oldest job owed.", ["stage"], oldest)
    yield _gauge("triage_dead_letters", "Jobs given up, by code.", ["code"], _one(figures.dead))
    yield _gauge("triage_leases", "Jobs in a worker's hands.", [], {(): figures.leases})
    yield _gauge("triage_lease_owners", "Worker processes that hold a job.", [], {(): figures.owners})
    yield _gauge("triage_workers", "Processes that work for all and were seen lately.", [], {(): figures.workers})
    yield _gauge("triage_worker_threads", "Their threads.", [], {(): figures.threads})


def _releases(observed: Observed) -> Iterator[Metric]:
    labels = ["set", "release", "in_force"]
    named = {(found.set_name, found.release_id, str(found.in_force).lower()): found for found in observed.releases}
    entries = {key: found.entries for key, found in named.items()}
    yield _gauge("triage_release_entries", "Entries of a hash-set release on this machine.", labels, entries)
    sizes = {key: found.bytes for key, found in named.items()}
    yield _gauge("triage_release_bytes", "Its index and entries on disk.", labels, sizes)


def _one(counts: Mapping[str, int], words: Iterable[str] = ()) -> dict[tuple[str], int]:
    return {(str(key),): counts.get(key, 0) for key in dict.fromkeys([*(str(word) for word in words), *counts])}


def _gauge(name: str, told: str, labels: list[str], values: Mapping[Labels, float]) -> Metric:
    return _filled(GaugeMetricFamily(name, told, labels=labels), values)


def _counter(name: str, told: str, labels: list[str], values: Mapping[Labels, float]) -> Metric:
    return _filled(CounterMetricFamily(name, told, labels=labels), values)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[Labels, float]) -> Metric:
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family
