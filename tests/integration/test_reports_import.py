"""`triage reports import`: what police units receive, as documents and ZIPs, good and bad."""

from __future__ import annotations

import io
import json
import zipfile
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from tests.cybertip_documents import delivered
from tests.integration.deployments import Deployment

ONE, TWO = b"one, made up " * 100, b"two, made up " * 100


@pytest.fixture
def unit(deployment: Deployment) -> Deployment:
    """A deployment that knows from whom its reports come."""
    deployment.done("init")
    told = ("--kind", "hotline", "--country", "US", "--basis", "18 USC 2258A(c)")
    deployment.done("senders", "add", "clearing-house", *told)
    return deployment


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    """A ZIP of these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def document(digest: str = "", **more: Any) -> bytes:
    """A report of two files; of the first an MD5 is told."""
    files = [{"filename": "one.png", "verificationHash": digest}, {"filename": "two.png", "viewedByEsp": True}]
    return json.dumps(delivered(uploadedFiles={"uploadedFiles": files}) | more).encode()


def imported(unit: Deployment, *paths: Path) -> tuple[int, list[dict[str, Any]]]:
    """The exit status, and what became of each report."""
    ran = unit.run("reports", "import", *map(str, paths), "--sender", "clearing-house", "--json")
    return ran.code, ran.json


def test_a_zip_becomes_a_submission_with_its_media(unit: Deployment, tmp_path: Path) -> None:
    """Files are found by name in whatever folder, what nobody lists comes along, paper does not; again: the same."""
    path = zipped(
        tmp_path / "4711.zip",
        {
            "4711/media/ONE.PNG": ONE,
            "4711/two.png": TWO,
            "4711/report.json": document(md5(ONE).hexdigest()),
            "4711/report.pdf": b"%PDF made up",
            "4711/extra.bin": b"made up",
        },
    )
    code, [answer] = imported(unit, path)
    assert (code, answer["error"], answer["reference"], answer["new"]) == (0, None, "4711", True)
    assert (answer["submission"], answer["media"], answer["told"], answer["left"]) == ("S-1", 3, 0, 0)
    assert [(seen, name) for name, seen in unit.rows("select path, viewed from occurrence order by id")] == [
        ("unknown", b"one.png"),
        ("yes", b"two.png"),
        ("unknown", b"extra.bin"),
    ]
    code, [again] = imported(unit, path)
    assert (code, again["submission"], again["new"]) == (0, "S-1", False)
    assert unit.rows("select count(*) from submission") == [(1,)]
    assert unit.rows("select count(*) from api_key where revoked_at is null") == [(0,)]


def test_a_document_alone_tells_digests(unit: Deployment, tmp_path: Path) -> None:
    """Its media may be missing; they are no reason to leave the report."""
    (tmp_path / "a.json").write_bytes(document(md5(ONE).hexdigest()))
    code, [answer] = imported(unit, tmp_path / "a.json")
    assert (code, answer["submission"], answer["media"], answer["told"]) == (0, "S-1", 0, 2)


def test_a_bad_file_is_answered_and_the_rest_goes_on(unit: Deployment, tmp_path: Path) -> None:
    """Missing, no JSON, no report, a cut ZIP, a ZIP without a document, bytes that are not what is told of them."""
    (tmp_path / "text.json").write_bytes(b"planted")
    (tmp_path / "other.json").write_bytes(b"{}")
    whole = zipped(tmp_path / "whole.zip", {"r.json": document(reportId=1), "one.png": ONE})
    (tmp_path / "cut.zip").write_bytes(whole.read_bytes()[:-40])
    zipped(tmp_path / "media.zip", {"one.png": ONE})
    told = document(md5(b"other bytes").hexdigest(), reportId=2)
    zipped(tmp_path / "mismatch.zip", {"r.json": told, "one.png": ONE})
    names = ["missing.zip", "text.json", "other.json", "cut.zip", "media.zip", "mismatch.zip", "whole.zip"]
    code, answers = imported(unit, *(tmp_path / name for name in names))
    assert code == 4
    assert [answer["error"] and answer["error"]["code"] for answer in answers] == [
        "source-missing",
        "json-invalid",
        "no-cybertip",
        "zip-unreadable",
        "no-cybertip",
        "digest-mismatch",
        None,
    ]
    assert not any("planted" in answer["error"]["sentence"] for answer in answers if answer["error"])
    assert [answer["submission"] for answer in answers if answer["submission"]] == ["S-1"]


def test_another_document_of_the_same_report_is_a_conflict(unit: Deployment, tmp_path: Path) -> None:
    """Nothing is put over what stands in the records; a person decides."""
    (tmp_path / "a.json").write_bytes(document())
    zipped(tmp_path / "a.zip", {"a.json": document(), "one.png": ONE})
    assert imported(unit, tmp_path / "a.json")[0] == 0
    code, [answer] = imported(unit, tmp_path / "a.zip")
    assert (code, answer["error"]["code"]) == (5, "reference-taken")


def test_several_reports_in_one_zip_share_nothing(unit: Deployment, tmp_path: Path) -> None:
    """Files of one name are those of the nearest folder; a document that is none is told; what is left is counted."""
    path = zipped(
        tmp_path / "all.zip",
        {
            "1/r.json": document(md5(ONE).hexdigest(), reportId=1),
            "2/r.json": document(md5(TWO).hexdigest(), reportId=2),
            "3/r.json": b"planted",
            "2/one.png": TWO,
            "1/one.png": ONE,
            "left.bin": b"made up",
        },
    )
    code, answers = imported(unit, path)
    assert code == 6
    assert [answer["error"]["code"] for answer in answers if answer["error"]] == ["json-invalid"]
    assert [(one["reference"], one["media"], one["left"]) for one in answers if not one["error"]] == [
        ("1", 1, 1),
        ("2", 1, 1),
    ]


def test_bombs_and_paths_do_nothing(unit: Deployment, tmp_path: Path) -> None:
    """A document that unfolds without end, members that climb out, names that are no text."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("r.json", b"[" + b" " * (64 << 20))
    (tmp_path / "bomb.zip").write_bytes(bomb.getvalue())
    zipped(tmp_path / "paths.zip", {"../../r.json": document(), "../one.png": ONE, "/etc/two.png": TWO})
    code, [bombed, climbed] = imported(unit, tmp_path / "bomb.zip", tmp_path / "paths.zip")
    assert code == 6
    assert bombed["error"]["code"] in {"delivery-too-large", "zip-unreadable"}
    assert (climbed["error"], climbed["media"]) == (None, 2)
    assert not (tmp_path.parent / "one.png").exists()


def test_an_unknown_sender_takes_nothing(unit: Deployment, tmp_path: Path) -> None:
    """Whose basis and country hold is not guessed."""
    (tmp_path / "a.json").write_bytes(document())
    ran = unit.run("reports", "import", str(tmp_path / "a.json"), "--sender", "nobody", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (4, "no-sender")
