"""`triage reports list | outcome | sweep`: what was handed in, what its senders are told, what was never finished."""

from __future__ import annotations

from typing import Annotated

import typer

from .app import Json, app, opened
from .output import console, print_json, table

reports = typer.Typer(name="reports", help="Reports of providers and hotlines.", no_args_is_help=True)
app.add_typer(reports)


@reports.command("list")
def list_(
    *,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Those that were tried, which are no evidence.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Reports at most.")] = 50,
    as_json: Json = False,
) -> None:
    """The newest reports: from whom, in which state, and the submission that each became."""
    with opened() as application, application.store.reading() as unit:
        names = {one.id: one.name for one in unit.senders.all()}
        found = unit.reports.latest(limit, sandbox=sandbox)
    if as_json:
        print_json(
            [
                {
                    "report": kept.public_id,
                    "sender": names[kept.sender_id],
                    "reference": kept.reference,
                    "door": kept.door,
                    "state": kept.state,
                    "files": files,
                    "opened_at": kept.opened_at,
                    "submission": f"S-{kept.submission_id}" if kept.submission_id else None,
                }
                for kept, files in found
            ]
        )
        return
    rows = [
        (
            kept.public_id,
            names[kept.sender_id],
            kept.reference,
            kept.door.value,
            kept.state.value,
            files,
            f"S-{kept.submission_id}" if kept.submission_id else None,
        )
        for kept, files in found
    ]
    console().print(
        table("Reports", ["report", "sender", "reference", "door", "state", "files#", "submission"], rows)
    )


@reports.command()
def outcome(
    report: Annotated[str, typer.Argument(help="The report's id, as `triage reports list` shows it.")],
    *,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Of one that was tried.")] = False,
    as_json: Json = False,
) -> None:
    """Show what the sender of a report is told of it: codes alone."""
    with opened() as application:
        found = application.taking_reports.outcome_told(report, sandbox=sandbox)
    if as_json:
        files = [{"id": file, "outcome": told} for file, told in found.files]
        print_json({"id": report, "outcome": found.report, "became": list(found.became), "files": files})
        return
    out = console()
    out.print(f"{report}: {found.report.value}")
    out.print(f"Became: {', '.join(found.became) or 'nothing is told yet'}")
    out.print(table("Files", ["file", "outcome"], [(file, told.value) for file, told in found.files]))


@reports.command()
def sweep(*, as_json: Json = False) -> None:
    """Let go of open reports whose time has come. `triage serve` does so once a minute."""
    with opened() as application:
        swept = 0
        while some := application.taking_reports.sweep():
            swept += some
    if as_json:
        print_json({"expired": swept})
    else:
        console().print(f"{swept:,} {'report has' if swept == 1 else 'reports have'} expired.")
