"""A seizure goes in, prioritised referrals come out, and every count is the one that was put in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from demo.truth import ExhibitTruth, SampleFile
from tests.integration.deployments import Deployment, Facts, finish
from tests.integration.seizures import Sample, pictures, zipped
from triage.domain.items import Outcome


@pytest.fixture(scope="module")
def facts(processed: Deployment) -> Facts:
    return processed.facts()


class TestTheAnswers:
    """The pipeline's answers against what was put into the exhibits."""

    def test_every_item_has_the_outcome_that_its_maker_meant(self, facts: Facts, sample: Sample) -> None:
        """Not one more and not one less, each by its own digest."""
        assert facts.outcomes == {file.sha256.hex(): file.expected.value for file in sample.truth.files}

    def test_every_occurrence_is_kept_under_its_path(self, facts: Facts, sample: Sample) -> None:
        """Copies and archive members included: what lay in several places is recorded in each."""
        expected = Counter(
            (exhibit.letter, *_place(exhibit, file)) for exhibit in sample.truth.exhibits for file in exhibit.files
        )
        assert facts.occurrences == expected

    def test_status_counts_each_exhibit_as_it_was_made(self, processed: Deployment, sample: Sample) -> None:
        """Distinct items by outcome, occurrences, and nothing left to do."""
        for number, exhibit in enumerate(sample.truth.exhibits, start=1):
            status = processed.status(number)
            outcomes = {name.value: count for name, count in exhibit.outcomes.items() if count}
            assert (status["outcomes"], status["items"], status["occurrences"]) == (
                outcomes,
                exhibit.items,
                exhibit.occurrences,
            )
            assert {state for states in status["jobs"].values() for state in states} == {"done"}

    def test_every_expected_note_is_there_and_notes_explain_whatever_has_no_picture(
        self, facts: Facts, sample: Sample
    ) -> None:
        """An undecodable item always says why."""
        noted = {(sha, code) for sha, code, _ in facts.notes}
        assert {(file.sha256.hex(), file.note.value) for file in sample.truth.files if file.note} <= noted
        undecodable = {sha for sha, outcome in facts.outcomes.items() if outcome == Outcome.UNDECODABLE}
        assert undecodable <= {sha for sha, _ in noted}

    def test_ordinary_pictures_carry_no_notes(self, facts: Facts, sample: Sample) -> None:
        """A note is a finding: one on a sound picture would hide those that matter."""
        noted = {sha for sha, code, _ in facts.notes if code != "low-quality"}
        meant = {file.sha256.hex() for file in sample.truth.files if file.note}
        broken = {sha for sha, outcome in facts.outcomes.items() if outcome == Outcome.UNDECODABLE}
        assert noted <= meant | broken

    def test_what_bytes_decide_is_closed_without_viewing_and_nothing_else(self, facts: Facts) -> None:
        """A near match is likely, not certain: it stays open."""
        decided = {Outcome.KNOWN, Outcome.KNOWN_GOOD}
        assert facts.closed == {sha for sha, outcome in facts.outcomes.items() if outcome in decided}

    def test_near_matches_name_release_entry_distance_and_transform(self, facts: Facts, sample: Sample) -> None:
        """A turned copy is found as turned and a mirrored one as mirrored, all within reach of the original."""
        path_of = {file.sha256.hex(): file.path for file in sample.truth.files if file.expected is Outcome.NEAR}
        found: dict[str, set[str]] = {}
        for sha, name, entry, basis, profile, distance, transform in facts.matches:
            if basis == "near":
                assert (name, bool(entry), profile in {"pdq-ref512", "pdq-full"}) == ("synthetic-near", True, True)
                assert 0 <= distance <= 31
                found.setdefault(sha, set()).add(transform)
        assert found.keys() == path_of.keys()
        for sha, transforms in found.items():
            turned, mirrored = "-turned" in path_of[sha], "-mirrored" in path_of[sha]
            assert (transforms == {"identity"}) == (not turned and not mirrored)
            assert not turned or transforms == {"rotate-270"}
            assert not mirrored or transforms == {"flip-y"}


class TestTheLinks:
    """What belongs together is linked, each link with its because."""

    def test_versions_of_one_picture_stand_in_one_group(self, facts: Facts, sample: Sample) -> None:
        """However they were altered; and pictures of different originals never share a group."""
        looks: dict[int, set[str]] = {}
        for file in sample.truth.files:
            if file.look is not None:
                looks.setdefault(file.look, set()).add(file.sha256.hex())
        grouped = {group for group in facts.look_alikes if len(group) > 1}
        assert {frozenset(group) for group in looks.values()} <= grouped
        of_versions = set().union(*looks.values())
        assert all(not group & of_versions or group in map(frozenset, looks.values()) for group in grouped)

    def test_a_crop_is_linked_to_the_picture_that_its_thumbnail_shows(self, facts: Facts, sample: Sample) -> None:
        """The old thumbnail in a cropped file is the way back to the whole."""
        files = {file.path: file.sha256.hex() for file in sample.truth.files if "/Cropped/" in file.path}
        pairs = {
            (sha, files[path.replace("-cropped", "-whole")]) for path, sha in files.items() if "-cropped" in path
        }
        found = {(one, other) for kind, one, other, _, _ in facts.links if kind == "thumbnail-of"}
        assert len(pairs) == 2
        assert found == pairs

    def test_one_camera_body_is_one_trait_over_exhibits(self, facts: Facts, sample: Sample) -> None:
        """Make, model and serial together; the same serial on another model is another body."""
        bodies = {key: members for kind, key, members in facts.traits if kind == "same-camera"}
        holders = {
            key: {exhibit.letter for exhibit in sample.truth.exhibits if _items(exhibit) & members}
            for key, members in bodies.items()
        }
        assert sorted(map(sorted, holders.values())) == [["A", "B"], ["C"]]

    def test_members_of_an_archive_share_it(self, facts: Facts) -> None:
        """The ZIP and the TAR within it, each as one trait over its own members."""
        members = {
            archive: {sha for _, parent, _, sha in facts.occurrences if parent == archive}
            for archive, outcome in facts.outcomes.items()
            if outcome == Outcome.CONTAINER
        }
        found = {key: held for kind, key, held in facts.traits if kind == "same-archive"}
        assert len(members) == 2
        assert found == members

    def test_a_and_b_are_one_network_and_c_stands_alone(self, facts: Facts, sample: Sample) -> None:
        """One camera body and two contents join A and B; wallpapers, a model and a reused serial join nobody."""
        assert facts.networks == frozenset(sample.truth.referrals)
        assert facts.joins == {(frozenset("AB"), "same-camera"), (frozenset("AB"), "same-content")}

    def test_every_link_and_reason_has_its_sentence(self, processed: Deployment) -> None:
        """An analyst never meets a link without a because."""
        for referral in processed.done("referrals", "list", "--json").json:
            page = processed.done("referrals", "show", referral["referral"], "--limit", 1000, "--json").json
            assert all(entry["because"] for entry in [*page["links"], *page["joins"], *page["clusters"]])
            assert page["reasons"]
            assert all(reason["sentence"] for reason in page["reasons"])

    def test_known_good_items_link_nothing(self, facts: Facts) -> None:
        """A wallpaper on two phones says nothing about their owners."""
        good = {sha for sha, outcome in facts.outcomes.items() if outcome == Outcome.KNOWN_GOOD}
        linked = {sha for _, one, other, _, _ in facts.links for sha in (one, other)}
        linked |= {sha for _, _, members in facts.traits for sha in members}
        linked |= {sha for group in facts.look_alikes for sha in group}
        assert not good & linked


class TestTheSameAgain:
    """Results depend on what was given, not on timing, order or repetition."""

    def test_one_thread_and_three_threads_agree_in_everything(
        self, deployment: Deployment, sample: Sample, facts: Facts
    ) -> None:
        """The shared deployment was worked by three threads, this one by one."""
        sample.import_sets(deployment)
        sample.submit(deployment)
        deployment.work(threads=1)
        assert facts.differences(deployment.facts()) == {}

    def test_another_order_of_submissions_gives_the_same_networks_and_answers(
        self, deployment: Deployment, sample: Sample, facts: Facts
    ) -> None:
        """B before A, each worked to the end before the next comes."""
        sample.import_sets(deployment)
        for letter in "BAC":
            sample.submit(deployment, letter)
            deployment.work()
        other = deployment.facts()
        for name in ("outcomes", "closed", "occurrences", "matches", "networks", "joins", "traits", "priority"):
            assert getattr(other, name) == getattr(facts, name), name

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    def test_two_processes_over_postgresql_agree_with_one_over_sqlite(
        self,
        database_url: str,
        processed: Deployment,
        sample: Sample,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """The same counts, matches, links, networks and priorities, and a clean audit."""
        told = _told(processed)
        monkeypatch.setenv("TRIAGE_DATABASE__URL", database_url)
        other = Deployment(tmp_path / "postgresql")
        other.done("init")
        sample.import_sets(other)
        sample.submit(other)
        ran = [finish(process) for process in [other.start("work", "--threads", "1") for _ in range(2)]]
        assert [(one.code, one.err) for one in ran if one.code] == []
        assert _told(other) == told
        other.assert_audit_is_clean()

    def test_submitting_and_working_again_changes_nothing(
        self, processed: Deployment, sample: Sample, facts: Facts, tmp_path: Path
    ) -> None:
        """Everything is recognised as recorded before; no fact is added, lost or written twice."""
        again = processed.clone(tmp_path / "again")
        for exhibit in sample.truth.exhibits:
            receipt = again.submit(exhibit.folder, exhibit.letter)
            assert (receipt["items_new"], receipt["already_there"]) == (0, exhibit.on_disk)
        again.work()
        assert facts.differences(again.facts()) == {}
        assert again.rows("SELECT count(*) FROM referral") == processed.rows("SELECT count(*) FROM referral")
        again.assert_audit_is_clean()

    def test_the_custody_log_opens_before_it_examines(self, processed: Deployment) -> None:
        """Every examined job was announced as opened earlier in the log."""
        opened: set[str] = set()
        for action, subject in processed.rows(
            "SELECT json_extract(event, '$.action'), json_extract(event, '$.subject') FROM custody_event ORDER BY seq"
        ):
            if action == "opened":
                opened.add(subject)
            assert action != "examined" or subject in opened


class TestNetworksGrow:
    """Referrals follow their networks and keep their history."""

    def test_a_submission_that_touches_two_networks_makes_them_one(
        self, deployment: Deployment, tmp_path: Path
    ) -> None:
        """The older referral goes on, the younger says where it went, and both say when."""
        pictures(tmp_path / "p", 1, 2)
        pictures(tmp_path / "q", 3, 4)
        pictures(tmp_path / "r", 2, 3)
        for letter in "pq":
            deployment.submit(tmp_path / letter, letter.upper())
            deployment.work()
        assert deployment.facts().networks == {frozenset("P"), frozenset("Q")}
        deployment.submit(tmp_path / "r", "R")
        deployment.work()
        assert deployment.facts().networks == {frozenset("PQR")}
        (left,) = deployment.done("referrals", "list", "--json").json
        assert (left["referral"], left["submissions"]) == ("R-1", ["S-1", "S-2", "S-3"])
        merged = deployment.done("referrals", "show", "R-2", "--json").json
        assert (merged["state"], merged["merged_into"]) == ("merged", "R-1")
        assert [event["kind"] for event in merged["history"]] == ["opened", "merged"]
        kept = deployment.done("referrals", "show", "R-1", "--json").json
        assert [event["kind"] for event in kept["history"]] == ["opened", "joined", "absorbed"]

    def test_an_archive_in_two_submissions_shows_its_members_in_both(
        self, deployment: Deployment, tmp_path: Path
    ) -> None:
        """Each holder of an archive holds what is in it: counts, matches and priority of each rest on that."""
        inside = pictures(tmp_path / "inside", 1, 2, 3)
        inner = zipped(tmp_path / "inner.zip", inside.iterdir())
        for letter in "xy":
            zipped(tmp_path / letter / "package.zip", [inner])
            pictures(tmp_path / letter, ord(letter))
        deployment.submit(tmp_path / "x", "X")
        deployment.work()
        deployment.submit(tmp_path / "y", "Y")
        deployment.work()
        first, second = deployment.status(1), deployment.status(2)
        assert first["outcomes"] == {"container": 2, "unknown": 4}
        assert (second["outcomes"], second["occurrences"]) == (first["outcomes"], first["occurrences"])
        deployment.assert_audit_is_clean()


def _told(deployment: Deployment) -> Any:
    """What commands say of everything, but for ids and times."""
    submissions = [
        {name: status[name] for name in ("exhibit_ref", "outcomes", "occurrences", "processing_notes", "bytes")}
        for status in deployment.done("status", "--json").json
    ]
    referrals = []
    for referral in deployment.done("referrals", "list", "--json").json:
        page = deployment.done("referrals", "show", referral["referral"], "--limit", 10_000, "--json").json
        counted = {name: len(page[name]) for name in ("links", "matches", "joins")}
        clusters = sorted((cluster["kind"], cluster["members"]) for cluster in page["clusters"])
        referrals.append((page["submissions"], page["priority"], page["reasons"], counted, clusters))
    return submissions, referrals


def _place(exhibit: ExhibitTruth, file: SampleFile) -> tuple[str, bytes, str]:
    """Parent's SHA-256 ("" at the source), path as recorded, the item's SHA-256."""
    if not file.member:
        return "", _bytes(file.path), file.sha256.hex()
    archives = [one for one in exhibit.files if one.expected is Outcome.CONTAINER]
    parent = max((one for one in archives if file.path.startswith(one.path + "/")), key=lambda one: len(one.path))
    return parent.sha256.hex(), _bytes(file.path.removeprefix(parent.path + "/")), file.sha256.hex()


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _items(exhibit: ExhibitTruth) -> set[str]:
    return {file.sha256.hex() for file in exhibit.files}
