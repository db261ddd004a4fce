"""Passkeys (WebAuthn): registering one, and proving by one who somebody is, as first factor or once more.

A passkey asks its owner for a finger or a code of its own (user verification), so it is two factors by itself. Its
counter must not go back: a copy of the key would show so.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType

from triage.domain.access import is_fresh
from triage.domain.errors import Refused
from triage.domain.people import Principal
from triage.store.credentials import Passkey
from triage.store.sessions import Ceremony, Session
from triage.store.unit_of_work import Store, Unit

from .accessing import SENTENCES
from .clock import Clock
from .sessioning import Issued, Sessioning, digest

_REGISTER, _SIGN_IN, _STEP_UP = "register", "passkey", "step-up"
_FOR = timedelta(minutes=5)
_NAME_LENGTH = 60
MOST = 10
"""Passkeys of one person."""


@dataclass(frozen=True, slots=True)
class Started:
    """The first step: a token for a cookie, and what the browser's own interface takes, as JSON."""

    token: str
    options: str


@dataclass(frozen=True)
class Passkeying:
    """Both ceremonies. `origin` is the address that the browser shows, as `https://host`."""

    store: Store
    sessioning: Sessioning
    clock: Clock

    def start_registering(self, principal_id: int, origin: str) -> Started:
        """The caller has made sure of who asks. Raises Refused `passkeys-many`."""
        with self.store.reading() as unit:
            who = unit.people.get(principal_id)
            known = unit.credentials.passkeys(principal_id)
        if len(known) >= MOST:
            raise Refused("passkeys-many", "You have as many passkeys as one person may have.")
        challenge = secrets.token_bytes(32)
        options = _words().creation_options(
            origin, principal_id, who.login, who.name, challenge, [one.credential_id for one in known]
        )
        return self._remember(_REGISTER, principal_id, challenge, options)

    def add(self, who: Principal, started: str, answer: str, name: str, origin: str) -> None:
        """One more passkey of somebody who proved a moment ago who they are. Raises Refused, Conflict."""
        require_fresh(who, self.clock)
        with self.store.writing() as unit:
            self.register(unit, who.id, started, answer, name, origin)
            unit.commit()

    def remove(self, who: Principal, passkey_id: int) -> None:
        """One of their own. Raises Refused `step-up-needed`, `passkey-last`."""
        require_fresh(who, self.clock)
        with self.store.writing() as unit:
            has_password = unit.credentials.secrets(who.id).password_hash is not None
            if not has_password and len(unit.credentials.passkeys(who.id)) <= 1:
                raise Refused("passkey-last", "Without it you could not sign in any more.")
            unit.credentials.remove_passkey(who.id, passkey_id)
            unit.commit()

    def of(self, who: Principal) -> list[Passkey]:
        """A person's passkeys."""
        with self.store.reading() as unit:
            return unit.credentials.passkeys(who.id)

    def register(self, unit: Unit, principal_id: int, started: str, answer: str, name: str, origin: str) -> None:
        """Within a unit of the caller's. Raises Refused `passkey-refused`, Conflict `passkey-known`."""
        now = self.clock()
        first = unit.sessions.recall(digest(started), [_REGISTER], now)
        if first is None or first.principal_id != principal_id:
            raise _refused()
        found = _words().new_key(answer, base64.b64decode(first.held["challenge"]), origin)
        if found is None:
            raise _refused()
        shown = name.strip()[:_NAME_LENGTH] or "passkey"
        unit.credentials.add_passkey(
            principal_id, found.credential_id, found.public_key, found.sign_count, shown, now
        )

    def start(self, origin: str, who: Principal | None = None) -> Started:
        """Sign in with whichever passkey the browser finds; or, for `who`, prove it once more with one of theirs."""
        known = self.of(who) if who else []
        challenge = secrets.token_bytes(32)
        options = _words().request_options(origin, challenge, [one.credential_id for one in known])
        kind = _STEP_UP if who else _SIGN_IN
        return self._remember(kind, who.id if who else None, challenge, options)

    def sign_in(self, started: str, answer: str, origin: str) -> Issued:
        """A new session. Raises Refused `sign-in-failed`."""
        return self._prove(_SIGN_IN, None, started, answer, origin)

    def step_up(self, session: Session, started: str, answer: str, origin: str) -> Issued:
        """The same person again, by a passkey of theirs. Raises Refused `sign-in-failed`."""
        return self._prove(_STEP_UP, session, started, answer, origin)

    def _prove(self, kind: str, session: Session | None, started: str, answer: str, origin: str) -> Issued:
        action, now = "step-up" if session else "sign-in", self.clock()
        with self.store.writing() as unit:
            first = unit.sessions.recall(digest(started), [kind], now)
            known = unit.credentials.passkey(_credential_id(answer))
            owner = known.principal_id if known else None
            if first is None or known is None:
                raise self.sessioning.refuse(unit, owner, action, "passkey-unknown")
            if session and not session.principal_id == first.principal_id == owner:
                raise self.sessioning.refuse(unit, session.principal_id, action, "passkey-anothers")
            if unit.people.get(known.principal_id).is_disabled(now):
                raise self.sessioning.refuse(unit, owner, action, "disabled")
            challenge = base64.b64decode(first.held["challenge"])
            count = _words().counted(answer, challenge, origin, known.public_key, known.sign_count)
            if count is None or not unit.credentials.use_passkey(known.id, known.sign_count, count, now):
                raise self.sessioning.refuse(unit, owner, action, "passkey-refused")
            issued = self.sessioning.begin(unit, known.principal_id, ("passkey",), session)
            unit.commit()
        return issued

    def _remember(self, kind: str, principal_id: int | None, challenge: bytes, options: str) -> Started:
        token, now = secrets.token_urlsafe(32), self.clock()
        held = {"challenge": base64.b64encode(challenge).decode()}
        with self.store.writing() as unit:
            unit.sessions.remember(digest(token), Ceremony(kind, principal_id, held), now, now + _FOR)
            unit.commit()
        return Started(token, options)


def require_fresh(who: Principal, clock: Clock) -> None:
    """Raise Refused `step-up-needed` unless the person proved a moment ago who they are."""
    if not is_fresh(who, clock()):
        raise Refused("step-up-needed", SENTENCES["step-up-needed"])


def _words() -> ModuleType:
    from . import webauthn_words  # noqa: PLC0415 - a quarter of a second to load, for no command

    return webauthn_words


def _credential_id(answer: str) -> bytes:
    """The id that an answer names; empty, which is nobody's, where it names none."""
    try:
        named = str(json.loads(answer)["rawId"])
        return base64.urlsafe_b64decode(named + "=" * (-len(named) % 4))
    except (ValueError, KeyError, TypeError):
        return b""


def _refused() -> Refused:
    return Refused("passkey-refused", "That passkey was not accepted: begin again.")
