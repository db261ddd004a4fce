"""People, their roles and the cases in which they work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, cast, delete, insert, null, select, union_all, update

from triage.domain.errors import Conflict, NotFound
from triage.domain.people import Membership, Principal, Role

from .review_tables import membership, principal, role_held, session
from .rows import insert_telling
from .sessions import Session, is_live


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

    def of_session(
        self, token_sha256: bytes, now: datetime, seen_since: datetime
    ) -> tuple[Session, Principal] | None:
        """A session while it is live, as `Sessions.live` has it, and whose it is."""
        names = Session.__dataclass_fields__
        query = (
            select(principal, *(session.c[name].label(f"session_{name}") for name in names))
            .join(session, session.c.principal_id == principal.c.id)
            .where(*is_live(now, seen_since), session.c.token_sha256 == token_sha256)
        )
        row = self.connection.execute(query).one_or_none()
        if row is None:
            return None
        held = {name: getattr(row, f"session_{name}") for name in names}
        return Session(**{**held, "methods": tuple(held["methods"])}), self._required(row).principal

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

    def set_language(self, principal_id: int, language: str) -> None:
        """How the person is spoken to from now on."""
        self._set(principal_id, language=language)

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
        """With what they hold, in one question: cases by their references, and roles."""
        no_role = cast(null(), role_held.c.role.type).label("role")
        cases_of = select(membership.c.principal_id, no_role, membership.c.case_ref, membership.c.until)
        roles_of = select(role_held.c.principal_id, role_held.c.role, null(), null())
        if len(rows) == 1:
            roles_of = roles_of.where(role_held.c.principal_id == rows[0].id)
            cases_of = cases_of.where(membership.c.principal_id == rows[0].id)
        roles: dict[int, set[Role]] = {}
        cases: dict[int, list[Membership]] = {}
        for principal_id, role, case_ref, until in self.connection.execute(union_all(cases_of, roles_of)):
            if role is not None:
                roles.setdefault(principal_id, set()).add(Role(role))
            else:
                cases.setdefault(principal_id, []).append(Membership(case_ref, until))
        for held in cases.values():
            held.sort(key=lambda one: one.case_ref)
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
