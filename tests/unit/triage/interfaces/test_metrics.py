"""Metrics are the database's counts in Prometheus' words, and counting cannot be made to cost more than its share."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.triage.stored import Scene
from triage.chamber.sealing import Layer
from triage.domain.findings import NoteCode
from triage.domain.items import Outcome
from triage.domain.jobs import Stage
from triage.interfaces import metrics
from triage.interfaces.metrics import DeploymentCollector, Remembered, page
from triage.services.observing import Observed, ReleaseFigures
from triage.store.figures import Figures

LAYERS = (Layer("limits", active=True, detail=""), Layer("landlock", active=False, detail=""))


def figures_of(scene: Scene) -> Figures:
    with scene.store.reading() as unit:
        return unit.figures.figures()


def observed(scene: Scene, witnessed: int = 0) -> Observed:
    releases = (ReleaseFigures("national", "national-1", in_force=True, entries=12, bytes=3_456),)
    return Observed(figures_of(scene), witnessed, releases)


def samples(found: Observed) -> dict[str, float]:
    """Each sample as Prometheus would read it: name, labels in order, value."""
    text = page(DeploymentCollector(lambda: found, lambda: LAYERS)).decode()
    return {
        f"{sample.name}{sorted(sample.labels.items())}".replace("[]", ""): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_items_are_counted_by_outcome(scene: Scene) -> None:
    """Outcomes without an item are there too: a graph that begins at nothing shows the first."""
    submission = scene.submission()
    for outcome in (Outcome.PENDING, Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.KNOWN):
        scene.item(submission, outcome=outcome)
    found = samples(observed(scene))
    assert found["triage_items[('outcome', 'unknown')]"] == 2
    assert found["triage_items[('outcome', 'near')]"] == 0
    assert found["triage_items_answered_total"] == 3
    assert found["triage_submissions[('state', 'received')]"] == 1


def test_the_queue_is_counted_by_stage_with_the_age_of_its_oldest(scene: Scene) -> None:
    """By the database's clock, from when a job was written; a job in somebody's hands is owed still."""
    submission = scene.submission()
    old, _ = scene.owe(Stage.EXAMINE, submission), scene.lease(Stage.EXAMINE, submission)
    with scene.store.writing() as unit:
        unit.connection.exec_driver_sql(f"UPDATE job SET made_at = made_at - 3600 WHERE id = {old}")
        unit.commit()
    found = samples(observed(scene))
    assert found["triage_jobs[('stage', 'examine'), ('state', 'ready')]"] == 2
    assert 3600 <= found["triage_job_oldest_seconds[('stage', 'examine')]"] < 3700
    assert found["triage_job_oldest_seconds[('stage', 'match')]"] == 0
    assert (found["triage_leases"], found["triage_lease_owners"]) == (1, 1)


def test_dead_letters_stand_by_their_code(scene: Scene) -> None:
    """And finished jobs are a counter that no restart sets back."""
    submission = scene.submission()
    dead, done = scene.lease(Stage.MATCH, submission), scene.lease(Stage.LINK, submission)
    with scene.store.writing() as unit:
        unit.jobs.bury(dead, "time-limit")
        unit.jobs.finish(done)
        unit.commit()
    found = samples(observed(scene))
    assert found["triage_dead_letters[('code', 'time-limit')]"] == 1
    assert found["triage_jobs_done_total[('stage', 'link')]"] == 1
    assert found["triage_job_failures_total"] == 1


def test_chamber_deaths_are_items_with_such_a_note(scene: Scene) -> None:
    """Other notes are counted beside them, and are no deaths."""
    submission = scene.submission()
    one, two = scene.item(submission), scene.item(submission)
    with scene.store.writing() as unit:
        unit.items.add_notes(Stage.EXAMINE, [(one, NoteCode.CHAMBER_DIED.value, ""), (two, NoteCode.EMPTY.value, "")])
        unit.commit()
    found = samples(observed(scene))
    assert found["triage_chamber_deaths_total[('code', 'chamber-died')]"] == 1
    assert found["triage_chamber_deaths_total[('code', 'memory-limit')]"] == 0
    assert "triage_chamber_deaths_total[('code', 'empty')]" not in found
    assert found["triage_processing_notes[('code', 'empty')]"] == 1


def test_the_machine_s_walls_and_releases_are_told(scene: Scene) -> None:
    """Which of them belong to the floor as well."""
    found = samples(observed(scene))
    assert found["triage_chamber_layer[('floor', 'true'), ('layer', 'limits')]"] == 1
    assert found["triage_chamber_layer[('floor', 'false'), ('layer', 'landlock')]"] == 0
    release = "[('in_force', 'true'), ('release', 'national-1'), ('set', 'national')]"
    assert (found[f"triage_release_entries{release}"], found[f"triage_release_bytes{release}"]) == (12, 3_456)


def test_a_witness_ahead_of_an_older_count_is_not_behind(scene: Scene) -> None:
    """Work goes on between the two looks."""
    assert samples(observed(scene, witnessed=5))["triage_custody_witness_lag"] == 0


@dataclass
class Clock:
    """Stands still unless it is told to go on; counting takes `cost` seconds."""

    cost: float
    now: float = 100.0
    counts: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def observe(self) -> Observed:
        self.counts.append(self.now)
        self.now += self.cost
        return Observed(None, 0, ())  # type: ignore[arg-type]  # nobody looks at it


@pytest.mark.parametrize(("cost", "pause"), [(0.01, 5.0), (1.0, 20.0), (30.0, 600.0)])
def test_counting_takes_a_twentieth_of_a_core_at_most(
    monkeypatch: pytest.MonkeyPatch, cost: float, pause: float
) -> None:
    """However large the deployment, and however often somebody asks."""
    clock = Clock(cost)
    monkeypatch.setattr(metrics, "time", clock)
    remembered = Remembered(clock.observe)
    remembered()
    due = clock.now + pause
    while clock.now < due - 0.01:
        remembered()
        clock.now += pause / 50
    assert len(clock.counts) == 1
    clock.now = due
    remembered()
    assert len(clock.counts) == 2
