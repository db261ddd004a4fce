"""The peer's path over one file: what a python-threatexchange user runs to get the same facts as we do.

Pillow decodes, the package's own PDQ hasher reads the picture, hashlib takes the digests, exifread the metadata.
Full decode, RGB, in one pass per library, as its documentation shows; nothing is tuned and nothing is handicapped.

`python -m bench.peer_threatexchange FILE...` does it for many files in two processes and prints how many were done.
"""

from __future__ import annotations

import hashlib
import io
import logging
import multiprocessing
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import exifread
from threatexchange.signal_type.pdq import pdq_hasher

PEER = "python-threatexchange"


@dataclass(frozen=True, slots=True)
class PeerFacts:
    """What the peer's path finds: PDQ as 64 hexadecimal digits with its quality, digests, number of EXIF tags."""

    pdq: str
    quality: int
    md5: str
    sha1: str
    sha256: str
    exif_tags: int


def examine_as_peer(path: Path) -> PeerFacts:
    """The same work per file as our examination: digests, PDQ with quality, EXIF with maker notes left out."""
    data = path.read_bytes()
    pdq, quality = pdq_hasher.pdq_from_bytes(data)
    tags = exifread.process_file(io.BytesIO(data), details=False)
    return PeerFacts(
        pdq=pdq,
        quality=quality,
        md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
        sha1=hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(data).hexdigest(),
        exif_tags=len(tags),
    )


def main(paths: Sequence[str]) -> None:
    """Examine the files in two processes and print their number."""
    with multiprocessing.get_context("forkserver").Pool(2, initializer=quieten) as pool:
        done = sum(1 for _ in pool.imap_unordered(examine_as_peer, [Path(path) for path in paths]))
    print(done)


def quieten() -> None:
    """Exifread logs every oddity of a maker note; the study is of its work, not of its log."""
    logging.getLogger("exifread").setLevel(logging.ERROR)


if __name__ == "__main__":
    main(sys.argv[1:])
