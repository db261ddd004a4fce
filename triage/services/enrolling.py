"""From a one-time code to a way to sign in: a password with one-time codes, or a passkey. Nobody has a default."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from triage.domain.errors import Refused
from triage.domain.passwords import unfit
from triage.store.sessions import Ceremony
from triage.store.unit_of_work import Store

from .clock import Clock
from .one_time_codes import OneTimeCodes
from .passkeying import Passkeying
from .passwords import Passwords
from .sessioning import Issued, Sessioning, digest

KIND = "enrol"
_FOR = timedelta(minutes=20)
_SENTENCES = {
    "password-length": "A password has 12 to 256 characters.",
    "password-common": "That password is among the first that anybody would try.",
}


@dataclass(frozen=True, slots=True)
class Begun:
    """What the page needs: a token for a cookie, whose enrolment it is, what an authenticator is told."""

    token: str
    login: str
    name: str
    address: str


@dataclass(frozen=True)
class Enrolling:
    """The page's two steps. The second uses the code up, in the commit after which the person can sign in."""

    store: Store
    sessioning: Sessioning
    passwords: Passwords
    codes: OneTimeCodes
    passkeying: Passkeying
    clock: Clock

    def begin(self, code: str) -> Begun:
        """Raises Refused `enrolment-invalid`: unknown, used, over, or of somebody who is disabled."""
        now, known = self.clock(), digest_of_code(code)
        with self.store.writing() as unit:
            principal_id = unit.credentials.enrolling(known, now)
            if principal_id is None or unit.people.get(principal_id).is_disabled(now):
                raise invalid()
            token, secret = secrets.token_urlsafe(32), self.codes.new_secret(principal_id)
            held = {"code": _text(known), "secret": _text(secret)}
            unit.sessions.remember(digest(token), Ceremony(KIND, principal_id, held), now, now + _FOR)
            unit.commit()
        return self.shown(token)

    def shown(self, token: str) -> Begun:
        """The same page once more, after a form that was not right. Raises Refused `enrolment-invalid`."""
        with self.store.reading() as unit:
            begun = unit.sessions.peek(digest(token), KIND, self.clock())
            if begun is None or begun.principal_id is None:
                raise invalid()
            who = unit.people.get(begun.principal_id)
        address = self.codes.address(who.id, who.login, _bytes(begun.held["secret"]))
        return Begun(token, who.login, who.name, address)

    def finish(self, token: str, password: str, again: str, code: str) -> Issued:
        """Password and one-time codes; signed in. After a Refused for what is not right the form may be sent again.

        Codes: `password-differs`, `password-length`, `password-common`, `code-wrong`, `enrolment-invalid`.
        """
        now, begun = self.clock(), self.shown(token)
        if password != again:
            raise Refused("password-differs", "The two passwords differ.")
        if code_of_fault := unfit(password, begun.login):
            raise Refused(code_of_fault, _SENTENCES[code_of_fault])
        hashed = self.passwords.hashed(password)
        with self.store.writing() as unit:
            held = unit.sessions.peek(digest(token), KIND, now)
            if held is None or held.principal_id is None:
                raise invalid()
            who, secret = held.principal_id, _bytes(held.held["secret"])
            step = self.codes.step_of(who, secret, code, now)
            if step is None:
                raise Refused("code-wrong", "That is not the code that your authenticator shows now.")
            if not unit.credentials.use_enrolment(_bytes(held.held["code"]), now):
                raise invalid()
            unit.sessions.recall(digest(token), [KIND], now)
            unit.sessions.end_all(who, now)
            unit.credentials.set_password(who, hashed, secret, step)
            issued = self.sessioning.begin(unit, who, ("password", "totp"))
            unit.commit()
        return issued

    def finish_with_passkey(self, token: str, started: str, answer: str, name: str, origin: str) -> Issued:
        """A passkey instead; signed in. Raises Refused `enrolment-invalid`, `passkey-refused`; Conflict."""
        now = self.clock()
        with self.store.writing() as unit:
            held = unit.sessions.recall(digest(token), [KIND], now)
            if held is None or held.principal_id is None:
                raise invalid()
            if not unit.credentials.use_enrolment(_bytes(held.held["code"]), now):
                raise invalid()
            who = held.principal_id
            self.passkeying.register(unit, who, started, answer, name, origin)
            unit.sessions.end_all(who, now)
            issued = self.sessioning.begin(unit, who, ("passkey",))
            unit.commit()
        return issued

    def whose(self, token: str) -> int:
        """The person who is enrolling. Raises Refused `enrolment-invalid`."""
        with self.store.reading() as unit:
            begun = unit.sessions.peek(digest(token), KIND, self.clock())
        if begun is None or begun.principal_id is None:
            raise invalid()
        return begun.principal_id


def new_code() -> str:
    """130 random bits in groups that can be read out."""
    letters = base64.b32encode(secrets.token_bytes(17)).decode()[:26]
    return "-".join(letters[start : start + 5] for start in range(0, 26, 5))


def digest_of_code(code: str) -> bytes:
    """Of the code however it was typed."""
    return sha256("".join(one for one in code.upper() if one.isalnum()).encode()).digest()


def invalid() -> Refused:
    """One answer for every code that opens nothing."""
    return Refused("enrolment-invalid", "This code opens nothing: ask for another one.")


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(value: str) -> bytes:
    return base64.b64decode(value)
