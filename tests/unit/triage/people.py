"""A deployment with people in it, a clock that tests set, and password hashes that cost nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pyotp
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from triage.bootstrap import Application
from triage.chamber.sealing import Layer
from triage.domain.people import Membership, Principal, Role
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.services.managing_people import NewPerson
from triage.services.passwords import Passwords

HERE = "http://localhost:8470"
PASSWORD = "four plain words together"
LAYERS = (Layer("limits", active=True, detail=""),)
OURS = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
"""What a browser says with a form of one of our pages."""


@dataclass
class SetClock:
    """Moves when it is told."""

    now: datetime = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def on(self, **by: float) -> None:
        """Move on."""
        self.now += timedelta(**by)


@dataclass(frozen=True)
class CountingPasswords(Passwords):
    """Counts how often a hash was checked: what makes a sign-in slow."""

    checked: list[bool] = field(default_factory=list)

    def match(self, kept: str | None, password: str) -> bool:
        self.checked.append(kept is not None)
        return super().match(kept, password)


@dataclass
class House:
    """The application, its clock, and one-time codes of people who enrolled."""

    application: Application
    clock: SetClock
    passwords: CountingPasswords
    secrets: dict[str, str] = field(default_factory=dict)

    @classmethod
    def over(cls, opened: Application) -> House:
        """The same services with that clock and cheap hashes."""
        clock = SetClock()
        passwords = CountingPasswords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        sessioning = replace(opened.sessioning, clock=clock)
        passkeying = replace(opened.passkeying, sessioning=sessioning, clock=clock)
        permits = replace(opened.accessing, clock=clock)
        gate = replace(opened.gatekeeping, clock=clock)
        planning = replace(opened.planning, rules=permits, clock=clock)
        acting: dict[str, Any] = {"planning": planning, "clock": clock}
        application = replace(
            opened,
            sessioning=sessioning,
            passkeying=passkeying,
            signing_in=replace(opened.signing_in, sessioning=sessioning, passwords=passwords, clock=clock),
            signing_in_elsewhere=replace(opened.signing_in_elsewhere, sessioning=sessioning, clock=clock),
            enrolling=replace(
                opened.enrolling, sessioning=sessioning, passwords=passwords, passkeying=passkeying, clock=clock
            ),
            managing_people=replace(opened.managing_people, clock=clock),
            accessing=permits,
            approving=replace(opened.approving, clock=clock),
            gatekeeping=gate,
            planning=planning,
            exporting_media=replace(opened.exporting_media, rules=permits, gatekeeping=gate, **acting),
            erasing=replace(opened.erasing, rules=permits, **acting),
            splitting=replace(opened.splitting, access=permits, **acting),
            claiming=replace(opened.claiming, permits=permits, clock=clock),
            deciding=replace(opened.deciding, permits=permits, clock=clock),
            revealing=replace(opened.revealing, permits=permits, gatekeeping=gate, clock=clock),
            exposing=replace(opened.exposing, permits=permits, clock=clock),
            telling_outcomes=replace(opened.telling_outcomes, permits=permits, clock=clock),
        )
        return cls(application, clock, passwords)

    def client(self, **options: object) -> TestClient:
        """A browser, more or less: it keeps cookies, and says that its forms are ours."""
        web = web_app(Deployment(lambda: self.application), LAYERS, ["triage.example"])
        return TestClient(
            web, base_url=HERE, headers=OURS, follow_redirects=False, raise_server_exceptions=False, **options
        )

    def invite(self, login: str, *roles: Role, unit: str = "north", cases: Iterable[str] = ()) -> str:
        """A new person; their code for enrolling."""
        managing = self.application.managing_people
        invitation = managing.add(NewPerson(login, login.title(), unit), roles, "test")
        managing.set_cases(login, [Membership(one) for one in cases], "test")
        return invitation.code

    def enrolled(self, login: str, *roles: Role, unit: str = "north", cases: Iterable[str] = ()) -> Principal:
        """A new person who has enrolled, a minute ago."""
        begun = self.application.enrolling.begin(self.invite(login, *roles, unit=unit, cases=cases))
        self.secrets[login] = pyotp.parse_uri(begun.address).secret
        self.application.enrolling.finish(begun.token, PASSWORD, PASSWORD, self.code(login))
        self.clock.on(minutes=1)
        return self.person(login)

    def person(self, login: str) -> Principal:
        """As the policy sees them, with a proof of now."""
        found = self.application.managing_people.get(login).principal
        return replace(found, proved_at=self.clock.now)

    def code(self, login: str) -> str:
        """What their authenticator shows."""
        return pyotp.TOTP(self.secrets[login]).at(self.clock.now)

    def form(self, whose: str, **other: str) -> dict[str, str]:
        """The form of signing in, filled in rightly but for what is told otherwise."""
        return {"login": whose, "password": PASSWORD, "code": self.code(whose), "next": "/", **other}

    def signed_in(self, login: str) -> TestClient:
        """A browser in which they just signed in."""
        client = self.client()
        answer = client.post("/sign-in", data=self.form(login))
        assert answer.status_code == 303, answer.text
        self.clock.on(minutes=1)
        return client


def told(page: str) -> str:
    """What the page says went wrong."""
    found = re.search(r'role="alert">([^<]*)<', page)
    return unescape(found[1]) if found else ""
