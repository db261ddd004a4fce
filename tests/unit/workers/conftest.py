"""A real deployment for each test, made once and copied, with stages that do as told."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from tests.unit.triage.stored import Scene
from triage.bootstrap import Application, open_application
from triage.deploying import initialise
from triage.domain.jobs import Lease
from triage.services.matching import Matching
from triage.settings import WorkSettings, load_settings


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new deployment. For copying only."""
    data = tmp_path_factory.mktemp("initialised") / "data"
    initialise(load_settings(data=data))
    return data


@pytest.fixture
def application(tmp_path: Path, initialised: Path) -> Iterator[Application]:
    """An open deployment that tries three times without pauses."""
    shutil.copytree(initialised, tmp_path / "data")
    settings = load_settings(data=tmp_path / "data")
    settings = settings.model_copy(
        update={"work": WorkSettings(threads=1, lease_seconds=600, max_attempts=3, retry_seconds=0)}
    )
    opened = open_application(settings)
    yield opened
    opened.close()


@pytest.fixture
def facts(application: Application) -> Scene:
    """Facts to be written into it."""
    return Scene(application.store)


@dataclass
class ToldMatching:
    """A stage that calls `act` with each lease."""

    act: Callable[[Lease], None]
    seen: list[Lease] = field(default_factory=list)

    def match_batch(self, lease: Lease) -> None:
        self.seen.append(lease)
        self.act(lease)


@pytest.fixture
def with_matching(application: Application) -> Callable[[ToldMatching], Application]:
    """The application with this stage in place of matching."""
    return lambda told: replace(application, matching=cast("Matching", told))
