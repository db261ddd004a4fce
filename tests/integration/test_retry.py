"""Given up, then tried again: in the end everything is as if nothing had ever failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.integration.deployments import Deployment, Facts
from tests.integration.seizures import pictures, zipped
from triage.services.examining import Examining
from triage.services.expanding import Expanding
from triage.services.linking import Linking
from triage.services.matching import Matching
from triage.services.referring import Referring

BROKEN = {
    "expand": (Expanding, "expand"),
    "examine": (Examining, "examine_batch"),
    "match": (Matching, "match_batch"),
    "link": (Linking, "link"),
    "refer": (Referring, "refer"),
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Pictures that look alike in pairs, and an archive with one more."""
    folder = tmp_path / "source"
    pictures(folder / "one", 1, 2, sides=(240, 180))
    pictures(folder / "two", 1, sides=(160, 120))
    zipped(folder / "three.zip", pictures(tmp_path / "inside", 3, sides=(240, 180)).iterdir())
    return folder


@pytest.fixture
def undisturbed(tmp_path: Path, source: Path) -> Facts:
    """What comes out when nothing fails."""
    whole = Deployment(tmp_path / "undisturbed")
    whole.done("init")
    whole.submit(source, "E")
    whole.work()
    return whole.facts()


def fail(*_: object) -> NoReturn:
    raise KeyError("private name")


def jobs(deployment: Deployment, *words: object) -> Any:
    return deployment.done("jobs", *words, "--json").json


@pytest.mark.parametrize("stage", BROKEN)
def test_a_dead_letter_of_any_stage_is_made_good(
    deployment: Deployment, source: Path, undisturbed: Facts, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """It is listed with its reason, retried on the record, and nothing of having given up remains."""
    monkeypatch.setenv("TRIAGE_WORK__RETRY_SECONDS", "0")
    deployment.submit(source, "E")
    with monkeypatch.context() as broken:
        broken.setattr(*BROKEN[stage], fail)
        deployment.work()
    dead = jobs(deployment, "list", "--dead")
    assert {(one["stage"], one["state"], one["last_error"]) for one in dead} == {
        (stage, "dead", "unexpected KeyError")
    }
    assert deployment.facts().differences(undisturbed)
    assert jobs(deployment, "retry", "--dead") == {"retried": [one["job"] for one in dead]}
    assert {(one["state"], one["attempts"]) for one in jobs(deployment, "list", "--owed")} == {("ready", 0)}
    deployment.work()
    assert jobs(deployment, "list", "--dead") == []
    assert deployment.facts().differences(undisturbed) == {}
    said = "SELECT count(*) FROM custody_event WHERE json_extract(event, '$.purpose') = 'retry'"
    assert deployment.rows(said) == [(len(dead),)]
    deployment.assert_audit_is_clean()


def test_a_batch_of_a_rematch_is_made_good(
    deployment: Deployment, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its run has ended without it; another finds what it left."""
    monkeypatch.setenv("TRIAGE_WORK__RETRY_SECONDS", "0")
    deployment.submit(source, "E")
    deployment.work()
    ((known,),) = deployment.rows("SELECT hex(md5) FROM item ORDER BY id LIMIT 1")
    (tmp_path / "list.txt").write_text(f"{known.lower()}\n", encoding="ascii")
    deployment.done("hashsets", "import", tmp_path / "list.txt", "--name", "a-set", "--kind", "known")
    with monkeypatch.context() as broken:
        broken.setattr(Matching, "answers", fail)
        deployment.work()
    assert "known" not in deployment.facts().outcomes.values()
    dead = jobs(deployment, "list", "--dead")
    assert {one["stage"] for one in dead} == {"rematch"}
    jobs(deployment, "retry", *[one["job"] for one in dead])
    deployment.work()
    assert list(deployment.facts().outcomes.values()).count("known") == 1
    assert jobs(deployment, "list") == []
    deployment.assert_audit_is_clean()


def test_only_dead_letters_can_be_retried(deployment: Deployment, source: Path) -> None:
    """All of those named, or none."""
    deployment.submit(source, "E")
    waiting = jobs(deployment, "list")
    assert {one["state"] for one in waiting} == {"ready"}
    assert jobs(deployment, "show", waiting[0]["job"]) == waiting[0]
    assert deployment.run("jobs", "show", "J-999").code == 4
    ran = deployment.run("jobs", "retry", waiting[0]["job"])
    assert (ran.code, "job-not-dead" in ran.err) == (5, True)
    for words in ((), ("--dead", "J-1")):
        assert deployment.run("jobs", "retry", *words).code == 3


def test_an_urgent_submission_says_so(deployment: Deployment, source: Path) -> None:
    """Handed in as such, or raised later."""
    deployment.submit(source, "E", "--urgent")
    deployment.submit(source, "F")
    assert [deployment.status(number)["urgent"] for number in (1, 2)] == [True, False]
    assert {one["urgent"] for one in jobs(deployment, "list") if one["submission"] == "S-1"} == {True}
    deployment.done("submissions", "urgent", "S-2")
    assert deployment.status(2)["urgent"]
    assert all(one["urgent"] for one in jobs(deployment, "list"))
    assert deployment.run("submissions", "urgent", "S-9").code == 4
