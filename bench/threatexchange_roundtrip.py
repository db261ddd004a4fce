"""Exchange with python-threatexchange: its command matches against our export, and its hashes are imported by us.

No times: figures count pictures. Releases are written by `export_release`, fetched by `tx` as a local file, and asked
with made-up pictures, with smaller JPEG copies of them, with copies turned by 90 degrees, and with strangers. The
other way round, what `tx hash` prints becomes a release of ours and is asked the same. Distances must agree, or the
bench fails. `tx` keeps its state in a home folder of its own that is thrown away.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bench.figures import Figure, arguments, report
from demo.pictures import photo_like, resized
from hashsets.algorithms.pdq import pdq_full
from hashsets.exporting import export_release
from hashsets.library import Library
from hashsets.vocabulary import SetKind

PEER = "tx"
FOUND = re.compile(r"^pdq (?:[A-Z0-9]+ )?(\d+) \(", re.MULTILINE)  # a rotation is named before the distance
REACH = 31  # what tx itself takes for a match of PDQ


class DisagreementError(Exception):
    """Ours and the peer's see different distances for the same pictures."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Files of one kind each, in one order."""

    originals: list[Path]
    copies: list[Path]
    turned: list[Path]
    strangers: list[Path]


class Tx:
    """The peer's command with a home of its own."""

    def __init__(self, home: Path) -> None:
        self._home = home
        home.mkdir()

    def __call__(self, *words: str | Path) -> str:
        """What the command prints. Raises CalledProcessError."""
        command = Path(sys.executable).parent / "tx"
        environment = {**os.environ, "HOME": str(self._home)}
        done = subprocess.run(
            [command, *words], env=environment, capture_output=True, text=True, check=True, timeout=600
        )
        return done.stdout

    def takes(self, signals: Path) -> None:
        """Make a file of signals the only collaboration, fetched and indexed."""
        self("config", "collab", "edit", "local_file", "--create", "ours", "--filename", signals.resolve())
        self("fetch")

    def distances(self, pictures: Sequence[Path], *options: str) -> list[int]:
        """One distance for each picture that matches."""
        return sorted(int(found) for found in FOUND.findall(self("match", *options, "photo", *pictures)))


def main() -> None:
    """Exchange in both directions and print."""
    options = arguments(__doc__ or "").parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        pictures = made_up(root, 6 if options.quick else 40)
        figures = [*they_match_ours(root, pictures), *we_match_theirs(root, pictures), set_of_one(root, pictures)]
    report("threatexchange_roundtrip", figures, as_json=options.json)


def made_up(root: Path, count: int) -> Pictures:
    """Pictures and what becomes of them on the way."""
    folders = {kind: root / kind for kind in ("original", "copy", "turned", "stranger")}
    made: dict[str, list[Path]] = {kind: [] for kind in folders}
    for folder in folders.values():
        folder.mkdir()
    for number in range(count):
        raster = photo_like(number, 640, 480)
        for kind, changed, ending in (
            ("original", raster, "png"),
            ("copy", resized(raster, 0.6), "jpg"),
            ("turned", np.rot90(raster), "png"),
            ("stranger", photo_like(10_000 + number, 640, 480), "png"),
        ):
            path = folders[kind] / f"{number}.{ending}"
            Image.fromarray(np.ascontiguousarray(changed)).save(path, quality=60)
            made[kind].append(path)
    return Pictures(made["original"], made["copy"], made["turned"], made["stranger"])


def they_match_ours(root: Path, pictures: Pictures) -> list[Figure]:
    """Our release, exported, in the peer's hands."""
    library = Library.open(root / "ours")
    listed = root / "listed.txt"
    listed.write_text("".join(f"pdq {pdq_full(raster_of(path)).value.hex()}\n" for path in pictures.originals))
    release = library.import_file(listed, name="ours", kind=SetKind.KNOWN).release.release_id
    exported = root / "exported.txt"
    export_release(library, release, exported, format="pdq-list")
    tx = Tx(root / "home")
    tx.takes(exported)
    figures = []
    for name, asked, words in (
        ("the pictures themselves", pictures.originals, ()),
        ("smaller JPEG copies", pictures.copies, ()),
        ("turned by 90°", pictures.turned, ()),
        ("turned by 90°, peer told to try rotations", pictures.turned, ("--rotations",)),
        ("strangers", pictures.strangers, ()),
    ):
        theirs, ours = tx.distances(asked, *words), our_distances(library, asked)
        if asked in (pictures.originals, pictures.copies) and theirs != ours:
            raise DisagreementError(name)
        figures.append(Figure(f"matched against our export: {name}", len(ours), "pictures", PEER, len(theirs)))
    return figures


def we_match_theirs(root: Path, pictures: Pictures) -> list[Figure]:
    """What the peer hashes, imported by us."""
    library = Library.open(root / "theirs")
    hashed = root / "hashed.txt"
    hashed.write_text(Tx(root / "other-home")("hash", "photo", *pictures.originals))
    counts = library.import_file(hashed, name="theirs", kind=SetKind.KNOWN).release.counts
    return [
        Figure("the peer's hashes imported", counts.entries, "entries", PEER, len(pictures.originals)),
        Figure("rejects among them", sum(counts.rejects.values()), "lines", goal="0"),
        *(
            Figure(f"matched against the peer's hashes: {name}", len(our_distances(library, asked)), "pictures")
            for name, asked in (("smaller JPEG copies", pictures.copies), ("strangers", pictures.strangers))
        ),
    ]


def set_of_one(root: Path, pictures: Pictures) -> Figure:
    """The smallest release there is, asked with its own picture."""
    library = Library.open(root / "one")
    listed, exported = root / "one.txt", root / "one-exported.txt"
    listed.write_text(f"pdq {pdq_full(raster_of(pictures.originals[0])).value.hex()}\n")
    release = library.import_file(listed, name="one", kind=SetKind.KNOWN).release.release_id
    export_release(library, release, exported, format="pdq-list")
    tx = Tx(root / "home-of-one")
    tx.takes(exported)
    theirs, ours = tx.distances(pictures.originals[:1]), our_distances(library, pictures.originals[:1])
    return Figure("a set of one matches itself", len(ours), "pictures", PEER, len(theirs), goal="1")


def our_distances(library: Library, pictures: Sequence[Path]) -> list[int]:
    """The nearest distance for each picture that lies within the peer's reach."""
    asked = [pdq_full(raster_of(path)) for path in pictures]
    nearest: dict[int, int] = {}
    for candidate in library.lookup_fingerprints(asked, REACH):
        nearest.setdefault(candidate.query, candidate.distance)
    return sorted(nearest.values())


def raster_of(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A picture's pixels, as the peer's hasher sees them."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


if __name__ == "__main__":
    main()
