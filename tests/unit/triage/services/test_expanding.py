"""Unfolding an archive: members become items of their own, sealed, each with its place, and none twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.unit.triage.services.sealing import JPEG, ZIP, ToldChamber, ToldMember, seal, whole
from tests.unit.triage.stored import ACTOR, NOW, Scene, digests_of
from triage.domain.errors import Conflict
from triage.domain.findings import NoteCode, ProcessingNote
from triage.domain.items import ItemKind
from triage.domain.jobs import Stage
from triage.services.expanding import Expanding
from triage.services.keeping import Keeping
from triage.settings import ArchiveSettings, ReceiveSettings, WorkSettings
from triage.store.items import NewItem
from triage.store.unit_of_work import Store
from triage.vault.local import LocalVault

ARCHIVES = ArchiveSettings(max_depth=2, max_members=50, max_total_bytes=10_000, max_member_bytes=5_000, max_ratio=99)


@dataclass
class Bench:
    """An archive on the table, and its submission."""

    expanding: Expanding
    scene: Scene
    vault: LocalVault
    submission: int
    archive: int

    def expand(self, *members: ToldMember, notes: tuple[ProcessingNote, ...] = ()) -> ToldChamber:
        chamber = ToldChamber(archives={ZIP: members}, archive_notes=notes)
        self.expanding.expand(self.scene.lease(Stage.EXPAND, self.submission, [self.archive]), chamber.chamber)
        return chamber

    def members(self) -> list[tuple[object, ...]]:
        return self.scene.rows(
            "SELECT path, lower(hex(sha256)), depth FROM occurrence JOIN item ON item.id = item_id"
            f" WHERE parent_item_id = {self.archive} ORDER BY occurrence.id"
        )

    def sealed_bytes(self) -> int:
        return sum(segment.size for segment in self.vault.segments())


@pytest.fixture
def bench(
    store: Store,
    scene: Scene,
    vault: LocalVault,
    keeping: Keeping,
    receive_settings: ReceiveSettings,
    work_settings: WorkSettings,
) -> Bench:
    expanding = Expanding(store, vault, keeping, ARCHIVES, receive_settings, work_settings, lambda: NOW, ACTOR, bool)
    submission = scene.submission()
    return Bench(expanding, scene, vault, submission, seal(scene, vault, submission, ZIP))


def member(
    name: bytes, data: bytes, *, notes: tuple[ProcessingNote, ...] = (), mtime: int | None = None
) -> ToldMember:
    return ToldMember(name, data, mtime, notes)


def sha(data: bytes) -> str:
    return digests_of(data).sha256.hex()


def test_members_are_items_below_their_archive(bench: Bench) -> None:
    """With name, digest, one more depth, and bytes in the vault; over several batches."""
    data = {f"{number}.jpg".encode(): JPEG + bytes([number]) * 9 for number in range(7)}
    bench.expand(*(member(name, content, mtime=5) for name, content in data.items()))
    assert bench.members() == [(name, sha(content), 1) for name, content in data.items()]
    assert bench.scene.rows("SELECT DISTINCT mtime_ns FROM occurrence WHERE parent_item_id > 0") == [(5_000_000_000,)]
    with bench.scene.store.reading() as unit:
        for kept in unit.items.kept([2, 3]):
            assert whole(bench.expanding.keeping.open(kept)) in data.values()


def test_custody_is_opened_sealed_examined(bench: Bench) -> None:
    """The opening is on record before the chamber is asked; every new member is named."""
    seen: list[list[str]] = []
    chamber = ToldChamber(archives={ZIP: [member(b"a", JPEG)]}, before=lambda: seen.append(bench.scene.log()))
    lease = bench.scene.lease(Stage.EXPAND, bench.submission, [bench.archive])
    bench.expanding.expand(lease, chamber.chamber)
    opened = f"opened job:{lease.job_id} expand"
    assert seen == [[opened], [opened]]
    assert bench.scene.log() == [opened, "sealed item:2 expand", f"examined job:{lease.job_id} expand"]


def test_the_same_bytes_are_sealed_once(bench: Bench) -> None:
    """Within the archive, and those that are held already: the vault does not grow by a copy."""
    held = seal(bench.scene, bench.vault, bench.submission, JPEG + b"held")
    before = bench.sealed_bytes()
    bench.expand(member(b"a", JPEG + b"held"), member(b"b", JPEG), member(b"c", JPEG), member(b"d", b""))
    with bench.scene.store.reading() as unit:
        stored = sum(kept.sealed["stored_length"] for kept in unit.items.kept([3, 4]) if kept.sealed)
    assert bench.sealed_bytes() == before + stored
    assert [row[0] for row in bench.members()] == [b"a", b"b", b"c", b"d"]
    assert bench.scene.rows(f"SELECT depth FROM item WHERE id = {held}") == [(0,)]


def test_a_member_that_is_only_referenced_elsewhere_is_sealed(bench: Bench, source: Path) -> None:
    """The place where it was referenced may be gone tomorrow."""
    path = source / "a"
    path.write_bytes(JPEG)
    place = {"root": str(source).encode(), "path": b"a", "size": 4, "mtime_ns": path.stat().st_mtime_ns}
    with bench.scene.store.writing() as unit:
        unit.items.add([NewItem(digests_of(JPEG), 4, ItemKind.RASTER, 0, in_place=place)], NOW)
        unit.commit()
    bench.expand(member(b"a", JPEG))
    path.unlink()
    with bench.scene.store.reading() as unit:
        (kept,) = unit.items.kept([2])
    assert whole(bench.expanding.keeping.open(kept)) == JPEG
    assert "sealed item:2 expand" in bench.scene.log()
    assert bench.scene.jobs() == [("match", bench.submission, (bench.archive,))]


def test_members_owe_their_own_jobs_and_the_archive_its_matching(bench: Bench) -> None:
    """Pictures in batches, archives within one by one; what is held already is not examined again."""
    seal(bench.scene, bench.vault, bench.submission, JPEG + b"held")
    bench.expand(
        member(b"a", JPEG), member(b"b", ZIP + b"inner"), member(b"c", JPEG + b"held"), member(b"d", b"text")
    )
    assert bench.scene.jobs() == [
        ("expand", bench.submission, (4,)),
        ("examine", bench.submission, (3,)),
        ("examine", bench.submission, (5,)),
        ("match", bench.submission, (bench.archive,)),
    ]


def test_expanding_again_doubles_nothing(bench: Bench) -> None:
    """A killed run begins anew and finds its members in place."""
    members = [member(f"{number}".encode(), JPEG + bytes([number])) for number in range(5)]
    bench.expand(*members[:3])
    before = bench.members()
    bench.expand(*members)
    assert bench.members()[:3] == before
    assert bench.scene.rows("SELECT count(*) FROM item") == [(6,)]
    assert len(bench.members()) == 5


def test_members_met_before_their_batch_was_lost_are_found_again(bench: Bench) -> None:
    """The lease was taken by another in the middle: whole batches stay, the rest is the other's."""
    job = bench.scene.owe(Stage.EXPAND, bench.submission, [bench.archive])
    lost = bench.scene.claim(job, seconds=-1)
    count = 0

    def take_over() -> None:
        nonlocal count
        count += 1
        if count == 6:
            bench.scene.claim(job)

    members = [member(f"{number}".encode(), JPEG + bytes([number])) for number in range(7)]
    chamber = ToldChamber(archives={ZIP: members}, before=take_over)
    lost_later = replace(bench.expanding, work=bench.expanding.work.model_copy(update={"lease_seconds": 1e-9}))
    with pytest.raises(Conflict):
        lost_later.expand(lost, chamber.chamber)
    assert len(bench.members()) == 3
    assert chamber.expansions[0].closed


def test_a_name_that_climbs_out_is_a_name(bench: Bench) -> None:
    """It is kept as it stands and never used as a path."""
    bench.expand(member(b"../../etc/\xff", JPEG))
    assert bench.members()[0][0] == b"../../etc/\xff"


def test_notes_of_the_archive_and_of_members_that_are_not_whole(bench: Bench) -> None:
    """Members are counted, not named."""
    broken = ProcessingNote(NoteCode.MEMBER_UNREADABLE)
    bench.expand(
        member(b"a", JPEG, notes=(broken,)),
        member(b"b", JPEG + b"b", notes=(broken,)),
        member(b"c", JPEG + b"c"),
        notes=(ProcessingNote(NoteCode.ARCHIVE_RATIO, "200"),),
    )
    assert bench.scene.rows("SELECT item_id, code, detail, stage FROM processing_note ORDER BY code") == [
        (bench.archive, "archive-ratio", "200", "expand"),
        (bench.archive, "member-unreadable", "2 members not whole", "expand"),
    ]


def test_the_chamber_is_given_the_limits_of_the_settings(bench: Bench) -> None:
    """Members, bytes in all, bytes of one, ratio."""
    (limits,) = bench.expand().limits
    assert (limits.max_members, limits.max_total_bytes, limits.max_member_bytes, limits.max_ratio) == (
        50,
        10_000,
        5_000,
        99,
    )


def test_an_archive_too_deep_is_noted_and_not_opened(bench: Bench) -> None:
    """An archive in an archive in an archive … ends; its bytes are still matched."""
    deep = seal(bench.scene, bench.vault, bench.submission, ZIP + b"deep", depth=2)
    chamber = ToldChamber(archives={ZIP + b"deep": [member(b"a", JPEG)]})
    bench.expanding.expand(bench.scene.lease(Stage.EXPAND, bench.submission, [deep]), chamber.chamber)
    assert chamber.asked == []
    assert bench.scene.rows("SELECT item_id, code FROM processing_note") == [(deep, "archive-too-deep")]
    assert bench.scene.jobs() == [("match", bench.submission, (deep,))]


def test_an_archive_whose_file_is_another_now_is_noted(bench: Bench, scene: Scene, source: Path) -> None:
    """Referenced in place and changed since."""
    with scene.store.writing() as unit:
        unit.connection.exec_driver_sql("DELETE FROM sealed_object")
        unit.connection.exec_driver_sql(
            "INSERT INTO in_place_source VALUES (?, ?, ?, 4, 1)", (bench.archive, str(source).encode(), b"gone.zip")
        )
        unit.commit()
    bench.expand(member(b"a", JPEG))
    assert scene.rows("SELECT code FROM processing_note") == [("source-changed",)]
    assert scene.jobs() == [("match", bench.submission, (bench.archive,))]
