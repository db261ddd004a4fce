"""A file whose bytes come later is asked about again when they are there: perhaps no digest of it was told."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hashsets.vocabulary import Digest, DigestAlgorithm, SetKind
from tests.reported import FACTS, Desk, file_of, report_of
from tests.unit.triage.services.listing import import_list
from triage.domain.errors import Tampered
from triage.domain.reports import Door, FileFacts
from triage.services.admitting import Admitted
from triage.services.knowing import SANDBOX_ANSWERS, Knowing, Known
from triage.services.report_answers import ReportStatus
from triage.services.taking_uploads import TakingUploads
from triage.services.uploading import Uploading
from triage.store.unit_of_work import Store

DATA = b"made-up noise " * 50


class Later:
    """A report that awaits a file, and what takes its bytes."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.uploading: Uploading = desk.uploading

    @property
    def taking(self) -> TakingUploads:
        """Of this process, or of one that remembers nothing of running digests when `uploading` is another's."""
        desk, uploading = self.desk, self.uploading
        return TakingUploads(
            desk.store, desk.vault, uploading.spools, uploading.remembered, desk.knowing, desk.clock, "tester@triage"
        )

    def awaited(self, who: Admitted, *digests: Digest, size: int = len(DATA)) -> str:
        """The report's public id."""
        report = self.desk.taking.open(who, Door.API, FACTS).public_id
        self.desk.taking.add_file(who, report, FileFacts(digests=digests), later=size)
        return report

    def send(self, who: Admitted, report: str, data: bytes = DATA) -> None:
        """All of the bytes."""
        [file] = self.desk.taking.status(who, report).files
        assert file.upload
        with self.uploading.go_on(who, file.upload, 0, len(data)) as writing:
            writing.append(data)
            writing.finish()

    def known(self, who: Admitted, report: str) -> tuple[str, str]:
        """State and what is known of the file, as its sender sees them."""
        [file] = self.desk.taking.status(who, report).files
        return file.state, file.known


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    """Services over an empty database."""
    return Desk.over(store, tmp_path)


@pytest.fixture
def later(desk: Desk) -> Later:
    """A way for bytes to come later."""
    return Later(desk)


@pytest.mark.parametrize("remembers", [True, False], ids=["same process", "after a restart"])
@pytest.mark.parametrize("told", [False, True], ids=["no digest", "another digest"])
def test_what_is_known_is_found_in_the_bytes(
    desk: Desk, later: Later, tmp_path: Path, *, remembers: bool, told: bool
) -> None:
    """Nothing was told of it, or a digest that the set does not list."""
    who = desk.sender()
    import_list(desk.library, tmp_path, "a-set", SetKind.KNOWN, hashlib.md5(DATA).hexdigest())
    digests = (Digest(DigestAlgorithm.SHA256, hashlib.sha256(DATA).digest()),) if told else ()
    report = later.awaited(who, *digests)
    assert later.known(who, report) == ("awaited", Known.NOT_KNOWN)
    later.send(who, report)
    if not remembers:
        later.uploading = desk.uploading
    assert later.taking.take_all() == 1
    assert later.known(who, report) == ("arrived", Known.KNOWN)
    desk.taking.finish(who, report)
    assert later.known(who, report) == ("arrived", Known.KNOWN)


def test_what_is_held_and_what_is_new_are_told_apart(desk: Desk, later: Later) -> None:
    """As at the door."""
    who = desk.sender()
    [status] = desk.taking.take([report_of(who, file_of(DATA))])
    assert isinstance(status, ReportStatus)
    held, new = later.awaited(who), later.awaited(who, size=3)
    later.send(who, held)
    later.send(who, new, b"new")
    later.taking.take_all()
    assert (later.known(who, held), later.known(who, new)) == (
        ("arrived", Known.HELD),
        ("arrived", Known.NOT_KNOWN),
    )


def test_a_file_that_is_described_anew_keeps_what_was_found(desk: Desk, later: Later, tmp_path: Path) -> None:
    """What is said of it and what we know of it are two things."""
    who = desk.sender()
    import_list(desk.library, tmp_path, "a-set", SetKind.KNOWN, hashlib.md5(DATA).hexdigest())
    report = later.awaited(who)
    later.send(who, report)
    later.taking.take_all()
    [file] = desk.taking.status(who, report).files
    desk.taking.describe_file(who, report, file.public_id, FileFacts(name="another.jpg"))
    assert later.known(who, report) == ("arrived", Known.KNOWN)


def test_the_sandbox_asks_no_list(desk: Desk, later: Later, tmp_path: Path) -> None:
    """Its documented bytes answer; what is in a list does not."""
    trying = desk.sender(sandbox=True)
    import_list(desk.library, tmp_path, "a-set", SetKind.KNOWN, hashlib.md5(DATA).hexdigest())
    for data, known in {**SANDBOX_ANSWERS, DATA: Known.NOT_KNOWN}.items():
        report = later.awaited(trying, size=len(data))
        later.send(trying, report, data)
        later.taking.take_all()
        assert later.known(trying, report) == ("arrived", known)


class Broken(Knowing):
    """A release that cannot be read."""

    def known(self, files: Sequence[Sequence[Digest]]) -> list[Known]:  # noqa: ARG002 - as it is
        raise Tampered("release-damaged", "A release of a hash set is damaged.")


@pytest.mark.parametrize("remembers", [True, False], ids=["same process", "after a restart"])
def test_bytes_wait_in_their_spool_while_no_list_can_be_asked(
    desk: Desk, later: Later, tmp_path: Path, *, remembers: bool
) -> None:
    """Nothing false is told, nothing is sealed, and the next turn finishes it."""
    who = desk.sender()
    import_list(desk.library, tmp_path, "a-set", SetKind.KNOWN, hashlib.md5(DATA).hexdigest())
    report = later.awaited(who)
    later.send(who, report)
    if not remembers:
        later.uploading = desk.uploading
    asks = desk.knowing
    broken = replace(later.taking, knowing=Broken(asks.store, asks.library, asks.policy, asks.clock, asks.actor))
    for _ in range(3):
        with pytest.raises(Tampered):
            broken.take_all()
    assert later.known(who, report) == ("awaited", Known.NOT_KNOWN)
    assert sum(path.stat().st_size for path in (tmp_path / "vault").rglob("*") if path.is_file()) < len(DATA)
    assert later.taking.take_all() == 1
    assert later.known(who, report) == ("arrived", Known.KNOWN)
