"""Matching again when a set changes: `python -m bench.rematch [--quick] [--json]`.

100,000 examined items (two PDQ profiles with eight variants, three digests each; one in a hundred listed by digest
and one in a hundred near a listed picture) have been matched while nothing was known. Then a set of 100,000 digests
and as many pictures comes into force, is replaced by a later release of the same, and goes out of force; each time
one run matches all items again. The other way is measured beside it: the same items as new ones against the same
set, 64 a job, as `triage work` does it. SQLite with synchronous=FULL and the witness; one thread. Measured is the
processor's time for all of a run, from its listing to its end; waiting for the disk, and making items and releases,
is not.
"""

from __future__ import annotations

import hashlib
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from bench.figures import Figure, arguments, report
from hashsets.algorithms.digests import Digests
from hashsets.library import Library
from hashsets.vocabulary import Fingerprint, FingerprintAlgorithm, Profile, SetKind
from triage.domain.checkpoints import LogSigner
from triage.domain.findings import Examination, Raster, Subject, TakenFingerprint
from triage.domain.items import ItemKind
from triage.domain.jobs import Lease, NewJob, Stage
from triage.domain.submissions import Delivery, Found, SubmissionState
from triage.rule_files import load_match_policy
from triage.services.matching import Matching
from triage.services.owing import Owing
from triage.services.recording_sets import RecordingSets
from triage.services.rematching import Rematching
from triage.settings import WorkSettings
from triage.store.engine import open_engine
from triage.store.items import NewItem
from triage.store.job_tables import job
from triage.store.rows import sliced
from triage.store.schema import upgrade_schema
from triage.store.unit_of_work import Store
from triage.vault.witness import LogMirror

QUICK, FULL = 4_000, 100_000
OLD_PATH = "matched as new items, 64 a job"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
_EVERY = 100
_DAY = 24 * 3600.0


@dataclass
class House:
    """A deployment without a vault: what matching needs."""

    store: Store
    library: Library
    rematching: Rematching

    def fill(self, count: int, values: np.ndarray) -> None:
        """`count` examined items without an answer; each hundredth is near a listed value."""
        with self.store.writing() as unit:
            found = unit.submissions.open(Delivery("BENCH", "E", "synthetic values", b"/bench"), NOW)
            unit.submissions.set_state(found.id, SubmissionState.RECEIVED, NOW)
            unit.commit()
        for numbers in sliced(range(count), 2_000):
            new = [NewItem(_digests(number), 1_000, ItemKind.RASTER, 0) for number in numbers]
            with self.store.writing() as unit:
                ids = unit.items.add(new, NOW).ids
                pairs = [(ids[entry.digests.sha256], number) for entry, number in zip(new, numbers, strict=True)]
                unit.examinations.add({one: _examined(number, values) for one, number in pairs})
                places = [(one, Found(b"%d.jpg" % number, 1_000, 1)) for one, number in pairs]
                unit.submissions.add_occurrences(found.id, places)
                unit.jobs.add(
                    [NewJob(Stage.MATCH, found.id, tuple(part)) for part in sliced([one for one, _ in pairs], 64)]
                )
                unit.commit()

    def jobs(self, stage: Stage) -> Iterator[Lease]:
        """Every job of a stage, claimed one after the other, those included that are written meanwhile."""
        query = select(job.c.id).where(job.c.state == "ready", job.c.stage == stage).order_by(job.c.id).limit(1)
        while True:
            with self.store.writing() as unit:
                found = unit.connection.execute(query).scalar()
                lease = unit.jobs.claim(found, "bench", _DAY) if found else None
                unit.commit()
            if lease is None:
                return
            yield lease

    def seconds_to_match(self) -> float:
        """The first answers of all items."""
        began = time.process_time()
        for lease in self.jobs(Stage.MATCH):
            self.rematching.matching.match_batch(lease)
        return time.process_time() - began

    def seconds_to_rematch(self) -> float:
        """One run over all items, for whatever has changed."""
        with self.store.writing() as unit:
            self.rematching.owing.owe(unit, "bench")
            unit.commit()
        began = time.process_time()
        for lease in self.jobs(Stage.REMATCH):
            self.rematching.rematch(lease)
        return time.process_time() - began


def opened(folder: Path) -> House:
    """An empty one."""
    url = f"sqlite:///{folder / 'triage.sqlite3'}"
    upgrade_schema(url)
    signer = LogSigner("bench.example/custody", Ed25519PrivateKey.generate())
    store = Store(open_engine(url), signer, LogMirror.create(folder / "witness"))
    policy = load_match_policy()
    recording = RecordingSets(store, Owing(policy.provenance, lambda: NOW, "bench"), None, lambda: NOW, "bench")
    library = Library.open(folder / "sets", keeper=recording)
    matching = Matching(store, library, policy, lambda: NOW, "bench")
    work = WorkSettings(threads=1, lease_seconds=600, max_attempts=3, retry_seconds=0)
    return House(store, library, Rematching(store, matching, work, lambda: NOW, "bench"))


def measured(folder: Path, count: int) -> list[Figure]:
    """All figures."""
    values = np.random.default_rng(7).integers(0, 256, (count, 32), np.uint8)
    house = opened(folder)
    house.fill(count, values)
    first = _list(folder / "first.txt", count, values)
    house.seconds_to_match()
    runs: list[tuple[str, float, float]] = []

    def run(name: str) -> None:
        before = _peak()
        rate = count / house.seconds_to_rematch()
        runs.append((name, rate, (_peak() - before) / 1e6))

    house.library.import_file(first, name="set", kind=SetKind.KNOWN)
    run("a set comes into force")
    first.write_text(first.read_text(encoding="ascii") + f"{'0' * 31}1\n", encoding="ascii")
    later = house.library.import_file(first, name="set", kind=SetKind.KNOWN).release.release_id
    run("a later release of it")
    house.library.disable(later)
    run("the set goes out of force")
    (folder / "fresh").mkdir()
    fresh = opened(folder / "fresh")
    fresh.library.import_file(first, name="set", kind=SetKind.KNOWN)
    fresh.fill(count, values)
    anew = count / fresh.seconds_to_match()
    figures = [Figure(f"matched again: {name}", rate, "items/CPU s", OLD_PATH, anew) for name, rate, _ in runs]
    figures += [Figure(f"peak memory that it added: {name}", added, "MB") for name, _, added in runs]
    return figures


def _list(path: Path, count: int, values: np.ndarray) -> Path:
    """As many digests and as many pictures as there are items; each hundredth item is listed."""
    digests = [_digests(number if number % _EVERY == 0 else -number).md5.hex() for number in range(count)]
    pictures = [f"pdq {value.tobytes().hex()}" for value in values]
    path.write_text("\n".join([*digests, *pictures]) + "\n", encoding="ascii")
    return path


def _digests(number: int) -> Digests:
    data = b"bench item %d" % number
    return Digests(hashlib.md5(data).digest(), hashlib.sha1(data).digest(), hashlib.sha256(data).digest())


def _examined(number: int, values: np.ndarray) -> Examination:
    """Sixteen values, all far from everything listed but for each hundredth item's first."""
    drawn = np.random.default_rng([11, number]).integers(0, 256, (16, 32), np.uint8)
    if number % _EVERY == 1:
        drawn[0] = values[number]
        drawn[0][0] ^= 7
    rows = [row.tobytes() for row in drawn]
    taken = tuple(
        TakenFingerprint(Subject.MAIN, Fingerprint(FingerprintAlgorithm.PDQ, profile, turned[0], 100, tuple(turned)))
        for profile, turned in ((Profile.PDQ_REF512, rows[:8]), (Profile.PDQ_FULL, rows[8:]))
    )
    return Examination(Raster("jpeg", 640, 480, "RGB"), taken, tool="bench 1")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "").parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report("rematch", measured(Path(folder), QUICK if options.quick else FULL), as_json=options.json)


if __name__ == "__main__":
    main()
