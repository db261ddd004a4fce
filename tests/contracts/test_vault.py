"""What every vault must do, whatever keeps the bytes. A new kind goes into `VAULTS` and inherits all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.s3 import S3Server, bucket_of
from tests.vaults import content, read, sealed
from triage.domain.errors import Tampered, Unavailable
from triage.vault.frames import FRAME
from triage.vault.keys import FileKeyProvider, KeyProvider
from triage.vault.local import LocalVault
from triage.vault.s3 import S3Vault
from triage.vault.seam import SealedObject, Vault, unreferenced


def local(request: pytest.FixtureRequest, keys: KeyProvider) -> Vault:
    return LocalVault(request.getfixturevalue("tmp_path") / "vault", keys)


def s3(request: pytest.FixtureRequest, keys: KeyProvider) -> Vault:
    server: S3Server = request.getfixturevalue("s3_server")
    return S3Vault(bucket_of(server, server.new_bucket()), keys)


def s3_packs_of_two_frames(request: pytest.FixtureRequest, keys: KeyProvider) -> Vault:
    """The same, with borders that the tests' objects reach: packs are full, objects stand alone."""
    server: S3Server = request.getfixturevalue("s3_server")
    return S3Vault(bucket_of(server, server.new_bucket()), keys, pack=2 * FRAME, alone_above=FRAME)


VAULTS: dict[str, Callable[[pytest.FixtureRequest, KeyProvider], Vault]] = {
    "local": local,
    "s3": s3,
    "s3-small-packs": s3_packs_of_two_frames,
}


@pytest.fixture(params=VAULTS)
def vault(request: pytest.FixtureRequest, keys: FileKeyProvider) -> Vault:
    made = VAULTS[request.param](request, keys)
    made.prepare()
    return made


@pytest.mark.parametrize("size", [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 3 * FRAME + 17])
def test_what_was_sealed_comes_back(vault: Vault, size: int) -> None:
    """Every byte, for sizes on and around the borders of frames."""
    data = content(size)
    [locator] = sealed(vault, data)
    assert locator.size == size
    assert read(vault, locator) == data


def test_objects_of_one_batch_are_told_apart(vault: Vault) -> None:
    """A batch of small objects shares a segment, and each comes back as itself."""
    contents = [content(n * 37, seed=n) for n in range(64)]
    objects = sealed(vault, *contents)
    assert [read(vault, locator) for locator in objects] == contents
    assert len({locator.object_id for locator in objects}) == 64


def test_equal_bytes_are_sealed_differently(vault: Vault) -> None:
    """Nothing kept tells that two objects hold the same bytes: ids and keys are random."""
    one, two = sealed(vault, b"same", b"same")
    assert one.object_id != two.object_id
    assert one.wrapped_key != two.wrapped_key


def test_any_range_can_be_read(vault: Vault) -> None:
    """Reads begin and end anywhere, are cut at the end, and past the end are empty."""
    data = content(2 * FRAME + 100)
    [locator] = sealed(vault, data)
    source = vault.open(locator)
    for offset, length in [(0, 10), (FRAME - 5, 10), (5, 2 * FRAME), (2 * FRAME + 90, 50), (len(data), 5), (3, 0)]:
        assert source.read_at(offset, length) == data[offset : offset + length]
    with pytest.raises(ValueError, match="negative"):
        source.read_at(-1, 5)
    source.close()
    source.close()


def test_an_object_streams_in_chunks_of_any_size(vault: Vault) -> None:
    """How the bytes arrive does not show; empty chunks are allowed."""
    data = content(FRAME + 300_000)
    pieces = [data[:1], b"", data[1:FRAME], data[FRAME : FRAME + 1], data[FRAME + 1 :]]
    with vault.writer() as writer:
        locator = writer.seal(iter(pieces))
        writer.sync()
    assert read(vault, locator) == data


def test_a_source_that_fails_midway_is_abandoned_and_the_writer_goes_on(vault: Vault) -> None:
    """The error comes through as it was; objects before and after are whole."""

    def failing() -> Iterator[bytes]:
        yield content(2 * FRAME)
        raise OSError(5, "the reader's own trouble")

    with vault.writer() as writer:
        before = writer.seal([b"before"])
        with pytest.raises(OSError, match="the reader's own trouble"):
            writer.seal(failing())
        after = writer.seal([b"after"])
        writer.sync()
    assert (read(vault, before), read(vault, after)) == (b"before", b"after")


def test_writers_do_not_disturb_one_another(vault: Vault) -> None:
    """Two writers at once, their objects interleaved."""
    with vault.writer() as one, vault.writer() as two:
        objects = [writer.seal([b"%d" % n]) for n in range(4) for writer in (one, two)]
        one.sync()
        two.sync()
    assert [read(vault, locator) for locator in objects] == [b"0", b"0", b"1", b"1", b"2", b"2", b"3", b"3"]


@pytest.mark.parametrize(
    "forge",
    [
        lambda one, two: replace(one, wrapped_key=two.wrapped_key),
        lambda one, two: replace(one, object_id=two.object_id),
        lambda one, two: replace(one, offset=two.offset),
        lambda one, two: replace(two, offset=one.offset, wrapped_key=one.wrapped_key),
        lambda one, _: replace(one, size=one.size - 1),
        lambda one, _: replace(one, size=one.size - 1, stored_length=one.stored_length - 1),
        lambda one, _: replace(one, offset=one.offset + 1),
        lambda one, _: replace(one, offset=-1),
        lambda one, _: replace(one, wrapped_key=b""),
        lambda one, _: replace(one, wrapped_key=one.wrapped_key[:-1] + bytes([one.wrapped_key[-1] ^ 1])),
        lambda one, _: replace(one, segment="../" + one.segment),
        lambda one, _: replace(one, segment="0" * 32 + ".pack"),
        lambda one, _: replace(one, object_id="zz"),
    ],
)
def test_a_forged_locator_gives_nothing(
    vault: Vault, forge: Callable[[SealedObject, SealedObject], SealedObject]
) -> None:
    """The database may be altered by others: swapped, cut, moved or invented locators are Tampered."""
    one, two = sealed(vault, content(500, 1), content(500, 2))
    with pytest.raises(Tampered):
        read(vault, forge(one, two))


def test_another_wrapping_key_opens_nothing(vault: Vault, tmp_path: Path) -> None:
    """A key that is not here is the machine's trouble; a key that lies about its name is tampering."""
    [locator] = sealed(vault, b"data")
    other = FileKeyProvider.create(tmp_path / "other", evidence_exists=False)
    with pytest.raises(Unavailable) as missing:
        vault.open(replace(locator, key_id=other.key_id))
    assert missing.value.code == "key-unknown"
    rewrapped = other.wrap(bytes(32), bytes.fromhex(locator.object_id))
    with pytest.raises(Tampered) as forged:
        vault.open(replace(locator, wrapped_key=rewrapped))
    assert forged.value.code == "key-unwrap-failed"


def test_an_audit_counts_what_nothing_refers_to(vault: Vault) -> None:
    """Objects sealed and never recorded show as loose bytes of their segment; recorded ones do not."""
    kept, lost = sealed(vault, content(1000), content(2000))
    referenced = {kept.segment: kept.stored_length}
    assert [loose.size for loose in unreferenced(vault.segments(), referenced)] == [lost.stored_length]
    referenced[kept.segment] += lost.stored_length
    assert not list(unreferenced(vault.segments(), referenced))


def test_a_vault_may_be_prepared_again(vault: Vault) -> None:
    """After every upgrade: what it holds stays, and nothing is added."""
    [locator] = sealed(vault, b"kept")
    before = {(found.name, found.size) for found in vault.segments()}
    vault.prepare()
    vault.check()
    assert {(found.name, found.size) for found in vault.segments()} == before
    assert read(vault, locator) == b"kept"


def test_what_was_not_synced_is_never_found(vault: Vault) -> None:
    """A writer that is left without a sync leaves at most bytes that no locator names."""
    with vault.writer() as writer:
        writer.seal([b"one"])
    assert len(list(unreferenced(vault.segments(), {}))) <= 1


def test_an_empty_vault_has_no_segments(vault: Vault) -> None:
    """A vault that was never written to answers, with nothing."""
    with vault.writer() as writer:
        writer.sync()
    assert not list(vault.segments())
