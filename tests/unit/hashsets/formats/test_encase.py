"""EnCase hash sets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from hashsets.errors import HashSetError
from hashsets.formats.encase import read_encase
from tests.unit.hashsets.formats.sample_databases import encase

ReadAll = Callable[..., Any]
VALUES = [hashlib.md5(str(number).encode()).digest() for number in range(5000)]


def test_every_record_is_an_md5(read_all: ReadAll) -> None:
    """Across the pieces in which the file is read."""
    reading = read_all(read_encase, encase(*VALUES))
    assert [entry.digests[0].value for entry in reading.entries] == VALUES
    assert reading.rejects == []


def test_the_empty_file_is_counted_at_its_place(read_all: ReadAll) -> None:
    """It says nothing about a picture."""
    reading = read_all(read_encase, encase(VALUES[0], hashlib.md5(b"").digest(), VALUES[1]))
    assert (len(reading.entries), reading.rejects) == (2, [(2, "empty-file-digest")])


@pytest.mark.parametrize("kept", [0, 7, 1151, 1152 + 17, 1152 + 18 + 1])
def test_a_file_cut_short_is_refused(kept: int, read_all: ReadAll) -> None:
    """In the header or in a record."""
    with pytest.raises(HashSetError) as caught:
        read_all(read_encase, encase(*VALUES[:3])[:kept])
    assert caught.value.code == "encase-broken"


def test_another_header_is_refused(read_all: ReadAll) -> None:
    """Records of 18 bytes could be anything."""
    with pytest.raises(HashSetError):
        read_all(read_encase, b"X" + encase(*VALUES[:3])[1:])
