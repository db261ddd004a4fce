"""A person with referrals in hand and a renderer that makes nothing up, for tests of looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import insert

from tests.reviewing import REVIEW, Everything, Made, person, referral_with
from tests.unit.triage.services.sealing import whole
from triage.domain.claims import Claim
from triage.domain.exposure import ExposurePolicy, Flagging
from triage.domain.findings import ProcessingNote
from triage.domain.items import Outcome
from triage.domain.looks import Asked, Level, Reason
from triage.domain.people import Principal
from triage.domain.renditions import Rendition
from triage.domain.reports import FileMark
from triage.domain.sources import ByteSource
from triage.services.claiming import Claiming
from triage.services.gatekeeping import Gatekeeping
from triage.services.keeping import Keeping, sealed_row
from triage.services.revealing import Look, Revealing
from triage.store.tables import sealed_object
from triage.store.unit_of_work import Store
from triage.vault.keys import FileKeyProvider
from triage.vault.local import LocalVault

START = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)

RULES = REVIEW

POLICY = ExposurePolicy(
    day_seconds=1_000,
    hour_seconds=100,
    day_looks=50,
    hour_looks=6,
    break_after_seconds=90,
    break_minutes=10,
    shift_begins=time(6),
    shift_ends=time(16, 30),
    quiet_minutes=30,
    longest_look_seconds=60,
    token_seconds=60,
    flagged_day_seconds=40,
    flagged_day_looks=3,
    flagging=Flagging((FileMark.VIOLENCE,), ("violence",)),
    edition="e",
)

U = Outcome.UNKNOWN

ASKED = Asked(Reason.LEGAL_THRESHOLD, "", Level.REDUCED)

IN_WORDS = "The court asked for this one."

MADE = Rendition(b"a picture", 20, 10)


@dataclass
class Clock:
    """Moves when told."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Renderer:
    """Says what it was given; `before` sees the database at that moment."""

    answer: Rendition | ProcessingNote = MADE
    before: Callable[[], object] = lambda: None
    given: list[tuple[bytes, tuple[str, ...], bool]] = field(default_factory=list)
    stills: list[int] = field(default_factory=list)

    def render(
        self, source: ByteSource, lines: tuple[str, ...], *, is_reduced: bool, still: int
    ) -> Rendition | ProcessingNote:
        self.before()
        self.given.append((whole(source), lines, is_reduced))
        self.stills.append(still)
        return self.answer


@dataclass
class Scene:
    """One person at work in one database."""

    store: Store
    vault: LocalVault
    clock: Clock
    renderer: Renderer
    permits: Everything
    who: Principal

    def revealing(self, store: Store | None = None, policy: ExposurePolicy = POLICY) -> Revealing:
        used = store or self.store
        gatekeeping = Gatekeeping(used, self.clock)
        return Revealing(
            used, self.permits, gatekeeping, Keeping(self.vault), self.renderer, policy, "scheme-a", self.clock
        )

    def referral(self, *outcomes: Outcome) -> Made:
        """In the person's hands, with bytes in the vault."""
        made = referral_with(self.store, "1", *outcomes)
        with self.vault.writer() as writer:
            rows = [{"item_id": one, **sealed_row(writer.seal([b"item %d" % one]))} for one in made.items]
            writer.sync()
        with self.store.writing() as unit:
            unit.connection.execute(insert(sealed_object), rows)
            unit.commit()
        self.hold(made)
        return made

    def hold(self, made: Made, who: Principal | None = None) -> Claim:
        return Claiming(self.store, Everything(), RULES, self.clock).take(who or self.who, made.id)

    def ask(self, made: Made, asked: Asked = ASKED, number: int = 0, override: int | None = None) -> Look:
        return self.revealing().ask(self.who, made.items[number], made.id, asked, override)

    def look(self, made: Made, asked: Asked = ASKED, number: int = 0, seconds: float = 0.0) -> None:
        """Ask, open, look for so long."""
        shown = self.revealing().open(self.ask(made, asked, number).token, self.who)
        self.clock.now += timedelta(seconds=seconds)
        self.revealing().end(self.who, shown.look_id, seconds)

    @classmethod
    def over(cls, store: Store, folder: Path) -> Scene:
        """A person named ann, with a vault of their own."""
        keys = FileKeyProvider.create(folder / "vault.key", evidence_exists=False)
        vault = LocalVault(folder / "vault", keys)
        return cls(store, vault, Clock(), Renderer(), Everything(), person(store, "ann"))

    def log(self) -> list[str]:
        with self.store.reading() as unit:
            records = [one.event for one in unit.custody.records()]
        return [f"{one.actor} {one.action} {one.subject} {one.purpose}" for one in records if one]
