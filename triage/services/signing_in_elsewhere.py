"""Signing in at an identity provider: OpenID Connect, authorization code with PKCE (S256), state and nonce.

The provider says who somebody is; whether they are anybody here is said here: a subject is somebody's because an
administrator gave it to them (`people add --subject`), and nobody comes to be by signing in.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from triage.domain.access import STEP_UP_WITHIN
from triage.domain.errors import Refused
from triage.settings import OidcSettings
from triage.store.sessions import Ceremony, Session
from triage.store.unit_of_work import Store, Unit

from .clock import Clock
from .sessioning import Issued, Sessioning, digest

if TYPE_CHECKING:
    from .identity_provider import IdentityProvider

_SIGN_IN, _STEP_UP = "oidc", "oidc-step-up"
_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser goes, and a token for a cookie that it brings back."""

    token: str
    address: str


@dataclass(frozen=True, slots=True)
class Return:
    """Signed in, and where to go on."""

    issued: Issued
    to: str


@dataclass(frozen=True)
class SigningInElsewhere:
    """Both halves. `back` is the address to which the provider sends the browser back."""

    store: Store
    sessioning: Sessioning
    settings: OidcSettings
    clock: Clock

    def start(self, back: str, to: str, session: Session | None = None) -> Departure:
        """With a session: who is it once more? Raises Refused `provider-unset`, Unavailable."""
        if not self.settings.issuer:
            raise Refused("provider-unset", "No identity provider is set.")
        held = {
            "state": secrets.token_urlsafe(32),
            "nonce": secrets.token_urlsafe(32),
            "verifier": secrets.token_urlsafe(48),
            "to": to,
            "session": base64.b64encode(session.token_sha256).decode() if session else "",
        }
        provider = self._provider(back)
        address = provider.address(held["state"], held["nonce"], held["verifier"], once_more=session is not None)
        token, now = secrets.token_urlsafe(32), self.clock()
        first = Ceremony(_STEP_UP if session else _SIGN_IN, session.principal_id if session else None, held)
        with self.store.writing() as unit:
            unit.sessions.remember(digest(token), first, now, now + _FOR)
            unit.commit()
        return Departure(token, address)

    def finish(self, token: str, told: Mapping[str, str], back: str) -> Return:
        """What the provider sent along. Raises Refused `sign-in-failed`, Unavailable `provider-unreachable`."""
        with self.store.writing() as unit:
            first = unit.sessions.recall(digest(token), [_SIGN_IN, _STEP_UP], self.clock())
            if first is None or not secrets.compare_digest(first.held["state"], told.get("state", "")):
                raise self.sessioning.refuse(unit, None, "sign-in", "state-differs")
            if told.get("iss", self.settings.issuer) != self.settings.issuer or "code" not in told:
                raise self.sessioning.refuse(unit, first.principal_id, "sign-in", "provider-refused")
            unit.commit()
        claims = self._provider(back).claims(told["code"], first.held["nonce"], first.held["verifier"], self.clock())
        with self.store.writing() as unit:
            issued = self._let_in(unit, claims, first)
            unit.commit()
        return Return(issued, first.held["to"])

    def _let_in(self, unit: Unit, claims: Mapping[str, Any] | None, first: Ceremony) -> Issued:
        now, action = self.clock(), "step-up" if first.kind == _STEP_UP else "sign-in"
        if claims is None:
            raise self.sessioning.refuse(unit, first.principal_id, action, "provider-refused")
        who = unit.people.of_subject(str(claims["sub"]))
        if who is None or who.is_disabled(now):
            raise self.sessioning.refuse(unit, who.id if who else None, action, "disabled" if who else "nobody")
        session = None
        if first.kind == _STEP_UP:
            # The browser's strict cookie does not come along from another site; the ceremony names the session.
            session = self.sessioning.live(unit, base64.b64decode(first.held["session"]))
            proved_at = claims.get("auth_time", 0)
            is_fresh = isinstance(proved_at, (int, float)) and proved_at >= (now - STEP_UP_WITHIN).timestamp()
            if session is None or who.id != first.principal_id or not is_fresh:
                raise self.sessioning.refuse(unit, who.id, action, "provider-refused")
        return self.sessioning.begin(unit, who.id, ("oidc",), session)

    def _provider(self, back: str) -> IdentityProvider:
        from .identity_provider import IdentityProvider  # noqa: PLC0415 - a second to load, for few commands

        return IdentityProvider(self.settings, back)
