"""A small disk of its own, which can be filled: tmpfs, for which one must be root."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NotAllowed(RuntimeError):
    """Neither this user nor this container may do that: nothing that an installation could mend."""


class SmallDisk:
    """A file system at `path`, as large as wanted."""

    def __init__(self, path: Path, megabytes: int = 16) -> None:
        self.path = path
        path.mkdir(exist_ok=True)
        self._mount(f"size={megabytes}m")

    def _mount(self, options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.path)]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            raise NotAllowed("this user may not mount a file system")

    def fill(self, leaving: int) -> None:
        """Leave so many bytes free, or fewer: others write meanwhile, and may be the ones who fill it."""
        filler = self.path / "filler"
        try:
            filler.unlink(missing_ok=True)
            free = os.statvfs(self.path)
            filler.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - leaving)))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise

    def make_room(self, megabytes: int = 256) -> None:
        """As much as anybody needs."""
        (self.path / "filler").unlink(missing_ok=True)
        self._mount(f"remount,size={megabytes}m")

    def leave(self) -> None:
        """Unmount it; what is on it is gone."""
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)


@contextmanager
def small_disk(path: Path, megabytes: int = 16) -> Iterator[SmallDisk]:
    """A small disk at this place, gone at the end. Raises NotAllowed where that is not allowed."""
    disk = SmallDisk(path, megabytes)
    try:
        yield disk
    finally:
        disk.leave()
