"""What tests of a vault do again and again, whatever keeps its bytes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from triage.vault.keys import FileKeyProvider
from triage.vault.seam import SealedObject, Vault


@pytest.fixture
def keys(tmp_path: Path) -> FileKeyProvider:
    """A new wrapping key in a file."""
    return FileKeyProvider.create(tmp_path / "keys" / "wrapping", evidence_exists=False)


def content(size: int, seed: int = 1) -> bytes:
    """So many bytes that say nothing."""
    return random.Random(seed).randbytes(size)


def sealed(vault: Vault, *contents: bytes) -> list[SealedObject]:
    """Each sealed, all synced at once."""
    with vault.writer() as writer:
        objects = [writer.seal([data]) for data in contents]
        writer.sync()
    return objects


def read(vault: Vault, locator: SealedObject) -> bytes:
    """All of an object."""
    source = vault.open(locator)
    try:
        return source.read_at(0, source.size)
    finally:
        source.close()
