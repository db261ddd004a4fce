"""Reading a file once: digests of every byte, what its first bytes claim, and whether it held still."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.unit.triage.stored import digests_of
from triage.domain.findings import NoteCode, ProcessingNote
from triage.domain.items import ItemKind
from triage.services.reading import CHUNK, FileReading, Read, SourceUnreadableError, read_streamed, read_together
from triage.services.walking import SourceFile


def found(path: Path) -> SourceFile:
    status = path.stat()
    return SourceFile(os.fsencode(path.name), status.st_size, status.st_mtime_ns)


def read(path: Path, *, keep: bool = True) -> Read:
    folder = os.fsencode(path.parent)
    result = whole(folder, found(path)) if keep else read_streamed(folder, found(path))
    assert isinstance(result, Read)
    return result


def whole(root: bytes, one: SourceFile) -> Read | ProcessingNote:
    with ThreadPoolExecutor(1) as pool:
        (result,) = read_together(root, [one], pool)
    return result


def written(folder: Path, data: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 7])
def test_digests_are_of_every_byte_wherever_chunks_end(source: Path, size: int) -> None:
    """The three of them, in one pass."""
    data = bytes(range(256)) * (size // 256 + 1)
    result = read(written(source, data[:size]))
    assert (result.digests, result.size, result.changed) == (digests_of(data[:size]), size, False)
    assert result.data == data[:size]


def test_bytes_are_kept_only_when_asked(source: Path) -> None:
    """In place nothing is copied, and memory stays flat."""
    assert read(written(source, b"x" * 5000), keep=False).data is None


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", ItemKind.EMPTY),
        (b"\xff\xd8\xff\xe0", ItemKind.RASTER),
        (b"PK\x03\x04", ItemKind.CONTAINER),
        (b"\0" * 257 + b"ustar" + b"\0" * 250, ItemKind.CONTAINER),
        (b"plain", ItemKind.OTHER),
    ],
)
def test_the_first_bytes_say_what_it_claims_to_be(source: Path, data: bytes, kind: ItemKind) -> None:
    """The name plays no part."""
    assert read(written(source, data)).kind is kind


def test_a_file_that_grows_while_it_is_read_is_noted(source: Path) -> None:
    """It may grow for ever: one chunk past its stated size is enough to know."""
    path = written(source, b"x" * 10)
    reading = FileReading(os.fsencode(source), found(path))
    with path.open("ab") as file:
        file.write(b"y" * (3 * CHUNK))
    assert sum(map(len, reading.chunks())) <= CHUNK
    assert reading.result().changed


@pytest.mark.parametrize("after", [b"", b"y" * 10, b"x" * 9])
def test_a_file_that_changes_after_it_was_found_is_noted(source: Path, after: bytes) -> None:
    """Shorter, other bytes of the same length, or emptied: size and time both count."""
    path = written(source, b"x" * 10)
    stated = found(path)
    path.write_bytes(after)
    os.utime(path, ns=(0, stated.mtime_ns + 1))
    result = whole(os.fsencode(source), stated)
    assert isinstance(result, Read)
    assert result.changed
    assert result.digests == digests_of(after)


def test_a_file_that_changes_between_two_chunks_is_noted(source: Path) -> None:
    """The digest is that of what was read; the note says that it may be of a mixture."""
    path = written(source, b"x" * (2 * CHUNK))
    reading = FileReading(os.fsencode(source), found(path))
    chunks = reading.chunks()
    next(chunks)
    with path.open("r+b") as file:
        file.seek(CHUNK)
        file.write(b"y")
    os.utime(path, ns=(0, 0))
    for _ in chunks:
        pass
    assert reading.result().changed


def unreadable(source: Path, stated: SourceFile) -> ProcessingNote:
    result = whole(os.fsencode(source), stated)
    assert isinstance(result, ProcessingNote)
    assert result.code is NoteCode.SOURCE_UNREADABLE
    return result


def test_a_file_that_is_gone_gives_a_note(source: Path) -> None:
    """With the number of the error and no name."""
    assert unreadable(source, SourceFile(b"gone", 1, 1)).detail == "errno 2"


def test_a_link_in_a_files_place_is_not_followed(source: Path) -> None:
    """Swapped between walking and reading: it could lead anywhere."""
    (source / "secret").write_bytes(b"x")
    (source / "file").symlink_to(source / "secret")
    assert unreadable(source, SourceFile(b"file", 1, 1)).detail == "errno 40"


def test_a_folder_in_a_files_place_gives_a_note(source: Path) -> None:
    """It opens and cannot be read."""
    (source / "file").mkdir()
    assert unreadable(source, SourceFile(b"file", 1, 1)).detail == "errno 21"


def test_a_pipe_in_a_files_place_does_not_hang(source: Path) -> None:
    """Nobody writes to it; what is read is nothing, and that differs from what was found."""
    os.mkfifo(source / "file")
    result = whole(os.fsencode(source), SourceFile(b"file", 10, 1))
    assert isinstance(result, Read)
    assert result.changed


def test_the_error_carries_the_note_through_whoever_consumes_the_chunks(source: Path) -> None:
    """The vault's writer passes it on."""
    with pytest.raises(SourceUnreadableError) as error:
        list(FileReading(os.fsencode(source), SourceFile(b"gone", 1, 1)).chunks())
    assert error.value.note == ProcessingNote(NoteCode.SOURCE_UNREADABLE, "errno 2")


def test_files_read_together_are_as_files_read_alone(source: Path) -> None:
    """In their order, whatever their sizes, with a note for what cannot be read."""
    data = bytes(range(256)) * 1_000
    for number in range(40):
        (source / f"{number:02d}").write_bytes(data[: 6_000 * number])
    files = [found(source / f"{number:02d}") for number in range(40)]
    files.insert(7, SourceFile(b"absent", 1, 1))
    with ThreadPoolExecutor(2) as pool:
        together = read_together(os.fsencode(source), files, pool)
    assert isinstance(together.pop(7), ProcessingNote)
    for number, result in enumerate(together):
        assert isinstance(result, Read)
        assert (result.digests, result.data) == (digests_of(data[: 6_000 * number]), data[: 6_000 * number])
