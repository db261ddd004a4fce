"""What the vault's files share: secrets of 32 bytes, made once and private; durable names; a full disk's signs."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path

from triage.domain.errors import Conflict, Refused, Unavailable

SECRET_SIZE = 32
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""The system's ways to say that a disk or an allowance is full."""


def create_secret(path: Path) -> bytes:
    """Make a random secret and its file, as `create_whole` does."""
    secret = secrets.token_bytes(SECRET_SIZE)
    create_whole(path, secret)
    return secret


def create_whole(path: Path, data: bytes) -> None:
    """Make a private file (mode 0600), whole or not at all, and safe on disk before returning.

    Raises Conflict `key-exists`: an existing file is never replaced, since what it locked would be lost; Unavailable
    `disk-full`.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.parent / f".{path.name}.{secrets.token_hex(8)}"
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            write_whole(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.link(draft, path)  # unlike a rename, a link refuses to replace
    except FileExistsError:
        raise Conflict("key-exists", "The key file exists already; it is never replaced.") from None
    except OSError as error:
        if error.errno in NO_ROOM:
            raise Unavailable("disk-full", "There is no room for a key file.") from None
        raise
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def load_secret(path: Path) -> bytes:
    """Read a secret. Raises Unavailable `key-missing`, `key-invalid`; Refused `key-exposed` (others may read it)."""
    try:
        with path.open("rb") as file:
            require_private(file.fileno())
            secret = file.read(SECRET_SIZE + 1)
    except OSError:
        raise Unavailable("key-missing", "The key file is missing or cannot be opened.") from None
    if len(secret) != SECRET_SIZE:
        raise Unavailable("key-invalid", f"The key file must hold exactly {SECRET_SIZE} bytes.")
    return secret


def require_private(descriptor: int) -> None:
    """Raise Refused `key-exposed` when others than its owner may read an open file.

    systemd hands credentials over as root's, read-only, with one reader named in an access list; the list shows as
    the group's right to read. A file of root and root's group with no other right is therefore private.
    """
    facts = os.fstat(descriptor)
    mode = stat.S_IMODE(facts.st_mode)
    if mode == 0o440 and facts.st_uid == facts.st_gid == 0:
        return
    if mode & 0o077:
        raise Refused("key-exposed", "A file of keys is open to other users; set its mode to 0600.")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(descriptor: int, data: bytes) -> None:
    """Write all of `data`, however often the system takes only a part."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
