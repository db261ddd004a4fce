"""Lists and counts: of distinct items, and nothing of anybody else's."""

from __future__ import annotations

import pytest

from hashsets.vocabulary import Basis
from tests.unit.triage.stored import NOW, Scene, candidate
from triage.domain.errors import NotFound
from triage.domain.findings import NoteCode, ProcessingNote, Subject
from triage.domain.items import ItemKind, Outcome
from triage.domain.jobs import Stage
from triage.domain.matches import Answer, Because, Match, Standing
from triage.domain.submissions import Found
from triage.store.unit_of_work import Store


def found_as(store: Store, submission: int, item: int, *paths: bytes) -> None:
    with store.writing() as unit:
        unit.submissions.add_occurrences(submission, [(item, Found(path, 1, 1)) for path in paths])
        unit.commit()


class TestStatus:
    """One submission."""

    def test_items_are_counted_once_and_places_as_often_as_they_are(self, store: Store, scene: Scene) -> None:
        """Outcomes add up to items; another submission's items are not counted."""
        one, other = scene.submission(), scene.submission()
        known = scene.item(one, outcome=Outcome.KNOWN, size=5)
        scene.item(one, other, size=7)
        scene.item(other)
        found_as(store, one, known, b"copy.jpg", b"other copy.jpg")
        with store.writing() as unit:
            unit.items.set_outcomes({known: Answer(Outcome.KNOWN, "", "exact match: known")})
            status = unit.read.status(one)
        assert (status.occurrences, status.items, status.bytes) == (4, 2, 12)
        assert status.outcomes == {"known": 1, "unknown": 1}
        assert status.closed_without_viewing == 1
        assert (status.case_ref, status.exhibit_ref, status.state, status.in_place) == (
            "CASE-1",
            "EXH-1",
            "received",
            False,
        )

    def test_notes_jobs_and_the_referral(self, store: Store, scene: Scene) -> None:
        """Notes by code; jobs by stage and state."""
        one = scene.submission()
        item = scene.item(one)
        scene.owe(Stage.EXAMINE, one, [item])
        done = scene.lease(Stage.MATCH, one, [item])
        with store.writing() as unit:
            unit.jobs.finish(done)
            unit.items.add_notes("examine", [(item, "truncated", "")])
            note = ProcessingNote(NoteCode.LINK_NOT_FOLLOWED)
            unit.submissions.add_source_notes(one, [(b"a", note), (b"b", note)], NOW)
            referral = unit.networks.open_referral(NOW)
            unit.networks.place([one], referral, NOW)
            status = unit.read.status(one)
            assert unit.read.job_states() == status.jobs
        assert status.jobs == {"examine": {"ready": 1}, "match": {"done": 1}}
        assert status.processing_notes == {"truncated": 1}
        assert status.source_notes == {"link-not-followed": 2}
        assert status.referral_id == referral

    def test_near_matches_that_were_held_back_are_counted_by_item(self, store: Store, scene: Scene) -> None:
        """Two matches of one picture are one picture; another submission's are not counted."""
        one, other = scene.submission(), scene.submission()
        first, second, third = scene.item(one), scene.item(one), scene.item(other)
        near = [candidate(basis=Basis.NEAR, entry=entry) for entry in "ab"]
        little, nearer = Because.LITTLE_INFORMATION, Because.ALLOWED_NEARER
        with store.writing() as unit:
            found = [Match(first, Subject.MAIN, one, Standing.HELD_BACK, little) for one in near]
            found += [Match(third, Subject.MAIN, near[0], Standing.HELD_BACK, little)]
            found += [Match(second, Subject.MAIN, near[0], Standing.HELD_BACK, nearer)]
            found += [Match(second, Subject.MAIN, near[1], Standing.DECIDES, "near-known")]
            unit.matches.add(found, unit.matches.comparison("p", "r"), NOW)
            assert unit.read.status(one).held_back == {"allowed-is-nearer": 1, "little-information": 1}
            assert unit.read.held_back([one, other])["little-information"] == 2

    def test_an_empty_submission(self, store: Store, scene: Scene) -> None:
        """Noughts, not gaps."""
        one = scene.submission()
        with store.reading() as unit:
            status = unit.read.status(one)
            assert unit.read.items_pending() == (0, 0)
        assert (status.occurrences, status.items, status.bytes, status.outcomes) == (0, 0, 0, {})
        assert status.referral_id is None

    def test_one_that_is_not_there(self, store: Store) -> None:
        """Its number is named."""
        with store.reading() as unit, pytest.raises(NotFound, match="S-9"):
            unit.read.status(9)


@pytest.mark.parametrize(
    ("path", "extension"),
    [
        (b"folder/picture.JPG", "jpg"),
        (b"folder.d/picture", ""),
        (b"archive.tar.gz", "gz"),
        (b".hidden", ""),
        (b"\xff\xfe.p\xffng", "png"),
        (b"a.", ""),
    ],
)
def test_extensions_of_names(store: Store, scene: Scene, path: bytes, extension: str) -> None:
    """Lower case, without its dot; bytes that are no letters are left out."""
    item = scene.item()
    found_as(store, scene.submission(), item, path)
    with store.reading() as unit:
        assert unit.read.extensions([item, 99]) == {item: extension}


def test_containers_that_could_not_be_opened(store: Store, scene: Scene) -> None:
    """Noted and without members; one that was unfolded in part stands through its members."""
    one = scene.submission()
    broken, in_part, empty = (scene.item(one, kind=ItemKind.CONTAINER) for _ in range(3))
    scene.item(one, parent=in_part)
    with store.writing() as unit:
        unit.items.add_notes("expand", [(broken, "archive-unreadable", ""), (in_part, "archive-ratio", "")])
        assert unit.read.containers_without_members([broken, in_part, empty]) == {broken}


def test_who_holds_any_of_these_items(store: Store, scene: Scene) -> None:
    """Each submission once, sorted."""
    one, two = scene.submission(), scene.submission()
    shared, alone = scene.item(two, one), scene.item(two)
    with store.reading() as unit:
        assert unit.read.submissions_holding([shared, alone]) == [one, two]
        assert unit.read.submissions_holding([]) == []


def test_outcomes_of_several_submissions_together(store: Store, scene: Scene) -> None:
    """An item in both is one item."""
    one, two = scene.submission(), scene.submission()
    scene.item(one, two)
    scene.item(two, outcome=Outcome.NEAR)
    with store.reading() as unit:
        together = unit.read.outcomes([one, two])
    assert (together.outcomes, together.closed, together.notes) == ({"near": 1, "unknown": 1}, 0, {})


def test_sealed_bytes_by_segment(store: Store, scene: Scene) -> None:
    """What the vault is compared with."""
    one, two = scene.item(), scene.item()
    sealed = "INSERT INTO sealed_object VALUES (?, 'o', 's.pack', 0, ?, 1, x'00', 'k')"
    with store.writing() as unit:
        unit.connection.exec_driver_sql(sealed, (one, 30))
        unit.connection.exec_driver_sql(sealed, (two, 12))
        assert unit.read.referenced_bytes() == {"s.pack": 42}
