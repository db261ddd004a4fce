"""The sealing format under arbitrary sizes, chunkings and damage. Frames are small here: borders come often."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain.errors import Tampered
from triage.vault import frames
from triage.vault.frames import TAG, FrameOpener, frame_count, plain_size, sealed_frames, stored_length

KEY, OBJECT_ID = bytes(range(32)), bytes(range(16))
SMALL = 8


@pytest.fixture(autouse=True, scope="module")
def small_frames() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frames, "FRAME", SMALL)
        yield


def opened(sealed: list[bytes], size: int, object_id: bytes = OBJECT_ID, key: bytes = KEY) -> bytes:
    opener = FrameOpener(key, object_id, size)
    return b"".join(opener.opened(index, frame) for index, frame in enumerate(sealed))


@given(st.lists(st.binary(max_size=3 * SMALL), max_size=8))
def test_any_chunks_come_back_and_lengths_are_foretold(chunks: list[bytes]) -> None:
    """Sizes, counts and extents are functions of the plain size alone."""
    data = b"".join(chunks)
    sealed = list(sealed_frames(KEY, OBJECT_ID, chunks))
    stored = sum(map(len, sealed))
    assert opened(sealed, len(data)) == data
    assert (len(sealed), stored) == (frame_count(len(data)), stored_length(len(data)))
    assert plain_size(stored) == len(data)
    opener, joined = FrameOpener(KEY, OBJECT_ID, len(data)), b"".join(sealed)
    for index, frame in enumerate(sealed):
        start, length = opener.extent(index)
        assert joined[start : start + length] == frame


@given(st.binary(max_size=4 * SMALL), st.data())
def test_a_flipped_bit_anywhere_is_noticed(data: bytes, draw: st.DataObject) -> None:
    """Ciphertext or tag, first frame or last."""
    sealed = list(sealed_frames(KEY, OBJECT_ID, [data]))
    which = draw.draw(st.integers(0, len(sealed) - 1))
    bit = draw.draw(st.integers(0, 8 * len(sealed[which]) - 1))
    damaged = bytearray(sealed[which])
    damaged[bit // 8] ^= 1 << bit % 8
    sealed[which] = bytes(damaged)
    with pytest.raises(Tampered):
        opened(sealed, len(data))


@given(st.integers(2, 5), st.data())
def test_frames_cannot_be_moved_dropped_or_repeated(count: int, draw: st.DataObject) -> None:
    """Every other arrangement of whole, untouched frames fails, whatever size is claimed for it."""
    sealed = list(sealed_frames(KEY, OBJECT_ID, [bytes(SMALL * count)]))
    arrangement = draw.draw(
        st.lists(st.integers(0, count - 1), min_size=1, max_size=count + 1).filter(lambda a: a != [*range(count)])
    )
    moved = [sealed[index] for index in arrangement]
    with pytest.raises(Tampered):
        opened(moved, plain_size(sum(map(len, moved))))


@given(st.binary(max_size=3 * SMALL), st.integers(1, 3 * SMALL))
def test_a_prefix_is_never_a_whole_object(data: bytes, cut: int) -> None:
    """Truncation at a frame's border fails on the final flag, elsewhere on the tag."""
    joined = b"".join(sealed_frames(KEY, OBJECT_ID, [data]))
    kept = joined[: max(TAG, len(joined) - cut)]
    if kept == joined:
        return
    step = SMALL + TAG
    with pytest.raises(Tampered):
        opened([kept[at : at + step] for at in range(0, len(kept), step)], plain_size(len(kept)))


@given(st.binary(max_size=2 * SMALL))
def test_another_object_or_key_opens_nothing(data: bytes) -> None:
    """Id and key are both bound in."""
    sealed = list(sealed_frames(KEY, OBJECT_ID, [data]))
    with pytest.raises(Tampered):
        opened(sealed, len(data), object_id=bytes(16))
    with pytest.raises(Tampered):
        opened(sealed, len(data), key=bytes(32))


def test_an_object_id_has_one_length() -> None:
    """A shorter id could run into the index that follows it."""
    with pytest.raises(ValueError, match="16 bytes"):
        list(sealed_frames(KEY, b"short", [b""]))
