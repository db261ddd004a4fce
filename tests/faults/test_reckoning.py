"""The reckoning can fail: each of its checks sees the harm that it is there for, and no other does."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster, Servers, cluster_on
from tests.faults.material import Seizure
from tests.faults.programs import MARK, Program
from tests.faults.reckoning import Known, reckon
from tests.faults.scenarios import SETTINGS


@pytest.fixture(scope="module")
def worked(seizure: Seizure) -> Iterator[Cluster]:
    """A deployment on SQLite in which everything was received and worked."""
    with cluster_on(Servers(), seizure, SETTINGS) as cluster:
        for letter in seizure.exhibits:
            cluster.done(*cluster.submitting(letter))
        cluster.done("work", "--threads", "1")
        yield cluster


@pytest.fixture
def cluster(worked: Cluster, tmp_path: Path) -> Cluster:
    """A copy of it, to be harmed."""
    shutil.copytree(worked.folder, tmp_path / "copy")
    return replace(worked, folder=tmp_path / "copy", mark=tmp_path.name, programs={})


def leave_unanswered(cluster: Cluster) -> None:
    cluster.change("UPDATE item SET outcome = 'pending' WHERE id = 3")


def change_an_answer(cluster: Cluster) -> None:
    cluster.change("UPDATE item SET outcome = 'near' WHERE id = (SELECT min(id) FROM item WHERE outcome = 'unknown')")


def lose_a_look_alike(cluster: Cluster) -> None:
    cluster.change("DELETE FROM link WHERE kind = 'near-fingerprint'")


def owe_a_job(cluster: Cluster) -> None:
    cluster.change("UPDATE job SET state = 'dead' WHERE id = 2")


def open_another_referral(cluster: Cluster) -> None:
    columns = "state, danger, solvability, network, clock, sort_key, reasons, edition, created_at, updated_at"
    cluster.change(f"INSERT INTO referral ({columns}) SELECT {columns} FROM referral LIMIT 1")


def damage_the_vault(cluster: Cluster) -> None:
    segment = next(path for path in (cluster.deployment.data / "vault").rglob("*.pack") if path.stat().st_size)
    segment.write_bytes(bytes(100) + segment.read_bytes()[100:])


def end_by_itself(cluster: Cluster) -> None:
    log = cluster.folder / "logs" / "worker.log"
    log.write_text("Traceback (most recent call last):", encoding="utf-8")
    cluster.programs["worker"] = Program("worker", (), {}, log, endings=[1])


def write_plaintext(cluster: Cluster) -> None:
    (cluster.folder / "tmp" / "core").write_bytes(b"something" * 1_000_000 + cluster.seizure.tell_tale[0])


def test_an_undisturbed_run_has_no_faults(cluster: Cluster, known: Known) -> None:
    """Else every scenario would fail for nothing."""
    assert reckon(cluster, known, 0).faults == []


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        (leave_unanswered, "every item has one answer"),
        (change_an_answer, "results equal an undisturbed run's"),
        (lose_a_look_alike, "results equal an undisturbed run's"),
        (owe_a_job, "nothing is owed or given up"),
        (open_another_referral, "each network has one referral"),
        (damage_the_vault, "the audit is clean"),
        (end_by_itself, "no program failed by itself"),
        (write_plaintext, "no plaintext on any disk"),
    ],
)
def test_each_harm_is_seen(cluster: Cluster, known: Known, harm: Callable[[Cluster], None], check: str) -> None:
    """By the check that is named for it."""
    harm(cluster)
    seen = [one.name for one in reckon(cluster, known, 0).checks if one.fault]
    assert check in seen


def test_an_effect_that_came_twice_or_never_is_seen(cluster: Cluster, known: Known) -> None:
    """What the custody log says is compared content by content."""
    for more in (1, -1):
        counted = known.effects.copy()
        counted[next(iter(counted))] += more
        assert [fault.partition(":")[0] for fault in reckon(cluster, replace(known, effects=counted), 0).faults] == [
            "nothing happened twice"
        ]


def test_a_process_left_behind_is_seen(cluster: Cluster, known: Known) -> None:
    """Whoever its parent is now: it carries the cluster's mark."""
    left = subprocess.Popen(["sleep", "60"], env={**os.environ, MARK: cluster.mark})
    try:
        assert [fault.partition(":")[0] for fault in reckon(cluster, known, 0).faults] == [
            "no process is left behind"
        ]
    finally:
        left.kill()
        left.wait()
