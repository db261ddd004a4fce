"""`triage preservation list`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from triage.domain.preservation import STILL_ASKED
from triage.services.clock import system_clock

from .app import Json, app, opened
from .output import console, print_json, table

preservation = typer.Typer(
    name="preservation", help="Who holds what, and until when by estimate.", no_args_is_help=True
)
app.add_typer(preservation)


@preservation.callback()
def _group() -> None:
    """Keep the group a group while it has one command."""


@preservation.command("list")
def list_(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what ended longer ago than it is worth asking for.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Entries at most.")] = 100,
    as_json: Json = False,
) -> None:
    """What holders of data are to be asked to keep, the earliest estimated end first."""
    from triage.services.legal_pages import preservation_line  # noqa: PLC0415 - keeps `triage --help` quick

    today = system_clock().date()
    with opened() as application, application.store.reading() as unit:
        entries = unit.preservation.all(None if everything else today - STILL_ASKED, limit)
    found = [preservation_line(one, today) for one in entries]
    if as_json:
        print_json(found)
    else:
        console().print(table("To be preserved, by estimate", COLUMNS, [row(one) for one in found]))


COLUMNS = ["", "holder", "records", "country", "ask for", "since (UTC)", "ends", "days left#", "rule"]


def row(one: dict[str, Any]) -> tuple[object, ...]:
    """An entry as a line of a table."""
    return (
        one["submission"],
        one["holder"],
        one["holder_kind"],
        one["country"],
        one["identifier"],
        f"{one['since']:%Y-%m-%d %H:%M}",
        one["expires_on"].isoformat(),
        one["days_left"],
        one["rule"],
    )
