"""Exact radius search over 256-bit values, and segments that refuse to answer when they are not whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from hashsets.conformance import brute_force, near_and_far
from hashsets.errors import Damaged
from hashsets.index.hamming import LAYOUTS, MAX_REACH, HammingSegment, radii_for
from hashsets.index.hits import Values
from hashsets.index.segment_files import HEADER, seal_of

TABLES = ((1, (8,) * 32),)


def random_values(count: int, seed: int = 0) -> Values:
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def saved(folder: Path, values: Values) -> Path:
    HammingSegment.build(values, TABLES).save(folder)
    return folder


def reseal(folder: Path, **facts: object) -> None:
    """Give a header other facts and a seal that fits, as a faulty writer would."""
    header = json.loads((folder / HEADER).read_bytes())
    del header["seal"]
    header["facts"] |= facts
    (folder / HEADER).write_text(json.dumps({**header, "seal": seal_of(header)}))


@pytest.mark.parametrize(("least", "widths"), LAYOUTS)
def test_every_shipped_layout_is_exact(least: int, widths: tuple[int, ...]) -> None:
    """The widths cover 256 bits, and radii for every reach leave no value within reach unfound."""
    assert least > 0
    assert sum(widths) == 256
    for reach in range(MAX_REACH + 1):
        radii = radii_for(widths, (1.0,) * len(widths), reach)
        assert sum(radius + 1 for radius in radii) == reach + 1


def test_radii_avoid_crowded_chunks() -> None:
    """Where one chunk's buckets are overfull, its radius is the smallest."""
    radii = radii_for((16,) * 16, (1000.0, *[1.0] * 15), 31)
    assert radii[0] < min(radii[1:])


@pytest.mark.parametrize("count", [33_000, 310_000])
def test_large_sets_equal_brute_force(count: int) -> None:
    """With the layouts that large sets get by themselves."""
    values = random_values(count)
    queries = near_and_far(values, count=24)
    got, expected = HammingSegment.build(values).search(queries), brute_force(values, queries, MAX_REACH)
    assert len(got) > 5
    for field in ("query", "row", "distance"):
        assert np.array_equal(getattr(got, field), getattr(expected, field))


def test_an_overfull_bucket_costs_no_recall() -> None:
    """Half of a large set is one value, as with flat pictures: all of it is found, and so are its neighbours."""
    values = random_values(60_000)
    values[::2] = values[0]
    queries = near_and_far(values, count=8)
    queries[0] = values[0]
    got, expected = HammingSegment.build(values).search(queries), brute_force(values, queries, MAX_REACH)
    assert len(got) >= 30_000
    assert np.array_equal(got.row, expected.row)
    assert np.array_equal(got.distance, expected.distance)


def test_more_results_than_expected_are_all_returned() -> None:
    """A batch whose answer is far longer than the first guess at its length."""
    values = np.repeat(random_values(1), 3000, axis=0)
    assert len(HammingSegment.build(values).search(values[:50])) == 150_000


@pytest.mark.parametrize("reach", [-1, 42, 256])
def test_a_reach_beyond_the_promise_is_refused(reach: int) -> None:
    """Beyond 41 bits nothing is promised, so nothing is answered."""
    with pytest.raises(ValueError, match="reach"):
        HammingSegment.build(random_values(3)).search(random_values(1), reach)


def test_other_shapes_are_refused() -> None:
    """Values are 32 bytes each."""
    with pytest.raises(ValueError, match="uint8"):
        HammingSegment.build(np.zeros((3, 31), np.uint8))
    with pytest.raises(ValueError, match="uint8"):
        HammingSegment.build(random_values(3)).search(np.zeros((1, 4), np.uint64))


def test_the_caller_may_change_its_array_afterwards() -> None:
    """A segment is immutable: it keeps a copy."""
    values = random_values(4)
    segment = HammingSegment.build(values)
    wanted = values[:1].copy()
    values[:] = 0
    assert len(segment.search(wanted, 0)) == 1


def test_any_changed_byte_of_a_small_segment_is_found_on_opening(tmp_path: Path) -> None:
    """Values, offsets, rows, header: one flipped bit anywhere refuses."""
    whole = saved(tmp_path / "whole", random_values(40))
    for file in sorted(whole.iterdir()):
        for place in np.linspace(0, file.stat().st_size - 1, 7).astype(int):
            broken = tmp_path / "broken"
            shutil.copytree(whole, broken)
            content = bytearray(file.read_bytes())
            content[place] ^= 0x10
            (broken / file.name).write_bytes(content)
            with pytest.raises(Damaged):
                HammingSegment.open(broken)
            shutil.rmtree(broken)


@pytest.mark.parametrize("name", ["values.bin", "offsets.bin", "rows.bin", HEADER])
def test_a_truncated_or_missing_file_is_refused(name: str, tmp_path: Path) -> None:
    """Half-copied folders never answer."""
    folder = saved(tmp_path / "segment", random_values(40))
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1])
    with pytest.raises(Damaged):
        HammingSegment.open(folder)
    (folder / name).unlink()
    with pytest.raises(Damaged):
        HammingSegment.open(folder)


def test_a_segment_that_misses_a_member_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large segment's contents are not read on opening; then probing itself still finds broken tables."""
    monkeypatch.setattr("hashsets.index.segment_files.READ_WHOLE_BELOW", 0)
    folder = saved(tmp_path / "segment", random_values(4000))
    HammingSegment.open(folder)
    rows = np.fromfile(folder / "rows.bin", np.uint32)
    np.roll(rows, 1).tofile(folder / "rows.bin")
    with pytest.raises(Damaged) as caught:
        HammingSegment.open(folder)
    assert caught.value.code == "segment-misses-member"
    with pytest.raises(Damaged, match="contents"):
        HammingSegment.verify(folder)


def test_tables_that_point_outside_are_refused_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged offset or row number cannot make compiled code read past an array."""
    monkeypatch.setattr("hashsets.index.segment_files.READ_WHOLE_BELOW", 0)
    for name in ("rows.bin", "offsets.bin"):
        folder = saved(tmp_path / name, random_values(500))
        size = (folder / name).stat().st_size
        (folder / name).write_bytes(b"\xff\xff\xff\x7f" * (size // 4))
        with pytest.raises(Damaged) as caught:
            HammingSegment.open(folder)
        assert caught.value.code == "segment-tables-inconsistent"


def test_facts_that_disagree_with_the_arrays_are_refused(tmp_path: Path) -> None:
    """A sealed header of a faulty writer: wrong count, wrong widths, no widths."""
    folder = saved(tmp_path / "segment", random_values(40))
    for facts in ({"count": 39}, {"widths": [8] * 31}, {"widths": [256]}, {"widths": None}, {"crowding": 3}):
        broken = tmp_path / "broken"
        shutil.copytree(folder, broken)
        reseal(broken, **facts)
        with pytest.raises(Damaged):
            HammingSegment.open(broken)
        shutil.rmtree(broken)


def test_a_folder_is_never_written_over(tmp_path: Path) -> None:
    """Segments are immutable."""
    folder = saved(tmp_path / "segment", random_values(2))
    with pytest.raises(FileExistsError):
        HammingSegment.build(random_values(2)).save(folder)


def test_damage_is_a_value_error() -> None:
    """So that a caller who knows nothing of codes can still catch it."""
    assert issubclass(Damaged, ValueError)
