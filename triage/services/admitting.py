"""Who may come in over the network: senders and their keys are made and ended here, and every door asks here."""

from __future__ import annotations

import hmac
import re
import secrets
import string
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import NotFound, Refused
from triage.domain.legal import Legal
from triage.domain.senders import Key, Scope, Sender, SenderKind
from triage.store.senders import KeptKey
from triage.store.unit_of_work import Store, Unit

from .clock import Clock

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_PREFIX_SIZE, _SECRET_SIZE = 12, 32
_PREFIX_LETTERS = string.ascii_lowercase + string.digits
_TOKEN = re.compile(r"([a-z0-9]{12})\.([A-Za-z0-9_-]{43})")
_NOBODY = bytes(32)
LONGEST = timedelta(days=3660)
"""A key that outlives the person who asked for it belongs to nobody."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who asks, by which key. Every use case of a door takes one."""

    sender: Sender
    key: Key

    def require(self, scope: Scope) -> None:
        """Raise Refused `scope-missing` where the key does not allow it."""
        if scope not in self.key.scopes:
            raise Refused("scope-missing", f"This key does not have the scope {scope.value}.")


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key, and its `token`: told once, and kept nowhere."""

    key: Key
    token: str


@dataclass(frozen=True)
class Admitting:
    """Makes and ends senders and keys, each with its record, and tells whose a token is.

    Without `keeps_media` nobody's media are kept, whatever is said of the sender.
    """

    store: Store
    clock: Clock
    actor: str
    keeps_media: bool = True

    def admit(self, token: str) -> Admitted:
        """Whose token this is, now. Raises Refused `key-unknown`, `key-revoked`, `key-expired`, `sender-disabled`.

        A prefix that is not there takes as long as a secret that is wrong.
        """
        parts = _TOKEN.fullmatch(token)
        kept = None
        if parts:
            with self.store.reading() as unit:
                kept = unit.senders.key(parts[1])
        given = sha256(parts[2].encode() if parts else b"").digest()
        if not hmac.compare_digest(given, kept.secret_sha256 if kept else _NOBODY) or kept is None:
            raise Refused("key-unknown", "There is no such key.")
        admitted = admitted_now(kept, self.clock())
        if self.keeps_media:
            return admitted
        return Admitted(replace(admitted.sender, keeps_media=False), admitted.key)

    def add_sender(
        self, name: str, kind: SenderKind, country: str, legal: Legal, *, keeps_media: bool = True
    ) -> Sender:
        """A new sender, without any key. Raises Refused `sender-invalid`, Conflict `sender-exists`."""
        if not _NAME.fullmatch(name):
            raise Refused("sender-invalid", "A sender's name is up to 64 letters, digits, dots, dashes, underscores.")
        if not _COUNTRY.fullmatch(country):
            raise Refused("sender-invalid", "A country is two capital letters of ISO 3166-1, such as TH.")
        if not legal.acquired_under.strip():
            raise Refused("basis-missing", "Say under what law the sender's reports are held.")
        now = self.clock()
        with self.store.writing() as unit:
            sender_id = unit.senders.add(name, kind, country, legal, now, keeps_media=keeps_media)
            details: dict[str, str | int | None] = {
                "step": "added",
                "kind": kind.value,
                "country": country,
                "basis": legal.acquired_under,
                "keeps_media": int(keeps_media),
            }
            self._record(unit, now, f"sender:{sender_id}", details)
            unit.commit()
        return Sender(sender_id, name, kind, country, legal, keeps_media)

    def disable_sender(self, name: str) -> Sender:
        """None of its keys opens anything from now on. Raises NotFound."""
        now = self.clock()
        with self.store.writing() as unit:
            sender = unit.senders.named(name)
            if sender.disabled_at is None:
                unit.senders.disable(sender.id, now)
                self._record(unit, now, f"sender:{sender.id}", {"step": "disabled"})
                unit.commit()
        return sender

    def senders(self) -> list[Sender]:
        """Every sender by name."""
        with self.store.reading() as unit:
            return unit.senders.all()

    def issue(self, name: str, scopes: frozenset[Scope], lasts: timedelta, *, sandbox: bool = False) -> Issued:
        """A new key of a sender. Raises NotFound `no-sender`, Refused `scope-missing`, `expiry-invalid`."""
        if not scopes:
            raise Refused("scope-missing", "Name at least one scope.")
        if not timedelta() < lasts <= LONGEST:
            raise Refused("expiry-invalid", f"A key lasts up to {LONGEST.days} days.")
        now = self.clock()
        with self.store.writing() as unit:
            sender = unit.senders.named(name)
            _require_enabled(sender, now)
            issued = self._issue(unit, sender.id, scopes, now, now + lasts, sandbox=sandbox, step="issued")
            unit.commit()
        return issued

    def rotate(self, prefix: str, overlap: timedelta) -> Issued:
        """Another key like this one, for as long; the old one ends after `overlap`. Raises NotFound, Refused."""
        now = self.clock()
        with self.store.writing() as unit:
            kept = _named(unit, prefix)
            admitted_now(kept, now)
            old = kept.key
            ends = min(old.expires_at, now + overlap)
            unit.senders.end_key(old.id, expires_at=ends)
            until = now + (old.expires_at - old.created_at)
            issued = self._issue(
                unit, old.sender_id, old.scopes, now, until, sandbox=old.sandbox, step="rotated", old=old
            )
            unit.commit()
        return issued

    def revoke(self, prefix: str) -> Key:
        """Let this key open nothing from now on. Raises NotFound `no-key`."""
        now = self.clock()
        with self.store.writing() as unit:
            key = _named(unit, prefix).key
            if key.revoked_at is None:
                unit.senders.end_key(key.id, revoked_at=now)
                self._record(unit, now, f"key:{key.id}", {"step": "revoked"})
                unit.commit()
        return key

    def keys(self, name: str | None = None) -> list[KeptKey]:
        """All keys, or those of one sender, oldest first. Raises NotFound."""
        with self.store.reading() as unit:
            return unit.senders.keys_of(unit.senders.named(name).id if name else None)

    def _issue(
        self,
        unit: Unit,
        sender_id: int,
        scopes: frozenset[Scope],
        now: datetime,
        until: datetime,
        *,
        sandbox: bool,
        step: str,
        old: Key | None = None,
    ) -> Issued:
        prefix = "".join(secrets.choice(_PREFIX_LETTERS) for _ in range(_PREFIX_SIZE))
        secret = secrets.token_urlsafe(_SECRET_SIZE)
        digest = sha256(secret.encode()).digest()
        key_id = unit.senders.add_key(sender_id, prefix, digest, scopes, now, until, sandbox=sandbox)
        details: dict[str, str | int | None] = {
            "step": step,
            "sender": sender_id,
            "scopes": ",".join(sorted(scopes)),
            "sandbox": int(sandbox),
            "until": until.isoformat(),
        }
        if old:
            details["instead_of"] = old.id
        self._record(unit, now, f"key:{key_id}", details)
        return Issued(Key(key_id, sender_id, prefix, scopes, sandbox, now, until), f"{prefix}.{secret}")

    def _record(self, unit: Unit, now: datetime, subject: str, details: dict[str, str | int | None]) -> None:
        unit.custody.append([CustodyEvent(now, self.actor, CustodyAction.ADMITTED, subject, "admit", details)])


def admitted_now(kept: KeptKey, now: datetime) -> Admitted:
    """Whether a key that is known opens anything at this moment. Raises Refused."""
    key = kept.key
    if key.revoked_at is not None and key.revoked_at <= now:
        raise Refused("key-revoked", "This key was revoked.")
    if not key.is_valid(now):
        raise Refused("key-expired", "This key has expired: ask for another one.")
    _require_enabled(kept.sender, now)
    return Admitted(kept.sender, key)


def _require_enabled(sender: Sender, now: datetime) -> None:
    if sender.disabled_at is not None and sender.disabled_at <= now:
        raise Refused("sender-disabled", "This sender was disabled.")


def _named(unit: Unit, prefix: str) -> KeptKey:
    kept = unit.senders.key(prefix.split(".", maxsplit=1)[0])
    if kept is None:
        raise NotFound("no-key", "There is no key of that prefix.")
    return kept
