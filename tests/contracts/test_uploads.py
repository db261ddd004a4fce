"""Uploads in parts, over real databases: what is durable, who may write, what becomes of what arrived."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.unit.triage.services.listing import recorded_library
from tests.unit.triage.stored import ACTOR, NOW, digests_of
from triage.domain.custody import CustodyAction
from triage.domain.errors import Conflict, NotFound, Refused, TriageError, Unreadable
from triage.domain.legal import Legal
from triage.domain.match_policy import MatchPolicy
from triage.domain.senders import Scope, SenderKind
from triage.domain.submissions import Delivery
from triage.domain.uploads import NewUpload, UploadState, sha256_stated
from triage.services.admitting import Admitted, Admitting
from triage.services.keeping import Keeping
from triage.services.knowing import Knowing
from triage.services.taking_uploads import TakingUploads
from triage.services.uploading import Checksum, Uploading
from triage.settings import UploadSettings
from triage.store.intake_tables import report, upload
from triage.store.tables import sealed_object
from triage.store.unit_of_work import Store
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault
from triage.vault.seam import SealedObject
from triage.vault.spool import Spools

LEGAL = Legal("made-up warrant 1")
DATA = b"nothing but noise " * 5_000
SETTINGS = UploadSettings(max_bytes=10**9, open_uploads=5, open_bytes=10**9, keep_hours=1, idle_seconds=30)


class Doors:
    """The services of one process over a store; `restarted` gives those of the next process."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        path = folder / "vault.key"
        keys = FileKeyProvider(path) if path.exists() else FileKeyProvider.create(path, evidence_exists=False)
        self.vault = LocalVault(folder / "vault", keys)
        self.spools = Spools(folder / "spool", keys)
        self.now = NOW
        self.admitting = Admitting(store, lambda: self.now, ACTOR)
        self.uploading = Uploading(store, self.spools, SETTINGS, lambda: self.now)
        (folder / "hashsets").mkdir(exist_ok=True)
        self.library = recorded_library(store, folder / "hashsets")
        self.knowing = Knowing(store, self.library, MatchPolicy("policy 1"), lambda: self.now, ACTOR)
        self.taking = TakingUploads(
            store, self.vault, self.spools, self.uploading.remembered, self.knowing, lambda: self.now, ACTOR
        )

    def restarted(self) -> Doors:
        return Doors(self.store, self.folder)

    def sender(self, name: str = "unit-one", *, sandbox: bool = False, keeps_media: bool = True) -> Admitted:
        self.admitting.add_sender(name, SenderKind.UNIT, "TH", LEGAL, keeps_media=keeps_media)
        issued = self.admitting.issue(name, frozenset(Scope), timedelta(days=1), sandbox=sandbox)
        return self.admitting.admit(issued.token)

    def submission(self) -> int:
        with self.store.writing() as unit:
            opened = unit.submissions.open(Delivery("C", "E", "B", b"push:1:x"), NOW)
            unit.commit()
        return opened.id

    def report_of(self, who: Admitted) -> int:
        row = {
            "public_id": "r" * 32,
            "sender_id": who.sender.id,
            "sandbox": False,
            "door": "api",
            "state": "open",
            "facts": {},
            "opened_at": NOW,
            "changed_at": NOW,
        }
        with self.store.writing() as unit:
            report_id: int = unit.connection.execute(report.insert().values(row).returning(report.c.id)).scalar_one()
            unit.commit()
        return report_id

    def pushed(self, who: Admitted, data: bytes = DATA, **more: object) -> str:
        """An upload of a pushed submission, still without bytes."""
        new = NewUpload(length=len(data), submission_id=self.submission(), path=b"a/b\xff", mtime_ns=7)
        return self.uploading.open(who, replace(new, **more)).public_id  # type: ignore[arg-type]

    def send(self, who: Admitted, public_id: str, data: bytes, offset: int = 0) -> int:
        with self.uploading.go_on(who, public_id, offset, len(data)) as writing:
            for start in range(0, len(data), 30_000):
                writing.append(data[start : start + 30_000])
            return writing.finish().offset

    def state(self, who: Admitted, public_id: str) -> tuple[UploadState, str | None]:
        kept = self.uploading.look(who, public_id)
        return kept.state, kept.because


@pytest.fixture
def doors(store: Store, tmp_path: Path) -> Doors:
    return Doors(store, tmp_path)


def refused(code: str, call: object, *words: object) -> TriageError:
    """The call must be refused with this code."""
    with pytest.raises(TriageError) as told:
        call(*words)  # type: ignore[operator]
    assert told.value.code == code
    return told.value


def test_a_file_in_parts_becomes_an_item(doors: Doors) -> None:
    """Sealed, with its place, its job and its record, and the spool is gone."""
    who = doors.sender()
    public_id = doors.pushed(who, stated=sha256_stated(digests_of(DATA).sha256))
    assert doors.send(who, public_id, DATA[:40_000]) == 40_000
    assert doors.send(who, public_id, DATA[40_000:], 40_000) == len(DATA)
    assert doors.taking.take_all() == 1
    assert doors.state(who, public_id) == (UploadState.TAKEN, None)
    assert doors.spools.names() == []
    with doors.store.reading() as unit:
        [item_id] = unit.items.ids_by_sha256([digests_of(DATA).sha256]).values()
        [kept] = unit.items.kept([item_id])
        assert kept.item.digests.sha256 == digests_of(DATA).sha256
        assert unit.jobs.owed() == 1
        assert unit.pushes.recorded_at(1, [b"a/b\xff"])[b"a/b\xff"].mtime_ns == 7
        actions = [one.event.action for one in unit.custody.records() if one.event]
        assert actions[-1] is CustodyAction.SEALED
    assert Keeping(doors.vault).open(kept).read_at(0, len(DATA)) == DATA


def test_another_process_goes_on_where_the_file_ends(doors: Doors) -> None:
    """Running digests are lost with the first one: all is read once more, and they are the same."""
    who = doors.sender()
    public_id = doors.pushed(who, stated=sha256_stated(digests_of(DATA).sha256))
    doors.send(who, public_id, DATA[:50_000])
    after = doors.restarted()
    assert after.uploading.standing(who, public_id).offset == 50_000
    after.send(who, public_id, DATA[50_000:], 50_000)
    assert after.taking.take_all() == 1
    assert after.state(who, public_id) == (UploadState.TAKEN, None)


def test_what_was_durable_and_never_told_is_found(doors: Doors) -> None:
    """Killed between the last sync and its record: the next process sees that all has come."""
    who = doors.sender()
    public_id = doors.pushed(who)
    with doors.uploading.go_on(who, public_id, 0, None) as writing:
        writing.append(DATA)
        writing._spool.sync()
    after = doors.restarted()
    assert after.taking.take_all() == 0
    after.taking.sweep()
    assert after.taking.take_all() == 1


def test_a_record_that_says_more_than_the_file_is_put_right(doors: Doors) -> None:
    """A disk put back from yesterday: the sender goes on from what is there, and nothing short is taken."""
    who = doors.sender()
    public_id = doors.pushed(who)
    doors.send(who, public_id, DATA)
    with (doors.folder / "spool" / public_id).open("r+b") as file:
        file.truncate(40_000)
    assert doors.taking.take_all() == 0
    assert doors.uploading.look(who, public_id).received == 30_000
    doors.send(who, public_id, DATA[30_000:], 30_000)
    assert doors.taking.take_all() == 1


@pytest.mark.parametrize("restart", [False, True])
def test_bytes_that_are_not_what_was_stated_are_nothing(doors: Doors, *, restart: bool) -> None:
    """The upload fails, and no item, no bytes and no spool are left of it."""
    who = doors.sender()
    public_id = doors.pushed(who, stated=sha256_stated(bytes(32)))
    doors.send(who, public_id, DATA)
    taking = doors.restarted().taking if restart else doors.taking
    taking.take_all()
    assert doors.state(who, public_id) == (UploadState.FAILED, "digest-mismatch")
    with doors.store.reading() as unit:
        assert unit.items.ids_by_sha256([digests_of(DATA).sha256]) == {}
        assert unit.jobs.owed() == 0
    assert doors.spools.names() == []
    refused("upload-failed", doors.uploading.standing, who, public_id)


def test_a_spool_that_was_altered_fails(doors: Doors) -> None:
    """It is never taken for what was sent."""
    who = doors.sender()
    public_id = doors.pushed(who)
    doors.send(who, public_id, DATA)
    path = doors.folder / "spool" / public_id
    stored = bytearray(path.read_bytes())
    after = doors.restarted()
    spool_opened = after.spools.open  # altered after it was opened, where recovery has looked already

    def open_and_alter(*words: object) -> object:
        opened = spool_opened(*words)  # type: ignore[arg-type]
        stored[50] ^= 1
        path.write_bytes(stored)
        return opened

    after.spools.open = open_and_alter  # type: ignore[method-assign,assignment]
    after.taking.take_all()
    assert after.state(who, public_id) == (UploadState.FAILED, "spool-broken")


def test_held_bytes_are_not_sealed_twice(doors: Doors) -> None:
    """The second upload adds a place, and no object."""
    who = doors.sender()
    for path in (b"one", b"two"):
        doors.send(who, doors.pushed(who, path=path), DATA)
        doors.taking.take_all()
    with doors.store.reading() as unit:
        assert len(unit.connection.execute(select(sealed_object.c.item_id)).all()) == 1
        assert set(unit.pushes.recorded_at(1, [b"one", b"two"])) == {b"one", b"two"}
    assert sum(segment.size for segment in doors.vault.segments()) < len(DATA) + 1_000


def test_one_writer_at_a_time_and_at_the_right_place(doors: Doors) -> None:
    """Two clients on one upload: the second waits, or is told that it is elsewhere."""
    who = doors.sender()
    public_id = doors.pushed(who)
    with doors.uploading.go_on(who, public_id, 0, None) as writing:
        writing.append(b"x" * 10)
        refused("upload-busy", doors.uploading.go_on, who, public_id, 0, None)
        refused("upload-busy", doors.restarted().uploading.standing, who, public_id)
        writing.finish()
    refused("upload-offset-wrong", doors.uploading.go_on, who, public_id, 0, None)
    refused("upload-offset-wrong", doors.uploading.go_on, who, public_id, 11, None)
    doors.send(who, public_id, DATA[10:], 10)


def test_no_more_comes_in_than_was_said(doors: Doors) -> None:
    """Whether the request says so before, or does it."""
    who = doors.sender()
    public_id = doors.pushed(who, b"12345")
    refused("upload-too-long", doors.uploading.go_on, who, public_id, 0, 6)
    with doors.uploading.go_on(who, public_id, 0, None) as writing:
        refused("upload-too-long", writing.append, b"123456")
    assert doors.uploading.standing(who, public_id).offset == 0


def test_a_checksum_that_does_not_fit_takes_the_request_back(doors: Doors) -> None:
    """And one that fits is no trouble."""
    who = doors.sender()
    public_id = doors.pushed(who)
    good = digests_of(DATA)
    for value, fits in ((bytes(32), False), (good.sha256, True)):
        with doors.uploading.go_on(who, public_id, 0, None, Checksum("sha256", value)) as writing:
            writing.append(DATA)
            if fits:
                assert writing.finish().offset == len(DATA)
            else:
                with pytest.raises(Unreadable):
                    writing.finish()
                assert writing.offset == 0
    assert doors.taking.take_all() == 1


def test_what_breaks_off_under_a_checksum_is_not_kept(doors: Doors) -> None:
    """Nobody can try half of it."""
    who = doors.sender()
    public_id = doors.pushed(who)
    with doors.uploading.go_on(who, public_id, 0, None, Checksum("sha256", bytes(32))) as writing:
        writing.append(DATA)
        writing.break_off()
    assert doors.uploading.standing(who, public_id).offset == 0


def test_another_senders_upload_is_not_there(doors: Doors) -> None:
    """Nor is a real one for a sandbox key."""
    public_id = doors.pushed(doors.sender())
    other = doors.sender("unit-two")
    for call in (doors.uploading.standing, doors.uploading.look, doors.uploading.drop):
        with pytest.raises(NotFound):
            call(other, public_id)


def test_what_its_sender_ends_is_gone(doors: Doors) -> None:
    """The file, and the key that would open a copy of it."""
    who = doors.sender()
    public_id = doors.pushed(who)
    doors.send(who, public_id, DATA[:100])
    doors.uploading.drop(who, public_id)
    assert doors.spools.names() == []
    assert doors.uploading.look(who, public_id).spool_key == b""
    refused("upload-dropped", doors.uploading.drop, who, public_id)


def test_a_taken_upload_cannot_be_ended(doors: Doors) -> None:
    """It is evidence now."""
    who = doors.sender()
    public_id = doors.pushed(who)
    doors.send(who, public_id, DATA)
    doors.taking.take_all()
    refused("upload-whole", doors.uploading.drop, who, public_id)
    refused("upload-whole", doors.uploading.go_on, who, public_id, len(DATA), None)
    assert doors.uploading.standing(who, public_id).offset == len(DATA)


def test_what_nobody_goes_on_with_expires(doors: Doors) -> None:
    """An hour after its last request, not after its first."""
    who = doors.sender()
    public_id = doors.pushed(who)
    doors.now += timedelta(minutes=50)
    doors.send(who, public_id, DATA[:100])
    doors.now += timedelta(minutes=50)
    doors.taking.sweep()
    assert doors.state(who, public_id)[0] is UploadState.OPEN
    doors.now += timedelta(minutes=11)
    doors.taking.sweep()
    assert doors.state(who, public_id) == (UploadState.DROPPED, "expired")
    assert doors.spools.names() == []


def test_a_senders_quota_counts_what_is_unfinished(doors: Doors) -> None:
    """In number and in bytes; what is finished counts no more."""
    who = doors.sender()
    for _ in range(SETTINGS.open_uploads):
        public_id = doors.pushed(who)
    refused("uploads-too-many", doors.pushed, who)
    doors.send(who, public_id, DATA)
    doors.taking.take_all()
    refused("uploads-too-many", doors.uploading.open, who, NewUpload(length=SETTINGS.max_bytes))
    doors.pushed(who)
    refused("upload-too-large", doors.uploading.open, who, NewUpload(length=SETTINGS.max_bytes + 1))


def test_a_sender_that_keeps_no_media_uploads_nothing(doors: Doors) -> None:
    """Its bytes never reach the disk, not even sealed."""
    who = doors.sender(keeps_media=False)
    with pytest.raises(Refused, match="No media"):
        doors.uploading.open(who, NewUpload(length=1))


def test_a_key_that_is_revoked_ends_a_request_in_its_middle(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at again every few seconds."""
    who = doors.sender()
    public_id = doors.pushed(who)
    monkeypatch.setattr("triage.services.uploading._TOLD_SECONDS", 0.0)
    with doors.uploading.go_on(who, public_id, 0, None) as writing:
        writing.append(b"x" * 10)
        doors.admitting.revoke(who.key.prefix)
        refused("key-revoked", writing.append, b"y" * 10)


def test_a_reports_file_waits_sealed(doors: Doors) -> None:
    """Its locator stands in its row until the report is finished, and no item is made of it."""
    who = doors.sender()
    new = NewUpload(length=len(DATA), report_id=doors.report_of(who))
    public_id = doors.uploading.open(who, new).public_id
    doors.send(who, public_id, DATA)
    assert doors.taking.take_all() == 1
    assert doors.state(who, public_id)[0] is UploadState.ARRIVED
    with doors.store.reading() as unit:
        row = unit.connection.execute(select(upload)).one()
        assert unit.items.ids_by_sha256([row.sha256]) == {}
    locator = {**row.sealed, "wrapped_key": base64.b64decode(row.sealed["wrapped_key"])}
    assert doors.vault.open(SealedObject(**locator)).read_at(0, len(DATA)) == DATA
    assert (row.md5, row.sha1, row.sha256) == (
        digests_of(DATA).md5,
        digests_of(DATA).sha1,
        digests_of(DATA).sha256,
    )


def test_what_is_dropped_while_it_waits_leaves_no_spool(doors: Doors) -> None:
    """A report that is retracted forgets its uploads; the sweep deletes what they left."""
    who = doors.sender()
    report_id = doors.report_of(who)
    public_id = doors.uploading.open(who, NewUpload(length=len(DATA), report_id=report_id)).public_id
    doors.send(who, public_id, DATA[:100])
    with doors.store.writing() as unit:
        unit.reports.let_go(report_id, "dropped")
        unit.commit()
    assert doors.taking.sweep() == 1
    assert doors.spools.names() == []


def test_sandbox_bytes_are_digested_and_dropped(doors: Doors) -> None:
    """They are never evidence: nothing of them is in the vault."""
    who = doors.sender(sandbox=True)
    public_id = doors.uploading.open(who, NewUpload(length=len(DATA))).public_id
    doors.send(who, public_id, DATA)
    doors.taking.take_all()
    kept = doors.uploading.look(who, public_id)
    assert (kept.state, kept.sha256) == (UploadState.ARRIVED, digests_of(DATA).sha256)
    assert list(doors.vault.segments()) == []


def test_an_empty_file_is_whole_at_once(doors: Doors) -> None:
    """No request brings its bytes."""
    who = doors.sender()
    public_id = doors.pushed(who, b"")
    assert doors.uploading.arrivals.is_set()
    assert doors.taking.take_all() == 1
    assert doors.state(who, public_id)[0] is UploadState.TAKEN


def test_another_machines_upload_is_named_as_such(doors: Doors, tmp_path: Path) -> None:
    """Its spool is not here, and an empty one must not be made for it."""
    who = doors.sender()
    public_id = doors.pushed(who)
    (tmp_path / "spool" / "machine").write_text("f" * 16)
    refused("upload-elsewhere", doors.uploading.standing, who, public_id)
    assert doors.spools.names() == []


def test_asking_how_far_it_is_while_it_is_taken(doors: Doors) -> None:
    """All of it is here: neither busy nor a conflict, whenever the question comes."""
    who = doors.sender()
    public_id = doors.pushed(who)
    doors.send(who, public_id, DATA)
    with doors.store.reading() as unit:
        [kept] = unit.uploads.whole(doors.spools.machine())
    with doors.taking._opened(kept):
        assert doors.uploading.standing(who, public_id).offset == len(DATA)


def test_taken_between_question_and_answer(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client met this after a kill: what is here already is no conflict."""
    who = doors.sender()
    public_id = doors.pushed(who)
    with doors.uploading.go_on(who, public_id, 0, None) as writing:
        writing.append(DATA)
        writing._spool.sync()
    other, opened = doors.restarted(), doors.spools.open

    def taken_first(*words: object) -> object:
        other.taking.sweep()
        other.taking.take_all()
        return opened(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(doors.spools, "open", taken_first)
    assert doors.uploading.standing(who, public_id).offset == len(DATA)


def test_two_takers_take_it_once(doors: Doors) -> None:
    """Two processes of one machine: the file's lock lets one at it."""
    who = doors.sender()
    public_id = doors.pushed(who)
    doors.send(who, public_id, DATA)
    with doors.store.reading() as unit:
        [kept] = unit.uploads.whole(doors.spools.machine())
    with doors.taking._opened(kept):
        assert doors.restarted().taking.take_all() == 0
    assert doors.restarted().taking.take_all() == 1
    with pytest.raises(Conflict):
        doors.uploading.drop(who, public_id)
