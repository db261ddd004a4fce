"""Receiving: every byte once, nothing twice, every place kept, and every interruption survived."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from tests.unit.triage.services.sealing import ChangingVault
from tests.unit.triage.stored import ACTOR, NOW, Scene, digests_of
from triage.domain.errors import Refused, Unavailable
from triage.domain.items import Outcome
from triage.domain.matches import Answer
from triage.domain.submissions import Delivery
from triage.services.keeping import Keeping
from triage.services.progress import Progress
from triage.services.receiving import Receipt, Receiving
from triage.settings import ReceiveSettings
from triage.store.unit_of_work import Store
from triage.vault.local import LocalVault

JPEG = b"\xff\xd8\xff\xe0"
LARGE = JPEG + bytes(range(256)) * 20  # above the 1,000 bytes from which files are streamed


@dataclass
class Desk:
    """One place where things are handed in."""

    receiving: Receiving
    scene: Scene
    source: Path
    keeping: Keeping

    def receive(
        self,
        exhibit: str = "EXH-1",
        basis: str = "Synthetic warrant",
        *,
        in_place: bool = False,
        preserve_until: date | None = None,
    ) -> Receipt:
        delivery = Delivery("CASE-1", exhibit, basis, os.fsencode(self.source), in_place, preserve_until)
        return self.receiving.receive(delivery)

    def write(self, **files: bytes) -> None:
        for name, data in files.items():
            path = self.source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def places(self) -> list[tuple[object, ...]]:
        """Every occurrence with the digest of its item, by submission and path."""
        return self.scene.rows(
            "SELECT submission_id, CAST(path AS TEXT), lower(hex(sha256)) FROM occurrence"
            " JOIN item ON item.id = item_id ORDER BY submission_id, path, item_id"
        )

    def kept_bytes(self, item_id: int) -> bytes:
        with self.scene.store.reading() as unit:
            (kept,) = unit.items.kept([item_id])
        source = self.keeping.open(kept)
        data = source.read_at(0, source.size)
        source.close()
        return data

    def vault_bytes(self) -> int:
        return sum(segment.size for segment in self.receiving.vault.segments())


@pytest.fixture
def desk(
    store: Store, scene: Scene, vault: LocalVault, keeping: Keeping, source: Path, receive_settings: ReceiveSettings
) -> Desk:
    return Desk(Receiving(store, vault, receive_settings, lambda: NOW, ACTOR), scene, source, keeping)


def sha(data: bytes) -> str:
    return digests_of(data).sha256.hex()


class TestWhatIsWritten:
    """One commit for each batch: items, places, notes, custody, first jobs."""

    def test_every_file_becomes_an_item_with_its_digests_and_its_bytes(self, desk: Desk) -> None:
        """Small ones, streamed ones and empty ones alike."""
        files = {"a": JPEG + b"small", "b": LARGE, "c": b"", "d": b"text"}
        desk.write(**files)
        receipt = desk.receive()
        assert receipt.progress == Progress(files=4, items_new=4, bytes_read=sum(map(len, files.values())))
        assert desk.places() == [(1, name, sha(data)) for name, data in files.items()]
        with desk.scene.store.reading() as unit:
            items = unit.items.many([1, 2, 3, 4])
        by_digest = {item.digests.sha256: item for item in items}
        for data in files.values():
            told = digests_of(data)
            item = by_digest[told.sha256]
            assert (item.digests.md5, item.digests.sha1) == (told.md5, told.sha1)
            assert (item.size, item.outcome, item.depth) == (len(data), Outcome.PENDING, 0)
            assert desk.kept_bytes(item.id) == data

    @pytest.mark.parametrize("data", [JPEG + b"small", LARGE, b""])
    def test_the_same_bytes_are_sealed_once_and_every_place_is_kept(self, desk: Desk, data: bytes) -> None:
        """Within a batch, over batches and over submissions; the vault does not grow."""
        desk.write(**{f"copy {number}": data for number in range(7)})
        assert desk.receive().progress.items_new == 1
        before = desk.vault_bytes()
        assert desk.receive("EXH-2").progress.items_new == 0
        assert desk.vault_bytes() == before
        assert len(desk.places()) == 14
        assert desk.scene.rows("SELECT count(*) FROM sealed_object") == [(1,)]

    def test_a_copy_of_a_streamed_file_leaves_nothing_behind(self, desk: Desk) -> None:
        """It is sealed while it is read; the last chunk shows that it is held, and what was written is cut off."""
        desk.write(a=LARGE)
        desk.receive()
        before = desk.vault_bytes()
        desk.write(b=LARGE, c=LARGE)
        desk.receive()
        assert desk.vault_bytes() == before
        assert len(desk.places()) == 3

    def test_custody_names_each_new_item_with_its_digest(self, desk: Desk) -> None:
        """Begun, sealed, complete; a copy is no second sealing."""
        desk.write(a=JPEG, b=JPEG, c=LARGE)
        desk.receive()
        assert desk.scene.log() == [
            "received submission:1 receive",
            "sealed item:1 receive",
            "sealed item:2 receive",
            "received submission:1 receive",
        ]
        with desk.scene.store.reading() as unit:
            sealed = [record.event.details for record in unit.custody.records() if record.event][1:3]
        assert [details["sha256"] for details in sealed] == [sha(JPEG), sha(LARGE)]

    def test_first_jobs_examine_in_batches_and_expand_small_containers_together(self, desk: Desk) -> None:
        """A folder of thousands of compressed pages costs its pages, not thousands of commits."""
        desk.write(a=b"PK\x03\x04", b=b"PK\x03\x04 another", c=b"text", d=b"", e=JPEG)
        desk.receive()
        assert desk.scene.jobs() == [
            ("expand", 1, (1, 2)),
            ("examine", 1, (3, 4, 5)),
        ]

    def test_what_another_submission_brought_is_not_examined_again_but_its_archives_are_unfolded(
        self, desk: Desk
    ) -> None:
        """Members are occurrences, and each submission has its own."""
        desk.write(a=JPEG, b=b"PK\x03\x04")
        desk.receive()
        desk.receive("EXH-2")
        assert desk.scene.jobs()[2:] == [("expand", 2, (2,))]

    def test_the_depth_of_an_item_found_on_the_disk_itself_is_nought(self, desk: Desk) -> None:
        """Whatever archive it was met in before."""
        desk.write(a=JPEG)
        desk.receive()
        with desk.scene.store.writing() as unit:
            unit.connection.exec_driver_sql("UPDATE item SET depth = 3")
            unit.commit()
        desk.receive("EXH-2")
        assert desk.scene.rows("SELECT depth FROM item") == [(0,)]


class TestGoingOn:
    """A run that was killed, or a source that has changed since."""

    def test_receiving_again_reads_nothing_and_doubles_nothing(self, desk: Desk) -> None:
        """Path, size and time are as recorded."""
        desk.write(a=JPEG, b=LARGE, c=b"", d=b"text")
        desk.receive()
        places, jobs = desk.places(), desk.scene.jobs()
        again = desk.receive()
        assert again.progress == Progress(files=4, already_there=4)
        assert (desk.places(), desk.scene.jobs()) == (places, jobs)
        assert again.submission.id == 1

    def test_a_killed_run_goes_on_after_its_last_commit(self, desk: Desk) -> None:
        """Whole batches are there; the rest is received by the next run, and the counts add up."""
        desk.write(**{f"{number:02}": JPEG + bytes([number]) for number in range(10)})

        def stop_at_second(progress: Progress) -> None:
            if progress.files >= 6:
                raise KeyboardInterrupt

        delivery = Delivery("CASE-1", "EXH-1", "Synthetic warrant", os.fsencode(desk.source))
        with pytest.raises(KeyboardInterrupt):
            desk.receiving.receive(delivery, stop_at_second)
        assert len(desk.places()) == 8
        assert desk.scene.rows("SELECT state FROM submission") == [("receiving",)]
        receipt = desk.receive()
        assert (receipt.progress.already_there, receipt.progress.items_new) == (8, 2)
        assert len(desk.places()) == 10
        assert desk.scene.rows("SELECT state FROM submission") == [("received",)]

    def test_a_file_that_changed_since_is_another_item_at_the_same_place(self, desk: Desk) -> None:
        """Both are kept: what lay there first was there."""
        desk.write(a=JPEG, b=JPEG + b"same")
        desk.receive()
        desk.write(a=JPEG + b"other")
        receipt = desk.receive()
        assert (receipt.progress.already_there, receipt.progress.items_new) == (1, 1)
        assert {row[2] for row in desk.places() if row[1] == "a"} == {sha(JPEG), sha(JPEG + b"other")}

    def test_a_file_touched_without_a_change_is_the_same_occurrence(self, desk: Desk) -> None:
        """It is read again, since its time differs, and nothing is added."""
        desk.write(a=JPEG)
        desk.receive()
        os.utime(desk.source / "a", ns=(1, 1))
        assert desk.receive().progress.items_new == 0
        assert len(desk.places()) == 1

    def test_what_could_not_be_read_is_noted_and_forgotten_once_it_could(self, desk: Desk) -> None:
        """A note that no longer holds would look like a gap."""
        desk.write(b=JPEG)
        (desk.source / "a").symlink_to("b")
        assert desk.receive().progress.problems == 1
        assert desk.scene.rows("SELECT CAST(path AS TEXT), code FROM source_note") == [("a", "link-not-followed")]
        (desk.source / "a").unlink()
        desk.write(a=JPEG)
        assert desk.receive().progress.problems == 0
        assert desk.scene.rows("SELECT count(*) FROM source_note") == [(0,)]

    @pytest.mark.parametrize(
        ("again", "code"),
        [
            ({"in_place": True}, "delivery-differs"),
            ({"basis": "Another warrant"}, "delivery-differs"),
            ({"preserve_until": date(2027, 1, 1)}, "delivery-differs"),
        ],
    )
    def test_the_same_exhibit_is_not_continued_on_other_terms(
        self, desk: Desk, again: dict[str, object], code: str
    ) -> None:
        """A basis cannot be changed by submitting again."""
        desk.write(a=JPEG)
        desk.receive()
        with pytest.raises(Refused) as refused:
            desk.receive(**again)  # type: ignore[arg-type] # one of two keywords
        assert refused.value.code == code
        assert len(desk.scene.log()) == 3


class TestReferences:
    """No basis, no receiving."""

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"basis": " "}, "basis-missing"),
            ({"case_ref": ""}, "reference-missing"),
            ({"exhibit_ref": "\t"}, "reference-missing"),
        ],
    )
    def test_a_delivery_without_them_is_refused_before_anything_is_read(
        self, desk: Desk, fields: dict[str, str], code: str
    ) -> None:
        """Nothing is written either."""
        desk.write(a=JPEG)
        delivery = Delivery("CASE-1", "EXH-1", "Synthetic warrant", os.fsencode(desk.source))
        with pytest.raises(Refused) as refused:
            desk.receiving.receive(replace(delivery, **fields))  # type: ignore[arg-type] # text fields only
        assert refused.value.code == code
        assert desk.scene.rows("SELECT count(*) FROM submission") == [(0,)]


class TestInPlace:
    """A read-only source is referenced, and nothing of it is copied."""

    def test_rows_say_where_the_bytes_are(self, desk: Desk) -> None:
        """Root and path apart, with size and time; large files are not streamed into any vault."""
        desk.write(a=JPEG, **{"sub/b": LARGE, "copy": JPEG})
        desk.receive(in_place=True)
        time = {name: (desk.source / name).stat().st_mtime_ns for name in ("a", "sub/b")}
        root = os.fsencode(desk.source)
        assert desk.scene.rows("SELECT item_id, root, path, size, mtime_ns FROM in_place_source") == [
            (1, root, b"a", len(JPEG), time["a"]),
            (2, root, b"sub/b", len(LARGE), time["sub/b"]),
        ]
        assert desk.vault_bytes() == 0
        assert desk.kept_bytes(2) == LARGE
        assert len(desk.places()) == 3
        assert desk.scene.log()[1:3] == ["referenced item:1 receive", "referenced item:2 receive"]

    def test_a_single_file_is_referenced_below_its_folder(self, desk: Desk) -> None:
        """Its root is not itself."""
        desk.write(a=JPEG)
        delivery = Delivery("CASE-1", "EXH-1", "Synthetic warrant", os.fsencode(desk.source / "a"), in_place=True)
        desk.receiving.receive(delivery)
        assert desk.kept_bytes(1) == JPEG

    def test_what_is_sealed_already_is_not_referenced(self, desk: Desk) -> None:
        """One place for the same bytes: the one that cannot change."""
        desk.write(a=JPEG)
        desk.receive()
        desk.receive("EXH-2", in_place=True)
        assert desk.scene.rows("SELECT count(*) FROM in_place_source") == [(0,)]

    @pytest.mark.parametrize("data", [JPEG, LARGE])
    def test_what_is_only_referenced_is_sealed_when_it_is_handed_in(self, desk: Desk, data: bytes) -> None:
        """The disk that it was referenced on may be gone tomorrow; this submission's evidence is kept."""
        desk.write(a=data)
        desk.receive(in_place=True)
        jobs = desk.scene.jobs()
        sealed = desk.receive("EXH-2")
        assert sealed.progress.items_new == 0
        (desk.source / "a").unlink()
        assert desk.kept_bytes(1) == data
        assert desk.scene.jobs() == jobs
        assert [line for line in desk.scene.log() if "item:" in line] == [
            "referenced item:1 receive",
            "sealed item:1 receive",
        ]
        size = desk.vault_bytes()
        desk.write(b=data)
        desk.receive("EXH-3")
        assert desk.vault_bytes() == size


class TestTrouble:
    """What breaks while reading or sealing."""

    def test_a_file_that_changes_while_it_is_read_is_received_and_noted(self, desk: Desk) -> None:
        """Its digest is that of the bytes that were sealed."""
        desk.write(a=JPEG + b"a" * 10, b=LARGE)
        changing = ChangingVault(desk.receiving.vault, lambda: os.utime(desk.source / "b", ns=(1, 1)))
        replace(desk.receiving, vault=changing).receive(
            Delivery("CASE-1", "EXH-1", "Synthetic warrant", os.fsencode(desk.source))
        )
        assert desk.scene.rows("SELECT CAST(path AS TEXT), code FROM source_note") == [("b", "source-changed")]
        assert len(desk.places()) == 2

    def test_a_vault_that_fails_loses_no_earlier_batch(self, desk: Desk) -> None:
        """The next run begins where the last commit stood."""
        desk.write(**{f"{number:02}": JPEG + bytes([number]) for number in range(10)})
        writers = ChangingVault(desk.receiving.vault, _fails_after(4))
        delivery = Delivery("CASE-1", "EXH-1", "Synthetic warrant", os.fsencode(desk.source))
        with pytest.raises(Unavailable):
            replace(desk.receiving, vault=writers).receive(delivery)
        assert len(desk.places()) == 2
        assert desk.receive().progress == Progress(files=10, items_new=8, already_there=2, bytes_read=40)

    def test_a_source_that_is_gone_is_a_submission_with_a_note(self, desk: Desk) -> None:
        """It was handed in and could not be read: both are facts."""
        desk.source.rmdir()
        assert desk.receive().progress.problems == 1
        assert desk.scene.rows("SELECT code FROM source_note") == [("source-unreadable",)]


def test_a_submission_whose_items_are_all_answered_is_linked_at_once(desk: Desk) -> None:
    """It brought nothing new: no item job will lift the barrier."""
    desk.write(a=JPEG)
    desk.receive()
    with desk.scene.store.writing() as unit:
        unit.items.set_outcomes({1: Answer(Outcome.UNKNOWN, "")})
        unit.commit()
    desk.receive("EXH-2")
    assert ("link", 2, ()) in desk.scene.jobs()


def test_an_empty_source_is_linked_too(desk: Desk) -> None:
    """So that it gets its referral and nobody waits for it."""
    assert desk.receive().progress == Progress()
    assert desk.scene.jobs() == [("link", 1, ())]


def _fails_after(count: int) -> Callable[[], None]:
    left = count

    def act() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Unavailable("disk-full", "The vault's disk is full.")

    return act
