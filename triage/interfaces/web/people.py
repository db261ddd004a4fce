"""Administration of people: who is here, what for, in which cases. Changes ask for a fresh proof."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.bootstrap import Application
from triage.domain.access import Action
from triage.domain.errors import Refused
from triage.domain.people import LANGUAGES, Membership, Principal, Role
from triage.services.managing_people import Invitation, NewPerson
from triage.store.access import DEPLOYMENT, Subject
from triage.store.people import Person

from .forms import Form, Sent
from .pages import page
from .sessions import Services, Signed, SignedIn

_NOBODY_YET = 0


routes = APIRouter(include_in_schema=False)
"""`/people`, and a page for each."""


@routes.get("/people")
def people(request: Request, services: Services, signed: Signed) -> HTMLResponse:
    """Everybody."""
    services.accessing.ask(signed.principal, Action.SEE_PEOPLE, DEPLOYMENT)
    found = services.managing_people.all()
    return page(request, "people.html.j2", who=signed.principal, people=found, languages=LANGUAGES, fault="")


@routes.post("/people")
def add(request: Request, services: Services, signed: Signed, form: Sent) -> Response:
    """Somebody new, and the code with which they enrol."""
    services.accessing.ask(signed.principal, Action.MANAGE_PEOPLE, Subject("person", _NOBODY_YET))
    given = ("login", "name", "unit", "language", "time_zone")
    new = NewPerson(*(form.text(name) for name in given))
    invitation = services.managing_people.add(new, _roles(form), signed.principal.login)
    person = services.managing_people.get(invitation.login)
    return _person(request, signed, person, invitation)


@routes.get("/people/{login}")
def person(request: Request, services: Services, signed: Signed, login: str) -> HTMLResponse:
    """One of them."""
    services.accessing.ask(signed.principal, Action.SEE_PEOPLE, DEPLOYMENT)
    return _person(request, signed, services.managing_people.get(login))


@routes.post("/people/{login}/roles")
def roles(services: Services, signed: Signed, login: str, form: Sent) -> Response:
    """These and no others."""
    whom = _managed(services, signed, login)
    services.managing_people.set_roles(whom.login, _roles(form), signed.principal.login)
    return RedirectResponse(f"/people/{whom.login}", 303)


@routes.post("/people/{login}/cases")
def cases(services: Services, signed: Signed, login: str, form: Sent) -> Response:
    """These and no others; an end that was set for one stays."""
    whom = _managed(services, signed, login)
    ends = {one.case_ref: one.until for one in whom.cases}
    listed = [line.strip() for line in form.text("cases").splitlines() if line.strip()]
    members = [Membership(one, ends.get(one)) for one in listed]
    services.managing_people.set_cases(whom.login, members, signed.principal.login)
    return RedirectResponse(f"/people/{whom.login}", 303)


@routes.post("/people/{login}/disable")
def disable(services: Services, signed: Signed, login: str) -> Response:
    """They are signed out everywhere, at once."""
    whom = _managed(services, signed, login)
    services.managing_people.disable(whom.login, signed.principal.login)
    return RedirectResponse(f"/people/{whom.login}", 303)


@routes.post("/people/{login}/enable")
def enable(services: Services, signed: Signed, login: str) -> Response:
    """They may again."""
    whom = _managed(services, signed, login)
    services.managing_people.enable(whom.login, signed.principal.login)
    return RedirectResponse(f"/people/{whom.login}", 303)


@routes.post("/people/{login}/reset")
def reset(request: Request, services: Services, signed: Signed, login: str) -> Response:
    """They enrol anew."""
    whom = _managed(services, signed, login)
    invitation = services.managing_people.reset(whom.login, signed.principal.login)
    return _person(request, signed, services.managing_people.get(whom.login), invitation)


def _managed(services: Application, signed: SignedIn, login: str) -> Principal:
    """Whom a change is about. Who may not see people does not learn here who there is."""
    services.accessing.ask(signed.principal, Action.SEE_PEOPLE, DEPLOYMENT)
    whom = services.managing_people.get(login).principal
    services.accessing.ask(signed.principal, Action.MANAGE_PEOPLE, Subject("person", whom.id))
    return whom


def _person(request: Request, signed: SignedIn, person: Person, invitation: Invitation | None = None) -> HTMLResponse:
    own = person.principal.id == signed.principal.id
    return page(
        request, "person.html.j2", who=signed.principal, person=person, invitation=invitation, own=own, fault=""
    )


def _roles(form: Form) -> frozenset[Role]:
    try:
        return frozenset(Role(one) for one in form.texts("role"))
    except ValueError as error:
        raise Refused("role-unknown", "There is no such role.") from error
