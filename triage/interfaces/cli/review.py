"""`triage review figures` and `triage review sample`."""

from __future__ import annotations

from dataclasses import asdict

import typer

from .app import Json, app, opened
from .output import console, print_json, table

review = typer.Typer(
    name="review", help="How much people were shown, and what not looking misses.", no_args_is_help=True
)
app.add_typer(review)


@review.command()
def figures(*, as_json: Json = False) -> None:
    """Exposure of the whole deployment: looks, repeats, what closed without one. Names nobody."""
    with opened() as application:
        found = asdict(application.exposing.figures())
    counts = found.pop("counts")
    if as_json:
        print_json({"counts": counts, **found})
        return
    rows = [(name.replace("_", " "), _shown(value)) for name, value in (counts | found).items()]
    console().print(table("Exposure", ["figure", "value"], rows))


@review.command()
def sample(*, as_json: Json = False) -> None:
    """Draw referrals without danger for blind re-triage, on facts."""
    with opened() as application:
        drawn = application.exposing.draw_sample()
    if as_json:
        print_json({"drawn": drawn})
    else:
        console().print(f"{drawn:,} referrals are to be judged again.")


def _shown(value: float | None) -> str:
    if value is None:
        return "cannot be said"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"
