"""The wrapping key and the files that hold secrets."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from triage.domain.errors import Conflict, Refused, Tampered, TriageError
from triage.vault.files import create_secret, load_secret
from triage.vault.keys import FileKeyProvider

DEK = bytes(range(32))


def test_a_key_file_is_private_and_whole(tmp_path: Path, keys: FileKeyProvider) -> None:
    """32 bytes, mode 0600, in a private folder, with no drafts left beside it."""
    path = tmp_path / "keys" / "wrapping"
    assert len(path.read_bytes()) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]
    assert FileKeyProvider(path).key_id == keys.key_id


def test_a_key_is_never_replaced(tmp_path: Path, keys: FileKeyProvider) -> None:
    """What the old key locked would be lost."""
    path = tmp_path / "keys" / "wrapping"
    before = path.read_bytes()
    with pytest.raises(Conflict) as caught:
        FileKeyProvider.create(path, evidence_exists=True)
    assert caught.value.code == "key-exists"
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    assert keys.key_id == FileKeyProvider(path).key_id


def test_a_lost_key_is_not_silently_made_anew(tmp_path: Path) -> None:
    """Where evidence exists, a new key would hide the loss of the old one."""
    with pytest.raises(Refused) as caught:
        FileKeyProvider.create(tmp_path / "wrapping", evidence_exists=True)
    assert caught.value.code == "key-lost"
    assert not (tmp_path / "wrapping").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_key_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    """Any right for group or world."""
    create_secret(tmp_path / "key")
    (tmp_path / "key").chmod(mode)
    assert _code(tmp_path / "key") == "key-exposed"


def test_a_missing_or_malformed_key_is_named_as_such(tmp_path: Path) -> None:
    """Absent, too short, too long: coded errors without the path."""
    assert _code(tmp_path / "absent") == "key-missing"
    for length in (0, 31, 33):
        path = tmp_path / f"key{length}"
        path.write_bytes(bytes(length))
        path.chmod(0o600)
        assert _code(path) == "key-invalid"


def test_a_wrapped_key_comes_back_only_in_its_context(keys: FileKeyProvider) -> None:
    """The object's id is bound in; another's, or an altered wrapping, opens nothing."""
    wrapped = keys.wrap(DEK, b"object one")
    assert keys.unwrap(wrapped, b"object one") == DEK
    assert DEK not in wrapped
    assert keys.wrap(DEK, b"object one") != wrapped
    for damaged, context in [
        (wrapped, b"object two"),
        (wrapped[:-1], b"object one"),
        (wrapped[:5], b"object one"),
        (b"", b"object one"),
        (bytes([wrapped[0] ^ 1]) + wrapped[1:], b"object one"),
        (wrapped[:-1] + bytes([wrapped[-1] ^ 0x80]), b"object one"),
    ]:
        with pytest.raises(Tampered) as caught:
            keys.unwrap(damaged, context)
        assert caught.value.code == "key-unwrap-failed"


def test_another_key_unwraps_nothing_and_has_another_id(tmp_path: Path, keys: FileKeyProvider) -> None:
    """Ids tell keys apart and hold nothing of them."""
    other = FileKeyProvider.create(tmp_path / "other", evidence_exists=False)
    assert other.key_id != keys.key_id
    assert (tmp_path / "other").read_bytes().hex()[:16] not in other.key_id
    with pytest.raises(Tampered):
        other.unwrap(keys.wrap(DEK, b"object"), b"object")


def _code(path: Path) -> str:
    with pytest.raises(TriageError) as caught:
        load_secret(path)
    return caught.value.code


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
@pytest.mark.parametrize(
    ("mode", "owner", "group", "is_private"),
    [
        (0o440, 0, 0, True),
        (0o400, 1, 1, True),
        (0o440, 1, 0, False),
        (0o440, 0, 1, False),
        (0o640, 0, 0, False),
        (0o460, 0, 0, False),
        (0o444, 0, 0, False),
    ],
)
def test_a_key_that_systemd_hands_over_is_private(
    tmp_path: Path, mode: int, owner: int, group: int, *, is_private: bool
) -> None:
    """Root's and read-only, with the service in its access list, which shows as the group's right to read."""
    path = tmp_path / "key"
    FileKeyProvider.create(path, evidence_exists=False)
    path.chmod(mode)
    os.chown(path, owner, group)
    if is_private:
        FileKeyProvider(path)
        return
    with pytest.raises(Refused) as caught:
        FileKeyProvider(path)
    assert caught.value.code == "key-exposed"
