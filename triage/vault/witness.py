"""The log's witness: append-only copies of leaf hashes and signed checkpoints outside the database.

Two files in a folder of their own, best on another disk or machine: `leaves`, 32 bytes for each record, and
`checkpoints`, the signed notes one after the other, newest last. Neither holds a word of any record. The database
commits first and the witness follows, so after a crash it may be behind and is fed again; it can never rightly be
ahead, and what it holds is never rewritten.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from triage.domain.checkpoints import MAX_NOTE, SIGNATURE_START, LogSigner, parse
from triage.domain.errors import Conflict, Refused, Tampered, Unavailable
from triage.domain.merkle import HASH_SIZE
from triage.vault.files import NO_ROOM, create_secret, load_secret, sync_folder, write_whole

_LEAVES, _CHECKPOINTS = "leaves", "checkpoints"
_READ = 1024 * HASH_SIZE
_SIGNATURE = SIGNATURE_START.encode()


class FileSigningKey:
    """The log's Ed25519 key: a seed of 32 bytes in a file, mode 0600, beside neither the database nor the witness."""

    @staticmethod
    def create(path: Path, name: str, *, log_exists: bool) -> LogSigner:
        """Make a new key. Raises Conflict `key-exists`; Refused `key-lost` when a log exists already."""
        if log_exists and not path.exists():
            raise Refused("key-lost", "The custody log has records and its signing key is missing: restore the key.")
        create_secret(path)
        return FileSigningKey.load(path, name)

    @staticmethod
    def load(path: Path, name: str) -> LogSigner:
        """The signer of the log called `name`; raises as `load_secret` does."""
        return LogSigner(name, Ed25519PrivateKey.from_private_bytes(load_secret(path)))


@dataclass(frozen=True, slots=True)
class WitnessView:
    """The witness as it stood at one moment; later appends do not show. Each iterator is good for one pass.

    A crash may cost the newest checkpoint its leaves, no more: a `size` below `settled` was made by somebody.
    """

    size: int
    settled: int
    leaf_hashes: Iterator[bytes]
    checkpoints: Iterator[str]


class LogMirror:
    """The two files in `folder`; several processes may extend them.

    A witness is made once, by `create`: one that has vanished must not come back empty without anybody noticing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def create(cls, folder: Path) -> LogMirror:
        """Begin an empty witness, whole or not at all. Raises Conflict `witness-exists`."""
        draft = folder.parent / f".{folder.name}.{secrets.token_hex(8)}"
        draft.mkdir(parents=True, mode=0o700)
        try:
            for name in (_LEAVES, _CHECKPOINTS):
                os.close(os.open(draft / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            sync_folder(draft)
            draft.rename(folder)  # onto an empty folder at most
        except OSError as error:
            for name in (_LEAVES, _CHECKPOINTS):
                (draft / name).unlink(missing_ok=True)
            draft.rmdir()
            if error.errno in {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}:
                raise Conflict("witness-exists", "The log's witness exists already.") from None
            raise
        sync_folder(folder.parent)
        return cls(folder)

    def extend(self, start: int, leaf_hashes: Sequence[bytes], checkpoint: str) -> int:
        """Append the leaf hashes of records `start`, `start` + 1, … and the signed note over them; durable on return.

        Returns the witness's size. When that is less than `start` it is behind and nothing was written: feed it again
        from there. Leaves that it has already are compared and not written twice. Raises Tampered `witness-disagrees`
        when it holds other leaves for these records; Unavailable `witness-absent`, `disk-full`,
        `witness-write-failed`.
        """
        end = start + len(leaf_hashes)
        if any(len(leaf) != HASH_SIZE for leaf in leaf_hashes):
            raise ValueError("a leaf hash is 32 bytes")
        if parse(checkpoint).checkpoint.size != end:
            raise ValueError("the checkpoint is not the one over these leaves")
        try:
            with self._locked() as (leaves, checkpoints):
                size = _mended(leaves, os.fstat(leaves).st_size // HASH_SIZE * HASH_SIZE) // HASH_SIZE
                if size < start:
                    return size
                known = min(size, end) - start
                if os.pread(leaves, known * HASH_SIZE, start * HASH_SIZE) != b"".join(leaf_hashes[:known]):
                    raise Tampered("witness-disagrees", f"The witness holds other records from number {start} on.")
                write_whole(leaves, b"".join(leaf_hashes[known:]))
                last = _last_checkpoint(checkpoints)
                if last.size < end:
                    _mended(checkpoints, last.end)
                    write_whole(checkpoints, checkpoint.encode())
                _sync_together(leaves, checkpoints)
                return max(size, end)
        except FileNotFoundError:
            raise _absent() from None
        except OSError as error:
            code = "disk-full" if error.errno in NO_ROOM else "witness-write-failed"
            raise Unavailable(code, f"The log's witness cannot be written (error {error.errno}).") from None

    def begin_again(self, leaf_hashes: Sequence[bytes], checkpoint: str) -> str:
        """Set the files aside and begin anew with these leaves, when the database was lawfully put back to them.

        Nothing is deleted: the old files stay beside the new ones, under names that end as the one returned. Raises
        Unavailable `witness-absent`, `disk-full`, `witness-write-failed`.
        """
        try:
            with self._locked() as (leaves, _):
                label = f"before-{os.fstat(leaves).st_size // HASH_SIZE}-{secrets.token_hex(4)}"
                drafts = {_LEAVES: b"".join(leaf_hashes), _CHECKPOINTS: checkpoint.encode()}
                for name, data in drafts.items():
                    draft = os.open(self._folder / f"{name}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                    try:
                        write_whole(draft, data)
                        os.fsync(draft)
                    finally:
                        os.close(draft)
                    os.link(self._folder / name, self._folder / f"{name}.{label}")
                sync_folder(self._folder)  # the old ones have their other name before they lose this one
                for name in drafts:
                    (self._folder / f"{name}.new").rename(self._folder / name)
                sync_folder(self._folder)
                return label
        except FileNotFoundError:
            raise _absent() from None
        except OSError as error:
            code = "disk-full" if error.errno in NO_ROOM else "witness-write-failed"
            raise Unavailable(code, f"The log's witness cannot be written (error {error.errno}).") from None

    def view(self) -> WitnessView:
        """What the witness holds now, for an audit; a torn last write is left out.

        Take the view first and the database's records after it: then the database may be ahead, never behind. Raises
        Unavailable `witness-absent`.
        """
        try:
            with self._locked() as (leaves, checkpoints):
                size = os.fstat(leaves).st_size // HASH_SIZE
                last = _last_checkpoint(checkpoints)
                settled = max(0, _last_checkpoint(checkpoints, before=last.start).size)
        except OSError:
            raise _absent() from None
        return WitnessView(size, settled, self._leaf_hashes(size), self._checkpoints(last.end))

    def _leaf_hashes(self, size: int) -> Iterator[bytes]:
        rest = size * HASH_SIZE
        with (self._folder / _LEAVES).open("rb") as file:
            while rest and (block := file.read(min(_READ, rest))):
                rest -= len(block)
                for at in range(0, len(block), HASH_SIZE):
                    yield block[at : at + HASH_SIZE]

    def _checkpoints(self, end: int) -> Iterator[str]:
        with (self._folder / _CHECKPOINTS).open("rb") as file:
            note: list[bytes] = []
            signed = False
            while file.tell() < end:
                line = file.readline(MAX_NOTE)
                is_signature = line.startswith(_SIGNATURE)
                if signed and not is_signature:
                    yield b"".join(note).decode(errors="replace")
                    note = []
                note.append(line)
                signed = is_signature
        if note:
            yield b"".join(note).decode(errors="replace")

    @contextmanager
    def _locked(self) -> Iterator[tuple[int, int]]:
        """Both files, open for reading and appending, under one lock between processes and threads."""
        leaves = os.open(self._folder / _LEAVES, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW)
        try:
            checkpoints = os.open(self._folder / _CHECKPOINTS, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW)
            try:
                fcntl.flock(leaves, fcntl.LOCK_EX)
                yield leaves, checkpoints
            finally:
                os.close(checkpoints)
        finally:
            os.close(leaves)  # and with it the lock


@dataclass(frozen=True, slots=True)
class _Last:
    """The newest whole note: how many leaves it covers (-1: no note, or an unreadable one), where it lies."""

    size: int
    start: int
    end: int


def _last_checkpoint(descriptor: int, before: int | None = None) -> _Last:
    """Read backwards until the newest whole note is found, or the newest that ends at `before` or earlier.

    What follows the newest is a write that a crash has torn.
    """
    length = os.fstat(descriptor).st_size if before is None else before
    reach = min(length, 4096)
    while True:
        tail = os.pread(descriptor, reach, length - reach)
        found = _last_whole_note(tail, is_all=reach == length)
        if found is not None:
            return _Last(found.size, length - reach + found.start, length - reach + found.end)
        if reach == length:
            return _Last(-1, 0, 0)
        reach = min(length, reach * 8)


def _last_whole_note(tail: bytes, *, is_all: bool) -> _Last | None:
    lines = [line + b"\n" for line in tail.split(b"\n")[:-1]]  # the last one is torn or empty
    signed = [number for number, line in enumerate(lines) if line.startswith(_SIGNATURE)]
    if not signed:
        return None
    last = first = signed[-1]
    while first and lines[first].startswith(_SIGNATURE):
        first -= 1  # over this note's signatures
    while first and not lines[first - 1].startswith(_SIGNATURE):
        first -= 1  # over its empty line and its text
    if first == 0 and not is_all:
        return None
    try:
        size = parse(b"".join(lines[first : last + 1]).decode()).checkpoint.size
    except (Tampered, UnicodeDecodeError):
        size = -1  # for an audit to judge; it is kept
    return _Last(size, sum(map(len, lines[:first])), sum(map(len, lines[: last + 1])))


def _mended(descriptor: int, end: int) -> int:
    """Cut off a torn last write. Only a crash leaves one: nothing whole is ever cut."""
    if os.fstat(descriptor).st_size > end:
        os.ftruncate(descriptor, end)
    return end


def _sync_together(one: int, other: int) -> None:
    """Two syncs at once share one commit of the file system's journal: 4 ms where one after the other took 9."""
    with ThreadPoolExecutor(1) as beside:
        pending = beside.submit(os.fdatasync, other)
        os.fdatasync(one)
        pending.result()


def _absent() -> Unavailable:
    return Unavailable("witness-absent", "The log's witness is not there.")
