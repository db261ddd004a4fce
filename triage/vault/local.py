"""The sealed vault in a local folder: pack segments, written once, one sync per batch.

Each writer appends to a segment of its own (a random name, `.pack`), so writers never wait for one another. A segment
is rolled when it has reached 256 MiB; an object never spans two. No plaintext, no names and no keys are on disk here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from triage.domain.errors import Tampered, Unavailable
from triage.domain.sources import ByteSource
from triage.vault.files import NO_ROOM, sync_folder, write_whole
from triage.vault.keys import KeyProvider
from triage.vault.locators import NewObject, is_segment, new_segment
from triage.vault.reading import open_sealed
from triage.vault.seam import SealedObject, Segment

ROLL_AT = 256 * 1024 * 1024


class LocalVault:
    """Sealed evidence under one folder (mode 0700), which the first writer makes."""

    def __init__(self, root: Path, keys: KeyProvider, *, roll_at: int = ROLL_AT) -> None:
        self._root = root
        self._keys = keys
        self._roll_at = roll_at

    def prepare(self) -> None:
        """See Vault."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.check()

    def check(self) -> None:
        """See Vault. Asks for the rights only: a file to try would have to be deleted again."""
        if not self._root.is_dir():
            raise _absent()
        if not os.access(self._root, os.R_OK | os.W_OK | os.X_OK):
            raise Unavailable("vault-read-only", "The vault's folder cannot be written by this user.")

    def writer(self) -> LocalWriter:
        """See Vault. Makes no file before the first object."""
        return LocalWriter(self._root, self._keys, self._roll_at)

    def open(self, sealed: SealedObject) -> ByteSource:
        """See Vault."""
        return open_sealed(sealed, self._keys, self._reached)

    def segments(self) -> Iterator[Segment]:
        """See Vault. Files of other names are not ours and not listed."""
        try:
            with os.scandir(self._root) as entries:
                for entry in entries:
                    if is_segment(entry.name):
                        yield Segment(entry.name, entry.stat(follow_symlinks=False).st_size)
        except FileNotFoundError:
            return  # nothing was ever sealed here

    def _reached(self, sealed: SealedObject) -> _Extent:
        try:
            descriptor = os.open(self._root / sealed.segment, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            if not self._root.is_dir():
                raise _absent() from None
            raise Tampered("segment-missing", f"The segment of object {sealed.object_id} is missing.") from None
        except OSError as error:
            raise _read_failed(sealed, error) from None
        if os.fstat(descriptor).st_size < sealed.offset + sealed.stored_length:
            os.close(descriptor)
            raise Tampered("segment-truncated", f"The segment of object {sealed.object_id} ends early.")
        return _Extent(descriptor, sealed)


class _Extent:
    """One object's bytes in an open segment."""

    def __init__(self, descriptor: int, sealed: SealedObject) -> None:
        self._descriptor = descriptor
        self._sealed = sealed

    def read(self, start: int, length: int) -> bytes:
        """See StoredBytes."""
        try:
            return os.pread(self._descriptor, length, self._sealed.offset + start)
        except OSError as error:
            raise _read_failed(self._sealed, error) from None

    def close(self) -> None:
        """See StoredBytes."""
        os.close(self._descriptor)


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
        new = NewObject(self._keys, chunks)
        descriptor = self._segment_to_append()
        stored = 0
        try:
            for frame in new.frames:
                _append(descriptor, frame)
                stored += len(frame)
        except BaseException as error:
            self._cut_back(descriptor)
            if isinstance(error, _WriteFailed):
                raise _explained(error.cause) from None
            raise
        offset, self._end = self._end, self._end + stored
        return new.stored_at(self._segment, offset, stored)

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
        name = new_segment()
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


def _absent() -> Unavailable:
    return Unavailable("vault-absent", "The vault's folder is not there.")


def _explained(error: OSError) -> Unavailable:
    if error.errno in NO_ROOM:
        return Unavailable("disk-full", "The vault's disk is full; nothing sealed before is affected.")
    return Unavailable("vault-write-failed", f"The vault cannot be written (error {error.errno}).")


def _read_failed(sealed: SealedObject, error: OSError) -> Unavailable:
    return Unavailable("vault-read-failed", f"Object {sealed.object_id} cannot be read (error {error.errno}).")
