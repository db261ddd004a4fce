"""Pushed seizures, over real databases: what is offered, sent, agreed on, and told to nobody else."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest

from tests.contracts.doors import Doors, refused
from tests.unit.triage.stored import ACTOR, NOW
from triage.domain.errors import NotFound
from triage.domain.findings import NoteCode
from triage.domain.legal import Handling, Origin
from triage.domain.pushes import Manifest, Offer, OfferState, PackedFile
from triage.domain.submissions import SubmissionState
from triage.services.admitting import Admitted
from triage.services.pushing import NewPush, Problem, Pushing
from triage.store.unit_of_work import Store

RECORDED, SEND, HASH, RESUME = OfferState.RECORDED, OfferState.SEND, OfferState.HASH, OfferState.RESUME
FILES = {b"a": b"one", b"b/\xff": b"two", b"../../etc/c": b"three", b"/abs": b"", b"d": b"one"}


class Pushes(Doors):
    """With the service under test."""

    def __init__(self, store: Store, folder: Path) -> None:
        super().__init__(store, folder)
        self.pushing = Pushing(store, self.vault, self.uploading, lambda: self.now, ACTOR)

    def opened(self, who: Admitted, case: str = "C", exhibit: str = "E", label: str = "laptop:/x") -> str:
        return self.pushing.open(who, NewPush(case_ref=case, exhibit_ref=exhibit, label=label)).public_id

    def states(self, who: Admitted, push: str, *offers: Offer) -> list[OfferState]:
        return [answer.state for answer in self.pushing.offer(who, push, offers)]


@pytest.fixture
def pushes(store: Store, tmp_path: Path) -> Pushes:
    return Pushes(store, tmp_path)


def file(path: bytes, data: bytes, mtime_ns: int = 5) -> PackedFile:
    return PackedFile(Offer(path, len(data), mtime_ns, sha256(data).digest()), data)


def look(path: bytes, data: bytes, mtime_ns: int = 5) -> Offer:
    """As it looks, without its digest."""
    return Offer(path, len(data), mtime_ns)


def manifest_of(files: dict[bytes, bytes]) -> bytes:
    summed = Manifest()
    for path in sorted(files):
        summed.add(path, len(files[path]), sha256(files[path]).digest())
    return summed.digest()


ALL = [file(path, data) for path, data in FILES.items()]


def test_a_seizure_from_offer_to_receipt(pushes: Pushes) -> None:
    """Whatever its paths are called; both sides agree, and then it is received whole."""
    who = pushes.sender()
    push = pushes.opened(who)
    assert pushes.states(who, push, *(one.offer for one in ALL)) == [SEND] * len(ALL)
    assert pushes.pushing.take_pack(who, push, ALL) == [RECORDED] * len(ALL)
    assert pushes.states(who, push, *(one.offer for one in ALL)) == [RECORDED] * len(ALL)
    found = pushes.pushing.finish(who, push, manifest_of(FILES))
    assert (found.is_equal, found.files, found.bytes) == (True, 5, 14)
    with pushes.store.reading() as unit:
        submission = unit.submissions.get(found.submission_id)
        steps = [
            (one.event.details["step"], one.event.details.get("manifest"))
            for one in unit.custody.records()
            if one.event and one.event.subject == f"submission:{submission.id}"
        ]
    assert submission.state is SubmissionState.RECEIVED
    assert submission.delivery.origin is Origin.UNIT
    assert steps == [("begun", None), ("complete", manifest_of(FILES).hex())]


def test_what_is_stated_comes_from_the_sender_where_it_is_left_out(pushes: Pushes) -> None:
    """And is its own where it is said."""
    who = pushes.sender()
    opened = pushes.pushing.open(who, NewPush(case_ref="C", exhibit_ref="E", label="l"))
    other = pushes.pushing.open(
        who, NewPush(case_ref="C", exhibit_ref="E", label="m", basis="B", handling=(Handling.H0,))
    )
    with pushes.store.reading() as unit:
        first, second = (unit.submissions.get(one.submission_id).delivery for one in (opened, other))
    assert (first.basis, first.handling) == (who.sender.legal.acquired_under, who.sender.legal.handling)
    assert (second.basis, second.handling) == ("B", (Handling.H0,))


def test_work_is_owed_before_the_last_file_has_come(pushes: Pushes) -> None:
    """Each pack brings its jobs; linking waits until all has come."""
    who = pushes.sender()
    push = pushes.opened(who)
    pushes.pushing.take_pack(who, push, ALL[:2])
    with pushes.store.reading() as unit:
        assert unit.jobs.owed() == 1
        assert unit.submissions.get(1).state is SubmissionState.RECEIVING


def test_a_manifest_that_differs_leaves_it_open(pushes: Pushes) -> None:
    """The answer says what is here, and sending goes on."""
    who = pushes.sender()
    push = pushes.opened(who)
    pushes.pushing.take_pack(who, push, [*ALL[:1], *ALL[2:]])
    found = pushes.pushing.finish(who, push, manifest_of(FILES))
    assert (found.is_equal, found.files) == (False, 4)
    assert pushes.states(who, push, *(one.offer for one in ALL)) == [RECORDED, SEND, *[RECORDED] * 3]
    pushes.pushing.take_pack(who, push, ALL[1:2])
    assert pushes.pushing.finish(who, push, manifest_of(FILES)).is_equal


def test_a_file_that_is_not_what_was_stated_is_not_recorded(pushes: Pushes) -> None:
    """The others of its pack are."""
    who = pushes.sender()
    push = pushes.opened(who)
    bad = PackedFile(Offer(b"bad", 3, 5, bytes(32)), b"xyz")
    short = PackedFile(Offer(b"short", 4, 5, sha256(b"xyz").digest()), b"xyz")
    states = pushes.pushing.take_pack(who, push, [bad, ALL[0], short])
    assert states == [OfferState.MISMATCH, RECORDED, OfferState.MISMATCH]
    with pushes.store.reading() as unit:
        assert unit.pushes.count_recorded(1) == 1


def test_what_the_case_holds_is_not_sent_again(pushes: Pushes) -> None:
    """Another exhibit of the same case: recorded at once, by digest."""
    who = pushes.sender()
    pushes.pushing.take_pack(who, pushes.opened(who), ALL)
    second = pushes.opened(who, exhibit="E2")
    assert pushes.states(who, second, file(b"copy", b"two").offer) == [RECORDED]
    with pushes.store.reading() as unit:
        assert unit.pushes.recorded_at(2, [b"copy"])[b"copy"].sha256 == sha256(b"two").digest()
    assert pushes.pushing.finish(who, second, manifest_of({b"copy": b"two"})).is_equal


def test_what_is_held_elsewhere_is_told_to_nobody(pushes: Pushes) -> None:
    """Of another case, or of another sender that names the same case: a digest alone brings nothing."""
    who, other = pushes.sender(), pushes.sender("unit-two")
    pushes.pushing.take_pack(who, pushes.opened(who), ALL)
    for asker, case in ((who, "another"), (other, "C")):
        push = pushes.opened(asker, case=case)
        assert pushes.states(asker, push, file(b"copy", b"two").offer) == [SEND]


def test_what_looks_unchanged_need_not_be_digested(pushes: Pushes) -> None:
    """Its digest is told for the manifest. Another time or size asks for one."""
    who = pushes.sender()
    push = pushes.opened(who)
    pushes.pushing.take_pack(who, push, ALL)
    looks = [look(b"a", b"one"), look(b"a", b"one", 6), look(b"a", b"x"), look(b"new", b"one")]
    assert pushes.states(who, push, *looks) == [RECORDED, HASH, HASH, HASH]
    [answer] = pushes.pushing.offer(who, push, looks[:1])
    assert answer.sha256 == sha256(b"one").digest()


def test_a_file_that_changed_is_what_it_is_now(pushes: Pushes) -> None:
    """The manifest sums up what was recorded lastly at each path."""
    who = pushes.sender()
    push = pushes.opened(who)
    pushes.pushing.take_pack(who, push, [file(b"a", b"before")])
    assert pushes.states(who, push, file(b"a", b"after", 9).offer) == [SEND]
    pushes.pushing.take_pack(who, push, [file(b"a", b"after", 9)])
    assert pushes.pushing.finish(who, push, manifest_of({b"a": b"after"})).is_equal


def test_a_large_file_goes_on_where_it_was(pushes: Pushes) -> None:
    """The far end tells which upload has begun, and only for the same bytes."""
    who = pushes.sender()
    push = pushes.opened(who)
    large = file(b"large", b"l" * 100_000)
    kept = pushes.pushing.open_upload(who, push, large.offer)
    [answer] = pushes.pushing.offer(who, push, [large.offer])
    assert (answer.state, answer.upload) == (RESUME, kept.public_id)
    assert pushes.states(who, push, file(b"large", b"m" * 100_000).offer) == [SEND]
    pushes.send(who, kept.public_id, large.data)
    refused("push-waiting", pushes.pushing.finish, who, push, manifest_of({b"large": large.data}))
    pushes.taking.take_all()
    assert pushes.pushing.finish(who, push, manifest_of({b"large": large.data})).is_equal


def test_a_finished_push_takes_nothing_and_can_be_opened_again(pushes: Pushes) -> None:
    """The same case, exhibit and label go on with it; uploads that nobody needs are dropped."""
    who = pushes.sender()
    push = pushes.opened(who)
    pushes.pushing.take_pack(who, push, ALL)
    left = pushes.pushing.open_upload(who, push, file(b"large", b"l" * 99).offer)
    pushes.pushing.finish(who, push, manifest_of(FILES))
    refused("push-finished", pushes.pushing.take_pack, who, push, ALL)
    refused("push-finished", pushes.pushing.offer, who, push, [ALL[0].offer])
    refused("upload-dropped", pushes.uploading.standing, who, left.public_id)
    assert pushes.opened(who) == push
    assert pushes.pushing.finish(who, push, manifest_of(FILES)).is_equal


def test_another_statement_of_the_same_seizure_is_refused(pushes: Pushes) -> None:
    """One basis for one delivery."""
    who = pushes.sender()
    pushes.opened(who)
    again = NewPush(case_ref="C", exhibit_ref="E", label="laptop:/x", basis="another")
    refused("delivery-differs", pushes.pushing.open, who, again)


def test_anothers_push_is_not_there(pushes: Pushes) -> None:
    """Whatever its id."""
    push = pushes.opened(pushes.sender())
    other = pushes.sender("unit-two")
    with pytest.raises(NotFound):
        pushes.pushing.offer(other, push, [ALL[0].offer])


def test_a_sandbox_key_pushes_nothing(pushes: Pushes) -> None:
    """What is pushed is evidence."""
    refused("sandbox-push", pushes.opened, pushes.sender(sandbox=True))


def test_what_could_not_be_read_is_noted(pushes: Pushes) -> None:
    """At the unit it was read, here it is said."""
    who = pushes.sender()
    push = pushes.opened(who)
    pushes.pushing.offer(who, push, [], [Problem(b"locked", NoteCode.SOURCE_UNREADABLE)])
    with pushes.store.reading() as unit:
        assert unit.connection.exec_driver_sql("SELECT code FROM source_note").scalar_one() == "source-unreadable"


def test_a_container_is_expanded_for_each_submission(pushes: Pushes, tmp_path: Path) -> None:
    """Its members are occurrences, and each submission has its own."""
    path = tmp_path / "x.zip"
    with ZipFile(path, "w", ZIP_STORED) as made:
        made.writestr("inner.txt", b"noise")
    packed = file(b"x.zip", path.read_bytes())
    who = pushes.sender()
    pushes.pushing.take_pack(who, pushes.opened(who), [packed])
    second = pushes.opened(who, exhibit="E2")
    assert pushes.states(who, second, packed.offer, file(b"y.zip", packed.data).offer) == [RECORDED] * 2
    assert pushes.states(who, second, packed.offer) == [RECORDED]
    with pushes.store.reading() as unit:
        stages = unit.connection.exec_driver_sql("SELECT stage, submission_id FROM job ORDER BY id").all()
    assert [tuple(row) for row in stages] == [("expand", 1), ("expand", 2)]


def test_times_are_those_of_the_clock(pushes: Pushes) -> None:
    """Nothing here asks the system's."""
    push = pushes.opened(who := pushes.sender())
    with pushes.store.reading() as unit:
        assert unit.connection.exec_driver_sql("SELECT count(*) FROM push").scalar_one() == 1
        assert unit.submissions.get(1).created_at == NOW
        assert unit.pushes.named(push, who.sender.id).finished_at is None
