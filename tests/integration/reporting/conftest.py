"""A scene to report on."""

from __future__ import annotations

from pathlib import Path

import pytest

from hashsets.library import Library
from tests.integration.reporting.scenes import NOW, RULES, Scene
from triage.domain.match_policy import MatchPolicy
from triage.services.reporting import Reporting
from triage.store.unit_of_work import Store


@pytest.fixture
def scene(store: Store) -> Scene:
    return Scene(store)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.open(tmp_path / "hashsets", now=lambda: NOW)


@pytest.fixture
def reporting(store: Store, library: Library) -> Reporting:
    return Reporting(store, library, MatchPolicy("2026-11-22"), RULES, lambda: NOW, "tester", "0.1.0")
