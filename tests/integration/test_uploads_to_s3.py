"""The upload door over a bucket: spools are on the disk, sealed, and what is whole goes to the store, sealed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.deployments import Deployment, finish
from tests.integration.test_s3_vault import bucket, in_bucket
from tests.integration.test_uploads import MARKER, Server, holding, issued, noise, pushing
from tests.servers.s3 import FaultyProxy, S3Server

__all__ = ["bucket", "in_bucket"]


@pytest.fixture
def server(in_bucket: Deployment, tmp_path: Path) -> Iterator[Server]:
    made = Server(in_bucket, tmp_path / "temporary")
    made.start()
    yield made
    made.kill()


def pushed(server: Server, source: Path, folder: Path) -> dict[str, str]:
    """Push a source to the end; the digest of each file by its name, as recorded."""
    ran = finish(pushing(server, source, issued(server.deployment, folder), "E", "--patience", 60), 180)
    assert ran.code == 0, ran.out + ran.err
    query = "SELECT path, sha256 FROM occurrence JOIN item ON item.id = occurrence.item_id"
    return {bytes(path).decode(): bytes(digest).hex() for path, digest in server.deployment.rows(query)}


def seizure(folder: Path) -> dict[str, str]:
    """Files that come in a pack, and one large enough for an upload and a segment of its own; their digests."""
    sizes = {"small-1.bin": 70_000, "small-2.bin": 90_000, "medium.bin": 2_500_000, "large.bin": 9_500_000}
    for seed, (name, size) in enumerate(sizes.items()):
        noise(folder / name, size, seed)
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sizes}


def test_what_is_pushed_lies_sealed_in_the_bucket(
    server: Server, tmp_path: Path, s3_server: S3Server, bucket: str
) -> None:
    """Every digest is equal, nothing is left in the spool, and neither disk nor store holds plaintext."""
    sent = seizure(tmp_path / "source")
    assert pushed(server, tmp_path / "source", tmp_path) == sent
    assert holding(server.deployment.data, MARKER) == []
    assert not any(MARKER in s3_server.get(bucket, name) for name in s3_server.names(bucket))
    assert not (server.deployment.data / "vault").exists()
    server.deployment.assert_audit_is_clean()


def test_a_store_that_is_away_for_a_while_loses_nothing(
    server: Server, tmp_path: Path, s3_proxy: FaultyProxy
) -> None:
    """The client goes on by itself once the store answers again."""
    sent = seizure(tmp_path / "source")
    s3_proxy.fail("reset", times=8)
    assert pushed(server, tmp_path / "source", tmp_path) == sent
    server.deployment.assert_audit_is_clean()
