"""Who is here, what they are here for, in which cases; with a record of every change."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Refused
from triage.domain.people import LANGUAGES, Membership, Principal, Role, spelled
from triage.settings import SignInSettings
from triage.store.people import Person
from triage.store.unit_of_work import Store, Unit

from .clock import Clock
from .enrolling import digest_of_code, new_code


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What is told of somebody who is new."""

    login: str
    name: str
    unit: str
    language: str = "en"
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code for enrolling, told once and kept nowhere."""

    login: str
    code: str
    expires_at: datetime


@dataclass(frozen=True)
class ManagingPeople:
    """Each method is one commit: what changed, and its ENTITLED record. `by` is who does it, for the record.

    The doors ask the policy first (`manage-people`, with a fresh proof); whoever can run commands on the machine
    holds its keys, and is not asked.
    """

    store: Store
    settings: SignInSettings
    clock: Clock

    def all(self) -> list[Person]:
        """Everybody."""
        with self.store.reading() as unit:
            return unit.people.all()

    def get(self, login: str) -> Person:
        """Raises NotFound `no-person`."""
        with self.store.reading() as unit:
            return unit.people.required(spelled(login) or "")

    def add(self, new: NewPerson, roles: Iterable[Role], by: str) -> Invitation:
        """A person who can enrol. Raises Refused (`login-invalid`, `person-invalid`), Conflict `login-taken`."""
        who = _checked(new)
        with self.store.writing() as unit:
            now = self.clock()
            principal_id = unit.people.add(who, now)
            held = frozenset(roles)
            unit.people.set_roles(principal_id, held, by, now)
            self._record(unit, principal_id, by, "added", {"roles": _words(held)})
            invitation = self._invite(unit, principal_id, who.login, by)
            unit.commit()
        return invitation

    def set_roles(self, login: str, roles: Iterable[Role], by: str) -> None:
        """These and no others, from the next request on."""
        with self.store.writing() as unit:
            who, held = unit.people.required(spelled(login) or "").principal, frozenset(roles)
            unit.people.set_roles(who.id, held, by, self.clock())
            self._record(unit, who.id, by, "roles", {"roles": _words(held)})
            unit.commit()

    def set_cases(self, login: str, cases: Sequence[Membership], by: str) -> None:
        """These and no others, from the next request on. Raises Refused `case-invalid`."""
        if any(not one.case_ref.strip() for one in cases):
            raise Refused("case-invalid", "A case has a reference, or is * for all.")
        once = list({one.case_ref: one for one in cases}.values())
        with self.store.writing() as unit:
            who = unit.people.required(spelled(login) or "").principal
            unit.people.set_cases(who.id, once, by, self.clock())
            listed = ", ".join(one.case_ref for one in once)
            self._record(unit, who.id, by, "cases", {"cases": listed})
            unit.commit()

    def set_subject(self, login: str, subject: str, by: str) -> None:
        """Who they are to the identity provider; empty: nobody."""
        with self.store.writing() as unit:
            who = unit.people.required(spelled(login) or "").principal
            unit.people.set_subject(who.id, subject or None)
            self._record(unit, who.id, by, "subject", {})
            unit.commit()

    def disable(self, login: str, by: str) -> None:
        """They may do nothing any more, and every session of theirs ends in this commit."""
        with self.store.writing() as unit:
            now, who = self.clock(), unit.people.required(spelled(login) or "").principal
            unit.people.set_disabled(who.id, now)
            unit.sessions.end_all(who.id, now)
            unit.credentials.end_enrolling(who.id, now)
            self._record(unit, who.id, by, "disabled", {})
            unit.commit()

    def enable(self, login: str, by: str) -> None:
        """They may again what their roles say. How they sign in is as it was."""
        with self.store.writing() as unit:
            who = unit.people.required(spelled(login) or "").principal
            unit.people.set_disabled(who.id, None)
            self._record(unit, who.id, by, "enabled", {})
            unit.commit()

    def speak(self, principal_id: int, language: str) -> None:
        """How a person is spoken to from now on, in one of `LANGUAGES`: their own choice, which needs no record."""
        with self.store.writing() as unit:
            unit.people.set_language(principal_id, language)
            unit.commit()

    def reset(self, login: str, by: str) -> Invitation:
        """Password, one-time codes, passkeys and sessions are gone; a new code for enrolling."""
        with self.store.writing() as unit:
            now, who = self.clock(), unit.people.required(spelled(login) or "").principal
            if who.is_disabled(now):
                raise Refused("disabled", "This person is disabled: enable them first.")
            unit.credentials.forget(who.id)
            unit.sessions.end_all(who.id, now)
            self._record(unit, who.id, by, "reset", {})
            invitation = self._invite(unit, who.id, who.login, by)
            unit.commit()
        return invitation

    def _invite(self, unit: Unit, principal_id: int, login: str, by: str) -> Invitation:
        code, now = new_code(), self.clock()
        expires_at = now + timedelta(hours=self.settings.enrol_hours)
        unit.credentials.allow_enrolling(principal_id, digest_of_code(code), by, now, expires_at)
        return Invitation(login, code, expires_at)

    def _record(
        self, unit: Unit, principal_id: int, by: str, what: str, details: dict[str, str | int | None]
    ) -> None:
        subject = f"person:{principal_id}"
        unit.custody.append([CustodyEvent(self.clock(), by, CustodyAction.ENTITLED, subject, what, details)])


def _checked(new: NewPerson) -> Principal:
    login = spelled(new.login)
    if login is None:
        raise Refused("login-invalid", "A login has 2 to 64 of a-z, 0-9, dot, dash and underscore.")
    name, unit = new.name.strip(), new.unit.strip()
    if not name or not unit or max(len(name), len(unit)) > 200:
        raise Refused("person-invalid", "A person has a name and a unit.")
    if new.language not in LANGUAGES:
        raise Refused("person-invalid", f"Languages are {', '.join(LANGUAGES)}.")
    if new.time_zone not in zoneinfo.available_timezones():
        raise Refused("person-invalid", "A time zone is named as in Asia/Bangkok.")
    return Principal(0, login, name, unit, new.language, new.time_zone)


def _words(roles: Iterable[Role]) -> str:
    return " ".join(sorted(roles))
