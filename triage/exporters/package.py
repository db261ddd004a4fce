"""An encrypted package: a tar archive, sealed with age to one receiver's public key while its bytes stream by.

    age --decrypt --identity key.txt package.tar.age | tar --extract      # at the receiver, without anything of ours

Nothing plain is written anywhere, and only a package that was written to its end opens to its end: age closes each
file with a last chunk of its own, which a broken one lacks.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyrage

from triage.domain.errors import Refused, Tampered, Unavailable

_BLOCK = 512
_LONGEST_KEY = 200


class Out(Protocol):
    """Where sealed bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take them all."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive. `chunks` gives its `size` bytes when it is its turn."""

    name: str
    size: int
    chunks: Callable[[], Iterator[bytes]]


def receivers_key(text: str) -> str:
    """The key in its one spelling (`age1…`, X25519). Raises Refused `export-key`, also for a private one."""
    try:
        return str(pyrage.x25519.Recipient.from_str(text.strip().lower()[:_LONGEST_KEY]))
    except pyrage.RecipientError:
        raise Refused("export-key", "That is no public age key: it begins with age1.") from None


def archived(entries: Iterable[Entry], at: datetime) -> Iterator[bytes]:
    """The entries as a tar archive (POSIX 2001). Raises Tampered `size-changed`, and what a file's chunks raise."""
    for entry in entries:
        facts = tarfile.TarInfo(entry.name)
        facts.size, facts.mtime, facts.mode = entry.size, int(at.timestamp()), 0o600
        yield facts.tobuf(tarfile.PAX_FORMAT)
        given = 0
        for chunk in entry.chunks():
            given += len(chunk)
            yield chunk
        if given != entry.size:
            raise Tampered("size-changed", "A file that was being sent has another size than is on record.")
        yield bytes(-given % _BLOCK)
    yield bytes(2 * _BLOCK)


def seal(key: str, parts: Iterable[bytes], out: Out) -> None:
    """Encrypt `parts` to the key and write them out as they come. Raises what either side raises."""
    reader, writer = _Reader(iter(parts)), _Writer(out)
    try:
        pyrage.encrypt_io(reader, writer, [pyrage.x25519.Recipient.from_str(key)])
    except pyrage.EncryptError:
        # The library tells no more than words of what its two ends raised.
        raise (reader.failed or writer.failed or Unavailable("export-failed", "The package was not made.")) from None


class _Reader:
    """As a file: what the parts give."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._pending = b""
        self.failed: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            while not self._pending:
                self._pending = next(self._parts)
        except StopIteration:
            return b""
        except Exception as error:
            self.failed = error
            raise
        given = self._pending if size < 0 else self._pending[:size]
        self._pending = self._pending[len(given) :]
        return given


class _Writer:
    """As a file: hands on to where it goes."""

    def __init__(self, out: Out) -> None:
        self._out = out
        self.failed: Exception | None = None

    def write(self, data: bytes) -> int:
        try:
            self._out.write(bytes(data))
        except Exception as error:
            self.failed = error
            raise
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""
