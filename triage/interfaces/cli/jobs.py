"""`triage jobs list | show | retry`: what is owed, what was given up and why, and a second chance for it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from triage.domain.errors import Refused
from triage.domain.jobs import item_range

from .app import Json, app, number_of, opened
from .output import console, print_json, table

if TYPE_CHECKING:
    from triage.store.job_pages import JobPage

jobs = typer.Typer(name="jobs", help="What is owed, and what was given up.", no_args_is_help=True)
app.add_typer(jobs)


@jobs.command("list")
def list_(
    *,
    dead: Annotated[bool, typer.Option("--dead", help="Only jobs that were given up.")] = False,
    owed: Annotated[bool, typer.Option("--owed", help="Only jobs that are owed, those in hand first.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Jobs of each sort at most.")] = 50,
    as_json: Json = False,
) -> None:
    """Jobs that were given up, with the reason, and jobs that are owed, with who has them in hand."""
    with opened() as application, application.store.reading() as unit:
        found = [] if owed and not dead else unit.job_pages.dead(limit)
        found += [] if dead and not owed else unit.job_pages.owed(limit)
    if as_json:
        print_json([_labelled(page) for page in found])
        return
    columns = ["", "stage", "of", "items", "state", "attempts#", "held by", "because"]
    rows = [
        (
            f"J-{page.id}",
            page.stage.value,
            _of(page),
            item_range(page.item_ids),
            f"{page.state.value}{', urgent' if page.urgent else ''}",
            page.attempts,
            page.held_by,
            page.last_error,
        )
        for page in found
    ]
    console().print(table("Jobs", columns, rows))


@jobs.command()
def show(job: Annotated[str, typer.Argument(help="J-NUMBER.")], *, as_json: Json = False) -> None:
    """One job: what it is to do, how often it was tried, and why it failed last."""
    with opened() as application, application.store.reading() as unit:
        page = unit.job_pages.get(number_of(job, "J"))
    facts = _labelled(page)
    if as_json:
        print_json(facts)
        return
    console().print(
        table(f"J-{page.id}", ["", ""], [(name.replace("_", " "), value) for name, value in facts.items()])
    )


@jobs.command()
def retry(
    job: Annotated[list[str] | None, typer.Argument(help="J-NUMBER, one or more.")] = None,
    *,
    dead: Annotated[bool, typer.Option("--dead", help="All jobs that were given up.")] = False,
    as_json: Json = False,
) -> None:
    """Owe jobs that were given up once more, with fresh attempts. It is recorded."""
    if bool(job) == dead:
        raise Refused("jobs-unnamed", "Name jobs, or say --dead for all that were given up.")
    with opened() as application:
        retrying = application.retrying
        again = retrying.retry_all() if dead else retrying.retry([number_of(one, "J") for one in job or ()])
    if as_json:
        print_json({"retried": [f"J-{one}" for one in again]})
    else:
        console().print(f"{len(again):,} {'job is' if len(again) == 1 else 'jobs are'} owed again.")


def _of(page: JobPage) -> str:
    return f"S-{page.submission_id}" if page.submission_id else f"M-{page.rematch_id}"


_LABELLED = {"id", "submission_id", "rematch_id", "item_ids"}


def _labelled(page: JobPage) -> dict[str, object]:
    facts = {name: value for name, value in asdict(page).items() if name not in _LABELLED}
    return {
        "job": f"J-{page.id}",
        "submission": f"S-{page.submission_id}" if page.submission_id else None,
        "rematch": f"M-{page.rematch_id}" if page.rematch_id else None,
        "items": item_range(page.item_ids),
        **facts,
    }
