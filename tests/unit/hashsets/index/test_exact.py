"""Digests in sorted arrays."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from hashsets.errors import Damaged
from hashsets.index.exact import EMPTY_FILE, ExactSegment
from hashsets.vocabulary import DigestAlgorithm

MD5 = DigestAlgorithm.MD5


def segment_of(*values: bytes) -> ExactSegment:
    array = np.frombuffer(b"".join(values), np.uint8).reshape(len(values), 16)
    return ExactSegment.build(MD5, array, np.arange(len(values), dtype=np.uint32))


def digest(number: int) -> bytes:
    return hashlib.md5(str(number).encode()).digest()


def pairs(segment: ExactSegment, *asked: bytes) -> list[tuple[int, int]]:
    hits = segment.lookup(asked)
    return list(zip(hits.query.tolist(), hits.entry.tolist(), strict=True))


@pytest.mark.parametrize("count", [0, 1, 2, 4, 8, 16, 1000])
def test_members_are_found_and_strangers_are_not(count: int, tmp_path: Path) -> None:
    """In memory and after saving and opening, for sets of every awkward size."""
    built = segment_of(*map(digest, range(count)))
    built.save(tmp_path / "segment")
    for segment in (built, ExactSegment.open(tmp_path / "segment")):
        assert pairs(segment, *map(digest, range(count))) == [(number, number) for number in range(count)]
        assert pairs(segment, *map(digest, range(count, count + 50))) == []


def test_every_entry_of_a_repeated_digest_is_found() -> None:
    """Two entries may list the same bytes, with different opinions."""
    assert pairs(segment_of(digest(1), digest(2), digest(1)), digest(1), digest(1)) == [
        (0, 0),
        (0, 2),
        (1, 0),
        (1, 2),
    ]


def test_zero_bytes_at_the_end_of_a_digest_count() -> None:
    """Fixed-length strings of numpy end at zero bytes; digests do not."""
    short, padded = b"\x01" * 15 + b"\x00", b"\x01" * 14 + b"\x00\x00"
    segment = segment_of(short, padded, b"\x00" * 16)
    assert pairs(segment, padded, short, b"\x00" * 16) == [(0, 1), (1, 0), (2, 2)]
    assert pairs(segment, b"\x01" * 13 + b"\x00\x00\x01") == []


@pytest.mark.parametrize("algorithm", list(DigestAlgorithm))
def test_the_empty_files_digest_is_neither_taken_nor_found(algorithm: DigestAlgorithm, tmp_path: Path) -> None:
    """Not even where a faulty writer let it in."""
    empty = next(known.value for known in EMPTY_FILE if known.algorithm is algorithm)
    assert empty == hashlib.new(algorithm.value, b"").digest()
    array = np.frombuffer(empty, np.uint8).reshape(1, -1)
    entries = np.zeros(1, np.uint32)
    with pytest.raises(ValueError, match="empty file"):
        ExactSegment.build(algorithm, array, entries)
    ExactSegment(algorithm, array, entries).save(tmp_path / "segment")
    with pytest.raises(Damaged):
        ExactSegment.open(tmp_path / "segment")
    assert len(ExactSegment(algorithm, array, entries).lookup([empty]).query) == 0


def test_values_of_another_length_are_refused() -> None:
    """A SHA-1 never goes where MD5 lie."""
    with pytest.raises(ValueError, match="16 bytes"):
        segment_of(digest(1)).lookup([b"\x00" * 20])


def test_any_changed_byte_of_a_small_segment_is_found_on_opening(tmp_path: Path) -> None:
    """One flipped bit anywhere refuses."""
    segment_of(*map(digest, range(20))).save(tmp_path / "whole")
    for file in sorted((tmp_path / "whole").iterdir()):
        for place in np.linspace(0, file.stat().st_size - 1, 7).astype(int):
            shutil.copytree(tmp_path / "whole", tmp_path / "broken")
            content = bytearray(file.read_bytes())
            content[place] ^= 1
            (tmp_path / "broken" / file.name).write_bytes(content)
            with pytest.raises(Damaged):
                ExactSegment.open(tmp_path / "broken")
            shutil.rmtree(tmp_path / "broken")


def test_a_large_segment_out_of_order_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contents of large segments are not read on opening; probing itself still finds a lost order."""
    monkeypatch.setattr("hashsets.index.segment_files.READ_WHOLE_BELOW", 0)
    segment_of(*map(digest, range(500))).save(tmp_path / "segment")
    ExactSegment.open(tmp_path / "segment")
    values = np.fromfile(tmp_path / "segment" / "values.bin", np.uint8).reshape(-1, 16)
    values[::-1].tofile(tmp_path / "segment" / "values.bin")
    with pytest.raises(Damaged):
        ExactSegment.open(tmp_path / "segment")
    with pytest.raises(Damaged):
        ExactSegment.verify(tmp_path / "segment")


def test_a_merged_segment_equals_one_built_anew() -> None:
    """Rows taken out, rows of later entries added: the same arrays, ascending by value and then by entry."""
    random = np.random.default_rng(0)
    for count, more in ((0, 3), (3, 0), (30, 30), (400, 5), (5, 400)):
        values = np.array([list(digest(number)) for number in random.integers(0, 12, count + more)], np.uint8)
        entries = random.permutation(1000)[: count + more].astype(np.uint32)
        base = ExactSegment.build(MD5, values[:count].reshape(-1, 16), entries[:count])
        fresh = ExactSegment.build(MD5, values[count:].reshape(-1, 16), entries[count:]).renumbered(1000)
        stays = base.entries % 3 > 0
        merged = base.merged(stays, fresh)
        expected = ExactSegment.build(
            MD5,
            np.concatenate((base.values[stays], fresh.values)),
            np.concatenate((base.entries[stays], fresh.entries)),
        )
        assert np.array_equal(merged.values, expected.values)
        assert np.array_equal(merged.entries, expected.entries)
