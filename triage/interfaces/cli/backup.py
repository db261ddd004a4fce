"""`triage backup` and `triage restored`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .app import Json, app, opened
from .output import console, print_json, size


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A folder on another disk; run again it copies what is new.")],
    *,
    as_json: Json = False,
) -> None:
    """Copy database, sealed vault and hash sets while work goes on. Keys and witness are kept elsewhere, not here."""
    with opened() as application:
        made = application.backing_up.back_up(target)
    if as_json:
        print_json(made)
        return
    console().print(
        f"{made.log_records:,} custody records, {made.vault.files:,} segments ({size(made.vault.bytes)} of them "
        f"new), {made.hash_sets.files:,} files of hash sets.\n"
        f"Not in it: the key {made.key_id}, the custody log's key and name, and its witness. docs/backup.md says why."
    )


@app.command()
def restored(
    because: Annotated[str, typer.Option(help="Why the database was put back; recorded in the custody log.")],
    *,
    witness_lost: Annotated[
        bool, typer.Option("--witness-lost", help="The witness is gone for good: begin a new one.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Go on after the database was put back from a backup: records what is lost, sets the old witness aside.

    Run `triage audit` before, to see what is missing, and after. Nobody may be working meanwhile.
    """
    with opened() as application:
        done = application.restoring.go_on(because, witness_lost=witness_lost)
    if as_json:
        print_json(done)
        return
    lost = "an unknown number" if done.lost is None else f"{done.lost:,}"
    console().print(
        f"Recorded: {done.kept:,} custody records are as they were, {lost} are lost, {done.added:,} came since.\n"
        f"{_aside(done.set_aside)} Next: triage audit"
    )


def _aside(label: str) -> str:
    if not label:
        return "A new witness begins with the records that are there."
    return f"The old witness is kept as leaves.{label} and checkpoints.{label}."
