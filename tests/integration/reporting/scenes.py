"""What reports are made of: small facts written through the store's own classes, as the stages would."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from hashsets.algorithms.digests import Digests
from hashsets.vocabulary import (
    Basis,
    Candidate,
    Fingerprint,
    FingerprintAlgorithm,
    Opinion,
    Profile,
    SetKind,
    Transform,
)
from triage.domain.custody import CustodyEvent
from triage.domain.findings import (
    Camera,
    CaptureTime,
    Examination,
    Findings,
    Place,
    Raster,
    Subject,
    TakenFingerprint,
)
from triage.domain.items import ItemKind, Outcome
from triage.domain.links import LinkKind
from triage.domain.matches import Answer, Match, Standing
from triage.domain.priority import Assessment, Axis, Reason
from triage.domain.referral_facts import ReferralFacts
from triage.domain.submissions import Delivery, Found, Submission, SubmissionState
from triage.rule_files import load_link_rules
from triage.store.items import NewItem
from triage.store.unit_of_work import Store, Unit

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)
RULES = replace(
    load_link_rules(),
    most_members={LinkKind.SAME_CAMERA.value: 2, LinkKind.SAME_PLACE_TIME.value: 2, LinkKind.SAME_ARCHIVE.value: 2},
)
ASSESSMENT = Assessment(
    danger=3,
    solvability=1,
    network=0,
    clock=0,
    reasons=(
        Reason(Axis.DANGER, 3, "camera-originals", "4 unmatched items carry traces of the camera that made them"),
        Reason(Axis.DANGER, 2, "jokes", "The reporter marked 3 items as circulating jokes", lowers=True),
        Reason(Axis.SOLVABILITY, 1, "serial", "One camera body with a serial"),
    ),
    sort_key="0320-9999999-999999995-999999990",
    edition="2026-11-22",
)


@dataclass
class Scene:
    """Small facts written through the store's own classes, as the stages would."""

    store: Store
    items: int = 0
    places: int = 0
    opened: list[Submission] = field(default_factory=list)

    def submission(self, case_ref: str = "SYNTH-1", preserve_until: date | None = None) -> int:
        delivery = Delivery(
            case_ref,
            f"EXH-{len(self.opened)}",
            "Synthetic warrant 1/2026",
            b"/synthetic",
            preserve_until=preserve_until,
        )
        with self.unit() as unit:
            self.opened.append(unit.submissions.open(delivery, NOW))
            unit.submissions.set_state(self.opened[-1].id, SubmissionState.RECEIVED, NOW)
        return self.opened[-1].id

    def item(
        self,
        *submissions: int,
        outcome: Outcome = Outcome.UNKNOWN,
        kind: ItemKind = ItemKind.RASTER,
        size: int = 10,
        parent: int = 0,
        findings: Findings | None = None,
        tool: str = "decoder 1",
    ) -> int:
        """A new item, found once in each of the submissions, examined when there are findings."""
        self.items += 1
        seed = self.items.to_bytes(4, "big")
        digests = Digests(hashlib.md5(seed).digest(), hashlib.sha1(seed).digest(), hashlib.sha256(seed).digest())
        with self.unit() as unit:
            item_id = unit.items.add([NewItem(digests, size, kind, 0)], NOW).ids[digests.sha256]
            unit.items.set_outcomes({item_id: Answer(outcome, "")})
            if findings is not None:
                taken = Fingerprint(FingerprintAlgorithm.DHASH, Profile.IMAGEHASH, bytes(8))
                unit.examinations.add(
                    {
                        item_id: Examination(
                            Raster("png", 8, 8, "RGB"),
                            (TakenFingerprint(Subject.MAIN, taken),),
                            findings,
                            tool=tool,
                        )
                    }
                )
        for submission_id in submissions:
            self.find(submission_id, item_id, parent=parent, size=size)
        return item_id

    def find(
        self, submission_id: int, item_id: int, *, parent: int = 0, path: bytes | None = None, size: int = 10
    ) -> None:
        self.places += 1
        place = Found(path or f"file-{self.places}".encode(), size, self.places, parent)
        with self.unit() as unit:
            unit.submissions.add_occurrences(submission_id, [(item_id, place)])

    def match(
        self, item_id: int, *, standing: Standing = Standing.DECIDES, because: str = "", **facts: object
    ) -> None:
        candidate = Candidate(
            query=0,
            set_name="synthetic-a",
            set_kind=SetKind.KNOWN,
            release_id="synthetic-a.1",
            entry_key="entry-1",
            basis=Basis.EXACT,
            algorithm="md5",
            profile=None,
            distance=0,
            transform=Transform.IDENTITY,
            opinion=Opinion(),
        )
        with self.unit() as unit:
            said = replace(candidate, **facts)  # type: ignore[arg-type]  # the test names the fields
            found = Match(item_id, Subject.MAIN, said, standing, because)
            unit.matches.add([found], unit.matches.comparison("1", found.candidate.release_id), NOW)

    def near(self, item_id: int, entry_key: str, distance: int, transform: Transform, set_name: str = "a") -> None:
        self.match(
            item_id,
            set_name=set_name,
            entry_key=entry_key,
            basis=Basis.NEAR,
            algorithm="pdq",
            profile=Profile.PDQ_FULL,
            distance=distance,
            transform=transform,
        )

    def refer(self, *submissions: int) -> int:
        with self.unit() as unit:
            referral_id = unit.networks.open_referral(NOW)
            unit.networks.place(submissions, referral_id, NOW)
            unit.networks.assess(referral_id, ASSESSMENT, ReferralFacts(), NOW)
        return referral_id

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """One committed write."""
        with self.store.writing() as unit:
            yield unit
            unit.commit()


def taken(local: datetime | None = None, camera: Camera | None = None, place: Place | None = None) -> Findings:
    return Findings(camera=camera, captured=CaptureTime(local) if local else None, place=place)


def events(store: Store) -> list[CustodyEvent]:
    with store.reading() as unit:
        return [record.event for record in unit.custody.records() if record.event]


def at(*when: int) -> datetime:
    """A camera's wall clock."""
    return datetime(*when)  # type: ignore[arg-type]  # noqa: DTZ001  # no zone: a camera has none


def new_item(number: int) -> NewItem:
    seed = b"bulk" + number.to_bytes(4, "big")
    digests = Digests(hashlib.md5(seed).digest(), hashlib.sha1(seed).digest(), hashlib.sha256(seed).digest())
    return NewItem(digests, 1, ItemKind.RASTER, 0)
