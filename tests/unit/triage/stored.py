"""Small facts written through the store's own classes, as the stages would write them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from hashsets.algorithms.digests import Digests
from hashsets.vocabulary import (
    TRANSFORMS,
    Basis,
    Candidate,
    Fingerprint,
    FingerprintAlgorithm,
    Opinion,
    Profile,
    SetKind,
    Transform,
)
from triage.domain.findings import Examination, Findings, Raster, Subject, TakenFingerprint
from triage.domain.items import ItemKind, Outcome
from triage.domain.jobs import Lease, NewJob, Stage
from triage.domain.matches import Answer
from triage.domain.submissions import Delivery, Found, SubmissionState
from triage.store.items import NewItem
from triage.store.unit_of_work import Store

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
ACTOR = "tester@triage"
SEALED = {
    "object_id": "0" * 32,
    "segment": "0" * 32 + ".pack",
    "offset": 0,
    "stored_length": 26,
    "size": 10,
    "wrapped_key": b"w" * 60,
    "key_id": "file-1",
}
"""A place in a vault, where nothing lies."""


def digests_of(data: bytes) -> Digests:
    """The three digests of some bytes."""
    return Digests(hashlib.md5(data).digest(), hashlib.sha1(data).digest(), hashlib.sha256(data).digest())


def value(seed: object) -> bytes:
    """A 256-bit value, about 128 bits from that of any other seed."""
    return hashlib.sha256(f"synthetic value {seed}".encode()).digest()


def flipped(base: bytes, *bits: int) -> bytes:
    """The value with these bits (0..255) turned over."""
    number = int.from_bytes(base, "big")
    for bit in bits:
        number ^= 1 << bit
    return number.to_bytes(len(base), "big")


def pdq(of: bytes, quality: int = 100, profile: Profile = Profile.PDQ_REF512) -> Fingerprint:
    """A fingerprint with this value; its turned variants are far from everything else."""
    turned = tuple(hashlib.sha256(transform.encode() + of).digest() for transform in TRANSFORMS[1:])
    return Fingerprint(FingerprintAlgorithm.PDQ, profile, of, quality, (of, *turned))


def examined(
    main: bytes | None,
    quality: int = 100,
    findings: Findings | None = None,
    thumbnail: bytes | None = None,
    thumbnail_distance: int | None = None,
) -> Examination:
    """What a look inside gave: a picture with this value, and perhaps a thumbnail with another."""
    if main is None:
        return Examination(None)
    taken = [TakenFingerprint(Subject.MAIN, pdq(main, quality))]
    if thumbnail:
        taken.append(TakenFingerprint(Subject.THUMBNAIL, pdq(thumbnail)))
    raster = Raster("jpeg", 640, 480, "RGB")
    return Examination(raster, tuple(taken), findings or Findings(), thumbnail_distance, tool="decoder 1")


def candidate(
    *,
    basis: Basis = Basis.EXACT,
    kind: SetKind = SetKind.KNOWN,
    set_name: str = "a-set",
    entry: str = "e-1",
    distance: int = 0,
    opinion: Opinion | None = None,
) -> Candidate:
    """What a library answered."""
    near = basis is Basis.NEAR
    return Candidate(
        query=0,
        set_name=set_name,
        set_kind=kind,
        release_id=f"{set_name}-r1",
        entry_key=entry,
        basis=basis,
        algorithm="pdq" if near else "md5",
        profile=Profile.PDQ_REF512 if near else None,
        distance=distance,
        transform=Transform.IDENTITY,
        opinion=opinion or Opinion(),
    )


@dataclass
class Scene:
    """Submissions and items in a database, each written in one line."""

    store: Store
    submissions: list[int] = field(default_factory=list)
    made: int = 0

    def submission(self, *, case: str = "", received: bool = True, preserve_until: date | None = None) -> int:
        """A new submission; each under a case of its own unless one is named."""
        number = len(self.submissions) + 1
        delivery = Delivery(
            case or f"CASE-{number}", f"EXH-{number}", "Synthetic warrant", b"/synthetic", False, preserve_until
        )
        with self.store.writing() as unit:
            opened = unit.submissions.open(delivery, NOW)
            if received:
                unit.submissions.set_state(opened.id, SubmissionState.RECEIVED, NOW)
            unit.commit()
        self.submissions.append(opened.id)
        return opened.id

    def item(
        self,
        *submissions: int,
        outcome: Outcome = Outcome.UNKNOWN,
        kind: ItemKind = ItemKind.RASTER,
        seen: Examination | None = None,
        parent: int = 0,
        size: int = 10,
        name: str = "",
    ) -> int:
        """A new item, found once in each of the submissions."""
        self.made += 1
        digests = digests_of((name or f"item {self.made}").encode())
        with self.store.writing() as unit:
            item_id = unit.items.add([NewItem(digests, size, kind, 0)], NOW).ids[digests.sha256]
            unit.items.set_outcomes({item_id: Answer(outcome, "")})
            if seen:
                unit.examinations.add({item_id: seen})
            for submission in submissions:
                found = Found(f"{item_id}.jpg".encode(), size, 1, parent)
                unit.submissions.add_occurrences(submission, [(item_id, found)])
            unit.commit()
        return item_id

    def owe(self, stage: Stage, submission: int, items: Sequence[int] = ()) -> int:
        """A job, not yet claimed; its id."""
        with self.store.writing() as unit:
            unit.jobs.add([NewJob(stage, submission, tuple(items))])
            (job_id,) = unit.connection.exec_driver_sql("SELECT max(id) FROM job").one()
            unit.commit()
        return int(job_id)

    def claim(self, job_id: int, seconds: float = 600) -> Lease:
        """The lease of a job that must be free."""
        with self.store.writing() as unit:
            lease = unit.jobs.claim(job_id, "tester", seconds)
            unit.commit()
        assert lease
        return lease

    def lease(self, stage: Stage, submission: int, items: Sequence[int] = ()) -> Lease:
        """A new job, claimed."""
        return self.claim(self.owe(stage, submission, items))

    def jobs(self, state: str = "ready") -> list[tuple[str, int, tuple[int, ...]]]:
        """Jobs in this state in order of their ids: stage, submission, items."""
        query = f"SELECT id FROM job WHERE state = '{state}' ORDER BY id"
        with self.store.reading() as unit:
            ids = unit.connection.exec_driver_sql(query).scalars().all()
            found = [
                unit.connection.exec_driver_sql(f"SELECT stage, submission_id, item_ids FROM job WHERE id = {one}")
                for one in ids
            ]
            return [(row[0], row[1], _numbers(row[2])) for (row,) in found]

    def outcomes(self) -> dict[int, str]:
        """Every item's answer."""
        with self.store.reading() as unit:
            rows = unit.connection.exec_driver_sql("SELECT id, outcome FROM item")
            return {row[0]: row[1] for row in rows}

    def log(self) -> list[str]:
        """The custody log: action, subject and purpose of every record, oldest first."""
        with self.store.reading() as unit:
            return [
                f"{record.event.action} {record.event.subject} {record.event.purpose}"
                for record in unit.custody.records()
                if record.event
            ]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What the database says to a plain query."""
        with self.store.reading() as unit:
            return [tuple(row) for row in unit.connection.exec_driver_sql(query)]


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.strip("[]").split(",") if number.strip())
