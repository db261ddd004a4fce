"""A library in a temporary folder, and files to import into it. All values are synthetic."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hashsets.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """An empty library whose clock moves a minute at each import."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    minutes = iter(range(10_000))
    return Library.open(tmp_path / "library", now=lambda: start + timedelta(minutes=next(minutes)))


@pytest.fixture
def write_list(tmp_path: Path) -> Callable[..., Path]:
    """Write a list of the MD5 of some words."""

    def write(*words: str, name: str = "list.txt") -> Path:
        path = tmp_path / name
        path.write_text("".join(hashlib.md5(word.encode()).hexdigest() + "\n" for word in words))
        return path

    return write
