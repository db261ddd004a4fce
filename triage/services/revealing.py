"""Revealing: one rendition of one item, for one person, once. Everything else about an item is facts.

`ask` says yes or no and gives a token; `open` spends it: the look is recorded before a byte is opened; `end` says
how long it lasted. The picture is made in the chamber, written over with who looks, when and which look it is, and
kept nowhere.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from triage.domain.access import Action, Purpose
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import NotFound, Refused, Unreadable
from triage.domain.exposure import ExposurePolicy, TimeRuling, day_begins, judge_time, seconds_of
from triage.domain.findings import ProcessingNote
from triage.domain.legal_gate import Gate
from triage.domain.looks import FLAGGED, Asked, Level, LookFacts, require_grounds, still_asked
from triage.domain.people import Principal
from triage.domain.renditions import Rendition
from triage.domain.sources import ByteSource
from triage.store.access import Subject
from triage.store.flagged import is_flagged
from triage.store.unit_of_work import Store, Unit
from triage.store.viewings import Viewing

from .clock import Clock
from .gatekeeping import Gatekeeping
from .keeping import Keeping, require_kept
from .permitting import Permits, an_item

_TOKEN_BYTES = 32
_LINE = 24
_OVERRIDE_MINUTES = 30
_SENTENCES = {
    "look-outside-shift": "Nothing is shown outside your shift, nor near its end.",
    "look-day-limit": "You have looked as long today as is good for anybody.",
    "look-hour-limit": "You have looked as long this hour as is good for anybody.",
    "look-break-due": "A break is due first.",
    "look-flagged-limit": "Of what is marked as violent you have looked at as much today as is good for anybody.",
}


class Renders(Protocol):
    """What makes renditions: a chamber, behind whatever brings threads to it."""

    def render(
        self, source: ByteSource, lines: tuple[str, ...], *, is_reduced: bool, still: int
    ) -> Rendition | ProcessingNote:
        """A rendition, or why there is none. Raises Unavailable."""


@dataclass(frozen=True, slots=True)
class Look:
    """A look that was allowed: its number, and the token that opens it once, until `expires_at`.

    `still` is the one of `stills` that the token opens; None and 1 of what does not move.
    """

    id: int
    token: str
    level: Level
    expires_at: datetime
    still: int | None = None
    stills: int = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown, and for how long at most."""

    look_id: int
    item_id: int
    level: Level
    rendition: Rendition
    longest_seconds: int


@dataclass(frozen=True)
class Revealing:
    """The only service that shows anything."""

    store: Store
    permits: Permits
    gatekeeping: Gatekeeping
    keeping: Keeping
    renders: Renders
    policy: ExposurePolicy
    scheme: str
    clock: Clock

    def ask(
        self, principal: Principal, item_id: int, referral_id: int, asked: Asked, override_id: int | None = None
    ) -> Look:
        """Ask for a look. The referral must be in the person's hands.

        Raises Conflict `claim-lost`; NotFound; Refused with the code of the policy, the legal gate (`gate-…`), the
        grounds (`look-words`, `look-still`, `look-representative-first`, `look-reduced-first`, `look-flagged`) or the
        time policy (`look-outside-shift`, `look-day-limit`, `look-hour-limit`, `look-break-due`,
        `look-flagged-limit`), or `bytes-erased` where they were lawfully deleted. `override_id` names another
        person's recorded override of the time policy, which is used up.
        """
        facts = self._first_look_at(principal, item_id, referral_id, asked, override_id)
        self._require_gate(principal, item_id, referral_id)
        action = Action.REVEAL_KNOWN if facts.is_known else Action.REVEAL
        # Last, because it uses a second person's grant up.
        grant = self.permits.ask(principal, action, an_item(item_id), Purpose(asked.reason))
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), self.clock()
        until = now + timedelta(seconds=self.policy.token_seconds)
        with self.store.writing() as unit:
            unit.viewings.hold_person(principal.id)
            self._end_unended(unit, principal.id, now)
            facts = self._facts(unit, principal, item_id, referral_id)
            require_grounds(asked, facts)
            still = still_asked(asked, facts)
            override = self._within_time(unit, principal, facts, override_id, now, use=True)
            unit.viewings.drop_unspent(principal.id)
            look_id = unit.viewings.allow(
                {
                    "principal_id": principal.id,
                    "item_id": item_id,
                    "referral_id": referral_id,
                    "reason": asked.reason,
                    "words": asked.words.strip(),
                    "level": asked.level,
                    "still": still,
                    "of_known": facts.is_known,
                    "of_decided": facts.is_decided,
                    "of_flagged": facts.is_flagged,
                    "approval_id": grant,
                    "override_id": override,
                    "token_sha256": _digest(token),
                    "asked_at": now,
                    "token_until": until,
                    "seconds": 0.0,
                }
            )
            unit.commit()
        return Look(look_id, token, asked.level, until, still, facts.stills)

    def open(self, token: str, principal: Principal) -> Shown:
        """Spend the token and show. The look is committed before the first byte is opened.

        Raises Refused `look-token` (forged, another person's, used, too old), and whatever has changed since it was
        asked for: Conflict `claim-lost`, the legal gate's code, `look-flagged`. Unreadable where nothing comes out.
        """
        now = self.clock()
        with self.store.writing() as unit:
            # A look that is just being asked for must see that this one was shown, or come before it and end it.
            unit.viewings.hold_person(principal.id)
            look = unit.viewings.by_token(_digest(token))
            if look is None or look.principal_id != principal.id or not look.asked_at <= now < look.token_until:
                raise Refused("look-token", "This look was not allowed, was used, or has waited too long: ask again.")
            gate = self._gate_again(unit, look, now)
            if not look.of_flagged and is_flagged(unit.connection, look.item_id, self.policy.flagging):
                raise Refused("look-flagged", FLAGGED)  # a report or a set that came meanwhile says so
            if not unit.viewings.spend(look.id, now):
                raise Refused("look-token", "This look was not allowed, was used, or has waited too long: ask again.")
            unit.claims.remember_work(look.referral_id, principal.id, now)
            unit.custody.append([_viewed(principal, look, gate, now)])
            (kept,) = unit.items.kept([look.item_id])
            stills = unit.viewings.stills(look.item_id)
            unit.commit()
        made: Rendition | ProcessingNote
        is_reduced = look.level == Level.REDUCED
        try:
            source = self.keeping.open(kept)
            try:
                lines = _lines(principal, look, stills, now)
                made = self.renders.render(source, lines, is_reduced=is_reduced, still=look.still or 1)
            finally:
                source.close()
        except Exception:
            self._nothing_shown(look)
            raise
        if isinstance(made, ProcessingNote):
            self._nothing_shown(look)
            raise Unreadable(made.code.value, f"Nothing can be shown of I-{look.item_id}.")
        return Shown(look.id, look.item_id, Level(look.level), made, self.policy.longest_look_seconds)

    def end(self, principal: Principal, look_id: int, seconds: float) -> None:
        """The person has stopped looking. Told twice it changes nothing. Raises NotFound."""
        now = self.clock()
        with self.store.writing() as unit:
            look = unit.viewings.get(look_id, principal.id)
            if look is None or look.shown_at is None:
                raise NotFound("no-look", "There is no such look.")
            unit.viewings.end(look.id, seconds_of(seconds, look.shown_at, now, self.policy), now)
            unit.commit()

    def time_left(self, principal: Principal, *, is_flagged: bool = False) -> TimeRuling:
        """What the time policy says to this person now, perhaps of a look at what is flagged."""
        now = self.clock()
        with self.store.reading() as unit:
            return self._judge(unit, principal, now, is_flagged=is_flagged)

    def is_flagged(self, item_id: int) -> bool:
        """Whether an item is flagged as violent: who asks for a look at it says that they choose to."""
        with self.store.reading() as unit:
            return is_flagged(unit.connection, item_id, self.policy.flagging)

    def override(self, principal: Principal, person_id: int, because: str) -> int:
        """Allow another person one look beyond the time policy, within half an hour; the override's number.

        On the record twice: as a grant, and in the custody log. Raises Refused `look-words` without a reason.
        """
        words = because.strip()
        if not words or not words.isprintable():
            raise Refused("look-words", "An override needs a reason in words.")
        self.permits.ask(principal, Action.OVERRIDE_TIME, Subject("person", person_id))
        now = self.clock()
        with self.store.writing() as unit:
            until = now + timedelta(minutes=_OVERRIDE_MINUTES)
            made = unit.viewings.override(person_id, principal.id, words, now, until)
            details: dict[str, str | int | None] = {"step": "override-time", "person": person_id, "override": made}
            event = CustodyEvent(
                now, principal.login, CustodyAction.NOTED, f"person:{person_id}", "exposure", details
            )
            unit.custody.append([event])
            unit.commit()
        return made

    def _first_look_at(
        self, principal: Principal, item_id: int, referral_id: int, asked: Asked, override_id: int | None
    ) -> LookFacts:
        """Everything that says no without anybody's help, before a second person's grant is used up."""
        now = self.clock()
        with self.store.reading() as unit:
            facts = self._facts(unit, principal, item_id, referral_id)
            require_grounds(asked, facts)
            for kept in unit.items.kept([item_id]):
                require_kept(kept)
            self._within_time(unit, principal, facts, override_id, now, use=False)
        return facts

    def _facts(self, unit: Unit, principal: Principal, item_id: int, referral_id: int) -> LookFacts:
        unit.claims.on(referral_id, principal.id)
        facts = unit.viewings.facts(item_id, principal.id, self.scheme, self.policy.flagging)
        if facts is None or not unit.decisions.occurring(referral_id, [item_id]):
            raise NotFound("no-item", f"R-{referral_id} has no such item.")
        return facts

    def _within_time(
        self, unit: Unit, principal: Principal, facts: LookFacts, override_id: int | None, now: datetime, *, use: bool
    ) -> int | None:
        """Raise Refused where the time policy says no and nobody has overridden it; the override that was needed."""
        ruling = self._judge(unit, principal, now, is_flagged=facts.is_flagged)
        if ruling.fits:
            return None
        if override_id is not None:
            exactly = (override_id, Action.OVERRIDE_TIME, str(Subject("person", principal.id)), principal.id, now)
            if unit.viewings.use(*exactly) if use else unit.viewings.granted(*exactly):
                return override_id
        raise Refused(ruling.code, _SENTENCES[ruling.code])

    def _judge(self, unit: Unit, principal: Principal, now: datetime, *, is_flagged: bool) -> TimeRuling:
        zone = _zone(principal)
        longest = float(self.policy.longest_look_seconds)
        seen = unit.viewings.seen_since(principal.id, day_begins(now, zone), now, longest)
        return judge_time(seen, self.policy, now, zone, is_flagged=is_flagged)

    def _require_gate(self, principal: Principal, item_id: int, referral_id: int) -> None:
        """The gate records by itself that it said no."""
        with self.store.reading() as unit:
            submissions = _submissions(unit, referral_id)
        _require_open(self.gatekeeping.may_render(item_id, submissions, principal.login))

    def _gate_again(self, unit: Unit, look: Viewing, now: datetime) -> Gate:
        """An authority may have been withdrawn, or the claim lost, since the look was allowed."""
        unit.claims.require(unit.claims.on(look.referral_id, look.principal_id))
        gate = unit.gates.of_item(look.item_id, _submissions(unit, look.referral_id), now)
        _require_open(gate)
        return gate

    def _end_unended(self, unit: Unit, principal_id: int, now: datetime) -> None:
        """One look at a time: those whose page told no end have lasted until now, or as long as any may."""
        for look in unit.viewings.unended(principal_id):
            assert look.shown_at is not None
            unit.viewings.end(look.id, seconds_of(-1.0, look.shown_at, now, self.policy), now)

    def _nothing_shown(self, look: Viewing) -> None:
        with self.store.writing() as unit:
            unit.viewings.end(look.id, 0.0, self.clock())
            unit.commit()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _zone(principal: Principal) -> tzinfo:
    try:
        return ZoneInfo(principal.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Refused("time-zone", "Your account names no known time zone.") from error


def _submissions(unit: Unit, referral_id: int) -> Sequence[int]:
    return unit.claims.submissions_of(referral_id)


def _require_open(gate: Gate) -> None:
    if not gate.may_render:
        raise Refused(f"gate-{gate.code.value}", gate.because)


def _lines(principal: Principal, look: Viewing, stills: int, now: datetime) -> tuple[str, ...]:
    """Who, when, which look and still: printable ASCII, cut to what a line of the watermark holds."""
    login = principal.login.encode("ascii", "replace").decode("ascii")
    login = "".join(one if one.isprintable() else "?" for one in login)
    parts = [login[start : start + _LINE] for start in range(0, len(login), _LINE)]
    still = () if look.still is None else (f"still {look.still} of {stills}",)
    return (*parts, f"{now:%Y-%m-%dT%H:%M:%SZ}", f"look {look.id}", *still)


def _viewed(principal: Principal, look: Viewing, gate: Gate, now: datetime) -> CustodyEvent:
    details: dict[str, str | int | None] = {
        "look": look.id,
        "referral": look.referral_id,
        "level": look.level,
        "still": look.still,
        "of_known": int(look.of_known),
        "of_decided": int(look.of_decided),
        "of_flagged": int(look.of_flagged),
        "approval": look.approval_id,
        "override": look.override_id,
        "gate": gate.code.value,
        "submission": gate.submission_id,
        "authority": gate.authority_id,
    }
    subject = f"item:{look.item_id}"
    return CustodyEvent(now, principal.login, CustodyAction.VIEWED, subject, look.reason, details)
