"""`triage doctor`: what this machine and this deployment give, what is missing, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

import typer

from hashsets.errors import HashSetError
from triage.domain.errors import TriageError, Unavailable

from .app import Json, app, opened, settings
from .output import console, print_json, table

if TYPE_CHECKING:
    from triage.interfaces.checkup import Check

Patient = TypeVar("Patient")


@app.command()
def doctor(*, as_json: Json = False) -> None:
    """Check this machine and deployment, from kernel to custody log. Exit status 7 where something fails."""
    from triage.interfaces.checkup import OF_A_MACHINE, State  # noqa: PLC0415 - keeps `triage --help` quick

    checks = [found for check in OF_A_MACHINE for found in _looked_at(check, settings())]
    checks += _deployment()
    healthy = all(check.state is not State.FAIL for check in checks)
    if as_json:
        print_json({"healthy": healthy, "checks": checks})
        raise typer.Exit(0 if healthy else Unavailable.exit_code)
    marks = {State.OK: "ok", State.FACT: "", State.WARN: "warn", State.FAIL: "FAIL"}
    rows = [(check.name, marks[check.state], _in_words(check)) for check in checks]
    console().print(table("Doctor", ["check", "", "detail"], rows))
    if not healthy:
        raise Unavailable("doctor-found-faults", "Something fails; see the list.")


def _deployment() -> list[Check]:
    from triage.interfaces.checkup import OF_A_DEPLOYMENT, Check, State  # noqa: PLC0415 - keeps `triage --help` quick

    try:
        with opened() as application:
            return [found for check in OF_A_DEPLOYMENT for found in _looked_at(check, application)]
    except (TriageError, HashSetError) as error:
        if error.code == "not-initialised":
            return [Check("deployment", State.FACT, error.sentence)]
        return [Check("deployment", State.FAIL, error.sentence, f"docs/commands.md explains {error.code}.")]


def _looked_at(check: Callable[[Patient], Iterator[Check]], patient: Patient) -> list[Check]:
    """What a check found; what it could not find out is a finding too."""
    from triage.interfaces.checkup import Check, State  # noqa: PLC0415 - keeps `triage --help` quick

    try:
        return list(check(patient))
    except (TriageError, HashSetError) as error:
        name = check.__name__.replace("_", " ")
        return [Check(name, State.FAIL, f"{error.sentence} [{error.code}]", "The sentence says what is missing.")]


def _in_words(check: Check) -> str:
    return f"{check.detail}\n→ {check.todo}" if check.todo else check.detail
