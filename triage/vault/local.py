"""The sealed vault in a local folder: pack segments, written once, one sync per batch.

Each writer appends to a segment of its own (a random name, `.pack`), so writers never wait for one another. A segment
is rolled when it has reached 256 MiB; an object never spans two. No plaintext, no names and no keys are on disk here.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from triage.domain.errors import Tampered, Unavailable
from triage.domain.sources import ByteSource
from triage.vault.files import NO_ROOM, sync_folder, write_whole
from triage.vault.frames import KEY_SIZE, OBJECT_ID_SIZE, plain_size, sealed_frames, stored_length
from triage.vault.keys import KeyProvider
from triage.vault.reading import SealedSource
from triage.vault.seam import SealedObject, Segment

ROLL_AT = 256 * 1024 * 1024
_SEGMENT = re.compile(r"[0-9a-f]{32}\.pack")
_OBJECT_ID = re.compile(r"[0-9a-f]{32}")


class LocalVault:
    """Sealed evidence under one folder (mode 0700), which the first writer makes."""

    def __init__(self, root: Path, keys: KeyProvider, *, roll_at: int = ROLL_AT) -> None:
        self._root = root
        self._keys = keys
        self._roll_at = roll_at

    def writer(self) -> LocalWriter:
        """See Vault. Makes no file before the first object."""
        return LocalWriter(self._root, self._keys, self._roll_at)

    def open(self, sealed: SealedObject) -> ByteSource:
        """See Vault."""
        _check_locator(sealed)
        if sealed.key_id != self._keys.key_id:
            raise Unavailable("key-unknown", f"Object {sealed.object_id} needs wrapping key {sealed.key_id}.")
        object_id = bytes.fromhex(sealed.object_id)
        key = self._keys.unwrap(sealed.wrapped_key, object_id)
        return SealedSource(self._opened(sealed), sealed.offset, key, object_id, sealed.size)

    def check(self) -> None:
        """See Vault. A folder that is not mounted is not there, or may not be written."""
        if not os.access(self._root, os.R_OK | os.W_OK | os.X_OK):
            raise Unavailable("vault-absent", "The vault's folder is not there, or not this user's to write.")

    def segments(self) -> Iterator[Segment]:
        """See Vault. Files of other names are not ours and not listed."""
        try:
            with os.scandir(self._root) as entries:
                for entry in entries:
                    if _SEGMENT.fullmatch(entry.name):
                        yield Segment(entry.name, entry.stat(follow_symlinks=False).st_size)
        except FileNotFoundError:
            return  # nothing was ever sealed here

    def _opened(self, sealed: SealedObject) -> int:
        try:
            descriptor = os.open(self._root / sealed.segment, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            if not self._root.is_dir():
                raise Unavailable("vault-absent", "The vault's folder is not there.") from None
            raise Tampered("segment-missing", f"The segment of object {sealed.object_id} is missing.") from None
        except OSError as error:
            raise _read_failed(sealed, error) from None
        if os.fstat(descriptor).st_size < sealed.offset + sealed.stored_length:
            os.close(descriptor)
            raise Tampered("segment-truncated", f"The segment of object {sealed.object_id} ends early.")
        return descriptor


class LocalWriter:
    """Appends to one segment at a time. See VaultWriter for the contract."""

    def __init__(self, root: Path, keys: KeyProvider, roll_at: int) -> None:
        self._root = root
        self._keys = keys
        self._roll_at = roll_at
        self._descriptor: int | None = None
        self._segment = ""
        self._end = 0  # end of the last whole object
        self._folder_dirty = False
        self._failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._let_go()

    def seal(self, chunks: Iterable[bytes]) -> SealedObject:
        """See VaultWriter. What a failed object had written is cut off again: no locator ever pointed there."""
        self._check_usable()
        key = secrets.token_bytes(KEY_SIZE)
        object_id = secrets.token_bytes(OBJECT_ID_SIZE)
        wrapped = self._keys.wrap(key, object_id)  # first: a key service that is away costs no writing
        frames = sealed_frames(key, object_id, chunks)
        descriptor = self._segment_to_append()
        stored = 0
        try:
            for frame in frames:
                _append(descriptor, frame)
                stored += len(frame)
        except BaseException as error:
            self._cut_back(descriptor)
            if isinstance(error, _WriteFailed):
                raise _explained(error.cause) from None
            raise
        offset, self._end = self._end, self._end + stored
        return SealedObject(
            object_id=object_id.hex(),
            segment=self._segment,
            offset=offset,
            stored_length=stored,
            size=plain_size(stored),
            wrapped_key=wrapped,
            key_id=self._keys.key_id,
        )

    def sync(self) -> None:
        """See VaultWriter. One fdatasync; one more of the folder when a segment was begun."""
        self._check_usable()
        try:
            if self._descriptor is not None:
                os.fdatasync(self._descriptor)
            if self._folder_dirty:
                sync_folder(self._root)
                self._folder_dirty = False
        except OSError as error:
            # After a failed sync the kernel may have dropped the pages; syncing again would report success.
            self._failed = True
            raise _explained(error) from None

    def _segment_to_append(self) -> int:
        if self._descriptor is not None and self._end < self._roll_at:
            return self._descriptor
        if self._descriptor is not None:
            self.sync()  # a later sync only reaches the new segment
            self._let_go()
        name = secrets.token_hex(16) + ".pack"
        try:
            if not self._root.is_dir():
                self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
                sync_folder(self._root.parent)
            self._descriptor = os.open(self._root / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise _explained(error) from None
        self._segment, self._end, self._folder_dirty = name, 0, True
        return self._descriptor

    def _cut_back(self, descriptor: int) -> None:
        try:
            os.ftruncate(descriptor, self._end)
            os.lseek(descriptor, self._end, os.SEEK_SET)
        except OSError:
            self._failed = True  # the tail is an orphan and harmless, but offsets can no longer be trusted

    def _let_go(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _check_usable(self) -> None:
        if self._failed:
            raise Unavailable("vault-write-failed", "This writer failed before; a new one must be made.")


class _WriteFailed(Exception):
    """The disk's refusal, told apart from whatever the caller's chunks may raise."""

    def __init__(self, cause: OSError) -> None:
        super().__init__()
        self.cause = cause


def _append(descriptor: int, data: bytes) -> None:
    try:
        write_whole(descriptor, data)
    except OSError as error:
        raise _WriteFailed(error) from None


def _check_locator(sealed: SealedObject) -> None:
    """The database is another's to alter: nothing in a locator reaches the file system unchecked."""
    sound = (
        _SEGMENT.fullmatch(sealed.segment)
        and _OBJECT_ID.fullmatch(sealed.object_id)
        and sealed.size >= 0
        and sealed.offset >= 0
        and sealed.stored_length == stored_length(sealed.size)
    )
    if not sound:
        raise Tampered("locator-invalid", "A locator is not in its form.")


def _explained(error: OSError) -> Unavailable:
    if error.errno in NO_ROOM:
        return Unavailable("disk-full", "The vault's disk is full; nothing sealed before is affected.")
    return Unavailable("vault-write-failed", f"The vault cannot be written (error {error.errno}).")


def _read_failed(sealed: SealedObject, error: OSError) -> Unavailable:
    return Unavailable("vault-read-failed", f"Object {sealed.object_id} cannot be read (error {error.errno}).")
