"""Sessions: begun anew at each proof of who somebody is, over after a while, ended everywhere at a word."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from triage.domain.access import Ruling
from triage.domain.errors import Refused
from triage.domain.people import Principal
from triage.settings import SignInSettings
from triage.store.access import Subject
from triage.store.sessions import Session
from triage.store.unit_of_work import Store, Unit

from .clock import Clock

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_SEEN_EVERY = timedelta(seconds=60)
"""How exactly idleness is measured: a page view in between writes nothing."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new session's token, for a cookie and nothing else: it is told once and kept nowhere."""

    token: str
    principal: Principal


@dataclass(frozen=True, slots=True)
class SignedInAs:
    """Who asks, as of now: roles and cases are read anew at each request."""

    principal: Principal
    session: Session


@dataclass(frozen=True, slots=True)
class Ways:
    """How a person can show who they are."""

    has_password: bool
    has_passkeys: bool
    has_subject: bool


@dataclass(frozen=True)
class Sessioning:
    """Begins, finds and ends sessions."""

    store: Store
    settings: SignInSettings
    clock: Clock

    def begin(
        self, unit: Unit, principal_id: int, methods: Sequence[str], instead_of: Session | None = None
    ) -> Issued:
        """A new session, within a unit of the caller's, who commits. What it is instead of ends with that.

        A token from before a sign-in or a step-up opens nothing after it. The absolute end is kept through step-ups.
        """
        now = self.clock()
        token = secrets.token_urlsafe(32)
        expires_at = now + timedelta(hours=self.settings.absolute_hours)
        if instead_of:
            unit.sessions.end(instead_of.token_sha256, now)
            expires_at = instead_of.expires_at
        unit.sessions.begin(
            Session(
                token_sha256=digest(token),
                principal_id=principal_id,
                methods=tuple(methods),
                created_at=now,
                seen_at=now,
                expires_at=expires_at,
                stepped_up_at=now,
            )
        )
        action = "step-up" if instead_of else "sign-in"
        unit.access.log(principal_id, action, Subject("person", principal_id), Ruling(True, "allowed"), now)
        return Issued(token, replace(unit.people.get(principal_id), proved_at=now))

    def live(self, unit: Unit, token_sha256: bytes) -> Session | None:
        """A session by its token's digest, within a unit of the caller's, while it holds."""
        now = self.clock()
        return unit.sessions.live(token_sha256, now, self._seen_since(now))

    def refuse(self, unit: Unit, principal_id: int | None, action: str, code: str) -> Refused:
        """Keep that it failed and why, and commit; the answer tells nobody why."""
        unit.access.log(principal_id, action, Subject("person", principal_id or 0), Ruling(False, code), self.clock())
        unit.commit()
        return Refused("sign-in-failed", "That did not work. After several failures sign-in pauses for some minutes.")

    def whose(self, token: str) -> SignedInAs | None:
        """Whom a cookie's token stands for now; None when for nobody."""
        if not _TOKEN.fullmatch(token):
            return None
        now = self.clock()
        with self.store.reading() as unit:
            found = unit.people.of_session(digest(token), now, self._seen_since(now))
        if found is None:
            return None
        session, principal = found
        if principal.is_disabled(now):
            return None
        if now - session.seen_at >= _SEEN_EVERY:
            with self.store.writing() as unit:
                unit.sessions.see(session.token_sha256, now)
                unit.commit()
        return SignedInAs(replace(principal, proved_at=session.stepped_up_at), session)

    def ways_of(self, principal: Principal) -> Ways:
        """How this person can."""
        with self.store.reading() as unit:
            person = unit.people.required(principal.login)
            passkeys = unit.credentials.passkeys(principal.id)
        return Ways(person.has_password, bool(passkeys), person.oidc_subject is not None)

    def all_of(self, principal: Principal) -> list[Session]:
        """Where a person is signed in."""
        now = self.clock()
        with self.store.reading() as unit:
            return unit.sessions.of(principal.id, now, self._seen_since(now))

    def sign_out(self, session: Session) -> None:
        """Here."""
        with self.store.writing() as unit:
            unit.sessions.end(session.token_sha256, self.clock())
            unit.commit()

    def sign_out_everywhere(self, principal: Principal) -> None:
        """In every browser, this one too."""
        with self.store.writing() as unit:
            unit.sessions.end_all(principal.id, self.clock())
            unit.commit()

    def _seen_since(self, now: datetime) -> datetime:
        return now - timedelta(minutes=self.settings.idle_minutes)


def digest(token: str) -> bytes:
    """What is kept of a token of 256 random bits: nothing to guess, so no salt."""
    return sha256(token.encode()).digest()
