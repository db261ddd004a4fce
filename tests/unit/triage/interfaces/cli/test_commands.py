"""Every command over a deployment that has been worked through: one JSON document each, and tables for people."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demo.files import write_jpeg
from demo.pictures import photo_like
from tests.unit.triage.stored import digests_of
from triage.domain.errors import Unavailable
from triage.services.receiving import Receiving
from triage.store.engine import CONTENDED

Triage = Callable[..., Any]
BASIS = ("--case", "CASE-1", "--exhibit", "EXH-1", "--basis", "Synthetic warrant")


class TestInitAndSubmit:
    """`triage init`, `triage submit`."""

    def test_what_another_process_undid_is_received_again(
        self, deployment: Triage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As workers do; nobody has to type it again."""
        source = tmp_path / "seizure"
        source.mkdir()
        (source / "a.jpg").write_bytes(b"made up")
        received = Receiving.receive
        undone = iter([True, False])

        def receive(self: Receiving, *given: Any, **named: Any) -> Any:
            done = received(self, *given, **named)
            if next(undone):
                raise Unavailable(CONTENDED, "Made up.")
            return done

        monkeypatch.setattr(Receiving, "receive", receive)
        ran = deployment("submit", source, *BASIS, "--json")
        assert (ran.status, ran.document["state"], ran.document["already_there"]) == (0, "received", 1)

    def test_a_new_deployment_says_where_its_keys_are(self, triage: Triage, tmp_path: Path) -> None:
        """Whoever loses them loses the evidence."""
        assert "keys" in triage("init").out
        assert triage("init", "--json").document == {"data": str(tmp_path / "deployment"), "database": "ready"}

    def test_a_receipt(self, deployment: Triage, tmp_path: Path) -> None:
        """Counts for machines and for people; again finds everything there."""
        source = tmp_path / "seizure"
        source.mkdir()
        (source / "a").write_bytes(b"text")
        assert deployment("submit", source, *BASIS, "--json").document == {
            "submission": "S-1",
            "state": "received",
            "files": 1,
            "items_new": 1,
            "already_there": 0,
            "bytes_read": 4,
            "problems": 0,
        }
        again = deployment("submit", source, *BASIS).out
        assert "S-1: 1 files seen, 1 of them recorded before; 0 new items" in again
        assert "triage work" in again

    def test_the_lawful_basis_is_asked_for(self, deployment: Triage, tmp_path: Path) -> None:
        """Without it there is no submission."""
        assert deployment("submit", tmp_path, "--case", "C", "--exhibit", "E").status == 2
        (tmp_path / "a").mkdir()
        blank = deployment("submit", tmp_path / "a", "--case", "C", "--exhibit", "E", "--basis", " ", "--json")
        assert (blank.status, blank.document["error"]["code"]) == (3, "basis-missing")

    def test_a_source_that_holds_the_deployment_itself(self, deployment: Triage, tmp_path: Path) -> None:
        """Its own vault and keys are no exhibit."""
        ran = deployment("submit", tmp_path, *BASIS, "--json")
        assert (ran.status, ran.document["error"]["code"]) == (3, "source-holds-data")

    def test_a_source_that_is_not_there(self, deployment: Triage, tmp_path: Path) -> None:
        """Nothing is recorded, and its name is not repeated."""
        ran = deployment("submit", tmp_path / "private name", *BASIS, "--json")
        assert (ran.status, ran.document["error"]["code"]) == (4, "source-missing")
        assert "private" not in ran.err
        assert deployment("status", "--json").document == []

    def test_in_place_and_the_preservation_clock(self, deployment: Triage, tmp_path: Path) -> None:
        """A day, in one form only."""
        (tmp_path / "a").write_bytes(b"text")
        wrong = deployment("submit", tmp_path / "a", *BASIS, "--preserve-until", "1.2.2026")
        assert wrong.status == 2
        ran = deployment("submit", tmp_path / "a", *BASIS, "--in-place", "--preserve-until", "2026-04-01", "--json")
        assert ran.status == 0
        assert deployment("status", "S-1", "--json").document["in_place"] is True


class TestStatus:
    """`triage status`."""

    def test_all_submissions(self, worked: Triage) -> None:
        """As a list, and as a table with every case as it was written."""
        documents = worked("status", "--json").document
        assert [one["submission"] for one in documents] == ["S-1", "S-2"]
        shown = worked("status").out
        assert "CASE [/1]" in shown
        assert "EXH-2" in shown

    def test_one_submission(self, worked: Triage) -> None:
        """Outcomes add up to items; nothing is left to do."""
        one = worked("status", "S-1", "--json").document
        assert one["outcomes"] == {"known": 1, "undecodable": 1, "unknown": 2}
        assert (one["items"], one["occurrences"], one["closed_without_viewing"]) == (4, 4, 1)
        assert one["source_notes"] == {"link-not-followed": 1}
        assert one["referral"] == "R-1"
        shown = worked("status", "1").out
        assert "CASE [/1]" in shown
        assert "Not read at the source" in shown


class TestReferrals:
    """`triage referrals …`."""

    def test_the_queue(self, worked: Triage) -> None:
        """One case, one referral; every line has its reasons."""
        (one,) = worked("referrals", "list", "--json").document
        assert (one["referral"], one["submissions"]) == ("R-1", ["S-1", "S-2"])
        assert one["reasons"]
        assert one["reasons"][0]["sentence"].split()[0] in worked("referrals", "list").out

    def test_one_referral(self, worked: Triage) -> None:
        """Matches with release, entry, distance and transform; joins with their because."""
        page = worked("referrals", "show", "R-1", "--json").document
        (match, *_) = page["matches"]
        assert (match["set"], match["basis"], match["distance"], match["transform"]) == (
            "synthetic",
            "exact",
            0,
            "identity",
        )
        assert any(join["because"] == "Both carry the same case reference" for join in page["joins"])
        shown = worked("referrals", "show", "1").out
        assert "Both carry the same case reference" in shown
        assert ".jpg" not in shown


class TestSingleFiles:
    """`triage fingerprint`, `triage lookup`: through the chamber, nothing stored."""

    def test_fingerprint_and_lookup_of_files(self, worked: Triage, worked_deployment: Any, tmp_path: Path) -> None:
        """Names that are no text, brackets and all; digests, values, variants, and matches."""
        (tmp_path / "[").mkdir()
        hostile = os.fsdecode(os.fsencode(tmp_path) + b"/[/x] \xff\x1b[31m.jpg")
        shutil.copyfile(worked_deployment.source / "3.jpg", hostile)
        (seen,) = worked("fingerprint", hostile, "--json").document
        assert seen["digests"]["md5"] == digests_of(Path(hostile).read_bytes()).md5.hex()
        kinds = {(one["algorithm"], one["profile"]) for one in seen["fingerprints"]}
        assert kinds == {
            ("pdq", "pdq-ref512"),
            ("pdq", "pdq-full"),
            ("phash", "imagehash"),
            ("dhash", "imagehash"),
        }
        assert all(len(one["variants"]) in {0, 8} for one in seen["fingerprints"])
        assert seen["raster"]["format"] == "jpeg"
        shown = worked("fingerprint", hostile).out
        assert "[/x] \\xff\\x1b[31m.jpg" in shown.replace("\n", "")
        assert "\x1b" not in shown
        looked_up = worked("lookup", hostile, worked_deployment.source / "1.jpg")
        assert "synthetic" in looked_up.out
        assert "no match" in looked_up.out

    def test_lookup_of_values(self, worked: Triage, worked_deployment: Any) -> None:
        """Several at once, each with its own answer; capital letters and spaces around are no fault."""
        known = digests_of((worked_deployment.source / "3.jpg").read_bytes())
        words = ["--digest", f" {known.md5.hex().upper()} ", "--digest", known.sha1.hex(), "--pdq", "0" * 64]
        found, other, near = worked("lookup", *words, "--json").document
        (match,) = found["matches"]
        assert (match["set"], match["release"], match["exact"]) == ("synthetic", worked_deployment.release, True)
        assert (other["matches"], near["matches"]) == ([], [])

    def test_a_file_that_is_no_picture(self, worked: Triage, tmp_path: Path) -> None:
        """Digests, and a note why there is nothing else."""
        path = tmp_path / "text.txt"
        path.write_bytes(b"text")
        (seen,) = worked("fingerprint", path, "--json").document
        assert (seen["raster"], seen["fingerprints"]) == (None, [])
        assert seen["notes"]


class TestReportAndAudit:
    """`triage report`, `triage audit`."""

    def test_a_report_is_written(self, worked: Triage, tmp_path: Path) -> None:
        """One page; its path is told."""
        page = tmp_path / "report.html"
        ran = worked("report", "S-1", "-o", page, "--json")
        assert ran.document == {"submission": "S-1", "report": str(page), "bytes": page.stat().st_size}
        assert page.read_bytes().lower().startswith(b"<!doctype html>")
        assert "Report written" in worked("report", "s-1", "-o", page).out

    def test_a_report_that_cannot_be_written(self, worked: Triage, tmp_path: Path) -> None:
        """The disk's number and no path."""
        ran = worked("report", "S-1", "-o", tmp_path, "--json")
        assert (ran.status, ran.document["error"]["code"]) == (7, "report-not-written")

    def test_a_clean_audit(self, worked: Triage) -> None:
        """With the checkpoint to be kept elsewhere."""
        found = worked("audit", "--json").document
        assert (found["clean"], found["items"], found["faults"]) == (True, 4, [])
        shown = worked("audit").out
        assert "Clean." in shown
        assert "custody" in shown

    def test_a_checkpoint_kept_elsewhere(self, worked: Triage, tmp_path: Path) -> None:
        """One that the log continues is fine; one that is none is a fault, not a crash."""
        kept = tmp_path / "checkpoint"
        kept.write_text(worked("audit", "--json").document["checkpoint"], encoding="utf-8")
        assert worked("audit", "--checkpoint", kept, "--json").status == 0
        kept.write_bytes(b"\xff\xfe no checkpoint")
        ran = worked("audit", "--checkpoint", kept, "--json")
        assert ran.status == 8
        assert worked("audit", "--checkpoint", tmp_path / "none").status == 2

    def test_an_audit_that_finds_something_ends_with_eight(
        self, triage: Triage, worked_deployment: Any, tmp_path: Path
    ) -> None:
        """One document, with every fault."""
        data = tmp_path / "tampered"
        shutil.copytree(worked_deployment.data, data)
        for segment in (data / "vault").iterdir():
            segment.write_bytes(b"")
        ran = triage("audit", "--json", data=data)
        assert ran.status == 8
        assert json.loads(ran.out)["faults"]
        assert triage("audit", data=data).status == 8


def test_doctor(worked: Triage) -> None:
    """What the machine gives, layer by layer; healthy or status 7."""
    ran = worked("doctor", "--json")
    checks = {check["name"]: check["state"] for check in ran.document["checks"]}
    assert ran.document["healthy"] == (ran.status == 0)
    assert checks["database"] == checks["vault"] == checks["clock"] == checks["packages"] == "ok"
    assert any(name.startswith("chamber") for name in checks)


def test_doctor_where_something_is_missing(triage: Triage, tmp_path: Path) -> None:
    """One document that says what, and status 7; where nothing has been made yet that is no fault."""
    nowhere = triage("doctor", "--json", data=tmp_path / "not" / "made" / "yet")
    assert nowhere.document["healthy"] == (nowhere.status == 0)
    assert triage("init").status == 0
    (tmp_path / "deployment" / "keys" / "custody.key").unlink()
    ran = triage("doctor", "--json")
    assert (ran.status, ran.document["healthy"]) == (7, False)
    assert "doctor-found-faults" in triage("doctor").err


def test_work_with_nothing_owed(worked: Triage) -> None:
    """It ends at once; no job was run."""
    done = worked("work", "--json").document
    assert set(done["jobs"].values()) == {0}
    assert done["backlog"] == {"items_pending": 0, "items_total": 4, "jobs_owed": 0, "rematch_jobs_owed": 0}
    assert "Nothing is owed" in worked("work").out


def test_rematch_with_nothing_to_do(worked: Triage) -> None:
    """No run is made, and none was before."""
    assert worked("rematch", "--json").document == worked("rematch", "--list", "--json").document == []
    assert "Nothing to do" in worked("rematch").out


def test_rematch_after_a_set_went_out_of_force(triage: Triage, worked_deployment: Any, tmp_path: Path) -> None:
    """One document, a table, and the referral's history tell the same."""
    data = tmp_path / "copy"
    shutil.copytree(worked_deployment.data, data)
    assert triage("hashsets", "disable", worked_deployment.release, data=data).status == 0
    (run,) = triage("rematch", "--threads", "1", "--json", data=data).document
    assert (run["rematch"], run["items"], run["after"]["releases"]) == ("M-1", 4, "none")
    assert run["before"]["releases"] == worked_deployment.release
    assert run["result"] == {"changes": {"known>unknown": 1}, "added": 0, "retracted": 1}
    assert run["finished_at"]
    listed = triage("rematch", "--list", data=data).out
    assert f"disabled {worked_deployment.release}" in listed
    assert "1 no longer known" in listed
    shown = triage("referrals", "show", "R-1", data=data).out
    assert "M-1: 1 no longer known; 1 match retracted, 0 added; in force: none" in shown
    assert "Matches that no longer hold: 1" in shown


def test_work_ends_with_the_code_of_what_stopped_the_line(
    triage: Triage, worked_deployment: Any, tmp_path: Path
) -> None:
    """A broken seal: status 8, and the job waits for a person."""
    data, source = tmp_path / "tampered", tmp_path / "more"
    shutil.copytree(worked_deployment.data, data)
    write_jpeg(source / "9.jpg", photo_like(9, 120, 90))
    assert triage("submit", source, *BASIS, data=data).status == 0
    for segment in (data / "vault").iterdir():
        segment.write_bytes(b"")
    ran = triage("work", "--threads", "1", "--json", data=data)
    assert (ran.status, ran.document["error"]["code"]) == (8, "segment-truncated")
    assert triage("status", "S-3", "--json", data=data).document["jobs"] == {"examine": {"ready": 1}}
