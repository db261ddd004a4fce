"""`triage submissions urgent`."""

from __future__ import annotations

from typing import Annotated

import typer

from .app import Json, app, number_of, opened
from .output import console, print_json

submissions = typer.Typer(name="submissions", help="What is done to a whole submission.", no_args_is_help=True)
app.add_typer(submissions)


@submissions.callback()
def _group() -> None:
    """Keep the group a group while it has one command."""


@submissions.command()
def urgent(
    submission: Annotated[str, typer.Argument(help="S-NUMBER.")],
    *,
    as_json: Json = False,
) -> None:
    """Let all its jobs, later stages included, go before those of every other submission."""
    number = number_of(submission, "S")
    with opened() as application:
        application.hurrying.make_urgent(number)
    if as_json:
        print_json({"submission": f"S-{number}", "urgent": True})
    else:
        console().print(f"S-{number} is urgent: its jobs go before all others.")
