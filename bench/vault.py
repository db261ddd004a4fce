"""Sealing and opening evidence, beside plain files and beside SHA-256: `python -m bench.vault [--quick] [--json]`.

Large objects show what the sealing format costs, small ones what a sync costs. All files lie in one temporary folder
(`--folder` says where), so both sides of a ratio meet the same disk. Rows of S3 go to a server of this machine that
keeps nothing (`bench/s3_sink.py`): they show the client's work. A real store takes 10 ms and more for a put: the row
with that pause says what few requests are worth then.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import repeat
from pathlib import Path

import obstore
from obstore.store import S3Store

from bench.figures import Figure, arguments, report
from bench.s3_sink import running_sink
from triage.settings import S3Settings, load_settings
from triage.vault.bucket import PART, Bucket
from triage.vault.files import sync_folder
from triage.vault.frames import sealed_frames
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault
from triage.vault.s3 import S3Vault
from triage.vault.seam import SealedObject

MIB = 1024 * 1024
SMALL = 200 * 1024
BATCH = 64


def measured(folder: Path, *, quick: bool) -> list[Figure]:
    """All figures; takes about 20 seconds, or 2 when quick."""
    large = (32 if quick else 256) * MIB
    count = BATCH if quick else 10 * BATCH
    keys = FileKeyProvider.create(folder / "key", evidence_exists=False)
    vault = LocalVault(folder / "vault", keys)
    chunk = os.urandom(MIB)
    with running_sink() as quick_store, running_sink(pause=0.01) as store:
        in_bucket = _InBucket(quick_store, keys)
        return [
            *_large(vault, folder, chunk, large),
            *_small(vault, folder, chunk[:SMALL], count),
            *in_bucket.small(chunk[:SMALL], count, "200 KiB"),
            *in_bucket.small(chunk[: SMALL // 10], 10 * count, "20 KiB"),
            *_InBucket(store, keys).small(chunk[:SMALL], count, "10 ms away, 200 KiB"),
            *in_bucket.large(chunk, large),
        ]


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


class _InBucket:
    """The vault in a bucket beside obstore alone, which is what it puts with."""

    def __init__(self, endpoint: str, keys: FileKeyProvider) -> None:
        self.vault = S3Vault(Bucket("s3://evidence", _s3_settings(endpoint)), keys)
        self.store = S3Store(
            "evidence",
            endpoint=endpoint,
            region="us-east-1",
            access_key_id="bench",
            secret_access_key="bench",
            unsigned_payload=True,
            client_options={"allow_http": True},
        )

    def small(self, content: bytes, count: int, size: str) -> list[Figure]:
        def sealed() -> None:
            with self.vault.writer() as writer:
                for number in range(count):
                    writer.seal([content])
                    if number % BATCH == BATCH - 1:
                        writer.sync()

        def plain() -> None:
            for number in range(count):
                obstore.put(self.store, str(number), content, mode="create")

        ours, theirs = count / _best(sealed), count / _best(plain)
        return [Figure(f"S3: {size} objects, one sync per {BATCH}", ours, "objects/s", "obstore, a put each", theirs)]

    def large(self, chunk: bytes, size: int) -> list[Figure]:
        count = size // MIB

        def sealed() -> None:
            with self.vault.writer() as writer:
                writer.seal(repeat(chunk, count))
                writer.sync()

        def plain() -> None:
            obstore.put(self.store, "large", repeat(chunk, count), chunk_size=PART, max_concurrency=2)

        return [
            Figure("S3: seal a large object", count / _best(sealed), "MB/s", "obstore, plain", count / _best(plain))
        ]


def _s3_settings(endpoint: str) -> S3Settings:
    given = load_settings().vault.s3.model_dump()
    return S3Settings(**given | {"endpoint": endpoint, "access_key_id": "bench", "secret_access_key": "bench"})


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
