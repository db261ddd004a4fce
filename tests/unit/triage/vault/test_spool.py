from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.domain.errors import Conflict, Tampered, Unavailable
from triage.vault import spool as module
from triage.vault.keys import FileKeyProvider
from triage.vault.spool import FRAME, Position, SpoolKey, Spools

UPLOAD = "ab" * 16
MARKER = b"a planted marker in plain text"


@pytest.fixture
def spools(tmp_path: Path) -> Spools:
    return made_in(tmp_path)


def made_in(folder: Path) -> Spools:
    key = folder / "vault.key"
    keys = FileKeyProvider(key) if key.exists() else FileKeyProvider.create(key, evidence_exists=False)
    return Spools(folder / "spool", keys)


@pytest.fixture
def key(spools: Spools) -> SpoolKey:
    return spools.new_key(UPLOAD)


def written(spools: Spools, key: SpoolKey, *frames: bytes) -> bytes:
    """All that is in the spool after these frames."""
    with spools.open(UPLOAD, key) as spool:
        for frame in frames:
            spool.append(frame)
        spool.sync()
        return b"".join(spool.chunks())


def file_of(tmp_path: Path) -> Path:
    return tmp_path / "spool" / UPLOAD


def test_what_goes_in_comes_out_over_several_openings(spools: Spools, key: SpoolKey) -> None:
    """Each opening goes on where the last one stopped, whatever the sizes."""
    assert written(spools, key, b"one", b"x" * FRAME) == b"one" + b"x" * FRAME
    assert written(spools, key, b"two") == b"one" + b"x" * FRAME + b"two"


def test_no_plaintext_is_in_the_file(spools: Spools, key: SpoolKey, tmp_path: Path) -> None:
    """And nobody else may read it."""
    written(spools, key, MARKER * 100)
    assert MARKER not in file_of(tmp_path).read_bytes()
    assert file_of(tmp_path).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700


def test_one_writer_at_a_time(spools: Spools, key: SpoolKey) -> None:
    """The other is told, at once; afterwards it may."""
    with spools.open(UPLOAD, key), pytest.raises(Conflict) as refused:
        spools.open(UPLOAD, key)
    assert refused.value.code == "upload-busy"
    spools.open(UPLOAD, key).__exit__(None, None, None)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 5000), min_size=1, max_size=6), st.data())
def test_a_torn_tail_is_cut_to_whole_frames(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], data: st.DataObject
) -> None:
    """Wherever a crash cuts the file, what is left is a beginning of what was sent, and it can go on."""
    folder = tmp_path_factory.mktemp("torn")
    spools = made_in(folder)
    key = spools.new_key(UPLOAD)
    frames = [random.Random(number).randbytes(size) for number, size in enumerate(sizes)]
    whole = written(spools, key, *frames)
    path = file_of(folder)
    cut = data.draw(st.integers(0, path.stat().st_size))
    with path.open("r+b") as file:
        file.truncate(cut)
    with spools.open(UPLOAD, key) as spool:
        offset = spool.durable.offset
        assert b"".join(spool.chunks()) == whole[:offset]
        assert path.stat().st_size == spool.durable.stored <= cut
        spool.append(b"and on")
        assert b"".join(spool.chunks()) == whole[:offset] + b"and on"


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_zeros_after_a_power_cut_are_cut_off(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A length that reached the disk and bytes that did not: the first frame that does not verify ends the file."""
    folder = tmp_path_factory.mktemp("zeros")
    spools = made_in(folder)
    key = spools.new_key(UPLOAD)
    frames = [bytes([number + 1]) * 700 for number in range(6)]
    written(spools, key, *frames)
    path = file_of(folder)
    start = data.draw(st.integers(0, path.stat().st_size - 1))
    with path.open("r+b") as file:
        file.seek(start)
        file.write(bytes(min(300, path.stat().st_size - start)))
    with spools.open(UPLOAD, key) as spool:
        assert spool.durable.frames <= start // (700 + 32)  # zeros may be what stood there: then fewer are lost
        assert b"".join(spool.chunks()) == b"".join(frames)[: spool.durable.offset]


def test_frames_cannot_change_places(spools: Spools, key: SpoolKey, tmp_path: Path) -> None:
    """Their number and offset are part of the seal."""
    written(spools, key, b"a" * 50, b"b" * 50)
    path = file_of(tmp_path)
    stored = path.read_bytes()
    path.write_bytes(stored[len(stored) // 2 :] + stored[: len(stored) // 2])
    with spools.open(UPLOAD, key) as spool:
        assert spool.durable == Position()


def test_another_uploads_frames_do_not_open(spools: Spools, key: SpoolKey) -> None:
    """Not even under its key."""
    written(spools, key, b"a" * 50)
    with pytest.raises(Tampered, match="does not unwrap"):
        spools.open("cd" * 16, key)


def test_a_byte_turned_over_in_the_middle_is_found_when_it_is_read(
    spools: Spools, key: SpoolKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recovery opens the tail only; reading opens all."""
    monkeypatch.setattr(module, "SYNC_EVERY", 100)
    written(spools, key, *(b"z" * 90 for _ in range(10)))
    path = file_of(tmp_path)
    stored = bytearray(path.read_bytes())
    stored[40] ^= 1
    path.write_bytes(stored)
    with spools.open(UPLOAD, key) as spool, pytest.raises(Tampered) as broken:
        list(spool.chunks())
    assert broken.value.code == "spool-broken"


def test_what_is_durable_is_synced_at_least_every_so_often(
    spools: Spools, key: SpoolKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to ask."""
    monkeypatch.setattr(module, "SYNC_EVERY", 250)
    with spools.open(UPLOAD, key) as spool:
        spool.append(b"x" * 200)
        assert spool.durable.offset == 0
        spool.append(b"x" * 200)
        assert spool.durable.offset == 400


def test_a_full_disk_keeps_what_was_written(spools: Spools, key: SpoolKey, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a frame is cut off again; the writer can go on when there is room."""
    with spools.open(UPLOAD, key) as spool:
        spool.append(b"kept")

        def half(descriptor: int, data: bytes) -> None:
            os.write(descriptor, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "no space")

        monkeypatch.setattr(module, "write_whole", half)
        with pytest.raises(Unavailable) as full:
            spool.append(b"lost" * 100)
        monkeypatch.undo()
        assert full.value.code == "disk-full"
        spool.append(b" and more")
        assert b"".join(spool.chunks()) == b"kept and more"
    assert written(spools, key) == b"kept and more"


def test_a_position_that_is_known_spares_the_search(spools: Spools, key: SpoolKey, tmp_path: Path) -> None:
    """As long as the file is as long as it was."""
    with spools.open(UPLOAD, key) as spool:
        spool.append(b"q" * 100)
        known = spool.written
    with spools.open(UPLOAD, key, known) as spool:
        assert spool.durable == known
    with file_of(tmp_path).open("r+b") as file:
        file.truncate(10)
    with spools.open(UPLOAD, key, known) as spool:
        assert spool.durable == Position()


def test_a_request_can_be_taken_back(spools: Spools, key: SpoolKey) -> None:
    """A checksum that does not fit leaves no trace."""
    with spools.open(UPLOAD, key) as spool:
        spool.append(b"good")
        before = spool.written
        spool.append(b"bad")
        spool.cut_back(before)
        assert spool.durable.offset == 4
    assert written(spools, key, b"!") == b"good!"


def test_removing_is_for_uploads_only(spools: Spools, key: SpoolKey) -> None:
    """A name that is no id never becomes a path."""
    written(spools, key, b"x")
    assert spools.names() == [UPLOAD]
    for _ in range(2):
        spools.remove(UPLOAD)
    assert spools.names() == []
    with pytest.raises(ValueError, match="hexadecimal"):
        spools.remove("../vault.key")


def test_a_machine_has_one_name(spools: Spools, tmp_path: Path) -> None:
    """The same in every process over this folder."""
    name = spools.machine()
    assert made_in(tmp_path).machine() == name
    assert len(name) == 16
