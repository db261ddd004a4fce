"""People, their roles and the cases in which they work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from triage.domain.errors import Conflict, NotFound
from triage.domain.people import Membership, Principal, Role

from .review_tables import membership, principal, role_held
from .rows import insert_telling


@dataclass(frozen=True, slots=True)
class Person:
    """A person as an administrator sees them: who, and how they can sign in; never with what."""

    principal: Principal
    created_at: datetime
    has_password: bool
    has_totp: bool
    oidc_subject: str | None
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class People:
    """Access to people within one unit of work. What may be asked of them is read anew each time."""

    connection: Connection

    def add(self, new: Principal, now: datetime) -> int:
        """Record a person who cannot sign in yet; their id. Raises Conflict `login-taken`."""
        row = {
            "login": new.login,
            "name": new.name,
            "unit": new.unit,
            "language": new.language,
            "time_zone": new.time_zone,
            "totp_last_step": 0,
            "failures": 0,
            "created_at": now,
        }
        written = insert_telling(self.connection, principal, [row], principal.c.id)
        if not written:
            raise Conflict("login-taken", "There is a person of that login already.")
        return int(written[0].id)

    def get(self, principal_id: int) -> Principal:
        """A person by id. Raises NotFound `no-person`."""
        row = self.connection.execute(select(principal).where(principal.c.id == principal_id)).one_or_none()
        return self._required(row).principal

    def of_login(self, login: str) -> Person | None:
        """A person by the one spelling of their login."""
        row = self.connection.execute(select(principal).where(principal.c.login == login)).one_or_none()
        return self._persons([row])[0] if row else None

    def required(self, login: str) -> Person:
        """The same. Raises NotFound `no-person`."""
        found = self.of_login(login)
        if found is None:
            raise NotFound("no-person", "There is no person of that login.")
        return found

    def of_subject(self, subject: str) -> Principal | None:
        """The person to whom a subject of the identity provider was given."""
        row = self.connection.execute(select(principal).where(principal.c.oidc_subject == subject)).one_or_none()
        return self._persons([row])[0].principal if row else None

    def all(self) -> list[Person]:
        """Everybody, by login, those who are disabled too."""
        return self._persons(self.connection.execute(select(principal).order_by(principal.c.login)).all())

    def set_disabled(self, principal_id: int, at: datetime | None) -> None:
        """They may do nothing from `at` on, or everything again."""
        self._set(principal_id, disabled_at=at)

    def set_subject(self, principal_id: int, subject: str | None) -> None:
        """Who they are to the identity provider."""
        self._set(principal_id, oidc_subject=subject)

    def set_roles(self, principal_id: int, roles: Iterable[Role], by: str, now: datetime) -> None:
        """These and no others. What was held before keeps who granted it."""
        wanted = {role.value for role in roles}
        held = role_held.c.principal_id == principal_id
        self.connection.execute(delete(role_held).where(held, role_held.c.role.not_in(wanted)))
        known = set(self.connection.execute(select(role_held.c.role).where(held)).scalars())
        for role in sorted(wanted - known):
            row = {"principal_id": principal_id, "role": role, "granted_at": now, "granted_by": by}
            self.connection.execute(insert(role_held).values(row))

    def set_cases(self, principal_id: int, cases: Sequence[Membership], by: str, now: datetime) -> None:
        """These and no others."""
        self.connection.execute(delete(membership).where(membership.c.principal_id == principal_id))
        for one in cases:
            row = {"case_ref": one.case_ref, "until": one.until, "granted_at": now, "granted_by": by}
            self.connection.execute(insert(membership).values(principal_id=principal_id, **row))

    def _set(self, principal_id: int, **values: object) -> None:
        self.connection.execute(update(principal).where(principal.c.id == principal_id).values(**values))

    def _required(self, row: Row[Any] | None) -> Person:
        if row is None:
            raise NotFound("no-person", "There is no such person.")
        return self._persons([row])[0]

    def _persons(self, rows: Sequence[Row[Any]]) -> list[Person]:
        one = rows[0].id if len(rows) == 1 else None
        roles: dict[int, set[Role]] = {}
        asked = select(role_held.c.principal_id, role_held.c.role)
        for principal_id, role in self.connection.execute(
            asked if one is None else asked.where(role_held.c.principal_id == one)
        ):
            roles.setdefault(principal_id, set()).add(Role(role))
        cases: dict[int, list[Membership]] = {}
        listed = select(membership).order_by(membership.c.case_ref)
        for row in self.connection.execute(listed if one is None else listed.where(membership.c.principal_id == one)):
            cases.setdefault(row.principal_id, []).append(Membership(row.case_ref, row.until))
        return [_person(row, frozenset(roles.get(row.id, ())), tuple(cases.get(row.id, ()))) for row in rows]


def _person(row: Row[Any], roles: frozenset[Role], cases: tuple[Membership, ...]) -> Person:
    who = Principal(
        id=row.id,
        login=row.login,
        name=row.name,
        unit=row.unit,
        language=row.language,
        time_zone=row.time_zone,
        roles=roles,
        cases=cases,
        disabled_at=row.disabled_at,
    )
    return Person(
        principal=who,
        created_at=row.created_at,
        has_password=row.password_hash is not None,
        has_totp=row.totp_secret is not None,
        oidc_subject=row.oidc_subject,
        locked_until=row.locked_until,
    )
