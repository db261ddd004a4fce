"""What services work with: a real vault, a real library, real settings, and a clock that stands still."""

from __future__ import annotations

from pathlib import Path

import pytest

from hashsets.library import Library
from tests.unit.triage.services.listing import recorded_library
from tests.unit.triage.stored import ACTOR, NOW
from triage.domain.matches import MatchPolicy
from triage.services.keeping import Keeping
from triage.services.matching import Matching
from triage.services.owing import Owing
from triage.services.recording_sets import RecordingSets
from triage.services.rematching import Rematching
from triage.settings import ReceiveSettings, WorkSettings
from triage.store.unit_of_work import Store
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault


@pytest.fixture
def vault(tmp_path: Path) -> LocalVault:
    """An empty vault with a key of its own."""
    keys = FileKeyProvider.create(tmp_path / "vault.key", evidence_exists=False)
    return LocalVault(tmp_path / "vault", keys)


@pytest.fixture
def keeping(vault: LocalVault) -> Keeping:
    """The way from items to their bytes."""
    return Keeping(vault)


@pytest.fixture
def library(store: Store, tmp_path: Path) -> Library:
    """No releases yet; see `listed` in `listing`."""
    (tmp_path / "hashsets").mkdir()
    return recorded_library(store, tmp_path / "hashsets")


@pytest.fixture
def work_settings() -> WorkSettings:
    """Three attempts, no pause."""
    return WorkSettings(threads=1, lease_seconds=600, max_attempts=3, retry_seconds=0)


@pytest.fixture
def receive_settings() -> ReceiveSettings:
    """Small batches, and files above 1,000 bytes are streamed."""
    return ReceiveSettings(batch_items=3, batch_bytes=100_000, stream_above_bytes=1_000, threads=2)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """An empty seizure."""
    folder = tmp_path / "seizure"
    folder.mkdir()
    return folder


@pytest.fixture
def rematching(store: Store, library: Library, work_settings: WorkSettings) -> Rematching:
    """Matching again, under a policy of its own."""
    matching = Matching(store, library, MatchPolicy("policy 1"), lambda: NOW, ACTOR)
    return Rematching(store, matching, work_settings, lambda: NOW, ACTOR)


@pytest.fixture
def recording(store: Store) -> RecordingSets:
    """What changes hash sets goes through it."""
    return RecordingSets(store, Owing("policy 1", lambda: NOW, ACTOR), None, lambda: NOW, ACTOR)
