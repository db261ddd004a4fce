"""Values of pHash and dHash that entries list: never searched for, brought with what PDQ found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hashsets.deltas import Delta
from hashsets.library import Library
from hashsets.reports import NotComparable, ReleaseInfo
from hashsets.vocabulary import Digest, DigestAlgorithm, Entry, Fingerprint, FingerprintAlgorithm, Profile, SetKind

PHASH, DHASH = FingerprintAlgorithm.PHASH, FingerprintAlgorithm.DHASH
VALUE = bytes(range(32))
ASKED = Fingerprint(FingerprintAlgorithm.PDQ, Profile.PDQ_FULL, VALUE, 100)


def imported(library: Library, path: Path, text: str) -> ReleaseInfo:
    path.write_text(text, encoding="ascii")
    return library.import_file(path, name="a-set", kind=SetKind.KNOWN).release


def test_a_table_brings_them_with_near_candidates(library: Library, tmp_path: Path) -> None:
    """What is no value of theirs is passed over: other programs call other things pHash."""
    row = f"1,{VALUE.hex()},0123456789abcdef,FEDCBA9876543210\n2,{VALUE.hex()},not-hex,00ff\n"
    imported(library, tmp_path / "t.csv", "key,pdq,phash,dhash\n" + row)
    first, second = library.lookup_fingerprints([ASKED])
    assert dict(first.second_values) == {
        PHASH: bytes.fromhex("0123456789abcdef"),
        DHASH: bytes.fromhex("fedcba9876543210"),
    }
    assert second.second_values == ()


def test_vics_names_them_among_alternative_hashes(library: Library, tmp_path: Path) -> None:
    """However it spells them."""
    hashes = [{"HashName": name, "HashValue": "0f" * 8} for name in ("pHash", "D-Hash")]
    media = {"MediaID": 1, "MD5": "", "AlternativeHashes": [{"HashName": "PDQ", "HashValue": VALUE.hex()}, *hashes]}
    imported(library, tmp_path / "t.json", json.dumps({"@odata.context": "x#Media", "value": [media]}))
    (found,) = library.lookup_fingerprints([ASKED])
    assert dict(found.second_values) == {PHASH: b"\x0f" * 8, DHASH: b"\x0f" * 8}


def test_what_cannot_be_compared_is_counted_without_them(library: Library, tmp_path: Path) -> None:
    """Entries with nothing that could be found are counted, whatever else they list."""
    rows = f"1,{VALUE.hex()},,p1\n2,,{'0' * 16},\n3,,,p3\n"
    release = imported(library, tmp_path / "t.csv", "key,pdq,phash,photodna\n" + rows)
    assert release.counts.opaque == {"phash": 1, "photodna": 2}
    assert release.not_comparable == NotComparable("a-set", release.release_id, {"photodna": 2}, 2)
    assert release.not_comparable.sentence == (
        f"Release {release.release_id} lists 2 photodna values, which this program cannot compare; "
        "2 of its entries have nothing else that could be found."
    )


def test_a_set_without_such_values_says_nothing_of_them(library: Library, tmp_path: Path) -> None:
    """PHash can be compared."""
    release = imported(library, tmp_path / "t.csv", f"key,pdq,phash\n1,{VALUE.hex()},{'0' * 16}\n")
    assert (release.not_comparable, release.counts.only_opaque) == (None, 0)


def test_a_delta_counts_them_anew(library: Library, tmp_path: Path) -> None:
    """Added, changed into something that can be found, and retracted."""
    imported(library, tmp_path / "t.csv", f"key,pdq,photodna\n1,{VALUE.hex()},\n2,,p2\n3,,p3\n")
    digest = Digest(DigestAlgorithm.MD5, b"synthetic bytes.")
    updates = [
        ("2", Entry("2", (digest,), opaque=(("photodna", "p2"),))),
        ("3", None),
        ("4", Entry("4", opaque=(("photodna", "p4"), ("phash", "0" * 16)))),
        ("5", Entry("5", opaque=(("photodna", "p5"),))),
    ]
    report = library.apply_delta("a-set", Delta(updates, "checkpoint"))
    assert report.release.counts.only_opaque == 2
    assert library.apply_delta("a-set", Delta([("5", None)])).release.counts.only_opaque == 1


def test_a_layer_brings_its_own(library: Library, tmp_path: Path) -> None:
    """Beside those of the release that it lies on."""
    imported(library, tmp_path / "t.csv", f"key,pdq,phash\n1,{VALUE.hex()},{'0' * 16}\n")
    library.apply_delta("a-set", Delta([("2", Entry("2", (), (VALUE,), opaque=(("phash", "f" * 16),)))]))
    found = {one.entry_key: dict(one.second_values)[PHASH] for one in library.lookup_fingerprints([ASKED])}
    assert found == {"1": bytes(8), "2": b"\xff" * 8}


@pytest.mark.parametrize(("count", "word"), [(1, "1 photodna value,"), (1200, "1,200 photodna values,")])
def test_the_sentence_agrees_with_its_number(count: int, word: str) -> None:
    """And sets thousands apart."""
    assert word in NotComparable("a", "a-r1", {"photodna": count}, 0).sentence
