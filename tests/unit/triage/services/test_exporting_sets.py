"""A release leaves the house with its place in the custody log, or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hashsets.deltas import Delta
from hashsets.library import Library
from hashsets.terms import UNSTATED, Sharing, Terms
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, SetKind, StateKind
from hashsets.writers.feedback import FeedbackFormat
from tests.unit.triage.stored import ACTOR, Scene, digests_of
from triage.domain.errors import Conflict, NotFound, Refused, TriageError, Unavailable
from triage.services.exporting_sets import ExportingSets
from triage.services.recording_sets import RecordingSets
from triage.store.unit_of_work import Store


@pytest.fixture
def exporting(library: Library, recording: RecordingSets) -> ExportingSets:
    return ExportingSets(library, recording)


def imported(library: Library, folder: Path, terms: Terms = UNSTATED) -> str:
    path = folder / "list.txt"
    path.write_text("".join(f"{digests_of(bytes([n])).md5.hex()}\n" for n in range(3)), encoding="ascii")
    return library.import_file(path, name="a-set", kind=SetKind.KNOWN, terms=terms).release.release_id


def test_the_file_that_is_handed_out_is_the_one_recorded(
    exporting: ExportingSets, store: Store, scene: Scene, tmp_path: Path
) -> None:
    """Release, format, entries and the file's digest; only its owner may read it, and nothing is left beside it."""
    out = tmp_path / "out"
    out.mkdir()
    release = imported(exporting.library, tmp_path)
    report = exporting.export(release, out / "set.txt", format_name="md5-list")
    assert scene.log()[-1:] == [f"disclosed release:{release} export"]
    with store.reading() as unit:
        *_, record = unit.custody.records()
    assert record.event
    assert dict(record.event.details) == {
        "set": "a-set",
        "format": "md5-list",
        "entries": 3,
        "bytes": 99,
        "output_sha256": hashlib.sha256((out / "set.txt").read_bytes()).hexdigest(),
    }
    assert report.sha256 == record.event.details["output_sha256"]
    assert [(path.name, path.stat().st_mode & 0o777) for path in out.iterdir()] == [("set.txt", 0o600)]


@pytest.mark.parametrize(
    ("release", "name", "file", "terms", "error", "code"),
    [
        ("a-set.20260101.00000000", "list", "set.txt", UNSTATED, NotFound, "release-unknown"),
        ("", "excel", "set.txt", UNSTATED, Refused, "unknown-format"),
        ("", "pdq-list", "set.txt", UNSTATED, Refused, "nothing-to-export"),
        ("", "list", "set.txt", Terms(may_share=Sharing.NOBODY), Refused, "export-forbidden"),
        ("", "list", "absent/set.txt", UNSTATED, Unavailable, "export-not-written"),
        ("", "list", "there.txt", UNSTATED, Conflict, "export-exists"),
    ],
)
def test_what_is_not_handed_out_is_not_recorded(
    release: str, name: str, file: str, terms: Terms, error: type[TriageError], code: str,
    exporting: ExportingSets, scene: Scene, tmp_path: Path,
) -> None:  # fmt: skip  # the case, then what it is tried on
    """Each refusal has its code; no file appears and none is replaced."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "there.txt").write_text("mine", encoding="ascii")
    known = imported(exporting.library, tmp_path, terms)
    with pytest.raises(error) as caught:
        exporting.export(release or known, out / file, format_name=name)
    assert caught.value.code == code
    assert not any(line.startswith("disclosed") for line in scene.log())
    assert [(path.name, path.read_text()) for path in out.iterdir()] == [("there.txt", "mine")]


def test_updates_between_releases_are_a_disclosure_of_the_later(
    exporting: ExportingSets, store: Store, scene: Scene, tmp_path: Path
) -> None:
    """With the one that they begin from."""
    old = imported(exporting.library, tmp_path)
    path = tmp_path / "longer.txt"
    path.write_text(f"{digests_of(b'x').md5.hex()}\n", encoding="ascii")
    new = exporting.library.import_file(path, name="a-set", kind=SetKind.KNOWN).release.release_id
    report = exporting.export_delta(old, new, tmp_path / "updates")
    assert scene.log()[-1:] == [f"disclosed release:{new} export"]
    with store.reading() as unit:
        *_, record = unit.custody.records()
    assert record.event
    content = (tmp_path / "updates").read_bytes()
    assert dict(record.event.details) == {
        "set": "a-set",
        "base": old,
        "format": "updates",
        "entries": report.updates,
        "bytes": len(content),
        "output_sha256": hashlib.sha256(content).hexdigest(),
    }
    assert (tmp_path / "updates").stat().st_mode & 0o777 == 0o600


def test_feedback_is_a_disclosure_of_the_release_in_force(
    exporting: ExportingSets, store: Store, scene: Scene, tmp_path: Path
) -> None:
    """How many verdicts, and the file's digest. Where nothing was found, nothing is handed out."""
    library = exporting.library
    entry = Entry("17", (Digest(DigestAlgorithm.MD5, b"\x11" * 16),))
    release = library.apply_delta("a-set", Delta([("17", entry)])).release.release_id
    with pytest.raises(Refused) as caught:
        exporting.export_feedback("a-set", tmp_path / "none", FeedbackFormat.CSV)
    assert caught.value.code == "nothing-to-export"
    with pytest.raises(NotFound):
        exporting.feedback("no-set")
    library.set_state("a-set", "17", StateKind.REFUTED, by=ACTOR)
    report = exporting.export_feedback("a-set", tmp_path / "feedback", FeedbackFormat.CSV)
    assert scene.log()[-1:] == [f"disclosed release:{release} feedback"]
    assert (report.entries, report.sha256) == (
        1,
        hashlib.sha256((tmp_path / "feedback").read_bytes()).hexdigest(),
    )
    with store.reading() as unit:
        *_, record = unit.custody.records()
    assert record.event
    assert record.event.details["output_sha256"] == report.sha256
    assert "17" not in record.event.details.values()
