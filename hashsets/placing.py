"""Where releases come into being: one at a time, in a folder that nobody reads, renamed into place at the end."""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hashsets.errors import HashSetError
from hashsets.index.segment_files import settle_folder
from hashsets.manifests import Manifest
from hashsets.releases import Release
from hashsets.volumes import sealed_files

UNFINISHED = ".importing-"
GROWING = "release"


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the library's lock: one import or change at a time, over all processes. Ends with the process."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sweep(releases: Path) -> None:
    """Remove what imports that were killed have left. Only while holding the lock."""
    for left in releases.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def workshop(releases: Path) -> Iterator[Path]:
    """A folder under `releases` that is removed at the end; in it an empty folder `GROWING` for the release.

    Raises HashSetError when the disk does not take what is written there.
    """
    releases.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=releases))
    try:
        (folder / GROWING).mkdir()
        yield folder
    except (OSError, sqlite3.Error) as error:  # reading the input has its own codes
        raise HashSetError("release-not-written", "the release could not be written: is the disk full?") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_in_place(workshop_folder: Path, unsealed: Manifest) -> Manifest:
    """Seal what has grown in the workshop, let it open, and rename it to its place beside the other releases."""
    growing = workshop_folder / GROWING
    manifest = unsealed.with_files(sealed_files(growing))
    manifest.write(growing)
    sealed = workshop_folder / manifest.release_id
    growing.rename(sealed)
    releases = workshop_folder.parent
    Release.open(sealed, releases).close()
    sealed.rename(releases / manifest.release_id)
    settle_folder(releases)
    return manifest
