"""Two units that bring the same bytes at the same moment: one item, one place, one record of it."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from hashsets.algorithms.digests import DigestStream
from tests.unit.triage.stored import SEALED
from triage.domain.checkpoints import LogSigner
from triage.domain.custody import CustodyAction
from triage.domain.items import ItemKind
from triage.domain.submissions import Delivery
from triage.services.receiving import Receiving
from triage.services.taking_items import take
from triage.settings import ReceiveSettings
from triage.store.engine import open_engine
from triage.store.items import NewItem
from triage.store.job_tables import job
from triage.store.tables import item, occurrence, sealed_object
from triage.store.unit_of_work import Store
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault
from triage.vault.witness import LogMirror

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
FILES = 60
SETTINGS = ReceiveSettings(batch_items=8, batch_bytes=1 << 20, stream_above_bytes=1 << 16, threads=1)
SEED = bytes(range(32))


def new(data: bytes) -> NewItem:
    stream = DigestStream()
    stream.update(data)
    return NewItem(stream.finish(), len(data), ItemKind.OTHER, 0, sealed=SEALED)


def test_bytes_that_another_unit_brought_are_not_recorded_again(store: Store) -> None:
    """Only what this unit's own insert has written is new; the ids of all are given."""
    with store.writing() as unit:
        first = take(unit, [new(b"a"), new(b"b")], NOW)
        unit.commit()
    with store.writing() as unit:
        second = take(unit, [new(b"b"), new(b"c"), replace(new(b"a"), sealed=None)], NOW)
    assert (len(first.fresh), len(second.fresh), second.sealed_now) == (2, 1, {})
    assert second.ids[new(b"b").digests.sha256] == first.ids[new(b"b").digests.sha256]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_processes_that_receive_the_same_files_record_each_once(
    database_url: str, store: Store, tmp_path: Path
) -> None:
    """Every content has one SEALED record and one EXAMINE job, and occurs in both submissions."""
    for exhibit in ("A", "B"):
        (tmp_path / exhibit).mkdir()
        for number in range(FILES):
            (tmp_path / exhibit / f"{number:03d}").write_bytes(b"\xff\xd8\xffsynthetic %d" % number)
    FileKeyProvider.create(tmp_path / "key", evidence_exists=False)
    LogMirror.create(tmp_path / "together")
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    both = [context.Process(target=_receive, args=(database_url, tmp_path, one, barrier)) for one in ("A", "B")]
    for process in both:
        process.start()
    for process in both:
        process.join(120)
    assert [process.exitcode for process in both] == [0, 0]
    with store.reading() as unit:
        texts = [record.event for record in unit.custody.records()]
        sealed = [event.subject for event in texts if event and event.action is CustodyAction.SEALED]
        ids = unit.connection.execute(select(item.c.id)).scalars().all()
        examined = [one for ids in unit.connection.execute(select(job.c.item_ids)).scalars() for one in ids]
        assert len(ids) == FILES
        assert sorted(sealed) == sorted(f"item:{one}" for one in ids)
        assert sorted(examined) == sorted(ids)
        assert len(unit.connection.execute(select(sealed_object.c.item_id)).all()) == FILES
        assert len(unit.connection.execute(select(occurrence.c.id)).all()) == 2 * FILES


def _receive(url: str, folder: Path, exhibit: str, barrier: Barrier) -> None:
    signer = LogSigner("test.example/custody", Ed25519PrivateKey.from_private_bytes(SEED))
    store = Store(open_engine(url), signer, LogMirror(folder / "together"))
    vault = LocalVault(folder / "vault", FileKeyProvider(folder / "key"))
    receiving = Receiving(store, vault, SETTINGS, lambda: datetime.now(UTC), f"{exhibit}@test")
    barrier.wait(60)
    receiving.receive(Delivery("SYNTH", exhibit, "Synthetic warrant", bytes(folder / exhibit)))
    store.close()
