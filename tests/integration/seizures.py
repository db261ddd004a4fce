"""The made-up seizure of these tests, made once for all processes of a run, and small pictures of one's own."""

from __future__ import annotations

import fcntl
import pickle
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from demo.files import write_jpeg
from demo.hash_sets import HashSetFiles
from demo.pictures import photo_like
from demo.truth import SeizureTruth
from tests.integration.deployments import Deployment

T = TypeVar("T")


@dataclass(frozen=True)
class Sample:
    """A made-up seizure on disk, and the hash sets that go with it."""

    truth: SeizureTruth
    sets: HashSetFiles

    def import_sets(self, deployment: Deployment) -> None:
        """Put all three sets in force."""
        for file, name, kind in (
            (self.sets.vics, "synthetic-known", "known"),
            (self.sets.pdq_list, "synthetic-near", "known"),
            (self.sets.known_good, "synthetic-good", "known-good"),
        ):
            deployment.done("hashsets", "import", file, "--name", name, "--kind", kind)

    def submit(self, deployment: Deployment, letters: str = "ABC") -> None:
        """Receive the exhibits in this order."""
        exhibits = {exhibit.letter: exhibit for exhibit in self.truth.exhibits}
        for letter in letters:
            deployment.submit(exhibits[letter].folder, letter)


def made_once(folder: Path, name: str, make: Callable[[Path], T]) -> T:
    """Make it in the first process that asks; the others wait and take the same."""
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = folder / f"{name}.pickle"
        if not kept.exists():
            kept.write_bytes(pickle.dumps(make(folder / name)))
        made: T = pickle.loads(kept.read_bytes())
        return made


def pictures(folder: Path, *seeds: int, sides: tuple[int, int] = (240, 180)) -> Path:
    """A folder with one small picture per seed."""
    for seed in seeds:
        write_jpeg(folder / f"{seed}.jpg", photo_like(seed, *sides))
    return folder


def zipped(path: Path, files: Iterable[Path]) -> Path:
    """A ZIP of these files, the same bytes each time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(files):
            archive.writestr(zipfile.ZipInfo(file.name), file.read_bytes())
    return path
