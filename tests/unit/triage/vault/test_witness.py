"""The witness outside the database: follows, never contradicts, survives a torn write."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from triage.domain.checkpoints import Checkpoint, LogSigner, NoteSignature, sign, verify
from triage.domain.errors import Conflict, Refused, Tampered, Unavailable
from triage.domain.merkle import Frontier, leaf_hash
from triage.vault.witness import FileSigningKey, LogMirror

SIGNER = LogSigner("example.org/custody", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(200)]


def note(size: int) -> str:
    return sign(Checkpoint(SIGNER.name, size, Frontier().extended(LEAVES[:size]).root), SIGNER)


@pytest.fixture
def mirror(tmp_path: Path) -> LogMirror:
    return LogMirror.create(tmp_path / "witness")


def feed(mirror: LogMirror, start: int, end: int) -> int:
    return mirror.extend(start, LEAVES[start:end], note(end))


def held(mirror: LogMirror) -> tuple[int, list[bytes], list[str]]:
    view = mirror.view()
    return view.size, list(view.leaf_hashes), list(view.checkpoints)


def test_batches_follow_one_another(mirror: LogMirror, tmp_path: Path) -> None:
    """Leaves as 32 raw bytes each, notes one after the other, newest last; private files."""
    assert [feed(mirror, start, start + 64) for start in (0, 64, 128)] == [64, 128, 192]
    assert held(mirror) == (192, LEAVES[:192], [note(64), note(128), note(192)])
    assert (tmp_path / "witness" / "leaves").read_bytes() == b"".join(LEAVES[:192])
    assert (tmp_path / "witness" / "checkpoints").read_text() == note(64) + note(128) + note(192)
    assert stat.S_IMODE((tmp_path / "witness" / "leaves").stat().st_mode) == 0o600


def test_a_new_witness_is_empty_and_made_once(mirror: LogMirror, tmp_path: Path) -> None:
    """A second one in its place would forget what the first saw."""
    assert held(mirror) == (0, [], [])
    with pytest.raises(Conflict) as caught:
        LogMirror.create(tmp_path / "witness")
    assert caught.value.code == "witness-exists"


def test_a_vanished_witness_is_not_silently_begun_anew(mirror: LogMirror, tmp_path: Path) -> None:
    """Neither by writing nor by reading."""
    (tmp_path / "witness" / "checkpoints").unlink()
    for act in (lambda: feed(mirror, 0, 1), mirror.view):
        with pytest.raises(Unavailable) as caught:
            act()
        assert caught.value.code == "witness-absent"


def test_one_that_is_behind_says_how_far_it_is(mirror: LogMirror) -> None:
    """Nothing is written then; fed from there, it catches up."""
    feed(mirror, 0, 10)
    assert feed(mirror, 64, 128) == 10
    assert held(mirror)[0] == 10
    assert feed(mirror, 10, 128) == 128
    assert held(mirror) == (128, LEAVES[:128], [note(10), note(128)])


def test_only_the_newest_batch_can_be_lost_to_a_crash(mirror: LogMirror) -> None:
    """Leaves and note of one batch reach the disk in either order; all before them are settled."""
    assert mirror.view().settled == 0
    feed(mirror, 0, 10)
    assert mirror.view().settled == 0
    feed(mirror, 10, 64)
    feed(mirror, 64, 90)
    assert (mirror.view().settled, mirror.view().size) == (64, 90)


def test_what_it_has_already_is_not_written_twice(mirror: LogMirror) -> None:
    """A repeated or overtaken call agrees and changes nothing; an overlapping one adds the rest."""
    feed(mirror, 0, 64)
    assert feed(mirror, 0, 64) == 64
    assert feed(mirror, 10, 30) == 64
    assert feed(mirror, 32, 96) == 96
    assert held(mirror) == (96, LEAVES[:96], [note(64), note(96)])


def test_other_leaves_for_the_same_records_are_tampering(mirror: LogMirror) -> None:
    """A database restored from an old copy and written on: the witness was ahead and disagrees."""
    feed(mirror, 0, 64)
    forked = [*LEAVES[:50], leaf_hash(b"another"), *LEAVES[51:60]]
    forged = sign(Checkpoint(SIGNER.name, 60, Frontier().extended(forked).root), SIGNER)
    with pytest.raises(Tampered) as caught:
        mirror.extend(40, forked[40:], forged)
    assert caught.value.code == "witness-disagrees"
    assert held(mirror) == (64, LEAVES[:64], [note(64)])


@pytest.mark.parametrize("torn", range(1, 32, 6))
def test_a_torn_leaf_is_mended(mirror: LogMirror, tmp_path: Path, torn: int) -> None:
    """A crash in mid-write leaves part of a leaf: not shown, and cut off by the next write."""
    feed(mirror, 0, 10)
    with (tmp_path / "witness" / "leaves").open("ab") as file:
        file.write(LEAVES[10][:torn])
    assert held(mirror)[:2] == (10, LEAVES[:10])
    assert feed(mirror, 10, 12) == 12
    assert held(mirror) == (12, LEAVES[:12], [note(10), note(12)])


def test_a_checkpoint_torn_anywhere_is_mended(tmp_path: Path) -> None:
    """Leaves are written first: the note that was torn is written again by the repeated call."""
    whole = note(12).encode()
    for torn in range(0, len(whole), 5):
        mirror = LogMirror.create(tmp_path / str(torn))
        feed(mirror, 0, 10)
        with (tmp_path / str(torn) / "leaves").open("ab") as leaves:
            leaves.write(b"".join(LEAVES[10:12]))
        with (tmp_path / str(torn) / "checkpoints").open("ab") as notes:
            notes.write(whole[:torn])
        assert held(mirror) == (12, LEAVES[:12], [note(10)])
        assert feed(mirror, 10, 12) == 12
        assert held(mirror) == (12, LEAVES[:12], [note(10), note(12)])


def test_notes_with_several_signatures_stay_whole(mirror: LogMirror) -> None:
    """A cosigned checkpoint is one note, however long its signatures; the newest is found behind it."""
    cosigned = note(10) + NoteSignature("partner.example/w", b"abcd", bytes(9000)).line
    mirror.extend(0, LEAVES[:10], cosigned)
    feed(mirror, 10, 20)
    mirror.extend(20, LEAVES[20:30], note(30) + NoteSignature("partner.example/w", b"abcd", bytes(9000)).line)
    feed(mirror, 20, 30)
    notes = held(mirror)[2]
    assert [verify(kept, SIGNER.verifier).size for kept in notes] == [10, 20, 30]
    assert notes[0] == cosigned


def test_an_altered_note_is_kept_for_the_audit(mirror: LogMirror, tmp_path: Path) -> None:
    """The witness judges nothing: what somebody did to it is shown as it is."""
    feed(mirror, 0, 10)
    path = tmp_path / "witness" / "checkpoints"
    kept = note(10).encode().replace(b"\n10\n", b"\nten\xff\n", 1)
    path.write_bytes(kept)
    feed(mirror, 10, 20)
    assert path.read_bytes() == kept + note(20).encode()
    with pytest.raises(Tampered):
        verify(held(mirror)[2][0], SIGNER.verifier)


def test_a_view_does_not_see_later_appends(mirror: LogMirror) -> None:
    """An audit of a running system reads one moment."""
    feed(mirror, 0, 10)
    view = mirror.view()
    feed(mirror, 10, 20)
    assert (view.size, list(view.leaf_hashes), list(view.checkpoints)) == (10, LEAVES[:10], [note(10)])


def test_writers_in_any_order_make_one_log(mirror: LogMirror) -> None:
    """Commits that reach the witness late or twice, from several threads, each feeding again when it is behind."""

    def follow(start: int) -> None:
        size = feed(mirror, start, start + 10)
        if size < start:
            feed(mirror, size, start + 10)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(follow, [*reversed(range(0, 200, 10)), *range(0, 200, 10)]))
    size, leaves, notes = held(mirror)
    assert (size, leaves) == (200, LEAVES)
    sizes = [verify(kept, SIGNER.verifier).size for kept in notes]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == 200


def test_a_call_that_does_not_fit_itself_is_refused(mirror: LogMirror) -> None:
    """A checkpoint over other leaves than those given, or a leaf of another length."""
    with pytest.raises(ValueError, match="not the one over these"):
        mirror.extend(0, LEAVES[:10], note(11))
    with pytest.raises(ValueError, match="32 bytes"):
        mirror.extend(0, [b"short"], note(1))


def test_a_signing_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    """Like the wrapping key: explicit, never replaced, never made anew beside an existing log."""
    path = tmp_path / "log.key"
    made = FileSigningKey.create(path, "example.org/custody", log_exists=False)
    again = FileSigningKey.load(path, "example.org/custody")
    assert made.verifier == again.verifier
    assert "key" not in repr(made)
    exposed = tmp_path / "exposed"
    exposed.write_bytes(bytes(32))
    exposed.chmod(0o644)
    with pytest.raises(Conflict, match="never replaced"):
        FileSigningKey.create(path, "example.org/custody", log_exists=True)
    with pytest.raises(Refused, match="restore the key"):
        FileSigningKey.create(tmp_path / "new", "example.org/custody", log_exists=True)
    with pytest.raises(Refused, match="open to other users"):
        FileSigningKey.load(exposed, "example.org/custody")
    assert not (tmp_path / "new").exists()
