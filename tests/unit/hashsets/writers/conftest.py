"""Entries to write, and writing them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from hashsets.vocabulary import Digest, DigestAlgorithm, Entry
from hashsets.writers.seam import Outline, Tally
from hashsets.writers.written_formats import written_format_named

Write = Callable[..., tuple[str, Tally]]


@pytest.fixture
def digests() -> Callable[[str], tuple[Digest, ...]]:
    """MD5, SHA-1 and SHA-256 of a word."""

    def all_three(word: str) -> tuple[Digest, ...]:
        return tuple(Digest(kind, hashlib.new(kind.value, word.encode()).digest()) for kind in DigestAlgorithm)

    return all_three


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """The text that a format makes of entries, and what it counted."""

    def run(name: str, *entries: Entry, columns: dict[str, str] | None = None) -> tuple[str, Tally]:
        path = tmp_path / "written"
        path.unlink(missing_ok=True)
        categories = {entry.opinion.category or "": 1 for entry in entries}
        tally = written_format_named(name).write(iter(entries), path, Outline(categories, columns))
        return path.read_bytes().decode(errors="replace"), tally

    return run
