"""`triage people …`: who is here, what for, in which cases. The first administrator comes to be here."""

from __future__ import annotations

import getpass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from triage.domain.errors import Refused

from .app import Json, app, opened
from .output import console, print_json, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from triage.bootstrap import Application
    from triage.domain.people import Membership, Role
    from triage.services.managing_people import Invitation
    from triage.store.people import Person

people = typer.Typer(name="people", help="Who may sign in, and what for.", no_args_is_help=True)
app.add_typer(people)

Login = Annotated[str, typer.Argument(help="As the person types it: a-z, 0-9, dot, dash, underscore.")]
Roles = Annotated[
    list[str] | None,
    typer.Option("--role", help="administrator, curator, analyst, supervisor, welfare-lead or partner; repeat it."),
]


@people.command()
def add(
    login: Login,
    *,
    role: Roles = None,
    name: Annotated[str, typer.Option(help="As colleagues see it; empty: the login.")] = "",
    unit: Annotated[str, typer.Option(help="The unit that the person works in.")] = "headquarters",
    language: Annotated[str, typer.Option(help="en, th, km, lo or vi.")] = "en",
    time_zone: Annotated[str, typer.Option("--time-zone", help="As in Asia/Bangkok.")] = "UTC",
    subject: Annotated[str, typer.Option(help="Who they are to the identity provider, where there is one.")] = "",
    as_json: Json = False,
) -> None:
    """Make a person known, and print the one-time code with which they enrol. Nobody has a default password."""
    from triage.services.managing_people import NewPerson  # noqa: PLC0415 - keeps `triage --help` quick

    roles = _roles(role)
    with opened() as application:
        managing = application.managing_people
        invitation = managing.add(NewPerson(login, name or login, unit, language, time_zone), roles, _by())
        if subject:
            managing.set_subject(invitation.login, subject, _by())
        _invite(application, invitation, as_json=as_json)


@people.command("list")
def list_(*, as_json: Json = False) -> None:
    """Everybody, with roles, cases, and how they sign in."""
    with opened() as application:
        found = application.managing_people.all()
    if as_json:
        print_json([_facts(one) for one in found])
        return
    rows = [[_plain(value) for value in _facts(one).values()] for one in found]
    columns = ["login", "name", "unit", "roles", "cases", "password", "provider", "locked until", "disabled"]
    console().print(table("People", columns, rows))


@people.command()
def roles(login: Login, *, role: Roles = None, as_json: Json = False) -> None:
    """Give these roles and no others; without --role, none. They hold from the next request on."""
    chosen = _roles(role)
    with opened() as application:
        application.managing_people.set_roles(login, chosen, _by())
        _tell(application.managing_people.get(login), as_json=as_json)


@people.command()
def cases(
    login: Login,
    *,
    case: Annotated[
        list[str] | None,
        typer.Option("--case", help="A case's reference, or * for all; REF=YYYY-MM-DD until that day. Repeat it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a person a member of these cases and no others. Without membership nobody sees anything of a case."""
    members = [_membership(one) for one in case or ()]
    with opened() as application:
        application.managing_people.set_cases(login, members, _by())
        _tell(application.managing_people.get(login), as_json=as_json)


@people.command()
def disable(
    login: Login,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="They may sign in again, as before.")] = False,
    as_json: Json = False,
) -> None:
    """End every session of a person at once, and let them sign in no more."""
    with opened() as application:
        managing = application.managing_people
        (managing.enable if undo else managing.disable)(login, _by())
        _tell(managing.get(login), as_json=as_json)


@people.command()
def reset(login: Login, *, as_json: Json = False) -> None:
    """Forget password, codes, passkeys and sessions of a person; print a new one-time code for enrolling."""
    with opened() as application:
        _invite(application, application.managing_people.reset(login, _by()), as_json=as_json)


def _by() -> str:
    return f"{getpass.getuser()}@triage"


def _roles(words: Iterable[str] | None) -> frozenset[Role]:
    from triage.domain.people import Role  # noqa: PLC0415 - keeps `triage --help` quick

    try:
        return frozenset(Role(word) for word in words or ())
    except ValueError as error:
        raise Refused("role-unknown", f"Roles are {', '.join(Role)}.") from error


def _membership(word: str) -> Membership:
    from triage.domain.people import Membership  # noqa: PLC0415 - keeps `triage --help` quick

    reference, _, day = word.rpartition("=")
    if not reference:
        return Membership(word)
    try:
        return Membership(reference, datetime.fromisoformat(f"{day}T00:00:00+00:00"))
    except ValueError as error:
        raise Refused("case-invalid", "Write a case as REF, or as REF=YYYY-MM-DD.") from error


def _facts(person: Person) -> dict[str, object]:
    who = person.principal
    return {
        "login": who.login,
        "name": who.name,
        "unit": who.unit,
        "roles": sorted(who.roles),
        "cases": [one.case_ref for one in who.cases],
        "password": person.has_password,
        "provider": person.oidc_subject,
        "locked_until": person.locked_until,
        "disabled_at": who.disabled_at,
    }


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else value


def _tell(person: Person, *, as_json: bool) -> None:
    facts = _facts(person)
    if as_json:
        print_json(facts)
        return
    rows = [(name.replace("_", " "), _plain(value)) for name, value in facts.items()]
    console().print(table(person.principal.login, ["", ""], rows))


def _invite(application: Application, invitation: Invitation, *, as_json: bool) -> None:
    settings = application.settings
    address = f"{settings.sign_in.origin or f'http://localhost:{settings.serve.port}'}/enrol"
    if as_json:
        told = {"login": invitation.login, "enrol_at": address, "code": invitation.code}
        print_json({**told, "expires_at": invitation.expires_at})
        return
    console().print(
        f"{invitation.login} enrols at {address} with this code, once, before {invitation.expires_at:%c}:"
    )
    console().print(f"    {invitation.code}")
