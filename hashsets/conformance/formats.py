"""What every reader of a hash-set format promises."""

from __future__ import annotations

import codecs
import io
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO

from hashsets.conformance.checks import Check, NonConforming, keep_all
from hashsets.errors import HashSetError
from hashsets.formats.records import PathReader, Read, Reader, Reject
from hashsets.index.exact import EMPTY_FILE
from hashsets.vocabulary import Entry


def spooled(read_path: PathReader) -> Reader:
    """A reader that goes by a path as one of streams, over a temporary file."""

    def read(stream: BinaryIO, columns: Mapping[str, str] | None) -> Iterator[Read | Reject]:
        del columns
        with tempfile.NamedTemporaryFile() as file:
            file.write(stream.read())
            file.flush()
            yield from read_path(Path(file.name))

    return read


def seems_text(sample: bytes) -> bool:
    """Whether a sample is a text, before which a byte order mark may stand."""
    try:
        return "\x00" not in sample.decode()
    except UnicodeDecodeError:
        return False


def check_format(read: Reader, sample: bytes, *, is_text: bool = True) -> None:
    """All checks at once; raises NonConforming at the first fault."""
    keep_all(format_checks(read, sample, is_text=is_text))


def format_checks(read: Reader, sample: bytes, *, is_text: bool = True) -> Iterator[Check]:
    """What a reader of files like `sample` (at least one entry) promises, as every reader does."""
    yield Check("the sample yields entries", partial(_yields_entries, read, sample))
    yield Check("two readings of one file are equal", partial(_reads_alike, read, sample))
    yield Check("positions count from 1 and never go back", partial(_counts_on, read, sample))
    yield Check("every entry has a key and a value", partial(_gives_values, read, sample))
    yield Check("the empty file's digests are not yielded", partial(_refuses_the_empty_file, read, sample))
    if is_text:
        yield Check("a byte order mark changes nothing", partial(_sees_through_marks, read, sample))
    yield Check("broken and foreign files are refused calmly", partial(check_refuses_calmly, read, sample))


def _yields_entries(read: Reader, sample: bytes) -> None:
    if not _entries(read, sample):
        raise NonConforming("the sample yields no entry")


def _reads_alike(read: Reader, sample: bytes) -> None:
    if _records(read, sample) != _records(read, sample):
        raise NonConforming("two readings of one file differ")


def _counts_on(read: Reader, sample: bytes) -> None:
    positions = [record.position for record in _records(read, sample)]
    if positions != sorted(positions) or min(positions, default=1) < 1:
        raise NonConforming("positions count from 1 and never go back")


def _gives_values(read: Reader, sample: bytes) -> None:
    for entry in _entries(read, sample):
        if not entry.key or not (entry.digests or entry.fingerprints or entry.opaque):
            raise NonConforming("an entry lacks a key or any value")


def _refuses_the_empty_file(read: Reader, sample: bytes) -> None:
    if any(digest in EMPTY_FILE for entry in _entries(read, sample) for digest in entry.digests):
        raise NonConforming("the empty file's digest was yielded")


def _sees_through_marks(read: Reader, sample: bytes) -> None:
    if _entries(read, codecs.BOM_UTF8 + sample) != _entries(read, sample):
        raise NonConforming("a byte order mark changes the entries")


def check_refuses_calmly(read: Reader, sample: bytes) -> None:
    """Cut short, spoiled or foreign, a file gives entries, rejects or a HashSetError, and nothing else."""
    spoiled = [sample[: len(sample) * part // 8] for part in range(8)]
    spoiled += [bytes(reversed(sample)), b"\x00" * 4096, bytes(range(256)) * 16, b"[" * 100_000, b'{"value":[' * 5000]
    for number, content in enumerate(spoiled):
        try:
            _records(read, content)
        except HashSetError:
            continue
        except Exception as error:  # whatever else a reader raises is its fault
            raise NonConforming(f"spoiled file {number} raises {type(error).__name__}") from error


def _entries(read: Reader, content: bytes) -> list[Entry]:
    return [record.entry for record in _records(read, content) if isinstance(record, Read)]


def _records(read: Reader, content: bytes) -> list[Read | Reject]:
    return list(read(io.BytesIO(content), None))
