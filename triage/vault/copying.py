"""Copies of files that are written once, or only ever longer: what is there already is not copied again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from triage.domain.errors import Unavailable
from triage.vault.files import NO_ROOM, sync_folder


@dataclass(frozen=True, slots=True)
class Copied:
    """Files under a folder, and those of them that had to be copied."""

    files: int = 0
    copied: int = 0
    bytes: int = 0  # of those copied


def copy_folder(source: Path, target: Path) -> Copied:
    """Make `target` hold what `source` holds now; each file is put in its place whole, and is on disk on return.

    A file counts as copied when size and time of change agree: a segment in use may be cut back and written on.
    Files that `source` has no longer stay. Raises Unavailable `disk-full`, `backup-not-written`.
    """
    done = Copied()
    try:
        for path in _files(source):
            goal = target / path.relative_to(source)
            facts = path.stat()
            if _is_there(goal, facts):
                done = Copied(done.files + 1, done.copied, done.bytes)
                continue
            goal.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = goal.with_name(f".{goal.name}.draft")
            shutil.copy2(path, draft)
            os.utime(draft, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # from before: what came meanwhile shows
            descriptor = os.open(draft, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            draft.rename(goal)
            sync_folder(goal.parent)
            done = Copied(done.files + 1, done.copied + 1, done.bytes + facts.st_size)
    except OSError as error:
        code = "disk-full" if error.errno in NO_ROOM else "backup-not-written"
        raise Unavailable(code, f"The copy cannot be written (error {error.errno}).") from None
    return done


def _files(folder: Path) -> Iterator[Path]:
    """Regular files below, drafts left out; one that vanishes meanwhile was one."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _is_there(goal: Path, facts: os.stat_result) -> bool:
    try:
        found = goal.stat()
    except FileNotFoundError:
        return False
    return (found.st_size, found.st_mtime_ns) == (facts.st_size, facts.st_mtime_ns)
