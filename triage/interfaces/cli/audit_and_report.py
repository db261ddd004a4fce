"""`triage report` and `triage audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from triage.domain.errors import Tampered, Unavailable

from .app import Json, app, number_of, opened
from .output import console, print_json, progress, size, table


@app.command()
def report(
    submission: Annotated[str, typer.Argument(help="S-NUMBER.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="HTML file to write.")],
    *,
    to: Annotated[
        str, typer.Option(help="Country or agency that is to get it; refused where it may not be shared with them.")
    ] = "",
    as_json: Json = False,
) -> None:
    """One self-contained HTML page on a submission: facts, charts, no image bytes, no file names."""
    with opened() as application:
        page = application.reporting.report(number_of(submission, "S"), to.strip())
    try:
        output.write_bytes(page)
    except OSError as error:
        raise Unavailable(
            "report-not-written", f"The report cannot be written there (error {error.errno})."
        ) from None
    if as_json:
        print_json({"submission": submission, "report": output.resolve(), "bytes": len(page)})
    else:
        console().print(f"Report written to {output} ({size(len(page))}).")


@app.command()
def audit(
    *,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint kept elsewhere; shows a log cut back whole.", exists=True, dir_okay=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Re-hash every item and verify the custody log. Exit status 8 when anything does not verify."""
    elsewhere = [path.read_text(encoding="utf-8", errors="replace") for path in checkpoint or []]
    with opened() as application, progress("Auditing", quiet=as_json) as tell:
        with application.store.reading() as unit:
            total = unit.read.items_pending()[1]
        found = application.auditing.audit(
            lambda seen: tell(f"items, {size(seen.bytes)}, {len(seen.faults)} faults", seen.items, total), elsewhere
        )
    facts = {
        "clean": found.is_clean,
        "log_records": found.log_size,
        "checkpoint": found.checkpoint,
        "items": found.items,
        "not_held": found.not_held,
        "erased": found.erased,
        "bytes": found.bytes,
        "orphan_bytes": found.orphan_bytes,
        "faults": found.faults,
    }
    if as_json:
        print_json(facts)
        raise typer.Exit(0 if found.is_clean else Tampered.exit_code)
    out = console()
    out.print(
        f"{found.log_size:,} custody records and {found.items:,} items ({size(found.bytes)}) checked; "
        f"{size(found.orphan_bytes)} in the vault belong to no item."
    )
    if found.not_held:
        out.print(f"Of {found.not_held:,} of them nothing is held: they were told, or examined and dropped.")
    if found.erased:
        out.print(f"Of {found.erased:,} of them the bytes were lawfully deleted, by record.")
    out.print(found.checkpoint)
    if not found.is_clean:
        rows = [(fault.code, fault.subject, fault.sentence) for fault in found.faults]
        out.print(table("Faults", ["code", "where", "what"], rows))
        raise Tampered("audit-failed", f"Faults found: {len(found.faults)}.")
    out.print("Clean.")
