"""Sealing and opening evidence, beside plain files and beside SHA-256: `python -m bench.vault [--quick] [--json]`.

Large objects show what the sealing format costs, small ones what a sync costs. All files lie in one temporary folder
(`--folder` says where), so both sides of a ratio meet the same disk.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import repeat
from pathlib import Path

from bench.figures import Figure, arguments, report
from triage.vault.files import sync_folder
from triage.vault.frames import sealed_frames
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault
from triage.vault.seam import SealedObject

MIB = 1024 * 1024
SMALL = 200 * 1024
BATCH = 64


def measured(folder: Path, *, quick: bool) -> list[Figure]:
    """All figures; takes about 20 seconds, or 2 when quick."""
    large = (32 if quick else 256) * MIB
    count = BATCH if quick else 10 * BATCH
    vault = LocalVault(folder / "vault", FileKeyProvider.create(folder / "key", evidence_exists=False))
    chunk = os.urandom(MIB)
    return [*_large(vault, folder, chunk, large), *_small(vault, folder, chunk[:SMALL], count)]


def _large(vault: LocalVault, folder: Path, chunk: bytes, size: int) -> list[Figure]:
    work = _Large(vault, folder / "plain", chunk, size // MIB)
    plain, sealed, hashed_sealed = work.rate(work.write_plain), work.rate(work.seal), work.rate(work.hash_and_seal)
    read, opened = work.rate(work.read_plain), work.rate(work.open)
    sha, frames = work.rate(work.hash), work.rate(work.frame)
    return [
        Figure("seal, one sync", sealed, "MB/s", "plain write, one sync", plain),
        Figure("SHA-256 and seal, one sync", hashed_sealed, "MB/s", "plain write, one sync", plain),
        Figure("sealing format, no disk", frames, "MB/s", "SHA-256 alone", sha, "never the ceiling"),
        Figure("open and read all", opened, "MB/s", "plain read", read),
    ]


class _Large:
    """One object of `count` MiB, written and read in each way."""

    def __init__(self, vault: LocalVault, plain: Path, chunk: bytes, count: int) -> None:
        self.vault, self.plain, self.chunk, self.count = vault, plain, chunk, count
        self.sealed: list[SealedObject] = []

    def rate(self, work: Callable[[], object]) -> float:
        return self.count / _best(work)

    def chunks(self) -> Iterator[bytes]:
        return repeat(self.chunk, self.count)

    def hashed(self) -> Iterator[bytes]:
        digest = sha256()
        for part in self.chunks():
            digest.update(part)
            yield part

    def hash(self) -> None:
        for _ in self.hashed():
            pass

    def frame(self) -> None:
        for _ in sealed_frames(bytes(32), bytes(16), self.chunks()):
            pass

    def seal(self) -> None:
        self._seal(self.chunks())

    def hash_and_seal(self) -> None:
        self._seal(self.hashed())

    def _seal(self, chunks: Iterator[bytes]) -> None:
        with self.vault.writer() as writer:
            self.sealed.append(writer.seal(chunks))
            writer.sync()

    def open(self) -> None:
        source = self.vault.open(self.sealed[-1])
        for offset in range(0, source.size, MIB):
            source.read_at(offset, MIB)
        source.close()

    def write_plain(self) -> None:
        self.plain.unlink(missing_ok=True)  # a fresh file, as a segment is: overwriting cached pages flatters
        with self.plain.open("wb", buffering=0) as file:
            for part in self.chunks():
                file.write(part)
            os.fdatasync(file.fileno())

    def read_plain(self) -> None:
        with self.plain.open("rb", buffering=0) as file:
            while file.read(MIB):
                pass


def _small(vault: LocalVault, folder: Path, content: bytes, count: int) -> list[Figure]:
    def seal(per_sync: int) -> None:
        with vault.writer() as writer:
            for number in range(count):
                writer.seal([content])
                if number % per_sync == per_sync - 1:
                    writer.sync()

    def plain() -> None:
        target = Path(tempfile.mkdtemp(dir=folder))
        for number in range(count):
            with (target / str(number)).open("wb", buffering=0) as file:
                file.write(content)
                os.fdatasync(file.fileno())
        sync_folder(target)

    batched, single, files = (count / _best(work) for work in (lambda: seal(BATCH), lambda: seal(1), plain))
    return [
        Figure(f"200 KiB objects, one sync per {BATCH}", batched, "objects/s", "one sync per object", single),
        Figure(f"200 KiB objects, one sync per {BATCH}", batched, "objects/s", "plain files, a sync each", files),
    ]


def _best(work: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of a few runs: the machine is shared."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return min(spent)


def main() -> None:
    """Measure and print."""
    parser = arguments("Sealing and opening evidence.")
    parser.add_argument("--folder", type=Path, default=None, help="where to write (default: the temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        report("vault", measured(Path(folder), quick=options.quick), as_json=options.json)


if __name__ == "__main__":
    main()
