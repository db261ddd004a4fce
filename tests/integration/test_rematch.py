"""What is known changes, and every answer follows: as if it had been known from the start."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deployments import Deployment, finish
from tests.integration.seizures import Sample, made_once

_SMALL = "from triage.services import rematching; rematching.BATCH, rematching._LISTED = 4, 12"
IN_SMALL_BATCHES = (sys.executable, "-c", f"{_SMALL}; from workers.program import main; main()")
"""The program with more jobs in a re-match than the sample's 104 items would make."""


@pytest.fixture(scope="session")
def answered_first(shared_folder: Path, sample: Sample) -> Deployment:
    """The whole seizure worked through before there was any hash set. For reading only."""

    def make(folder: Path) -> Deployment:
        deployment = Deployment(folder)
        deployment.done("init")
        sample.submit(deployment)
        deployment.work(threads=2)
        return deployment

    return made_once(shared_folder, "answered-first", make)


@pytest.fixture
def later(answered_first: Deployment, tmp_path: Path) -> Deployment:
    """A copy of it to go on with."""
    return answered_first.clone(tmp_path / "later")


@pytest.fixture
def answered(processed: Deployment, tmp_path: Path) -> Deployment:
    """A copy of the seizure worked through with all sets in force."""
    return processed.clone(tmp_path / "answered")


def in_force(deployment: Deployment) -> dict[str, str]:
    """Set → its release in force."""
    listed = deployment.done("hashsets", "list", "--json").json
    return {one["set_name"]: one["release_id"] for one in listed if one["enabled"]}


def latest(deployment: Deployment) -> Any:
    """The newest re-match as the program tells it."""
    return deployment.done("rematch", "--list", "--json").json[0]


def referral(deployment: Deployment) -> str:
    """The referral of the first submission; which of two is opened first depends on timing."""
    return str(deployment.done("status", "S-1", "--json").json["referral"])


def meant(sample: Sample) -> Counter[str]:
    """Distinct items by the outcome that their maker meant."""
    return Counter({file.sha256: file.expected.value for file in sample.truth.files}.values())


def events(deployment: Deployment, action: str) -> list[dict[str, Any]]:
    """Details of the custody records of one kind."""
    rows = deployment.rows("SELECT event FROM custody_event ORDER BY seq")
    return [found["details"] for (text,) in rows if (found := json.loads(text))["action"] == action]


class TestNewReleases:
    """Sets that come into force after the seizure was worked through."""

    def test_they_lead_to_what_they_would_have_led_to_from_the_start(
        self, later: Deployment, processed: Deployment, sample: Sample
    ) -> None:
        """Outcomes, matches, links, groups, networks, priorities: there is no difference."""
        sample.import_sets(later)
        later.work()
        assert later.facts().differences(processed.facts()) == {}
        later.assert_audit_is_clean()

    def test_what_changed_is_counted_for_people_and_machines(self, later: Deployment, sample: Sample) -> None:
        """Three imports before anybody worked are one run."""
        sample.import_sets(later)
        (run,) = later.done("rematch", "--json").json
        assert run["rematch"] == "M-1"
        assert [because.split()[0] for because in run["because"]] == ["imported"] * 3
        assert run["before"]["releases"] == "none"
        assert run["after"]["releases"].split("+") == sorted(in_force(later).values())
        outcomes = meant(sample)
        into = {change.split(">")[1]: count for change, count in run["result"]["changes"].items()}
        assert into == {name: outcomes[name] for name in ("known", "known-good", "near")}
        history = later.done("referrals", "show", referral(later)).out
        assert f"{outcomes['known']} newly known; {outcomes['near']} newly near" in history

    def test_without_a_change_there_is_nothing_to_do(self, answered: Deployment) -> None:
        """And it says so."""
        assert "Nothing to do" in answered.done("rematch").out
        assert answered.done("rematch", "--json").json == []
        assert answered.done("rematch", "--list", "--json").json == []


class TestRetraction:
    """A release goes out of force."""

    def test_its_matches_end_visibly_and_what_they_closed_is_open_again(
        self, answered: Deployment, sample: Sample
    ) -> None:
        """In status, referral, report and custody log; nothing is deleted."""
        release = in_force(answered)["synthetic-known"]
        known = meant(sample)["known"]
        before = answered.rows("SELECT count(*) FROM match")
        answered.done("hashsets", "disable", release)
        assert f"{known} no longer known" in answered.done("work", "--threads", 1).out
        result = latest(answered)["result"]
        assert sum(result["changes"].values()) == known
        assert all(change.startswith("known>") for change in result["changes"])
        assert result["retracted"] == sum(one["matches"] for one in events(answered, "retracted")) > 0
        assert [one["was"] for one in events(answered, "reopened")] == ["known"]
        assert answered.rows("SELECT count(*) FROM match") == before
        page = answered.done("referrals", "show", referral(answered), "--json").json
        assert {one["set"] for one in page["match_counts"]} == {"synthetic-near", "synthetic-good"}
        assert {(one["release"], one["because"]) for one in page["ended_matches"]} == {(release, "retracted")}
        told = page["history"][-1]["details"]["changes"]["known>unknown"]
        assert f"{told} no longer known" in answered.done("referrals", "show", referral(answered), "--limit", 1).out
        report = answered.data / "page.html"
        answered.done("report", "S-1", "-o", report)
        assert "Matches that no longer hold" in report.read_text()
        answered.assert_audit_is_clean()

    def test_all_sets_out_of_force_lead_back_to_where_nothing_was_known(
        self, answered: Deployment, answered_first: Deployment
    ) -> None:
        """What was set aside is linked again."""
        for release in in_force(answered).values():
            answered.done("hashsets", "disable", release)
        answered.work()
        assert answered.facts().differences(answered_first.facts()) == {}
        answered.assert_audit_is_clean()

    def test_a_release_put_back_in_force_stands_again(self, answered: Deployment, processed: Deployment) -> None:
        """With matches of its own, beside those that ended."""
        release = in_force(answered)["synthetic-near"]
        answered.done("hashsets", "disable", release)
        answered.work()
        answered.done("hashsets", "enable", release)
        answered.work()
        assert answered.facts().differences(processed.facts()) == {}
        ended, standing = answered.rows("SELECT count(ended_at), count(*) - count(ended_at) FROM match")[0]
        near = processed.rows("SELECT count(*) FROM match WHERE set_name = 'synthetic-near'")[0][0]
        assert (ended, standing) == (near, processed.rows("SELECT count(*) FROM match")[0][0])


class TestKilled:
    """kill -9 at any moment."""

    def test_a_run_goes_on_and_each_item_is_matched_again_once(
        self, later: Deployment, processed: Deployment, sample: Sample
    ) -> None:
        """Exact counts, no match twice, and the same end as without the kills."""
        sample.import_sets(later)
        chance = random.Random(5)
        done = 0
        for _ in range(4):
            process = subprocess.Popen(
                [*IN_SMALL_BATCHES, "--data", str(later.data), "work", "--threads", "2"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            until = done + chance.randrange(1, 5)
            while process.poll() is None and answered_batches(later) < until:
                time.sleep(0.002)
            process.kill()
            finish(process)
            done = answered_batches(later)
        assert later.rows("SELECT count(*) FROM job WHERE stage = 'rematch' AND state = 'ready'")[0][0]
        later.work()
        run = latest(later)
        matched = [item for one in events(later, "matched") if one["releases"] != "none" for item in numbers(one)]
        assert sorted(matched) == sorted(item for (item,) in later.rows("SELECT id FROM item"))
        assert run["items"] == len(matched)
        assert later.facts().differences(processed.facts()) == {}
        later.assert_audit_is_clean()


def answered_batches(deployment: Deployment) -> int:
    """Batches of a re-match whose answers are committed."""
    query = "SELECT count(*) FROM job WHERE stage = 'rematch' AND state = 'done' AND item_ids <> '[]'"
    count: int = deployment.rows(query)[0][0]
    return count


def numbers(details: dict[str, Any]) -> list[int]:
    """`1-3,7` → 1, 2, 3, 7."""
    spans = [span.split("-") for span in details["items"].split(",")]
    return [one for span in spans for one in range(int(span[0]), int(span[-1]) + 1)]
