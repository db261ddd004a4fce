"""From an item to its bytes, wherever they are kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.triage.stored import digests_of
from triage.domain.errors import Tampered, Unreadable
from triage.domain.items import Item, ItemKind, Outcome
from triage.services.keeping import Keeping, sealed_row
from triage.store.items import Kept
from triage.vault.local import LocalVault

ITEM = Item(7, digests_of(b"bytes"), 5, ItemKind.OTHER, 0, Outcome.PENDING)


def test_a_sealed_item_is_opened_from_the_vault(vault: LocalVault, keeping: Keeping) -> None:
    """Through its locator as a database row."""
    with vault.writer() as writer:
        row = sealed_row(writer.seal([b"by", b"tes"]))
        writer.sync()
    source = keeping.open(Kept(ITEM, sealed=row, in_place=None))
    assert source.read_at(0, 100) == b"bytes"
    source.close()


def test_a_referenced_item_is_opened_where_it_lies_if_it_is_as_recorded(keeping: Keeping, source: Path) -> None:
    """Another time is another file."""
    (source / "a").write_bytes(b"bytes")
    place = {"root": os.fsencode(source), "path": b"a", "size": 5, "mtime_ns": (source / "a").stat().st_mtime_ns}
    opened = keeping.open(Kept(ITEM, sealed=None, in_place=place))
    assert opened.read_at(0, 100) == b"bytes"
    opened.close()
    with pytest.raises(Unreadable) as changed:
        keeping.open(Kept(ITEM, sealed=None, in_place={**place, "mtime_ns": 1}))
    assert changed.value.code == "source-changed"


def test_an_item_without_a_place_is_tampering(keeping: Keeping) -> None:
    """Its row was removed: no item is ever recorded without one."""
    with pytest.raises(Tampered, match="I-7") as tampered:
        keeping.open(Kept(ITEM, None, None))
    assert tampered.value.code == "bytes-unlocated"
