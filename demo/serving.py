"""The pages with the demo's data, and three made-up people who can sign in: passwords anew at each run."""

from __future__ import annotations

import secrets
import sys
import threading
import time
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pyotp

from triage.bootstrap import Application, open_application
from triage.chamber.parent import layers_here
from triage.domain.people import EVERY_CASE, Membership, Role
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.interfaces.web.serving import bound, serve
from triage.services.managing_people import NewPerson
from triage.settings import Settings

_WORDS = (
    "amber",
    "basil",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "heron",
    "indigo",
    "juniper",
    "kelp",
    "lotus",
)
_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who can sign in while the demo serves."""

    login: str
    password: str
    secret: str


def invite(application: Application) -> list[Guest]:
    """An analyst, and supervisors of two units, enrolled as a browser would: password and one-time codes."""
    return [
        _enrol(application, "malee", "Malee (analyst)", {Role.ANALYST}),
        _enrol(application, "somchai", "Somchai (supervisor, welfare lead)", {Role.SUPERVISOR, Role.WELFARE_LEAD}),
        # What takes two people takes one of another unit where it splits, and two supervisors where bytes go.
        _enrol(application, "niran", "Niran (supervisor, the other unit)", {Role.SUPERVISOR}, unit="neighbours"),
    ]


def serve_pages(settings: Settings, guests: list[Guest], port: int) -> None:
    """Serve until interrupted, and keep the one-time codes of this moment on the terminal."""
    where = settings.serve.model_copy(update={"port": port})
    web = web_app(Deployment(lambda: open_application(settings)), layers_here(), (where.host,))
    with bound(where) as listening:
        address = f"http://localhost:{listening.getsockname()[1]}"
        sys.stderr.write(f"\nThe pages are at {address} until you press Ctrl-C. Sign in with:\n")
        for one in guests:
            sys.stderr.write(f"  login {one.login:<8}  password {one.password}  one-time code: see below\n")
        sys.stderr.flush()
        threading.Thread(target=_tell_codes, args=(guests,), daemon=True).start()
        serve(web, listening)


def _enrol(application: Application, login: str, name: str, roles: set[Role], unit: str = "demo unit") -> Guest:
    people, enrolling = application.managing_people, application.enrolling
    invitation = people.add(NewPerson(login, name, unit, "en", _ZONE), roles, "demo")
    people.set_cases(login, [Membership(EVERY_CASE, None)], "demo")
    begun = enrolling.begin(invitation.code)
    secret = parse_qs(urlsplit(begun.address).query)["secret"][0]
    password = "-".join(secrets.choice(_WORDS) for _ in range(4))
    # The code of the step before: signing in uses this one up, and a code is taken once.
    earlier = pyotp.TOTP(secret).at(int(time.time()) - 30)
    enrolling.finish(begun.token, password, password, earlier)
    return Guest(login, password, secret)


def _tell_codes(guests: list[Guest]) -> None:
    while True:
        left = 30 - time.time() % 30
        codes = "   ".join(f"{one.login} {pyotp.TOTP(one.secret).now()}" for one in guests)
        sys.stderr.write(f"\r  codes for the next {left:2.0f} s:  {codes} ")
        sys.stderr.flush()
        time.sleep(1 if sys.stderr.isatty() else left + 0.1)
