"""A deployment in a folder, with people who can sign in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.triage.people import House
from triage.bootstrap import open_application
from triage.deploying import initialise
from triage.settings import load_settings


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new deployment. For copying only."""
    folder = tmp_path_factory.mktemp("begun") / "data"
    initialise(load_settings(data=folder))
    return folder


@pytest.fixture
def house(tmp_path: Path, begun: Path) -> Iterator[House]:
    chosen = load_settings(data=shutil.copytree(begun, tmp_path / "data"))
    opened = open_application(chosen)
    yield House.over(opened)
    opened.close()
