"""The demo's own facts: every count is checked against what was made, and no run touches what is not its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.__main__ import Demo, _clear, _facts, _import, _receive, _work, main, show
from demo.hash_sets import make_hash_sets
from demo.later import learn, make_later, what_changed
from demo.truth import SeizureTruth
from triage.bootstrap import Application, open_application
from triage.deploying import initialise
from triage.interfaces.cli.output import Teller
from triage.settings import load_settings


def tell_nobody(text: str, done: int, total: int | None) -> None:
    del text, done, total


@dataclass(frozen=True)
class Worked:
    """A small seizure that has been through the pipeline."""

    application: Application
    truth: SeizureTruth
    submissions: dict[str, int]


@pytest.fixture(scope="module")
def worked(seizure: SeizureTruth, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worked]:
    base, truth = tmp_path_factory.mktemp("demo"), seizure
    settings = load_settings(data=base / "deployment")
    initialise(settings)
    application = open_application(settings)
    tell: Teller = tell_nobody
    _import(application, make_hash_sets(base / "hashsets", truth), tell)
    submissions = _receive(application, truth, tell)
    _work(application, tell)
    yield Worked(application, truth, submissions)
    application.close()


@pytest.fixture(scope="module")
def facts(worked: Worked) -> dict[str, Any]:
    return _facts(worked.application, worked.truth, worked.submissions)


def test_everything_came_out_as_it_was_made(facts: dict[str, Any]) -> None:
    """Each check by its name, and all of them together."""
    assert facts["checks"] == dict.fromkeys(facts["checks"], True)
    assert len(facts["checks"]) == 4
    assert facts["as_expected"] is True


def test_counts_add_up(facts: dict[str, Any], worked: Worked) -> None:
    """Files on disk, places, distinct items, answers."""
    assert facts["files"] == sum(exhibit.on_disk for exhibit in worked.truth.exhibits)
    assert facts["occurrences"] == sum(exhibit.occurrences for exhibit in worked.truth.exhibits)
    assert facts["items"] == worked.truth.items == sum(facts["outcomes"].values())
    assert facts["outcomes"] == facts["expected_outcomes"]
    assert facts["closed_without_viewing"] == facts["outcomes"]["known"] + facts["outcomes"]["known-good"]
    assert facts["pictures_shown"] == 0


def test_one_referral_for_each_network(facts: dict[str, Any], worked: Worked) -> None:
    """With priority and reasons, under the numbers that people see."""
    networks = {frozenset(facts["submissions"][one] for one in page["submissions"]) for page in facts["referrals"]}
    assert networks == set(worked.truth.referrals)
    assert all(page["reasons"] and page["priority"] for page in facts["referrals"])


def test_the_facts_are_a_document(facts: dict[str, Any]) -> None:
    """`--json` prints them as they are."""
    assert json.loads(json.dumps(facts)) == facts


def test_a_wrong_count_is_told(facts: dict[str, Any], worked: Worked) -> None:
    """A check that cannot fail would be no check."""
    fewer = SeizureTruth(worked.truth.exhibits[:1], (), {}, worked.truth.referrals)
    found = _facts(worked.application, fewer, worked.submissions)
    assert found["as_expected"] is False
    assert found["checks"]["one network, one referral"] is True
    assert facts["as_expected"] is True


def test_the_summary_for_people_names_what_is_not_as_made(
    facts: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the counts and the referrals."""
    later = {
        "said": "3 newly known, 1 no longer",
        "retracted_matches": 2,
        "referrals_told": ["R-1"],
        "disputed": 1,
        "disputed_in": ["R-1"],
    }
    rest = {
        "later": later,
        "provider": {"submission": "S-4", "referral": "R-3", "do_not_render": 1, "evidence_until": "2027-01-01"},
        "audit": {"clean": True, "log_records": 9, "items": 9},
        "reports": {"S-1": "/tmp/r.html"},
        "data": "/d",
    }
    show({**facts, **rest, "checks": {**facts["checks"], "outcomes": False}})
    shown = " ".join(capsys.readouterr().out.split())
    assert "Not as made: outcomes" in shown
    assert "3 newly known, 1 no longer (2 matches retracted), told in R-1; 1 disputed, shown in R-1." in shown
    assert "R-1" in shown
    assert "a provider reported three files (S-4, R-3)" in shown
    assert "file:///tmp/r.html" in shown


def test_what_becomes_known_later_changes_answers_and_says_so(
    facts: dict[str, Any], worked: Worked, tmp_path: Path
) -> None:
    """Three newly known, one no longer, one disputed: in the run, and in the referral's history."""
    later = make_later(tmp_path, worked.truth)
    learn(worked.application, later)
    _work(worked.application, tell_nobody)
    changed = what_changed(worked.application, later, list(worked.submissions.values()))
    assert changed["as_expected"] is True
    assert (changed["newly_known"], changed["no_longer_known"], changed["disputed"]) == (3, 1, 1)
    assert changed["said"] == "3 newly known, 1 no longer"
    assert set(changed["disputed_in"]) <= set(changed["referrals_told"])
    assert changed["closed_without_viewing"] == facts["closed_without_viewing"] + 2


class TestTheFolder:
    """Made anew at each run, if it is ours."""

    def test_an_earlier_run_is_removed(self, tmp_path: Path) -> None:
        """Known by its mark."""
        folder = tmp_path / "demo-data"
        _clear(folder)
        (folder / "left over").write_bytes(b"x")
        _clear(folder)
        assert [path.name for path in folder.iterdir()] == [".triage-demo"]

    def test_a_folder_of_somebody_else_stays(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """With a sentence and a failing status; an empty one may be used."""
        (tmp_path / "mine").write_bytes(b"x")
        monkeypatch.setattr("sys.argv", ["demo", "--folder", str(tmp_path), "--json"])
        with pytest.raises(SystemExit, match="something else"):
            main()
        assert (tmp_path / "mine").exists()
        empty = tmp_path / "empty"
        empty.mkdir()
        _clear(empty)


def test_steps_keep_their_time() -> None:
    """For the summary."""
    demo = Demo(Path("nowhere"), as_json=True)
    assert demo.step("a step", "Title", lambda _: 7) == 7
    assert list(demo.seconds) == ["a step"]
