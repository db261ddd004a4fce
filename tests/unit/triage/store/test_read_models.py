"""Lists and counts: of distinct items, and nothing of anybody else's."""

from __future__ import annotations

import pytest

from hashsets.vocabulary import Basis, Opinion, Transform
from tests.unit.triage.stored import NOW, Scene, candidate
from triage.domain.errors import NotFound
from triage.domain.findings import NoteCode, ProcessingNote, Subject
from triage.domain.items import ItemKind, Outcome
from triage.domain.jobs import Stage
from triage.domain.links import LinkKind, Strength, Trait, near_fingerprint
from triage.domain.matches import Answer, Because, Match, Standing
from triage.domain.networks import join_between
from triage.domain.priority import Assessment
from triage.domain.referral_facts import ReferralFacts
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


class TestReferrals:
    """The queue and what is behind one line of it."""

    @staticmethod
    def refer(store: Store, *submissions: int, sort_key: str = "3333") -> int:
        with store.writing() as unit:
            referral = unit.networks.open_referral(NOW)
            unit.networks.place(submissions, referral, NOW)
            unit.networks.assess(referral, Assessment(0, 0, 0, 0, (), sort_key, "e"), ReferralFacts(), NOW)
            unit.commit()
        return referral

    def test_the_most_urgent_comes_first_then_the_oldest(self, store: Store, scene: Scene) -> None:
        """Merged ones go on in another and are not in the queue."""
        ids = [scene.submission() for _ in range(4)]
        late, first, second, merged = (
            self.refer(store, one, sort_key=key) for one, key in zip(ids, ("3", "1", "1", "0"), strict=True)
        )
        with store.writing() as unit:
            unit.networks.merge(merged, late, NOW)
            assert [row.id for row in unit.read.referrals()] == [first, second, late]
            assert {row.id for row in unit.read.referrals(merged=True)} == {late, first, second, merged}
            assert unit.read.referral(merged).merged_into == late
            assert unit.read.referral(first).submissions == [ids[1]]

    def test_one_that_is_not_there(self, store: Store) -> None:
        """Its number is named."""
        with store.reading() as unit, pytest.raises(NotFound, match="R-5") as missing:
            unit.read.referral(5)
        assert missing.value.code == "no-referral"

    def test_outcomes_of_several_submissions_together(self, store: Store, scene: Scene) -> None:
        """An item in both is one item."""
        one, two = scene.submission(), scene.submission()
        scene.item(one, two)
        scene.item(two, outcome=Outcome.NEAR)
        with store.reading() as unit:
            together = unit.read.outcomes([one, two])
        assert (together.outcomes, together.closed, together.notes) == ({"near": 1, "unknown": 1}, 0, {})

    def test_history_oldest_first(self, store: Store, scene: Scene) -> None:
        """Of this referral only."""
        one = self.refer(store, scene.submission())
        other = self.refer(store, scene.submission())
        with store.writing() as unit:
            unit.networks.add_event(one, "opened", {"submissions": [1]}, NOW)
            unit.networks.add_event(other, "opened", {}, NOW)
            unit.networks.add_event(one, "joined", {"submissions": [2]}, NOW)
            assert [event["kind"] for event in unit.read.referral_history(one)] == ["opened", "joined"]

    def test_joins_within_include_those_no_longer_in_force(self, store: Store, scene: Scene) -> None:
        """With an end outside they are not shown."""
        one, two, three = scene.submission(), scene.submission(), scene.submission()
        inside, outside = join_between(one, two, "same-case", "x"), join_between(two, three, "same-case", "y")
        with store.writing() as unit:
            unit.networks.change_joins([inside, outside], [], NOW)
            unit.networks.change_joins([], [inside], NOW)
            (found,) = unit.read.joins_within([one, two])
        assert (found["submissions"], found["because"], found["withdrawn_at"]) == ([one, two], "x", NOW)


class TestMatchesAndLinks:
    """What a referral's page lists."""

    def test_matches_by_set_basis_and_category(self, store: Store, scene: Scene) -> None:
        """Items and entries counted apart; the span of distances."""
        one = scene.submission()
        items = [scene.item(one) for _ in range(2)]
        said = Opinion(category="2")
        with store.writing() as unit:
            found = [
                Match(items[0], Subject.MAIN, candidate(basis=Basis.NEAR, distance=4, opinion=said)),
                Match(items[1], Subject.MAIN, candidate(basis=Basis.NEAR, distance=9, opinion=said)),
                Match(items[1], Subject.MAIN, candidate(entry="e-2")),
            ]
            unit.matches.add(found, unit.matches.comparison("p", "r"), NOW)
            exact, near = unit.read.match_counts([one])
            single = unit.read.matches([one], limit=2)
        assert (near["items"], near["entries"], near["least"], near["most"], near["category"]) == (2, 1, 4, 9, "2")
        assert (exact["items"], exact["entries"], exact["category"]) == (1, 1, None)
        assert [(row["item_id"], row["distance"]) for row in single] == [(items[0], 4), (items[1], 0)]

    def test_groups_links_and_shared_values(self, store: Store, scene: Scene) -> None:
        """A group of one is none; a value of one item is not shared; lists are cut at the limit."""
        one, other = scene.submission(), scene.submission()
        items = [scene.item(one) for _ in range(4)]
        elsewhere = scene.item(other)
        body = Trait(LinkKind.SAME_CAMERA, "k", Strength.STRONG, "Same body")
        lonely = Trait(LinkKind.SAME_CAMERA, "l", Strength.STRONG, "Another body")
        with store.writing() as unit:
            unit.links.assign(
                [(items[0], items[0]), (items[1], items[0]), (items[2], items[0]), (items[3], items[3])]
            )
            near = [near_fingerprint(item, items[0], item, Transform.IDENTITY) for item in items[1:3]]
            unit.links.add_links([*near, near_fingerprint(elsewhere, items[0], 1, Transform.IDENTITY)])
            unit.links.add_traits({items[0]: [body, lonely], items[1]: [body], elsewhere: [body]}, 100)
            groups = unit.read.look_alike_groups([one], 10)
            shared = unit.read.shared_traits([one], 10)
            links = unit.read.links([one], 1)
        assert groups == [{"centre": items[0], "members": 3, "farthest": items[2]}]
        assert [(row["because"], row["members"], row["here"]) for row in shared] == [("Same body", 3, 2)]
        assert [(row["from_item"], row["to_item"]) for row in links] == [(items[1], items[0])]


def test_sealed_bytes_by_segment(store: Store, scene: Scene) -> None:
    """What the vault is compared with."""
    one, two = scene.item(), scene.item()
    sealed = "INSERT INTO sealed_object VALUES (?, 'o', 's.pack', 0, ?, 1, x'00', 'k')"
    with store.writing() as unit:
        unit.connection.exec_driver_sql(sealed, (one, 30))
        unit.connection.exec_driver_sql(sealed, (two, 12))
        assert unit.read.referenced_bytes() == {"s.pack": 42}
