"""Who may hand something in, and the keys by which they do: digests of secrets, never the secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from triage.domain.errors import Conflict, NotFound
from triage.domain.legal import Handling, Legal
from triage.domain.senders import Key, Scope, Sender, SenderKind

from .intake_tables import api_key, sender
from .rows import among, insert_telling


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A key with whose it is, and the SHA-256 of its secret (32 bytes)."""

    sender: Sender
    key: Key
    secret_sha256: bytes


@dataclass(frozen=True, slots=True)
class Senders:
    """Access to senders and their keys within one unit of work."""

    connection: Connection

    def add(
        self, name: str, kind: SenderKind, country: str, legal: Legal, now: datetime, *, keeps_media: bool
    ) -> int:
        """A new sender's id. Raises Conflict `sender-exists`."""
        row = {
            "name": name,
            "kind": kind,
            "country": country,
            "acquired_under": legal.acquired_under,
            "may_share_with": list(legal.may_share_with),
            "handling": [code.value for code in legal.handling],
            "keeps_media": keeps_media,
            "created_at": now,
        }
        written = insert_telling(self.connection, sender, [row], sender.c.id)
        if not written:
            raise Conflict("sender-exists", "There is a sender of that name already.")
        return int(written[0].id)

    def named(self, name: str) -> Sender:
        """One sender. Raises NotFound `no-sender`."""
        row = self.connection.execute(select(sender).where(sender.c.name == name)).one_or_none()
        if row is None:
            raise NotFound("no-sender", "There is no sender of that name.")
        return _sender(row)

    def all(self) -> list[Sender]:
        """Every sender by name."""
        return list(map(_sender, self.connection.execute(select(sender).order_by(sender.c.name))))

    def disable(self, sender_id: int, now: datetime) -> None:
        """From now on none of its keys opens anything."""
        self.connection.execute(
            update(sender).where(sender.c.id == sender_id, sender.c.disabled_at.is_(None)).values(disabled_at=now)
        )

    def add_key(
        self,
        sender_id: int,
        prefix: str,
        secret_sha256: bytes,
        scopes: frozenset[Scope],
        now: datetime,
        expires_at: datetime,
        *,
        sandbox: bool,
    ) -> int:
        """A new key's id."""
        row = {
            "sender_id": sender_id,
            "prefix": prefix,
            "secret_sha256": secret_sha256,
            "scopes": sorted(scopes),
            "sandbox": sandbox,
            "created_at": now,
            "expires_at": expires_at,
        }
        [written] = insert_telling(self.connection, api_key, [row], api_key.c.id)
        return int(written.id)

    def key(self, prefix: str) -> KeptKey | None:
        """The key of this prefix, if there is one."""
        found = self._kept(api_key.c.prefix == prefix)
        return found[0] if found else None

    def keys(self, key_ids: Sequence[int]) -> dict[int, KeptKey]:
        """These keys as they are now, by id."""
        return {kept.key.id: kept for kept in self._kept(among(self.connection, api_key.c.id, key_ids))}

    def keys_of(self, sender_id: int | None) -> list[KeptKey]:
        """All keys of one sender, or of all, oldest first."""
        return self._kept(True if sender_id is None else api_key.c.sender_id == sender_id)

    def end_key(self, key_id: int, *, revoked_at: datetime | None = None, expires_at: datetime | None = None) -> None:
        """Give a key an end: revoked at once, or another expiry."""
        ends = {"revoked_at": revoked_at, "expires_at": expires_at}
        self.connection.execute(
            update(api_key)
            .where(api_key.c.id == key_id)
            .values({name: value for name, value in ends.items() if value is not None})
        )

    def _kept(self, condition: Any) -> list[KeptKey]:
        query = (
            select(
                api_key,
                sender.c.name,
                sender.c.kind,
                sender.c.country,
                sender.c.acquired_under,
                sender.c.may_share_with,
                sender.c.handling,
                sender.c.keeps_media,
                sender.c.disabled_at,
            )
            .join(sender, sender.c.id == api_key.c.sender_id)
            .where(condition)
            .order_by(api_key.c.id)
        )
        return [
            KeptKey(_sender(row, row.sender_id), _key(row), row.secret_sha256)
            for row in self.connection.execute(query)
        ]


def _sender(row: Row[Any], sender_id: int | None = None) -> Sender:
    return Sender(
        id=row.id if sender_id is None else sender_id,
        name=row.name,
        kind=SenderKind(row.kind),
        country=row.country,
        legal=Legal(row.acquired_under, tuple(row.may_share_with), tuple(map(Handling, row.handling))),
        keeps_media=row.keeps_media,
        disabled_at=row.disabled_at,
    )


def _key(row: Row[Any]) -> Key:
    return Key(
        id=row.id,
        sender_id=row.sender_id,
        prefix=row.prefix,
        scopes=frozenset(map(Scope, row.scopes)),
        sandbox=row.sandbox,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
