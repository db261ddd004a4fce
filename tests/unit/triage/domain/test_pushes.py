from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain.errors import Unreadable
from triage.domain.pushes import LONGEST_PATH, PACK_FILES, Manifest, Offer, PackedFile, pack_cost, packed, unpacked

FILES = st.builds(
    lambda path, data, mtime: PackedFile(Offer(path, len(data), mtime, hashlib.sha256(data).digest()), data),
    st.binary(min_size=1, max_size=50),
    st.binary(max_size=200),
    st.integers(-(2**62), 2**62),
)


@given(st.lists(FILES, max_size=8))
def test_a_pack_holds_what_went_in(files: list[PackedFile]) -> None:
    """Paths are bytes, and any bytes."""
    body = packed(files)
    assert unpacked(body) == files
    assert len(body) == sum(pack_cost(one.offer) for one in files)


@given(st.lists(FILES, min_size=1, max_size=4), st.data())
def test_a_pack_that_ends_early_is_none(files: list[PackedFile], data: st.DataObject) -> None:
    """A line that broke brings whole files or nothing."""
    body = packed(files)
    ends, at = {0}, 0
    for one in files:
        at += pack_cost(one.offer)
        ends.add(at)
    cut = data.draw(st.integers(0, len(body)).filter(lambda size: size not in ends))
    with pytest.raises(Unreadable):
        unpacked(body[:cut])


@given(st.binary(max_size=400))
def test_any_bytes_are_a_pack_or_refused(body: bytes) -> None:
    """Nothing else comes out."""
    try:
        files = unpacked(body)
    except Unreadable:
        return
    assert packed(files) == body


def test_a_pack_has_an_end() -> None:
    """As many files as may be, and one more."""
    one = PackedFile(Offer(b"p", 0, 0, bytes(32)), b"")
    assert len(unpacked(packed([one] * PACK_FILES))) == PACK_FILES
    with pytest.raises(Unreadable):
        unpacked(packed([one] * (PACK_FILES + 1)))


@pytest.mark.parametrize(
    ("path", "size", "mtime", "digest"),
    [
        (b"", 0, 0, None),
        (b"x" * (LONGEST_PATH + 1), 0, 0, None),
        (b"x", -1, 0, None),
        (b"x", 2**63, 0, None),
        (b"x", 0, 2**63, None),
        (b"x", 0, 0, b"short"),
    ],
)
def test_what_no_file_system_gives_is_refused(path: bytes, size: int, mtime: int, digest: bytes | None) -> None:
    """Before any of it reaches the database."""
    with pytest.raises(Unreadable):
        Offer(path, size, mtime, digest)


def test_a_manifest_is_as_documented() -> None:
    """One line a file; anybody can sum it up with a few lines of shell."""
    summed = Manifest()
    summed.add(b"a\xff", 3, bytes(32))
    line = "0" * 64 + " 3 61ff\n"
    assert summed.digest() == hashlib.sha256(line.encode()).digest()
    assert (summed.files, summed.bytes) == (1, 3)
