"""Equal values are kept once and found everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashsets.errors import Damaged
from hashsets.index.hamming import HammingSegment, as_words
from hashsets.index.hits import Values
from hashsets.index.repeats import Repeats


def values_of(numbers: list[int]) -> Values:
    """A value for each number; equal numbers, equal values."""
    values = np.zeros((len(numbers), 32), np.uint8)
    values[:, 31] = numbers
    return values


@given(st.lists(st.integers(0, 5), max_size=30))
def test_every_row_has_its_value(numbers: list[int]) -> None:
    """Distinct values stand in the order in which they first occur, and lead back to all rows."""
    words = as_words(values_of(numbers))
    repeats, distinct = Repeats.among(words)
    rows = np.arange(len(numbers))
    assert np.array_equal(distinct[repeats.numbers_of(rows)], words)
    assert distinct.view(np.uint8)[:, 31].tolist() == list(dict.fromkeys(numbers))
    assert len(distinct) + len(repeats) == len(numbers)
    assert repeats.fits(len(distinct))


@given(st.lists(st.integers(0, 5), max_size=30))
def test_a_segment_gives_its_set_back(numbers: list[int]) -> None:
    """All of it, and any part in any order."""
    values = values_of(numbers)
    segment = HammingSegment.build(values, ((1, (16,) * 16),))
    assert len(segment) == len(numbers)
    assert np.array_equal(segment.values(), values)
    rows = np.random.default_rng(0).integers(0, max(len(numbers), 1), 7 if numbers else 0)
    assert np.array_equal(segment.values_of(rows), values[rows])


def test_a_set_of_one_repeated_value_is_small(tmp_path: Path) -> None:
    """A list that holds one logo a hundred thousand times compares it once."""
    segment = HammingSegment.build(values_of([1] * 100_000))
    assert len(segment.search(values_of([1]), 0)) == 100_000
    segment.save(tmp_path / "segment")
    assert (tmp_path / "segment" / "values.bin").stat().st_size == 32


@pytest.mark.parametrize("name", ["first", "again_of", "again_row"])
def test_repeats_that_point_outside_the_set_are_damage(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contents of large segments are not read on opening, so what they point to is checked."""
    monkeypatch.setattr("hashsets.index.segment_files.READ_WHOLE_BELOW", 0)
    HammingSegment.build(values_of([1, 2, 1, 1])).save(tmp_path / "segment")
    file = tmp_path / "segment" / f"{name}.bin"
    array = np.fromfile(file, np.uint32)
    array[-1] = 9
    array.tofile(file)
    with pytest.raises(Damaged):
        HammingSegment.open(tmp_path / "segment")
