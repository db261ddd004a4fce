"""The made-up seizure holds exactly what its truth says."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import piexif
from PIL import Image

from demo.exhibits import Body, ExhibitMaker, Occasion
from demo.files import MAKER_NOTE
from demo.samples import LATEST, SERIES_A, SERIES_B
from demo.truth import ExhibitTruth, SampleFile, SeizureTruth
from triage.domain.findings import NoteCode
from triage.domain.items import Outcome


def _on_disk(folder: Path) -> set[str]:
    return {str((Path(parent) / name).relative_to(folder)) for parent, _, names in os.walk(folder) for name in names}


def _serial(exhibit: ExhibitTruth, file: SampleFile) -> tuple[bytes, bytes] | None:
    if file.member or not file.path.lower().endswith(".jpg"):
        return None
    data = (exhibit.folder / file.path).read_bytes()
    if b"Exif\0\0" not in data[:32]:
        return None
    exif = piexif.load(data)
    serial = exif["Exif"].get(piexif.ExifIFD.BodySerialNumber)
    return (exif["0th"][piexif.ImageIFD.Model], serial) if serial else None


def _bodies(exhibit: ExhibitTruth) -> set[tuple[bytes, bytes]]:
    """Model and serial of every camera body in an exhibit."""
    return {body for file in exhibit.files if (body := _serial(exhibit, file))}


def test_every_file_on_disk_is_accounted_for(seizure: SeizureTruth) -> None:
    """The record and the folder name the same files, invalid UTF-8 included."""
    for exhibit in seizure.exhibits:
        assert _on_disk(exhibit.folder) == {file.path for file in exhibit.files if not file.member}
        assert exhibit.on_disk == len(_on_disk(exhibit.folder))


def test_digests_are_those_of_the_bytes(seizure: SeizureTruth) -> None:
    """Hash sets are made from these digests."""
    for exhibit in seizure.exhibits:
        for file in exhibit.files:
            if not file.member:
                data = (exhibit.folder / file.path).read_bytes()
                assert (file.size, file.sha256) == (len(data), hashlib.sha256(data).digest())
                assert (file.md5, file.sha1) == (hashlib.md5(data).digest(), hashlib.sha1(data).digest())


def test_outcomes_add_up_to_the_distinct_items(seizure: SeizureTruth) -> None:
    """The counts that the demo prints leave nothing over."""
    for exhibit in seizure.exhibits:
        assert sum(exhibit.outcomes.values()) == exhibit.items
    assert sum(seizure.outcomes.values()) == seizure.items
    told_alone = {Outcome.NOT_EXAMINED}  # of a seizure everything is held
    lacking = {outcome for outcome, count in seizure.outcomes.items() if not count}
    assert lacking == told_alone, "every other answer must occur at least once"


def test_equal_bytes_have_equal_expectations(seizure: SeizureTruth) -> None:
    """One item has one answer, in whatever exhibit it lies."""
    expected: dict[bytes, Outcome] = {}
    for file in seizure.files:
        assert expected.setdefault(file.sha256, file.expected) is file.expected


def test_some_bytes_lie_at_several_paths(seizure: SeizureTruth) -> None:
    """One item, many occurrences."""
    for_a = seizure.exhibits[0]
    assert for_a.items < for_a.occurrences
    assert for_a.on_disk < for_a.occurrences


def test_the_archive_holds_the_members_listed(seizure: SeizureTruth) -> None:
    """A ZIP with a TAR in it; members are found under their archive's path."""
    exhibit = seizure.exhibits[0]
    archive = exhibit.folder / "Backup/backup.zip"
    with zipfile.ZipFile(archive) as outer:
        names = {f"Backup/backup.zip/{name}" for name in outer.namelist()}
        with outer.open("set/inner.tar") as stream, tarfile.open(fileobj=stream, mode="r|") as inner:
            names |= {f"Backup/backup.zip/set/inner.tar/{member.name}" for member in inner}
    assert names == {file.path for file in exhibit.files if file.member}


def test_two_exhibits_share_a_camera_body_and_content(seizure: SeizureTruth) -> None:
    """Exhibits A and B belong to one network."""
    first, second, _ = seizure.exhibits
    assert len(_bodies(first) & _bodies(second)) == 1
    unknown = [{f.sha256 for f in e.files if f.expected is Outcome.UNKNOWN} for e in (first, second)]
    assert len(unknown[0] & unknown[1]) == 2


def test_the_third_exhibit_shares_only_what_must_not_link(seizure: SeizureTruth) -> None:
    """Exhibit C has the wallpapers, and the serial on another model: traps, no ties."""
    *others, third = seizure.exhibits
    here = {file.sha256: file.expected for file in third.files}
    there = {file.sha256 for exhibit in others for file in exhibit.files}
    assert {here[shared] for shared in here.keys() & there} == {Outcome.KNOWN_GOOD}
    elsewhere = {body for exhibit in others for body in _bodies(exhibit)}
    assert not _bodies(third) & elsewhere
    assert {serial for _, serial in _bodies(third)} == {serial for _, serial in elsewhere}
    assert [set(group) for group in seizure.referrals] == [{"A", "B"}, {"C"}]


def test_known_items_have_a_series(seizure: SeizureTruth) -> None:
    """Series A is in the joined exhibits, series B in the other case."""
    known = {file.sha256 for file in seizure.files if file.expected is Outcome.KNOWN}
    assert known == seizure.series.keys()
    third = {file.sha256 for file in seizure.exhibits[2].files}
    assert {seizure.series[one] for one in known & third} == {SERIES_B}
    assert {seizure.series[one] for one in known - third} == {SERIES_A}


def test_broken_files_are_broken_as_recorded(seizure: SeizureTruth) -> None:
    """Empty files are empty, a mislabelled PNG is a PNG, a picture that ends early has lost its end."""
    exhibit = seizure.exhibits[0]
    by_note = {file.note: (exhibit.folder / file.path).read_bytes() for file in exhibit.files if file.note}
    assert by_note[NoteCode.EMPTY] == b""
    assert by_note[NoteCode.TYPE_DISAGREES].startswith(b"\x89PNG")
    assert by_note[NoteCode.TRUNCATED].startswith(b"\xff\xd8")
    assert not by_note[NoteCode.TRUNCATED].endswith(b"\xff\xd9")


def test_a_cropped_picture_keeps_the_thumbnail_of_the_whole(seizure: SeizureTruth) -> None:
    """The thumbnails of a whole picture and of its crop are the same; the pictures are not."""
    exhibit = seizure.exhibits[0]
    pair = sorted(file.path for file in exhibit.files if "Cropped/" in file.path)[:2]
    cropped, whole = (piexif.load(str(exhibit.folder / path))["thumbnail"] for path in pair)
    assert cropped == whole
    with Image.open(exhibit.folder / pair[0]) as one, Image.open(exhibit.folder / pair[1]) as other:
        assert one.size[0] < other.size[0]


def test_names_in_thai_and_in_no_encoding_occur(seizure: SeizureTruth) -> None:
    """Names are bytes; one of them is not UTF-8."""
    names = [os.fsencode(file.path) for file in seizure.exhibits[0].files]
    assert any("รูปภาพ".encode() in name for name in names)
    assert any(b"\xe9" in name and name != name.decode("utf-8", "replace").encode() for name in names)


def test_the_same_seed_makes_the_same_files(tmp_path: Path) -> None:
    """A second run elsewhere gives the same bytes, metadata and archives included."""
    made = []
    for name in ("first", "second"):
        maker = ExhibitMaker(tmp_path / name, first_seed=5)
        body, occasion = Body("SynthCam", "SC-1", "S-1"), Occasion((9.5, 102.3), LATEST)
        series = maker.camera_series("{:03d}.jpg", 2, body, occasion)
        maker.archive("backup.zip", series[:1], series[1:], stamp=LATEST)
        made.append(maker.files)
    assert made[0] == made[1]


def test_maker_notes_mean_nothing() -> None:
    """No camera's private notes are imitated."""
    assert MAKER_NOTE.startswith(b"SYNTHETIC")
    assert np.unique(np.frombuffer(MAKER_NOTE[10:], np.uint8)).size == 256
