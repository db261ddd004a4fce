"""What every vault shares about objects: the names of segments, an object being sealed, a locator's form."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator

from triage.domain.errors import Tampered
from triage.vault.frames import KEY_SIZE, OBJECT_ID_SIZE, plain_size, sealed_frames, stored_length
from triage.vault.keys import KeyProvider
from triage.vault.seam import SealedObject

_SEGMENT = re.compile(r"[0-9a-f]{32}\.pack")
_OBJECT_ID = re.compile(r"[0-9a-f]{32}")


def new_segment() -> str:
    """A name that nobody has used and that tells nothing: 128 random bits."""
    return secrets.token_hex(16) + ".pack"


def is_segment(name: str) -> bool:
    """Whether a name is one that `new_segment` gives; anything else in a vault is not ours."""
    return _SEGMENT.fullmatch(name) is not None


class NewObject:
    """An object that is being sealed: an id and a key of its own, and the frames to be stored."""

    def __init__(self, keys: KeyProvider, chunks: Iterable[bytes]) -> None:
        key = secrets.token_bytes(KEY_SIZE)
        object_id = secrets.token_bytes(OBJECT_ID_SIZE)
        self._object_id = object_id.hex()
        self._wrapped = keys.wrap(key, object_id)  # first: a key service that is away costs no writing
        self._key_id = keys.key_id
        self.frames: Iterator[bytes] = sealed_frames(key, object_id, chunks)

    def stored_at(self, segment: str, offset: int, length: int) -> SealedObject:
        """The locator, once all frames (`length` bytes together) lie in `segment` from `offset` on."""
        return SealedObject(
            object_id=self._object_id,
            segment=segment,
            offset=offset,
            stored_length=length,
            size=plain_size(length),
            wrapped_key=self._wrapped,
            key_id=self._key_id,
        )


def check_locator(sealed: SealedObject) -> None:
    """Raise Tampered `locator-invalid`: the database is another's to alter, so nothing in it is used unchecked."""
    sound = (
        is_segment(sealed.segment)
        and _OBJECT_ID.fullmatch(sealed.object_id)
        and sealed.size >= 0
        and sealed.offset >= 0
        and sealed.stored_length == stored_length(sealed.size)
    )
    if not sound:
        raise Tampered("locator-invalid", "A locator is not in its form.")
