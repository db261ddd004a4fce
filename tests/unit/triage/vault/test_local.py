"""The local vault on its disk: damage of any kind is noticed, crashes cost nothing, plaintext never lands."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.vaults import read, sealed
from triage.domain.errors import Tampered, TriageError, Unavailable
from triage.vault.frames import FRAME, TAG
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault
from triage.vault.seam import SealedObject

MARKER = b"a plain marker that must never be found on a disk"


@pytest.fixture
def vault(tmp_path: Path, keys: FileKeyProvider) -> LocalVault:
    return LocalVault(tmp_path / "vault", keys)


def code_of_reading(vault: LocalVault, locator: SealedObject) -> str:
    with pytest.raises(TriageError) as caught:
        read(vault, locator)
    return caught.value.code


def segment_of(tmp_path: Path, locator: SealedObject) -> Path:
    return tmp_path / "vault" / locator.segment


def test_every_flipped_bit_of_a_small_object_is_noticed(vault: LocalVault, tmp_path: Path) -> None:
    """Each byte of a sealed object in turn: ciphertext and tag alike."""
    [locator] = sealed(vault, b"eleven byte")
    path = segment_of(tmp_path, locator)
    whole = path.read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << (position % 8)
        path.write_bytes(damaged)
        assert code_of_reading(vault, locator) == "seal-broken"
    path.write_bytes(whole)
    assert read(vault, locator) == b"eleven byte"


def test_damage_to_one_frame_leaves_the_others_readable(vault: LocalVault, tmp_path: Path) -> None:
    """A bad sector costs what it holds and no more."""
    data = random.Random(1).randbytes(2 * FRAME + 5)
    [locator] = sealed(vault, data)
    path = segment_of(tmp_path, locator)
    with path.open("r+b") as file:
        file.seek(FRAME + TAG + 9)
        file.write(b"damage")
    source = vault.open(locator)
    assert source.read_at(0, FRAME) == data[:FRAME]
    assert source.read_at(2 * FRAME, 5) == data[2 * FRAME :]
    with pytest.raises(Tampered):
        source.read_at(FRAME, 1)
    source.close()


def test_swapped_frames_and_swapped_objects_are_noticed(vault: LocalVault, tmp_path: Path) -> None:
    """Whole frames, each untouched in itself, in the wrong order or the wrong object."""
    rng = random.Random(2)
    one, two = sealed(vault, rng.randbytes(3 * FRAME), rng.randbytes(3 * FRAME))
    path = segment_of(tmp_path, one)
    whole, step = path.read_bytes(), FRAME + TAG
    frames = [whole[at : at + step] for at in range(0, len(whole), step)]
    for a, b in [(0, 1), (0, 3), (2, 5)]:
        moved = list(frames)
        moved[a], moved[b] = moved[b], moved[a]
        path.write_bytes(b"".join(moved))
        assert code_of_reading(vault, one) == "seal-broken"
    path.write_bytes(whole)
    assert len(read(vault, two)) == 3 * FRAME


def test_a_cut_segment_is_noticed_when_opened(vault: LocalVault, tmp_path: Path) -> None:
    """Even one byte less than the locator says."""
    [locator] = sealed(vault, b"data")
    os.truncate(segment_of(tmp_path, locator), locator.stored_length - 1)
    assert code_of_reading(vault, locator) == "segment-truncated"


def test_a_segment_cut_while_open_is_noticed(vault: LocalVault, tmp_path: Path) -> None:
    """Not an empty read: Tampered."""
    [locator] = sealed(vault, b"data")
    source = vault.open(locator)
    os.truncate(segment_of(tmp_path, locator), 0)
    with pytest.raises(Tampered, match="ends early"):
        source.read_at(0, 4)
    source.close()


def test_a_missing_segment_is_tampering_and_a_missing_vault_is_not(vault: LocalVault, tmp_path: Path) -> None:
    """Evidence that is gone stops the line; a disk that is not mounted is the machine's trouble."""
    one, two = (sealed(vault, b"data")[0] for _ in range(2))
    segment_of(tmp_path, one).unlink()
    assert code_of_reading(vault, one) == "segment-missing"
    assert read(vault, two) == b"data"
    (tmp_path / "vault").rename(tmp_path / "elsewhere")
    assert code_of_reading(vault, two) == "vault-absent"


def test_a_segment_replaced_by_a_link_is_not_followed(vault: LocalVault, tmp_path: Path) -> None:
    """The vault reads its own files only."""
    [locator] = sealed(vault, b"data")
    path = segment_of(tmp_path, locator)
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    assert code_of_reading(vault, locator) == "vault-read-failed"


def test_an_empty_object_has_a_seal_too(vault: LocalVault, tmp_path: Path) -> None:
    """Nothing can be put in place of nothing."""
    [locator] = sealed(vault, b"")
    path = segment_of(tmp_path, locator)
    path.write_bytes(bytes(TAG))
    assert code_of_reading(vault, locator) == "seal-broken"


def test_nothing_plain_touches_the_disk(vault: LocalVault, tmp_path: Path) -> None:
    """The marker is in no file of the vault, sealed, abandoned or cut back; and no name or mode tells anything."""

    def failing() -> list[bytes]:
        raise RuntimeError

    with vault.writer() as writer:
        locator = writer.seal([MARKER * 100])
        with pytest.raises(RuntimeError):
            writer.seal(chunk for chunks in ([MARKER * 50_000], None) for chunk in (chunks or failing()))
        writer.sync()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 2  # the wrapping key and one segment
    assert not any(MARKER[:16] in path.read_bytes() for path in files)
    assert segment_of(tmp_path, locator).stat().st_size == locator.stored_length
    assert stat.S_IMODE((tmp_path / "vault").stat().st_mode) == 0o700
    assert stat.S_IMODE(segment_of(tmp_path, locator).stat().st_mode) == 0o600


def test_a_segment_is_rolled_between_objects_only(tmp_path: Path, keys: FileKeyProvider) -> None:
    """Each object lies in one segment, however large; the next begins a new one."""
    vault = LocalVault(tmp_path / "vault", keys, roll_at=1000)
    objects = sealed(vault, b"a" * 600, b"b" * 5000, b"c" * 10, b"d" * 10)
    assert [o.segment == objects[0].segment for o in objects] == [True, True, False, False]
    assert [read(vault, o)[:1] for o in objects] == [b"a", b"b", b"c", b"d"]
    assert len(list(vault.segments())) == 2


def test_segments_are_never_rewritten_by_later_writers(vault: LocalVault, tmp_path: Path) -> None:
    """What a writer has left behind stays byte for byte as it was."""
    [locator] = sealed(vault, b"first")
    before = segment_of(tmp_path, locator).read_bytes()
    sealed(vault, b"second")
    assert segment_of(tmp_path, locator).read_bytes() == before


def test_files_that_are_not_ours_are_not_segments(vault: LocalVault, tmp_path: Path) -> None:
    """A stray file in the folder neither counts nor disturbs."""
    assert list(vault.segments()) == []
    [locator] = sealed(vault, b"data")
    (tmp_path / "vault" / "lost+found").mkdir()
    (tmp_path / "vault" / "notes.txt").write_text("x")
    assert [segment.name for segment in vault.segments()] == [locator.segment]


def test_a_vault_that_cannot_be_written_says_so(tmp_path: Path, keys: FileKeyProvider) -> None:
    """A file stands where the folder should be: a coded error, no traceback from below."""
    (tmp_path / "taken").write_text("x")
    with LocalVault(tmp_path / "taken", keys).writer() as writer, pytest.raises(Unavailable) as caught:
        writer.seal([b"data"])
    assert caught.value.code == "vault-write-failed"


FULL_DISK = """
import json, resource, sys
from dataclasses import asdict
from pathlib import Path
from triage.domain.errors import Unavailable
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault

root, key = map(Path, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_FSIZE, (5_000_000, 5_000_000))
with LocalVault(root, FileKeyProvider(key)).writer() as writer:
    before = writer.seal([b"before"])
    try:
        writer.seal(bytes(500_000) for _ in range(20))
    except Unavailable as refusal:
        code = refusal.code
    after = writer.seal([b"after"])
    writer.sync()
objects = [{**asdict(o), "wrapped_key": o.wrapped_key.hex()} for o in (before, after)]
print(json.dumps([code, objects]))
"""


def test_no_room_is_a_coded_error_and_gives_the_space_back(vault: LocalVault, tmp_path: Path) -> None:
    """The system refuses more bytes midway (a file-size limit stands for the full disk); the batch lives on."""
    code, objects = json.loads(_python(FULL_DISK, tmp_path / "vault", tmp_path / "keys" / "wrapping"))
    assert code == "disk-full"
    before, after = map(_locator, objects)
    assert (read(vault, before), read(vault, after)) == (b"before", b"after")
    assert segment_of(tmp_path, before).stat().st_size == before.stored_length + after.stored_length


KILLED = """
import itertools, json, sys, os, random
from dataclasses import asdict
from pathlib import Path
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault

root, key, marker = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].encode()
def endless():
    for turn in itertools.count():
        yield marker * 10_000
        if turn == 10:
            print("writing", flush=True)
with LocalVault(root, FileKeyProvider(key)).writer() as writer:
    objects = [writer.seal([b"%d" % n * 1000, marker]) for n in range(5)]
    writer.sync()
    print(json.dumps([{**asdict(o), "wrapped_key": o.wrapped_key.hex()} for o in objects]), flush=True)
    writer.seal(endless())
"""


def test_a_kill_in_mid_write_costs_only_the_object_in_hand(vault: LocalVault, tmp_path: Path) -> None:
    """After `kill -9` every object synced before is whole; the torn tail is an orphan without plaintext."""
    command = [
        sys.executable,
        "-c",
        KILLED,
        str(tmp_path / "vault"),
        str(tmp_path / "keys" / "wrapping"),
        MARKER.decode(),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        objects = [_locator(fields) for fields in json.loads(child.stdout.readline())]
        assert child.stdout.readline() == "writing\n"
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert [read(vault, o) for o in objects] == [b"%d" % n * 1000 + MARKER for n in range(5)]
    torn = segment_of(tmp_path, objects[0])
    assert torn.stat().st_size > objects[-1].offset + objects[-1].stored_length
    assert MARKER[:16] not in torn.read_bytes()
    assert read(vault, sealed(vault, b"next")[0]) == b"next"


def _python(program: str, *arguments: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True, timeout=60
    ).stdout


def _locator(fields: dict[str, object]) -> SealedObject:
    known = {**fields, "wrapped_key": bytes.fromhex(str(fields["wrapped_key"]))}
    locator = SealedObject(**known)  # type: ignore[arg-type]  # the fields that asdict wrote
    assert asdict(locator) == known
    return locator
