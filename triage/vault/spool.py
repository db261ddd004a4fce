"""Sealed spools: what arrives over the network, encrypted before it touches the disk, until all of it is here.

One file for each upload, under a random key of its own that is wrapped by the vault's key provider. The file is a run
of frames, and nothing else:

    nonce (12 random bytes) || plaintext length (4 bytes, big-endian) || AES-256-GCM ciphertext || tag (16 bytes)
    associated data = "triage spool v1" 0x00 || upload id || frame index (8) || plaintext offset (8) || length (4)

Frames hold 1 byte to 1 MiB: whatever a request ends with becomes a frame, so that every size of request moves the
offset on. Nonces are random, not counted: a tail torn by a crash is cut off and written anew with other bytes,
which a counted nonce would encrypt twice. Index and offset are authenticated, so frames cannot be moved, repeated or
left out; a file that is cut short is only an upload that has not come as far.

The file's truth is the offset, never the database's. A lock on the open file lets one writer at it; the kernel lets
go of it when its process dies, however it dies.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from triage.domain.errors import Conflict, Tampered, Unavailable
from triage.vault.files import NO_ROOM, create_whole, sync_folder, write_whole
from triage.vault.frames import KEY_SIZE, TAG
from triage.vault.keys import KeyProvider

FRAME = 1 << 20
"""The most plaintext bytes of a frame."""
SYNC_EVERY = 16 << 20
"""Bytes after which what was written is made durable though nobody has asked yet: what `kill -9` may cost."""

_NONCE = 12
_HEADER = struct.Struct(">12sI")
_BOUND = struct.Struct(">QQI")
_DOMAIN = b"triage spool v1\x00"
_ID = re.compile(r"[0-9a-f]{32}")
_MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a spool's whole frames end: their count, their plaintext bytes, their bytes in the file."""

    frames: int = 0
    offset: int = 0
    stored: int = 0


@dataclass(frozen=True, slots=True)
class SpoolKey:
    """A spool's key as the database keeps it. Forgetting it destroys what was spooled."""

    wrapped: bytes
    key_id: str


class Spools:
    """The spools of one machine, in one folder (mode 0700)."""

    def __init__(self, folder: Path, keys: KeyProvider) -> None:
        self._folder = folder
        self._keys = keys

    def machine(self) -> str:
        """A random name of this folder, made once: whose spools these are. Raises Unavailable `disk-full`."""
        path = self._folder / _MACHINE
        if not path.exists():
            with suppress(Conflict):  # another process of this machine was first
                create_whole(path, secrets.token_hex(8).encode())
        return path.read_text(encoding="ascii")

    def new_key(self, upload_id: str) -> SpoolKey:
        """A key for a new upload. Makes no file."""
        return SpoolKey(self._keys.wrap(secrets.token_bytes(KEY_SIZE), upload_id.encode()), self._keys.key_id)

    def open(self, upload_id: str, key: SpoolKey, known: Position | None = None) -> Spool:
        """The upload's spool for one writer; its file is made when there is none. A torn tail is cut off.

        `known` is where this process left it: taken as true where the file is still as long. Raises Conflict
        `upload-busy` while another has it open; Unavailable `disk-full`, `key-unknown`; Tampered `key-unwrap-failed`.
        """
        if key.key_id != self._keys.key_id:
            raise Unavailable("key-unknown", "This upload was sealed under another wrapping key.")
        cipher = AESGCM(self._keys.unwrap(key.wrapped, upload_id.encode()))
        descriptor = self._opened(upload_id)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return Spool(descriptor, cipher, _DOMAIN + upload_id.encode(), known)
        except BlockingIOError:
            os.close(descriptor)
            raise Conflict("upload-busy", "Another request writes to this upload: try again in a moment.") from None
        except BaseException:
            os.close(descriptor)
            raise

    def remove(self, upload_id: str) -> None:
        """Delete the upload's spool, if there is one."""
        self._path(upload_id).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """Every upload that has a file here."""
        if not self._folder.is_dir():
            return []
        return sorted(entry.name for entry in self._folder.iterdir() if _ID.fullmatch(entry.name))

    def has_room(self, size: int) -> bool:
        """Whether the disk has so many bytes left now."""
        folder = next(one for one in (self._folder, *self._folder.parents) if one.is_dir())
        free = os.statvfs(folder)
        return free.f_bavail * free.f_frsize > size

    def _path(self, upload_id: str) -> Path:
        if not _ID.fullmatch(upload_id):
            raise ValueError("an upload's id is 32 hexadecimal digits")  # it becomes a file's name
        return self._folder / upload_id

    def _opened(self, upload_id: str) -> int:
        path = self._path(upload_id)
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return os.open(path, flags)
        except FileNotFoundError:
            pass
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, flags | os.O_CREAT, 0o600)
            sync_folder(self._folder)
        except OSError as error:
            raise _explained(error) from None
        return descriptor


class Spool:
    """One upload's frames, open for one writer and reader."""

    def __init__(self, descriptor: int, cipher: AESGCM, domain: bytes, known: Position | None) -> None:
        self._descriptor = descriptor
        self._cipher = cipher
        self._domain = domain
        length = os.fstat(descriptor).st_size
        self._at = known if known and known.stored == length else self._recovered(length)
        self._durable = self._at

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    @property
    def written(self) -> Position:
        """Where the frames end."""
        return self._at

    @property
    def durable(self) -> Position:
        """As far as a power cut leaves it: all that a sender may be told."""
        return self._durable

    def append(self, data: bytes | bytearray) -> None:
        """Seal up to 1 MiB as the next frame; durable after 16 MiB at the latest.

        Raises Unavailable `disk-full`, `spool-failed`; then what was written before is still there.
        """
        at = self._at
        nonce = secrets.token_bytes(_NONCE)
        frame = self._cipher.encrypt(nonce, data, self._bound(at, len(data)))
        try:
            os.lseek(self._descriptor, at.stored, os.SEEK_SET)
            write_whole(self._descriptor, _HEADER.pack(nonce, len(data)) + frame)
        except OSError as error:
            self._cut(at.stored)
            raise _explained(error) from None
        self._at = Position(at.frames + 1, at.offset + len(data), at.stored + _HEADER.size + len(frame))
        if self._at.offset - self._durable.offset >= SYNC_EVERY:
            self.sync()

    def sync(self) -> None:
        """Make all that was written durable. Raises Unavailable `disk-full`, `spool-failed`."""
        if self._durable == self._at:
            return
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise _explained(error) from None
        self._durable = self._at

    def cut_back(self, to: Position) -> None:
        """Forget what was appended since `to`, a position of this writer's own."""
        self._cut(to.stored)
        self._at = to
        os.fdatasync(self._descriptor)
        self._durable = to

    def chunks(self) -> Iterator[bytes]:
        """The plaintext, frame by frame. Raises Tampered `spool-broken`, Unavailable `spool-failed`."""
        at = Position()
        while at.stored < self._at.stored:
            opened = self._frame(at, self._at.stored)
            if opened is None:
                raise Tampered("spool-broken", "A spool's frame does not verify.")
            at, plain = opened
            yield plain

    def _recovered(self, length: int) -> Position:
        """Where the whole frames of a file end that another process may have left in any state; the rest is cut off.

        Headers lead from frame to frame. What may not have been synced when power went is opened, too: its length
        may stand in the file and its bytes may not.
        """
        at = settled = Position()
        while at.stored < length and (following := self._skipped(at, length)):
            if following.stored <= length - 2 * SYNC_EVERY:
                settled = following
            at = following
        at = settled
        while at.stored < length and (opened := self._frame(at, length)):
            at = opened[0]
        if at.stored < length:
            self._cut(at.stored)
        if length:
            os.fdatasync(self._descriptor)  # the process that wrote it may have died before it did
        return at

    def _skipped(self, at: Position, end: int) -> Position | None:
        header = self._read(at.stored, _HEADER.size)
        if len(header) < _HEADER.size:
            return None
        _, size = _HEADER.unpack(header)
        after = at.stored + _HEADER.size + size + TAG
        if not 0 < size <= FRAME or after > end:
            return None
        return Position(at.frames + 1, at.offset + size, after)

    def _frame(self, at: Position, end: int) -> tuple[Position, bytes] | None:
        """The frame at this place and where the next begins; None where no frame verifies."""
        following = self._skipped(at, end)
        if following is None:
            return None
        stored = self._read(at.stored, following.stored - at.stored)
        nonce, size = _HEADER.unpack_from(stored)
        try:
            plain = self._cipher.decrypt(nonce, memoryview(stored)[_HEADER.size :], self._bound(at, size))
        except InvalidTag:
            return None
        return following, plain

    def _bound(self, at: Position, size: int) -> bytes:
        return self._domain + _BOUND.pack(at.frames, at.offset, size)

    def _read(self, start: int, length: int) -> bytes:
        try:
            return os.pread(self._descriptor, length, start)
        except OSError as error:
            raise _explained(error) from None

    def _cut(self, length: int) -> None:
        try:
            os.ftruncate(self._descriptor, length)
        except OSError as error:
            raise _explained(error) from None


def _explained(error: OSError) -> Unavailable:
    if error.errno in NO_ROOM:
        return Unavailable("disk-full", "The disk for arriving uploads is full; what has arrived is kept.")
    return Unavailable("spool-failed", f"A spool cannot be read or written (error {error.errno}).")
