"""What an item costs beside its examination, in CPU time: `python -m bench.overhead [--quick] [--postgresql URL]`.

Tiny pictures, all different (`bench.many` makes them), go through receive and all stages in this process with one
worker thread, against a library of 1,000,000 listed pictures and as many digests, first on SQLite and then, with
`--postgresql` (a server's URL; a database of our own is made there and dropped), on PostgreSQL. A hundred thousand
pictures of full size do not fit a bench: what reading, digesting and sealing cost a real file's bytes is measured on
the mix of 2 MP and 12 MP pictures and added to each item, and so is what its examination costs in the chamber and
beside it. So "not examine" is everything but that: walking, reading, digests, sealing, queue, database, custody log
and witness, matching, linking, referring, and with PostgreSQL its backends too (not its background writers, which
others on the machine share). Waiting for the disk is not CPU time. Start-up and making the library are left out.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text

from bench.figures import Figure, arguments, report
from bench.many import small_pictures
from bench.pictures import FOLDER, KINDS, bench_files
from bench.processes import children_of, processor_seconds
from bench.skewed_values import skewed
from hashsets.algorithms.digests_of_many import digests_of_many
from hashsets.library import Library
from hashsets.vocabulary import SetKind
from triage.bootstrap import Application, open_application
from triage.chamber.parent import Chamber
from triage.deploying import initialise
from triage.domain.submissions import Delivery
from triage.services.reading import Read, read_together
from triage.services.walking import SourceFile
from triage.settings import Settings, load_settings
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault
from triage.vault.seam import SealedObject
from workers.embedded import work

QUICK, FULL = 4_000, 100_000
LISTED = 1_000_000
_STAGES = ("expanding", "examining", "matching", "linking", "referring")


@dataclass
class Parts:
    """CPU seconds by part of the work."""

    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, part: str, seconds: float) -> None:
        """Count more of it."""
        self.seconds[part] = self.seconds.get(part, 0.0) + seconds

    @contextmanager
    def counted(self, part: str) -> Iterator[None]:
        """Count the calling thread's time."""
        began = time.thread_time()
        try:
            yield
        finally:
            self.add(part, time.thread_time() - began)


@dataclass(frozen=True)
class _Counted:
    """A service or chamber whose calls are counted as one part."""

    inner: Any
    parts: Parts
    part: str

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        return self._counting(found) if callable(found) else found

    def _counting(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*given: Any, **named: Any) -> Any:
            with self.parts.counted(self.part):
                shown = [_Counted(one, self.parts, "chamber") if isinstance(one, Chamber) else one for one in given]
                return call(*shown, **named)

        return counting


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--items", type=int, help="tiny pictures instead of 100,000 (--quick: 4,000)")
    parser.add_argument("--listed", type=int, default=LISTED, help="pictures and digests in the library")
    parser.add_argument("--postgresql", metavar="URL", help="a PostgreSQL server on which to measure too")
    options = parser.parse_args()
    count = options.items or (QUICK if options.quick else FULL)
    source, sets = small_pictures(count), listed_sets(options.listed)
    mix = real_pictures(quick=options.quick)
    figures = [Figure("examine a picture of the mix (2 MP : 12 MP = 1 : 1)", 1e3 * mix["examine"], "CPU ms")]
    figures.append(Figure("read, digest and seal its bytes", 1e3 * mix["bytes"], "CPU ms"))
    for url in filter(None, ("sqlite", options.postgresql)):
        with database(url) as where:
            parts = measured(where, source, sets)
        figures += _figures(make_url(where).get_backend_name() if where else "sqlite", parts, count, mix)
    report("overhead", figures, as_json=options.json)


@contextmanager
def database(url: str) -> Iterator[str]:
    """A database for one run: "" for SQLite in the data folder, or a fresh one on the server of `url`."""
    if url == "sqlite":
        yield ""
        return
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"triage_overhead_{os.getpid()}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


def measured(url: str, source: Path, sets: Path) -> Parts:
    """CPU seconds by part of one run over everything in `source`."""
    run = FOLDER / f"run-overhead-{os.getpid()}"
    shutil.rmtree(run, ignore_errors=True)
    settings = _settings(run, url)
    initialise(settings)
    shutil.copytree(sets, settings.data / "hashsets", dirs_exist_ok=True, copy_function=os.link)
    application = open_application(settings)
    try:
        application.library.lookup_digests([])
        parts = Parts()
        _receive(application, source, parts)
        _work(application, parts)
    finally:
        application.close()
        shutil.rmtree(run)
    return parts


def _receive(application: Application, source: Path, parts: Parts) -> None:
    delivery = Delivery("BENCH", "OVERHEAD", "synthetic pictures, bench", os.fsencode(source))
    before, database_before = time.process_time(), application.store.meter.cpu_seconds
    application.receiving.receive(delivery)
    in_database = application.store.meter.cpu_seconds - database_before
    parts.add("receive: database", in_database)
    parts.add("receive: walk, read, digest, seal", time.process_time() - before - in_database)
    parts.add("receive: database server", _server_seconds(application))


def _work(application: Application, parts: Parts) -> None:
    services: dict[str, Any] = {name: _Counted(getattr(application, name), parts, name) for name in _STAGES}
    before, database_before = time.process_time(), application.store.meter.cpu_seconds
    server_before = _server_seconds(application)
    work(dataclasses.replace(application, **services), 1, lambda _: None)
    whole = time.process_time() - before
    parts.seconds["examining"] -= parts.seconds["chamber"]
    parts.add("queue", whole - sum(parts.seconds[name] for name in (*_STAGES, "chamber") if name in parts.seconds))
    parts.add("work: database server", _server_seconds(application) - server_before)
    parts.add("(of this process: work in the database)", application.store.meter.cpu_seconds - database_before)


def _server_seconds(application: Application) -> float:
    """CPU seconds of the backends that serve us so far; 0 on SQLite."""
    engine = application.store.engine
    if engine.dialect.name != "postgresql":
        return 0.0
    with engine.connect() as connection:
        pids = connection.execute(
            text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        ).scalars()
        return sum(processor_seconds(pid) for pid in pids)


def _settings(run: Path, url: str) -> Settings:
    settings = load_settings(data=run)
    return settings.model_copy(update={"database": settings.database.model_copy(update={"url": url})})


def listed_sets(count: int) -> Path:
    """A library with one set of `count` pictures like photographs and `count` digests, none of ours; made once."""
    folder = FOLDER / f"sets-{count}"
    if folder.exists():
        return folder
    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    listed = unfinished / "listed.txt"
    with listed.open("w", encoding="ascii") as file:
        for number, value in enumerate(skewed(count)):
            file.write(f"{number:032x}\npdq {value.tobytes().hex()}\n")
    Library.open(unfinished).import_file(listed, name="bench", kind=SetKind.KNOWN)
    listed.unlink()
    unfinished.rename(folder)
    return folder


def real_pictures(*, quick: bool) -> dict[str, float]:
    """CPU seconds that a picture of the mix costs in the chamber and beside it, and for its bytes at receipt.

    Each kind counts half, however many there are of it.
    """
    files = bench_files(quick=quick)
    costs = {"examine": 0.0, "bytes": 0.0}
    for kind in KINDS:
        of_kind = [file for file in files if file.parent.name == kind.name]
        for what in costs:
            command = [sys.executable, "-m", "bench.overhead", what, *map(str, of_kind)]
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            costs[what] += float(output) / len(of_kind) / len(KINDS)
    return costs


def examined(files: Sequence[Path]) -> float:
    """CPU seconds in the chamber and beside it for one look inside each of these files, sealed as evidence is."""
    with tempfile.TemporaryDirectory() as folder, Chamber() as chamber:
        vault = _vault(Path(folder))
        with vault.writer() as writer:
            sealed = [writer.seal([file.read_bytes()]) for file in files]
        _look(chamber, vault, sealed[0])  # the first one pays for what a chamber does once
        began = _with_children()
        for one in sealed:
            _look(chamber, vault, one)
        return _with_children() - began


def _look(chamber: Chamber, vault: LocalVault, sealed: SealedObject) -> None:
    source = vault.open(sealed)
    chamber.examine(source)
    source.close()


def taken_in(files: Sequence[Path]) -> float:
    """CPU seconds for reading, digesting and sealing these files."""
    found = [SourceFile(os.fsencode(one), one.stat().st_size, one.stat().st_mtime_ns) for one in files]
    digests_of_many([bytes(1 << 16)] * 16)  # compiled
    with (
        tempfile.TemporaryDirectory() as folder,
        _vault(Path(folder)).writer() as writer,
        ThreadPoolExecutor(1) as pool,
    ):
        began = time.process_time()
        for start in range(0, len(found), 16):
            for read in read_together(b"", found[start : start + 16], pool):
                assert isinstance(read, Read)
                writer.seal([read.data or b""])
        return time.process_time() - began


def _vault(folder: Path) -> LocalVault:
    FileKeyProvider.create(folder / "key", evidence_exists=False)
    return LocalVault(folder / "vault", FileKeyProvider(folder / "key"))


def _with_children() -> float:
    return time.process_time() + sum(processor_seconds(pid) for pid in children_of(os.getpid()))


def _figures(database_name: str, parts: Parts, count: int, mix: dict[str, float]) -> list[Figure]:
    rows = [
        Figure(f"{database_name}, {part}", 1e3 * spent / count, "CPU ms an item")
        for part, spent in parts.seconds.items()
    ]
    spent = sum(seconds for part, seconds in parts.seconds.items() if part != "chamber" and not part.startswith("("))
    beside = spent / count
    share = 100 * (beside + mix["bytes"]) / (beside + mix["bytes"] + mix["examine"])
    return [
        *rows,
        Figure(f"{database_name}: all but examine and bytes", 1e3 * beside, "CPU ms an item"),
        Figure(f"{database_name}: not examine, share of a picture of the mix", share, "%", goal="at most 20 %"),
    ]


if __name__ == "__main__":
    measure = {"examine": examined, "bytes": taken_in}.get(sys.argv[1] if sys.argv[1:] else "")
    if measure:
        print(measure([Path(name) for name in sys.argv[2:]]))
    else:
        main()
