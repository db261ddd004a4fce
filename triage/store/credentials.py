"""With what people prove who they are: hashed passwords, wrapped secrets of codes, passkeys, codes for enrolling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from triage.domain.errors import Conflict

from .review_tables import enrolment, passkey, principal
from .rows import insert_telling


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is kept of a person's password and one-time codes. `totp_secret` is wrapped."""

    password_hash: str | None
    totp_secret: bytes | None
    failures: int
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Passkey:
    """A public key of a person's, and how often the device says that it signed."""

    id: int
    principal_id: int
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """Access to them within one unit of work."""

    connection: Connection

    def secrets(self, principal_id: int) -> Secrets:
        """A person's own."""
        columns = (
            principal.c.password_hash,
            principal.c.totp_secret,
            principal.c.failures,
            principal.c.locked_until,
        )
        row = self.connection.execute(select(*columns).where(principal.c.id == principal_id)).one()
        return Secrets(*row)

    def set_password(self, principal_id: int, hashed: str, totp_secret: bytes, step: int) -> None:
        """A new password and secret; the code that proved the secret is used up."""
        self._set(
            principal_id,
            password_hash=hashed,
            totp_secret=totp_secret,
            totp_last_step=step,
            failures=0,
            locked_until=None,
        )

    def rehash(self, principal_id: int, hashed: str) -> None:
        """The same password, hashed at today's cost."""
        self._set(principal_id, password_hash=hashed)

    def forget(self, principal_id: int) -> None:
        """They can sign in no more until they enrol again."""
        self._set(principal_id, password_hash=None, totp_secret=None, failures=0, locked_until=None)
        self.connection.execute(delete(passkey).where(passkey.c.principal_id == principal_id))

    def take_step(self, principal_id: int, step: int) -> bool:
        """Use up a one-time code. False where it, or a later one, was used before: of two at once one wins."""
        taken = self.connection.execute(
            update(principal)
            .where(principal.c.id == principal_id, principal.c.totp_last_step < step)
            .values(totp_last_step=step)
        )
        return taken.rowcount == 1

    def count_failure(self, principal_id: int) -> int:
        """One more try that failed; how many there are now. Counted by the database: tries may come side by side."""
        counted = (
            update(principal)
            .where(principal.c.id == principal_id)
            .values(failures=principal.c.failures + 1)
            .returning(principal.c.failures)
        )
        return int(self.connection.execute(counted).scalar_one())

    def lock(self, principal_id: int, until: datetime) -> None:
        """No password of theirs is good before."""
        self._set(principal_id, locked_until=until)

    def clear_failures(self, principal_id: int) -> None:
        """It worked."""
        self._set(principal_id, failures=0, locked_until=None)

    def passkeys(self, principal_id: int) -> list[Passkey]:
        """A person's, oldest first."""
        query = select(passkey).where(passkey.c.principal_id == principal_id).order_by(passkey.c.id)
        return [_passkey(row) for row in self.connection.execute(query)]

    def passkey(self, credential_id: bytes) -> Passkey | None:
        """Whose passkey this is."""
        query = select(passkey).where(passkey.c.credential_id == credential_id)
        row = self.connection.execute(query).one_or_none()
        return _passkey(row) if row else None

    def add_passkey(
        self, principal_id: int, credential_id: bytes, public_key: bytes, sign_count: int, name: str, now: datetime
    ) -> None:
        """Raises Conflict `passkey-known`: of anybody."""
        row = {
            "principal_id": principal_id,
            "credential_id": credential_id,
            "public_key": public_key,
            "sign_count": sign_count,
            "name": name,
            "created_at": now,
        }
        if not insert_telling(self.connection, passkey, [row], passkey.c.id):
            raise Conflict("passkey-known", "That passkey is registered already.")

    def use_passkey(self, passkey_id: int, before: int, after: int, now: datetime) -> bool:
        """Keep how often it signed. False where somebody used it since `before` was read."""
        used = self.connection.execute(
            update(passkey)
            .where(passkey.c.id == passkey_id, passkey.c.sign_count == before)
            .values(sign_count=after, last_used_at=now)
        )
        return used.rowcount == 1

    def remove_passkey(self, principal_id: int, passkey_id: int) -> bool:
        """Their own, and nobody else's."""
        own = (passkey.c.id == passkey_id, passkey.c.principal_id == principal_id)
        return self.connection.execute(delete(passkey).where(*own)).rowcount == 1

    def allow_enrolling(
        self, principal_id: int, code_sha256: bytes, by: str, now: datetime, expires_at: datetime
    ) -> None:
        """A new one-time code; earlier ones of the same person open nothing any more."""
        self.end_enrolling(principal_id, now)
        row = {"code_sha256": code_sha256, "principal_id": principal_id, "made_at": now, "made_by": by}
        self.connection.execute(insert(enrolment).values(expires_at=expires_at, **row))

    def end_enrolling(self, principal_id: int, now: datetime) -> None:
        """No code of this person's opens anything any more."""
        open_ = (enrolment.c.principal_id == principal_id, enrolment.c.used_at.is_(None))
        self.connection.execute(update(enrolment).where(*open_).values(used_at=now))

    def enrolling(self, code_sha256: bytes, now: datetime) -> int | None:
        """Whose code this is, while it opens anything."""
        query = select(enrolment.c.principal_id).where(
            enrolment.c.code_sha256 == code_sha256, enrolment.c.used_at.is_(None), enrolment.c.expires_at > now
        )
        return self.connection.execute(query).scalar_one_or_none()

    def use_enrolment(self, code_sha256: bytes, now: datetime) -> bool:
        """Use it up. False where it is used or over: of two at once one wins."""
        open_ = (
            enrolment.c.code_sha256 == code_sha256,
            enrolment.c.used_at.is_(None),
            enrolment.c.expires_at > now,
        )
        return self.connection.execute(update(enrolment).where(*open_).values(used_at=now)).rowcount == 1

    def _set(self, principal_id: int, **values: object) -> None:
        self.connection.execute(update(principal).where(principal.c.id == principal_id).values(**values))


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(
        id=row.id,
        principal_id=row.principal_id,
        credential_id=row.credential_id,
        public_key=row.public_key,
        sign_count=row.sign_count,
        name=row.name,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
