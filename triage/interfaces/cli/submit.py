"""`triage init`, `triage join` and `triage submit`."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from triage.domain.errors import NotFound, Refused, Unreadable
from triage.domain.legal import Handling
from triage.domain.submissions import Delivery

from .app import Json, app, opened, settings
from .output import console, print_json, progress, size


@app.command()
def init(*, as_json: Json = False) -> None:
    """Make a new deployment: keys, vault, custody log and database. Run again after an upgrade."""
    from triage.deploying import initialise  # noqa: PLC0415 - keeps `triage --help` quick

    chosen = settings()
    initialise(chosen)
    if as_json:
        print_json({"data": chosen.data.absolute(), "database": "ready"})
        return
    console().print(
        f"The deployment in {chosen.data} is ready.\n"
        f"Keep a copy of {chosen.keys_folder} in a safe place: without it the evidence cannot be opened."
    )


@app.command()
def join(*, as_json: Json = False) -> None:
    """Let this machine work with the database of another: its own witness of the custody log, the sets in force.

    First copy the folder `keys` of a machine that works with it into this one's data folder, and name database and
    vault in the settings. Interrupted? Run it again.
    """
    from triage.deploying import prepare_joining  # noqa: PLC0415 - keeps `triage --help` quick

    prepare_joining(settings())
    with opened() as application:
        standing = application.joining.join()
    if as_json:
        print_json(standing)
        return
    console().print(
        f"This machine has joined: {standing.witnessed:,} records are with its witness.\n"
        f"In force: {standing.version.replace('+', ', ')}."
    )


@app.command()
def submit(
    path: Annotated[Path, typer.Argument(help="A folder, or a single file such as a ZIP or TAR.")],
    case: Annotated[str, typer.Option(help="Case reference.")],
    exhibit: Annotated[str, typer.Option(help="Exhibit reference.")],
    basis: Annotated[str, typer.Option(help="Lawful basis: the warrant, statute or mandate under which it is held.")],
    *,
    in_place: Annotated[
        bool,
        typer.Option(
            "--in-place", help="Reference a read-only source, copy no file. Members of archives are sealed."
        ),
    ] = False,
    preserve_until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day on which a data holder may delete what this leads to."),
    ] = None,
    share: Annotated[
        list[str] | None, typer.Option(help="Country or agency that it may be shared with; may be repeated.")
    ] = None,
    handling: Annotated[
        list[Handling] | None, typer.Option(help="Handling code; may be repeated. Without it H1 and H2.")
    ] = None,
    urgent: Annotated[bool, typer.Option("--urgent", help="Its jobs go before those of all others.")] = False,
    as_json: Json = False,
) -> None:
    """Receive a seizure: read every file once, digest, seal and record it. Killed? Run it again: it goes on.

    Then run `triage work`. Prints the submission's id.
    """
    from triage.services.contending import undisturbed  # noqa: PLC0415 - keeps `triage --help` quick

    delivery = Delivery(
        case_ref=case,
        exhibit_ref=exhibit,
        basis=basis,
        source=found_source(path),
        in_place=in_place,
        preserve_until=preserve_until.date() if preserve_until else None,
        may_share_with=tuple(share or ()),
        handling=tuple(sorted(set(handling or (Handling.H1, Handling.H2)))),
    )
    if settings().data.resolve().is_relative_to(path.resolve()):
        raise Refused("source-holds-data", "The source contains this deployment's own folder; choose a narrower one.")
    with opened() as application, progress("Receiving", quiet=as_json) as tell:
        receipt = undisturbed(
            lambda: application.receiving.receive(
                delivery,
                lambda done: tell(f"files, {size(done.bytes_read)}, {done.problems} problems", done.files, None),
                urgent=urgent,
            )
        )
    done = receipt.progress
    if as_json:
        print_json({"submission": f"S-{receipt.submission.id}", "state": receipt.submission.state, **_facts(done)})
        return
    console().print(
        f"S-{receipt.submission.id}: {done.files:,} files seen, {done.already_there:,} of them recorded before; "
        f"{done.items_new:,} new items, {size(done.bytes_read)} read, {done.problems:,} problems noted.\n"
        f"Next: triage work"
    )


def found_source(path: Path) -> bytes:
    """The absolute path of a source that is there. Raises NotFound, Unreadable; says no name."""
    try:
        return os.fsencode(path.resolve(strict=True))
    except PermissionError:
        raise Unreadable("source-unreadable", "This user may not go where the path leads.") from None
    except (OSError, RuntimeError):  # RuntimeError: a link that leads to itself
        raise NotFound("source-missing", "There is nothing at this path.") from None


def _facts(done: object) -> dict[str, int]:
    return {name: getattr(done, name) for name in ("files", "items_new", "already_there", "bytes_read", "problems")}
