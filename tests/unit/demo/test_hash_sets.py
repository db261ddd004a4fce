"""The made-up sets find in the made-up seizure exactly what its truth expects."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from demo.hash_sets import HashSetFiles, make_hash_sets
from demo.truth import SampleFile, SeizureTruth
from hashsets.algorithms.pdq import pdq_both
from hashsets.formats.detect import detect
from hashsets.formats.records import Read
from hashsets.vocabulary import Fingerprint
from triage.domain.items import Outcome

REACH = 31
FLOOR = 50


@pytest.fixture(scope="session")
def sets(seizure: SeizureTruth, tmp_path_factory: pytest.TempPathFactory) -> HashSetFiles:
    """The three files for the small seizure."""
    return make_hash_sets(tmp_path_factory.mktemp("hash-sets"), seizure)


@pytest.fixture(scope="session")
def fingerprints(seizure: SeizureTruth) -> list[tuple[SampleFile, tuple[Fingerprint, Fingerprint]]]:
    """Both PDQ profiles of every whole picture on disk, decoded plainly; one that ends early is left out."""
    register_heif_opener()
    return [
        (file, pdq_both(_plain_rgb(exhibit.folder / file.path)))
        for exhibit in seizure.exhibits
        for file in exhibit.files
        if not file.member and "ends-early" not in file.path
        if file.expected not in {Outcome.UNDECODABLE, Outcome.CONTAINER}
    ]


def _plain_rgb(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with Image.open(path) as picture:
        if picture.mode.startswith("I"):
            return np.stack([(np.asarray(picture) // 257).astype(np.uint8)] * 3, axis=2)
        white = Image.new("RGBA", picture.size, "white")
        shown = Image.alpha_composite(white, picture) if picture.mode == "RGBA" else picture
        return np.asarray(shown.convert("RGB"))


def _nearest(prints: tuple[Fingerprint, Fingerprint], listed: list[bytes]) -> int:
    known = np.frombuffer(b"".join(listed), np.uint8).reshape(-1, 1, 32)
    asked = np.frombuffer(b"".join(b"".join(one.variants) for one in prints), np.uint8).reshape(1, -1, 32)
    return int(np.bitwise_count(known ^ asked).sum(axis=2, dtype=int).min())


def test_the_vics_document_lists_every_known_item_and_no_other(seizure: SeizureTruth, sets: HashSetFiles) -> None:
    """By MD5 and SHA-1 in capitals, with category and series."""
    document = json.loads(sets.vics.read_text(encoding="utf-8"))
    assert document["@odata.context"].endswith("$metadata#Media")
    assert len(document["value"]) == sets.vics_entries
    listed = {(entry["MD5"], entry["SHA1"]): entry for entry in document["value"]}
    here = {(f.md5.hex().upper(), f.sha1.hex().upper()): f for f in seizure.files}
    assert {here[pair].expected for pair in listed.keys() & here.keys()} == {Outcome.KNOWN}
    for pair, file in here.items():
        if file.expected is Outcome.KNOWN:
            assert listed[pair]["Series"] == seizure.series[file.sha256]
            assert listed[pair]["Category"] in {1, 2}


def test_the_known_good_list_holds_the_wallpapers_and_no_other(seizure: SeizureTruth, sets: HashSetFiles) -> None:
    """Thirty-two hexadecimal digits a line."""
    lines = sets.known_good.read_text(encoding="ascii").split()
    assert len(lines) == len(set(lines)) == sets.known_good_entries
    expected = {file.md5.hex(): file.expected for file in seizure.files}
    assert {expected[line] for line in lines if line in expected} == {Outcome.KNOWN_GOOD}
    assert {digest for digest, outcome in expected.items() if outcome is Outcome.KNOWN_GOOD} <= set(lines)


def test_our_own_readers_take_the_sets_without_a_reject(sets: HashSetFiles) -> None:
    """Each format is recognised from its bytes, and every entry arrives."""
    for path, entries in (
        (sets.vics, sets.vics_entries),
        (sets.pdq_list, sets.pdq_entries),
        (sets.known_good, sets.known_good_entries),
    ):
        data = path.read_bytes()
        records = list(detect(data[:4096]).read(io.BytesIO(data), path, None))
        assert [type(record) for record in records] == [Read] * entries


def test_only_altered_versions_lie_within_reach_of_the_pdq_list(
    sets: HashSetFiles, fingerprints: list[tuple[SampleFile, tuple[Fingerprint, Fingerprint]]]
) -> None:
    """Near items are well within 31 bits in some profile and variant; every other picture is far beyond."""
    lines = sets.pdq_list.read_text(encoding="ascii").splitlines()
    assert len(lines) == sets.pdq_entries
    listed = [bytes.fromhex(line.removeprefix("pdq ")) for line in lines]
    distances = {file.path: (file.expected, _nearest(prints, listed)) for file, prints in fingerprints}
    assert max(distance for outcome, distance in distances.values() if outcome is Outcome.NEAR) <= REACH - 7
    assert min(distance for outcome, distance in distances.values() if outcome is not Outcome.NEAR) > 2 * REACH


def test_quality_parts_the_poor_from_the_rest(
    fingerprints: list[tuple[SampleFile, tuple[Fingerprint, Fingerprint]]],
) -> None:
    """Nearly empty screens are far under the floor, all others far above it."""
    for file, prints in fingerprints:
        for one in prints:
            assert one.quality is not None
            assert (one.quality < FLOOR // 2) if file.expected is Outcome.TOO_POOR else (one.quality >= 80)


def test_pictures_look_alike_only_where_the_truth_says_so(
    fingerprints: list[tuple[SampleFile, tuple[Fingerprint, Fingerprint]]],
) -> None:
    """Versions of one picture are within reach of each other; any two others are far apart, turned or not."""
    first: dict[int | bytes, tuple[Fingerprint, Fingerprint]] = {}
    for file, prints in fingerprints:
        if file.expected is Outcome.TOO_POOR:
            continue
        name = file.sha256 if file.look is None else file.look
        centre = first.setdefault(name, prints)
        assert _nearest(prints, [centre[0].value, centre[1].value]) <= REACH - 7, file.path
    pictures = list(first.values())
    for position, prints in enumerate(pictures[:-1]):
        assert _nearest(prints, [other[1].value for other in pictures[position + 1 :]]) > 2 * REACH
