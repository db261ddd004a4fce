"""Reading every byte of releases, all of them, whatever is found in the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hashsets.errors import Damaged
from hashsets.releases import verify
from hashsets.volumes import files_of
from hashsets.watched_input import Progress


@dataclass(frozen=True, slots=True)
class ReleaseCheck:
    """What came of reading a release: the size of its own folder; code and sentence of a fault, if there is one."""

    release_id: str
    bytes: int
    fault: str | None = None
    sentence: str | None = None


def check_releases(folders: Sequence[Path], progress: Progress | None = None) -> list[ReleaseCheck]:
    """Check each release against its seal. `progress` is told the bytes gone through so far, and all of them."""
    sizes = [sum(path.stat().st_size for path in files_of(folder)) for folder in folders]
    checks = []
    for folder, size in zip(folders, sizes, strict=True):
        try:
            verify(folder)
            checks.append(ReleaseCheck(folder.name, size))
        except Damaged as error:
            checks.append(ReleaseCheck(folder.name, size, error.code, error.sentence))
        if progress:
            progress(sum(check.bytes for check in checks), sum(sizes))
    return checks
