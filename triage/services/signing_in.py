"""Signing in with a password and a one-time code, both at once: one answer for every way in which that can fail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from triage.domain.passwords import pause_after
from triage.domain.people import Principal, spelled
from triage.store.credentials import Secrets
from triage.store.sessions import Session
from triage.store.unit_of_work import Store, Unit

from .clock import Clock
from .one_time_codes import OneTimeCodes
from .passwords import Passwords
from .sessioning import Issued, Sessioning

_METHODS = ("password", "totp")
_NOTHING = Secrets(None, None, 0, None)


@dataclass(frozen=True)
class SigningIn:
    """Password and code. A login that nobody has costs the same hash, the same commit, and gets the same answer."""

    store: Store
    sessioning: Sessioning
    passwords: Passwords
    codes: OneTimeCodes
    clock: Clock

    def sign_in(self, login: str, password: str, code: str) -> Issued:
        """A new session. Raises Refused `sign-in-failed`, whatever it was that failed."""
        with self.store.reading() as unit:
            person = unit.people.of_login(spelled(login) or "")
        return self._prove(person.principal if person else None, password, code, None)

    def step_up(self, who: Principal, session: Session, password: str, code: str) -> Issued:
        """The same person again, a moment ago: a session in place of this one. Raises Refused `sign-in-failed`."""
        return self._prove(who, password, code, session)

    def _prove(self, who: Principal | None, password: str, code: str, instead_of: Session | None) -> Issued:
        now, action = self.clock(), "step-up" if instead_of else "sign-in"
        kept = _NOTHING
        if who:
            with self.store.reading() as unit:
                kept = unit.credentials.secrets(who.id)
        is_right = self.passwords.match(kept.password_hash, password)
        step = self.codes.step_of(who.id, kept.totp_secret, code, now) if who else None
        fresh = self._rehashed(kept, password) if is_right else None
        with self.store.writing() as unit:
            why = self._against(unit, who, now, step, is_right=is_right)
            if why or who is None:
                raise self.sessioning.refuse(unit, who.id if who else None, action, why)
            if fresh:
                unit.credentials.rehash(who.id, fresh)
            unit.credentials.clear_failures(who.id)
            issued = self.sessioning.begin(unit, who.id, _METHODS, instead_of)
            unit.commit()
        return issued

    @staticmethod
    def _against(unit: Unit, who: Principal | None, now: datetime, step: int | None, *, is_right: bool) -> str:
        """What speaks against it, and what follows from that; empty when nothing does."""
        if who is None:
            return "nobody"
        if who.is_disabled(now):
            return "disabled"
        locked_until = unit.credentials.secrets(who.id).locked_until
        if locked_until and now < locked_until:
            return "pausing"  # not counted: or anybody could keep the person out for ever
        if is_right and step is not None and unit.credentials.take_step(who.id, step):
            return ""
        failures = unit.credentials.count_failure(who.id)
        if pause := pause_after(failures):
            unit.credentials.lock(who.id, now + pause)
        if not is_right:
            return "password-wrong"
        return "code-wrong" if step is None else "code-used"

    def _rehashed(self, kept: Secrets, password: str) -> str | None:
        outdated = kept.password_hash is not None and self.passwords.is_outdated(kept.password_hash)
        return self.passwords.hashed(password) if outdated else None
