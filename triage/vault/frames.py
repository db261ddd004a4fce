"""The sealing format: how one object's bytes become authenticated frames. Pure; knows no files and no key store.

An object is encrypted under a random 256-bit key of its own, in frames of 1 MiB (the last one shorter, and empty only
for an empty object), each AES-256-GCM with a 16-byte tag, stored one after the other with nothing between.

    nonce (12 bytes) = frame index, 11 bytes big-endian || final flag, 1 byte
    associated data  = "triage frame v1" 0x00 || object id (16 bytes) || frame index (8 bytes) || final flag (1 byte)

A counter is a safe nonce because the key seals one object once. Index and final flag make truncation, reordering and
repetition fail (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015); the object id makes a frame
of another object fail even under the same key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from triage.domain.errors import Tampered

FRAME = 1024 * 1024
"""Plaintext bytes in a full frame."""
TAG = 16
"""Bytes that sealing adds to each frame."""
OBJECT_ID_SIZE = 16
KEY_SIZE = 32
_DOMAIN = b"triage frame v1\x00"


def frame_count(size: int) -> int:
    """Frames of an object of `size` plaintext bytes; an empty object still has one."""
    return max(1, -(-size // FRAME))


def stored_length(size: int) -> int:
    """Sealed bytes of an object of `size` plaintext bytes."""
    return size + TAG * frame_count(size)


def plain_size(stored: int) -> int:
    """The inverse of `stored_length` for a length that it can give."""
    return stored - TAG * -(-stored // (FRAME + TAG))


def sealed_frames(key: bytes, object_id: bytes, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Seal a stream of chunks of any sizes, frame by frame; holds no more than one frame and one chunk."""
    cipher = AESGCM(key)
    index = 0
    pending = bytearray()
    for chunk in chunks:
        rest = memoryview(chunk)
        while rest:
            if len(pending) == FRAME:  # sealed only now: more follows, so it is not the final frame
                yield _sealed(cipher, object_id, index, pending, is_final=False)
                index += 1
                pending.clear()
            room = FRAME - len(pending)
            pending += rest[:room]
            rest = rest[room:]
    yield _sealed(cipher, object_id, index, pending, is_final=True)


class FrameOpener:
    """Opens single frames of one object of `size` plaintext bytes, in any order."""

    def __init__(self, key: bytes, object_id: bytes, size: int) -> None:
        self._cipher = AESGCM(key)
        self._object_id = object_id
        self._last = frame_count(size) - 1
        self._size = size

    def extent(self, index: int) -> tuple[int, int]:
        """Offset from the object's first stored byte, and stored length, of frame `index`."""
        plain = FRAME if index < self._last else self._size - FRAME * self._last
        return index * (FRAME + TAG), plain + TAG

    def opened(self, index: int, frame: bytes) -> bytes:
        """The plaintext of frame `index`. Raises Tampered `seal-broken`."""
        is_final = index == self._last
        try:
            return self._cipher.decrypt(_nonce(index, is_final), frame, _bound(self._object_id, index, is_final))
        except InvalidTag:
            raise Tampered(
                "seal-broken", f"Frame {index} of object {self._object_id.hex()} does not verify."
            ) from None


def _sealed(cipher: AESGCM, object_id: bytes, index: int, plain: bytearray, *, is_final: bool) -> bytes:
    return cipher.encrypt(_nonce(index, is_final), plain, _bound(object_id, index, is_final))


def _nonce(index: int, is_final: bool) -> bytes:
    return index.to_bytes(11, "big") + bytes([is_final])


def _bound(object_id: bytes, index: int, is_final: bool) -> bytes:
    if len(object_id) != OBJECT_ID_SIZE:
        raise ValueError("an object id is 16 bytes")
    return _DOMAIN + object_id + index.to_bytes(8, "big") + bytes([is_final])
