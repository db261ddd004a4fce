"""The vault in a bucket: what is put when, what is found again, and what tells a wrong bucket from a lost segment."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.refusals import refused
from tests.servers.s3 import REFUSED, FaultyProxy, S3Server, bucket_of
from tests.vaults import content, read, sealed
from triage.domain.errors import Refused
from triage.vault.frames import FRAME
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault
from triage.vault.s3 import S3Vault
from triage.vault.seam import SealedObject, unreferenced

MARKER = b"a plain marker that must never leave the machine"


@pytest.fixture
def vault(s3_proxy: FaultyProxy, name: str, keys: FileKeyProvider) -> S3Vault:
    """Through the proxy; packs of two frames, objects over one frame alone."""
    made = S3Vault(
        bucket_of(s3_proxy, name, request_seconds=30, give_up_seconds=5), keys, pack=2 * FRAME, alone_above=FRAME + 99
    )
    made.prepare()
    s3_proxy.requests.clear()
    return made


def path_of(locator: SealedObject) -> str:
    return f"unit/one/{locator.segment}"


def test_a_batch_is_one_request(vault: S3Vault, s3_proxy: FaultyProxy) -> None:
    """Sixty-four items, one put; and one request to read one of them again."""
    objects = sealed(vault, *(content(1000, seed) for seed in range(64)))
    assert s3_proxy.count("PUT") == len(s3_proxy.requests) == 1
    assert len({locator.segment for locator in objects}) == 1
    assert read(vault, objects[17]) == content(1000, 17)
    assert s3_proxy.count("GET") == len(s3_proxy.requests) - 1 == 1


def test_nothing_is_sent_before_the_sync(vault: S3Vault, s3_proxy: FaultyProxy) -> None:
    """A writer left without one has cost no request, and its objects were never anywhere."""
    with vault.writer() as writer:
        locator = writer.seal([b"data"])
    assert not s3_proxy.requests
    assert refused(lambda: read(vault, locator)) == "segment-missing"


def test_a_full_pack_is_put_and_another_begun(vault: S3Vault, s3_proxy: FaultyProxy) -> None:
    """Memory stays bounded within a batch too, and no object lies in two segments."""
    contents = [content(FRAME // 2 + 9, seed) for seed in range(8)]
    objects = sealed(vault, *contents)
    assert s3_proxy.count("PUT") == 3
    assert [locator.offset == 0 for locator in objects] == [True, False, False] * 2 + [True, False]
    assert [read(vault, locator) for locator in objects] == contents


def test_a_large_object_lies_alone_and_beside_it_the_pack_goes_on(vault: S3Vault) -> None:
    """It streams past the pack; a writer's other objects are not disturbed."""
    contents = [content(500, 1), content(3 * FRAME + 7, 2), content(500, 3)]
    before, large, after = sealed(vault, *contents)
    assert before.segment == after.segment != large.segment
    assert (large.offset, after.offset) == (0, before.stored_length)
    assert [read(vault, locator) for locator in (before, large, after)] == contents
    assert not list(unreferenced(vault.segments(), {large.segment: large.stored_length, before.segment: 2 * 516}))


def test_a_writer_goes_on_after_a_large_object_that_failed(
    vault: S3Vault, s3_proxy: FaultyProxy, s3_server: S3Server, name: str
) -> None:
    """Its upload is aborted, by whomever it failed."""

    def failing() -> Iterator[bytes]:
        yield content(4 * FRAME)
        raise OSError(5, "the reader's own trouble")

    with vault.writer() as writer:
        before = writer.seal([b"before"])
        with pytest.raises(OSError, match="own trouble"):
            writer.seal(failing())
        s3_proxy.fail("status", method="PUT", status=403, body=REFUSED % b"AccessDenied")
        assert refused(lambda: writer.seal([content(4 * FRAME)])) == "vault-credentials"
        after = writer.seal([b"after"])
        writer.sync()
    assert (read(vault, before), read(vault, after)) == (b"before", b"after")
    assert s3_server.unfinished(name) == 0
    assert len(s3_server.names(name)) == 2  # the pack and the mark


@pytest.mark.parametrize("kind", ["lost-reply", "reset"])
def test_a_sync_whose_answer_was_lost_is_one_segment(vault: S3Vault, s3_proxy: FaultyProxy, kind: str) -> None:
    """Whether or not the store had taken it."""
    s3_proxy.fail(kind, method="PUT")
    one, two = sealed(vault, b"one", b"two")
    assert (read(vault, one), read(vault, two)) == (b"one", b"two")
    assert len(list(vault.segments())) == 1


def test_a_sync_that_failed_ends_the_writer(vault: S3Vault, s3_proxy: FaultyProxy) -> None:
    """Its locators are void, so it must not go on as if they were not; a new one works."""
    with vault.writer() as writer:
        locator = writer.seal([b"data"])
        s3_proxy.fail("reset", times=1000)
        assert refused(writer.sync) == "vault-unreachable"
        s3_proxy.heal()
        assert refused(writer.sync) == "vault-write-failed"
        assert refused(lambda: writer.seal([b"more"])) == "vault-write-failed"
    assert refused(lambda: read(vault, locator)) == "segment-missing"
    [again] = sealed(vault, b"data")
    assert read(vault, again) == b"data"


def test_the_same_holds_when_a_full_pack_cannot_be_put(vault: S3Vault, s3_proxy: FaultyProxy) -> None:
    """What was sealed before in this batch is void then, and the writer says so until the end."""
    with vault.writer() as writer:
        writer.seal([content(FRAME)])
        s3_proxy.fail("reset", times=1000)
        assert refused(lambda: [writer.seal([content(FRAME)]) for _ in range(2)]) == "vault-unreachable"
        assert refused(writer.sync) == "vault-write-failed"


def test_damage_in_the_bucket_is_named(vault: S3Vault, s3_server: S3Server, name: str) -> None:
    """A flipped bit, a cut, a lost segment: as in the local vault."""
    small, large = sealed(vault, content(500), content(2 * FRAME))
    for locator in (small, large):
        whole = s3_server.get(name, path_of(locator))
        s3_server.put(name, path_of(locator), whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
        assert refused(lambda locator=locator: read(vault, locator)) == "seal-broken"
        s3_server.put(name, path_of(locator), whole[:-1])
        assert refused(lambda locator=locator: read(vault, locator)) == "segment-truncated"
        s3_server.put(name, path_of(locator), b"")
        assert refused(lambda locator=locator: read(vault, locator)) == "segment-truncated"
        s3_server.admin.delete_object(Bucket=name, Key=path_of(locator))
        assert refused(lambda locator=locator: read(vault, locator)) == "segment-missing"


def test_a_wrong_bucket_is_no_tampering(vault: S3Vault, s3_server: S3Server, keys: FileKeyProvider) -> None:
    """An empty bucket or another prefix is the machine's trouble, as a disk that is not mounted."""
    [locator] = sealed(vault, b"data")
    elsewhere = S3Vault(bucket_of(s3_server, s3_server.new_bucket()), keys)
    assert refused(lambda: read(elsewhere, locator)) == "vault-absent"
    assert refused(elsewhere.check) == "vault-absent"
    assert refused(lambda: read(S3Vault(bucket_of(s3_server, "evidence-not-there"), keys), locator)) == "vault-absent"


def test_a_bucket_made_under_another_key_is_refused(
    vault: S3Vault, s3_server: S3Server, name: str, tmp_path: Path
) -> None:
    """Two deployments in one place would each take the other's evidence for loose bytes."""
    other = S3Vault(bucket_of(s3_server, name), FileKeyProvider.create(tmp_path / "other", evidence_exists=False))
    with pytest.raises(Refused) as caught:
        other.prepare()
    assert caught.value.code == "vault-of-another"
    vault.check()


def test_a_store_that_lets_objects_be_overwritten_is_refused(vault: S3Vault, s3_proxy: FaultyProxy) -> None:
    """Found at init, not when something has been lost."""
    s3_proxy.fail("unconditional", method="PUT")
    assert refused(vault.check) == "vault-overwrites"
    vault.check()


@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_credentials_that_may_do_half_are_found(vault: S3Vault, s3_proxy: FaultyProxy, method: str) -> None:
    """Reading alone, or writing alone, is not enough."""
    s3_proxy.fail("status", method=method, status=403, body=REFUSED % b"AccessDenied", times=100)
    assert refused(vault.check) == "vault-credentials"


def test_credentials_that_may_not_list_are_found(vault: S3Vault, s3_proxy: FaultyProxy) -> None:
    """An audit needs the list."""
    denied = REFUSED % b"AccessDenied"
    s3_proxy.fail("status", status=403, body=denied, when=lambda path: "list-type" in path)
    assert refused(vault.check) == "vault-credentials"


def test_preparing_and_checking_leave_one_object_and_delete_none(
    vault: S3Vault, s3_server: S3Server, s3_proxy: FaultyProxy, name: str
) -> None:
    """However often."""
    for _ in range(3):
        vault.prepare()
        vault.check()
    assert s3_server.names(name) == ["unit/one/triage-vault"]
    assert not list(vault.segments())
    assert s3_proxy.count("DELETE") == 0


def test_other_objects_in_the_bucket_are_not_ours(vault: S3Vault, s3_server: S3Server, name: str) -> None:
    """They are neither listed nor counted."""
    for other in ("unit/one/notes.txt", "unit/one/sub/" + "0" * 32 + ".pack", "0" * 32 + ".pack"):
        s3_server.put(name, other, b"theirs")
    [locator] = sealed(vault, b"data")
    assert [found.name for found in vault.segments()] == [locator.segment]


def test_segments_move_between_vaults_as_they_are(
    vault: S3Vault, s3_server: S3Server, name: str, tmp_path: Path, keys: FileKeyProvider
) -> None:
    """Copied with their names, in both directions; locators stay as they are."""
    contents = [content(500, 1), content(3 * FRAME, 2), b""]
    local = LocalVault(tmp_path / "vault", keys)
    in_bucket, in_folder = sealed(vault, *contents), sealed(local, *contents)
    for locator in in_bucket:
        (tmp_path / "vault" / locator.segment).write_bytes(s3_server.get(name, path_of(locator)))
    for locator in in_folder:
        s3_server.put(name, path_of(locator), (tmp_path / "vault" / locator.segment).read_bytes())
    assert [read(local, locator) for locator in in_bucket] == contents
    assert [read(vault, locator) for locator in in_folder] == contents


def test_nothing_of_the_evidence_leaves_the_machine(vault: S3Vault, s3_server: S3Server, name: str) -> None:
    """No plaintext and no digest in any object or name; names are random."""
    sealed(vault, MARKER * 10, MARKER * (2 * FRAME // len(MARKER)))
    for path in s3_server.names(name):
        assert MARKER not in s3_server.get(name, path)
    one, two = sealed(vault, MARKER), sealed(vault, MARKER)
    assert one[0].segment != two[0].segment


def test_reading_through_an_object_takes_few_requests(vault: S3Vault, s3_proxy: FaultyProxy) -> None:
    """Whole, or a megabyte at a time; a jump brings the one frame that is asked for."""
    data = content(10 * FRAME)
    [locator] = sealed(vault, data)
    for piece, requests in ((len(data), 2), (FRAME, 4), (FRAME // 2, 4), (FRAME + 1, 3)):
        before = s3_proxy.count("GET")
        source = vault.open(locator)
        assert b"".join(source.read_at(at, piece) for at in range(0, len(data), piece)) == data
        assert s3_proxy.count("GET") - before <= requests
        source.close()
    before = s3_proxy.count("GET")
    source = vault.open(locator)
    for index in (7, 2, 9, 5):
        assert source.read_at(index * FRAME + 3, 10) == data[index * FRAME + 3 :][:10]
    assert s3_proxy.count("GET") - before == 4
    source.close()


def test_a_lost_frame_on_the_way_is_read_again(vault: S3Vault, s3_proxy: FaultyProxy) -> None:
    """Slow, broken and cut answers cost time only."""
    data = content(3 * FRAME)
    [locator] = sealed(vault, data)
    for kind in ("reset", "cut", "lost-reply"):
        s3_proxy.fail(kind, method="GET")
        assert read(vault, locator) == data
    s3_proxy.fail("slow", seconds=0.2, method="GET")
    assert read(vault, locator) == data


_SEAL_LARGE = """
import json, sys
from pathlib import Path
from triage.settings import S3Settings
from triage.vault.bucket import Bucket
from triage.vault.keys import FileKeyProvider
from triage.vault.s3 import S3Vault

url, settings, key, mebibytes = json.loads(sys.argv[1])
vault = S3Vault(Bucket(url, S3Settings(**settings)), FileKeyProvider(Path(key)))
chunk = bytes(1 << 20)

def sealed(count):
    with vault.writer() as writer:
        locator = writer.seal(chunk for _ in range(count))
        writer.sync()
    [peak] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return locator, int(peak.split()[1]) >> 10

_, before = sealed(1)
locator, after = sealed(mebibytes)
print(json.dumps({"before": before, "after": after, "size": locator.size}))
"""


def test_memory_stays_bounded_while_a_large_object_is_sealed(s3_server: S3Server, name: str, tmp_path: Path) -> None:
    """300 MiB go through; what is held is a few parts of the upload."""
    FileKeyProvider.create(tmp_path / "key", evidence_exists=False)
    settings = {"region": "us-east-1", "credentials_file": "", "ca_file": "", "allow_http": False, "checksum": ""}
    settings |= {"access_key_id": "a", "secret_access_key": "b", "endpoint": s3_server.endpoint}
    given = [
        f"s3://{name}",
        settings | {"request_seconds": 60, "give_up_seconds": 60},
        str(tmp_path / "key"),
    ]
    ran = subprocess.run(
        [sys.executable, "-c", _SEAL_LARGE, json.dumps([*given, 300])], capture_output=True, text=True, check=True
    )
    told = json.loads(ran.stdout)
    assert told["size"] == 300 << 20
    assert told["after"] - told["before"] < 80, told
