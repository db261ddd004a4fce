"""Two sets that contradict each other about the same bytes, from their import to what a person reads."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.integration.deployments import Deployment


@pytest.fixture(scope="module")
def disputed(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Three files: one graded differently, one that is on the unit's allow list too, one that nobody disputes."""
    folder = tmp_path_factory.mktemp("disputed")
    seizure = folder / "seizure"
    seizure.mkdir()
    digests = []
    for number in range(3):
        data = f"synthetic file {number}".encode()
        (seizure / f"{number}.bin").write_bytes(data)
        digests.append(hashlib.md5(data).hexdigest())
    deployment = Deployment(folder / "deployment")
    deployment.done("init")
    tables = {
        "one": ("known", f"key,md5,category,photodna\n1,{digests[0]},us:1,\n2,{digests[1]},us:1,\n3,,,opaque\n"),
        "two": ("known", f"key,md5,category\n1,{digests[0]},us:2\n2,{digests[2]},us:1\n"),
        "ours": ("allow-list", f"md5\n{digests[1]}\n"),
    }
    for name, (kind, table) in tables.items():
        path = folder / f"{name}.csv"
        path.write_text(table, encoding="ascii")
        deployment.done("hashsets", "import", path, "--name", name, "--kind", kind)
    deployment.submit(seizure, "EXH-1")
    deployment.work()
    return deployment


def test_the_referral_shows_who_says_what(disputed: Deployment) -> None:
    """In its document and at the terminal."""
    page = disputed.done("referrals", "show", "R-1", "--json").json
    found = {one["kind"]: one for one in page["disputes"]}
    assert [(said["set"], said["category"]) for said in found["categories-differ"]["says"]] == [
        ("one", "us:1"),
        ("two", "us:2"),
    ]
    assert {said["kind"] for said in found["known-and-known-good"]["says"]} == {"known", "allow-list"}
    assert [one["items"] for one in page["disputes"]] == [1, 1]
    shown = disputed.done("referrals", "show", "R-1").out
    assert "Disputed: sets contradict each other" in shown
    assert "two (known): us:2" in shown


def test_disputed_items_are_closed_and_say_so(disputed: Deployment) -> None:
    """Never in silence: in the item and in the custody log."""
    assert disputed.rows("SELECT closed_because, count(*) FROM item GROUP BY 1 ORDER BY 1") == [
        ("exact match: known", 1),
        ("exact match: known, disputed", 2),
    ]
    (records,) = disputed.rows("SELECT count(*) FROM custody_event WHERE event LIKE '%known, disputed%'")[0]
    assert records == 1


def test_the_report_shows_disputes_and_what_cannot_be_compared(disputed: Deployment, tmp_path: Path) -> None:
    """For a person who never sees a terminal."""
    path = tmp_path / "report.html"
    disputed.done("report", "S-1", "-o", path)
    page = path.read_text(encoding="utf-8")
    assert 'id="disputed"' in page
    assert "lists 1 photodna value, which this program cannot compare; 1 of its entries have nothing else" in page


def test_every_answer_says_what_cannot_be_compared(disputed: Deployment) -> None:
    """Status, referral and the list of sets."""
    (one,) = disputed.status()["not_comparable"]
    assert (one["set_name"], one["values"], one["nothing_else"]) == ("one", {"photodna": 1}, 1)
    assert disputed.done("referrals", "show", "R-1", "--json").json["not_comparable"] == [one]
    for words in (("status", "S-1"), ("referrals", "show", "R-1")):
        assert "cannot compare" in disputed.done(*words).out
    assert "1 photodna" in disputed.done("hashsets", "list").out
