"""Archives as sources, and sources that stay where they are: each ends in items and notes, never in a crash."""

from __future__ import annotations

import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

from tests.integration.deployments import Deployment
from tests.integration.seizures import pictures, zipped


class TestArchives:
    """An archive is a source like a folder, and a folder within one."""

    def test_a_zip_or_a_tar_alone_is_a_source(self, deployment: Deployment, tmp_path: Path) -> None:
        """Its members are items, found within it."""
        inside = pictures(tmp_path / "inside", 1, 2, sides=(64, 48))
        zip_file = zipped(tmp_path / "z" / "package.zip", inside.iterdir())
        tar_file = tmp_path / "t" / "package.tar"
        tar_file.parent.mkdir()
        with tarfile.open(tar_file, "w") as archive:
            archive.add(inside, "members")
        for number, path in enumerate((zip_file, tar_file), start=1):
            deployment.submit(path, f"E{number}")
        deployment.work()
        for number in (1, 2):
            status = deployment.status(number)
            assert (status["outcomes"], status["occurrences"]) == ({"container": 1, "unknown": 2}, 3)
        deployment.assert_audit_is_clean()

    def test_nesting_ends_where_the_settings_say_and_says_so(
        self, deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """But an archive that was too deep in one source is opened when it is handed in directly."""
        monkeypatch.setenv("TRIAGE_ARCHIVES__MAX_DEPTH", "2")
        inside = pictures(tmp_path / "inside", 1, sides=(64, 48))
        deepest = zipped(tmp_path / "3" / "three.zip", inside.iterdir())
        second = zipped(tmp_path / "2" / "two.zip", [deepest])
        zipped(tmp_path / "1" / "one.zip", [second])
        deployment.submit(tmp_path / "1", "DEEP")
        deployment.work()
        status = deployment.status(1)
        assert (status["outcomes"], status["processing_notes"]) == (
            {"container": 2, "undecodable": 1},
            {"archive-too-deep": 1},
        )
        deployment.submit(tmp_path / "3", "DIRECT")
        deployment.work()
        assert deployment.status(2)["outcomes"] == {"container": 1, "unknown": 1}

    def test_an_archive_that_holds_itself_ends(self, deployment: Deployment, tmp_path: Path) -> None:
        """A member that is its own archive again is one more occurrence, not one more level."""
        outer = zipped(tmp_path / "source" / "a.zip", pictures(tmp_path / "inside", 1, sides=(64, 48)).iterdir())
        zipped(tmp_path / "source" / "b.zip", [outer, *(tmp_path / "inside").iterdir()])
        deployment.submit(tmp_path / "source", "E")
        deployment.work()
        status = deployment.status()
        assert (status["outcomes"], status["occurrences"]) == ({"container": 2, "unknown": 1}, 5)

    def test_a_broken_archive_says_so(self, deployment: Deployment, tmp_path: Path) -> None:
        """What comes out before the break is kept."""
        inside = pictures(tmp_path / "inside", 1, 2, 3, sides=(64, 48))
        whole = zipped(tmp_path / "whole.zip", inside.iterdir()).read_bytes()
        (tmp_path / "source").mkdir()
        (tmp_path / "source" / "cut.zip").write_bytes(whole[: len(whole) // 2])
        (tmp_path / "source" / "head.zip").write_bytes(whole[:40])
        deployment.submit(tmp_path / "source", "E")
        deployment.work()
        assert not {"pending"} & deployment.status()["outcomes"].keys()
        noted = {sha for sha, code, _ in deployment.facts().notes if code.startswith(("archive-", "member-"))}
        assert {sha256(whole[: len(whole) // 2]).hexdigest(), sha256(whole[:40]).hexdigest()} <= noted
        deployment.assert_audit_is_clean()


class TestInPlace:
    """`--in-place`: the bytes stay at the source, and nothing of them is copied."""

    def test_nothing_is_copied_and_every_answer_is_the_same(self, deployment: Deployment, tmp_path: Path) -> None:
        """The vault stays empty, the source untouched, the audit clean."""
        source = pictures(tmp_path / "source", 1, 2, 3)
        (source / "note.txt").write_bytes(b"text")
        before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in source.iterdir()}
        deployment.submit(source, "E", "--in-place")
        deployment.work()
        assert deployment.status()["outcomes"] == {"unknown": 3, "undecodable": 1}
        assert list((deployment.data / "vault").iterdir()) == []
        assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in source.iterdir()} == before
        deployment.assert_audit_is_clean()

    def test_what_changed_since_is_noted_and_found_by_an_audit(self, deployment: Deployment, tmp_path: Path) -> None:
        """Other bytes must never get the answer of those that were received."""
        source = pictures(tmp_path / "source", 1, 2, 3)
        deployment.submit(source, "E", "--in-place")
        pictures(source, 4)
        (source / "4.jpg").replace(source / "1.jpg")
        (source / "2.jpg").unlink()
        deployment.work()
        status = deployment.status()
        assert status["outcomes"] == {"unknown": 1, "undecodable": 2}
        assert status["processing_notes"] == {"source-changed": 2}
        audit = deployment.run("audit", "--json")
        changed = deployment.rows("SELECT item_id FROM occurrence WHERE path IN (?, ?)", b"1.jpg", b"2.jpg")
        assert audit.code == 8
        assert {(fault["code"], fault["subject"]) for fault in audit.json["faults"]} == {
            ("source-changed", f"I-{item_id}") for (item_id,) in changed
        }

    def test_a_source_that_is_not_mounted_stops_the_work_and_costs_no_answer(
        self, deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The machine is at fault, not the items: mounted again, the work goes on."""
        monkeypatch.setenv("TRIAGE_WORK__RETRY_SECONDS", "0")
        source = pictures(tmp_path / "private-source", 1, 2)
        deployment.submit(source, "E", "--in-place")
        source.rename(tmp_path / "away")
        for _ in range(4):
            ran = deployment.run("work", "--threads", 1)
            assert (ran.code, "source-absent" in ran.err, "Traceback" in ran.err) == (7, True, False)
            assert "private-source" not in ran.err + ran.out
        (tmp_path / "away").rename(source)
        deployment.work()
        assert deployment.status()["outcomes"] == {"unknown": 2}
        deployment.assert_audit_is_clean()
