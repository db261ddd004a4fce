"""People, evidence with bytes in a vault, and the real policy, for the tests of acts that take two people."""

from __future__ import annotations

import hashlib
import io
import itertools
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
from sqlalchemy import insert, update

from hashsets.algorithms.digests import Digests
from tests.reviewing import SCHEMES, person
from triage.domain.categories import Schemes
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.decisions import DecisionState, SeenBasis
from triage.domain.items import ItemKind, Outcome
from triage.domain.linking_rules import LinkRules
from triage.domain.matches import Answer
from triage.domain.people import Principal, Role
from triage.domain.priority import PriorityRules
from triage.domain.submissions import Delivery, Found, SubmissionState
from triage.rule_files import load_link_rules, load_priority_rules
from triage.services.accessing import Accessing
from triage.services.approving import Approving
from triage.services.erasing import Erasing
from triage.services.exporting_media import ExportingMedia
from triage.services.gatekeeping import Gatekeeping
from triage.services.keeping import Keeping, sealed_row
from triage.services.planning import Planning
from triage.services.splitting import Splitting
from triage.store.decisions import NewDecision
from triage.store.items import NewItem
from triage.store.tables import in_place_source, submission
from triage.store.unit_of_work import Store
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault

START = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
RECEIVER = "Example agency"
_numbers = itertools.count(1)


@dataclass
class Clock:
    """Moves when told."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Acts:
    """Three services over one database and one vault, and the people who use them."""

    store: Store
    vault: LocalVault
    clock: Clock = field(default_factory=Clock)
    schemes: Schemes = SCHEMES
    rules: LinkRules = field(default_factory=load_link_rules)
    priority: PriorityRules = field(default_factory=load_priority_rules)
    identity: pyrage.x25519.Identity = field(default_factory=pyrage.x25519.Identity.generate)
    data: dict[int, bytes] = field(default_factory=dict)

    @classmethod
    def over(cls, store: Store, folder: Path) -> Acts:
        keys = FileKeyProvider.create(folder / "vault.key", evidence_exists=False)
        return cls(store, LocalVault(folder / "vault", keys))

    @property
    def accessing(self) -> Accessing:
        return Accessing(self.store, self.clock)

    @property
    def approving(self) -> Approving:
        return Approving(self.store, self.clock)

    @property
    def planning(self) -> Planning:
        return Planning(self.store, self.accessing, self.clock)

    @property
    def exporting(self) -> ExportingMedia:
        gate, keeping = Gatekeeping(self.store, self.clock), Keeping(self.vault)
        return ExportingMedia(
            self.store, self.accessing, self.planning, gate, keeping, self.schemes, "scheme-a", self.clock
        )

    @property
    def erasing(self) -> Erasing:
        return Erasing(self.store, self.accessing, self.planning, self.clock)

    @property
    def splitting(self) -> Splitting:
        return Splitting(self.store, self.accessing, self.planning, self.rules, self.priority, self.clock)

    @property
    def key(self) -> str:
        return str(self.identity.to_public())

    def person(self, login: str, *roles: Role, unit: str = "A", cases: Sequence[str] = ("*",)) -> Principal:
        """With a proof of now."""
        return self.proved(person(self.store, login, cases=frozenset(cases), unit=unit, roles=frozenset(roles)))

    def proved(self, who: Principal) -> Principal:
        return replace(who, proved_at=self.clock.now)

    def agree(self, who: Principal, plan_id: int, *, granted: bool = True) -> None:
        """Answer what the plan asks for."""
        with self.store.reading() as unit:
            request = unit.plans.get(plan_id).request_id
        self.approving.answer(self.proved(who), request, granted=granted)

    def referral(self, items: int, *, case: str = "CASE-1", share: Sequence[str] = (RECEIVER,)) -> tuple[int, int]:
        """A referral with one submission of so many unmatched items, sealed and on record: (referral, submission)."""
        number = next(_numbers)
        delivery = Delivery(case, f"EXH-{number}", "Synthetic warrant", b"/synthetic", may_share_with=tuple(share))
        with self.store.writing() as unit:
            made = unit.submissions.open(delivery, START).id
            unit.submissions.set_state(made, SubmissionState.RECEIVED, START)
            referral = unit.networks.open_referral(START)
            unit.networks.place([made], referral, START)
            unit.commit()
        for _ in range(items):
            self.item(made)
        return referral, made

    def item(self, submission_id: int, *, parent: int = 0, in_place: bool = False) -> int:
        """One more item of the submission."""
        data = b"synthetic item %d " % next(_numbers) * 90_000
        digests = Digests(hashlib.md5(data).digest(), hashlib.sha1(data).digest(), hashlib.sha256(data).digest())
        kind, row = ItemKind.RASTER, None
        if not in_place:
            with self.vault.writer() as writer:
                row = sealed_row(writer.seal([data]))
                writer.sync()
        place = {"root": b"/synthetic", "path": b"x", "size": len(data), "mtime_ns": 1} if in_place else None
        with self.store.writing() as unit:
            new = NewItem(digests, len(data), kind, 0, sealed=row, in_place=place)
            made = unit.items.add([new], START).ids[digests.sha256]
            unit.items.set_outcomes({made: Answer(Outcome.UNKNOWN, "", None)})
            found = Found(b"%d.jpg" % made, len(data), made, parent_item_id=parent)
            unit.submissions.add_occurrences(submission_id, [(made, found)])
            details = {"submission": submission_id, "sha256": digests.sha256.hex(), "size": len(data)}
            action = CustodyAction.REFERENCED if in_place else CustodyAction.SEALED
            unit.custody.append([CustodyEvent(START, "test", action, f"item:{made}", "receive", details)])
            unit.commit()
        self.data[made] = data
        return made

    def items_of(self, submission_id: int) -> list[int]:
        with self.store.reading() as unit:
            return sorted(unit.submissions.unlinked_items(submission_id))

    def also(self, submission_id: int, item_id: int) -> None:
        """The item occurs in this submission too."""
        with self.store.writing() as unit:
            unit.submissions.add_occurrences(submission_id, [(item_id, Found(b"copy.jpg", 1, 1))])
            unit.commit()

    def decided(self, who: Principal, referral_id: int, item_id: int, category: str) -> None:
        new = NewDecision(item_id, category, SeenBasis.FACTS, DecisionState.STANDING)
        with self.store.writing() as unit:
            unit.decisions.add([new], referral_id, who.id, "scheme-a", "", START)
            unit.commit()

    def set_submission(self, submission_id: int, **values: Any) -> None:
        with self.store.writing() as unit:
            unit.connection.execute(update(submission).where(submission.c.id == submission_id).values(values))
            unit.commit()

    def place_item(self, item_id: int) -> None:
        """The item is also referenced at its source."""
        row = {"item_id": item_id, "root": b"/synthetic", "path": b"x", "size": 1, "mtime_ns": 1}
        with self.store.writing() as unit:
            unit.connection.execute(insert(in_place_source).values(row))
            unit.commit()

    def opened(self, sealed: bytes) -> dict[str, bytes]:
        """What the receiver finds in a package."""
        plain = pyrage.decrypt(sealed, [self.identity])
        with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
            return {one.name: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]

    def log(self, action: CustodyAction) -> list[CustodyEvent]:
        with self.store.reading() as unit:
            records = [one.event for one in unit.custody.records()]
        return [one for one in records if one is not None and one.action is action]

    def later(self, **by: float) -> None:
        self.clock.now += timedelta(**by)
