"""`triage hashsets …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hashsets.vocabulary import SetKind
from triage.domain.errors import Refused

from .app import Json, app, opened
from .output import console, print_json, progress, size, table

if TYPE_CHECKING:
    from hashsets.library import ReleaseInfo

hashsets = typer.Typer(name="hashsets", help="Known-hash sets and their releases.", no_args_is_help=True)
app.add_typer(hashsets)


@hashsets.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The list as its source gave it.", exists=True, dir_okay=False)],
    name: Annotated[str, typer.Option(help="Name of the set; the import becomes its release in force.")],
    kind: Annotated[SetKind, typer.Option(help="What membership means.")],
    *,
    format_name: Annotated[
        str, typer.Option("--format", help="auto, or the name of a format in docs/formats.md.")
    ] = "auto",
    source: Annotated[str, typer.Option(help="Who maintains the set.")] = "",
    terms: Annotated[str, typer.Option(help="Licence and terms: who may use and share it.")] = "",
    column: Annotated[
        list[str] | None, typer.Option(help="For CSV: FIELD=COLUMN, for instance md5=Hash. May be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Import a hash set. Until the import is whole the previous release stays in force.

    Items matched earlier are not matched again yet; a new submission is matched against the new release.
    """
    columns = _columns(column) if column else None
    with opened() as application, progress("Importing", quiet=as_json) as tell:
        report = application.importing.import_file(
            file,
            name=name,
            kind=kind,
            format_name=format_name,
            source=source,
            terms=terms,
            columns=columns,
            progress=lambda done, total: tell("bytes", done, total),
        )
    if as_json:
        print_json(report)
        return
    counted = report.release.counts
    out = console()
    out.print(f"Release {report.release.release_id} of “{name}” is in force: {counted.entries:,} entries.")
    rows = [("digests, " + key, value) for key, value in counted.digests.items()]
    rows += [("fingerprints, " + key, value) for key, value in counted.fingerprints.items()]
    rows += [(f"{key}: stored, never searched for", value) for key, value in counted.opaque.items()]
    rows += [(f"rejected: {key}", value) for key, value in counted.rejects.items()]
    out.print(table("Contents", ["", "count#"], rows))
    if report.release.not_comparable:
        out.print(report.release.not_comparable.sentence)


@hashsets.command()
def export(
    release: Annotated[str, typer.Argument(help="Release id, in force or not.")],
    file: Annotated[Path, typer.Argument(help="File to write; none is replaced.", dir_okay=False)],
    *,
    format_name: Annotated[
        str, typer.Option("--format", help="Name of a format in docs/formats.md, for instance vics, csv or pdq-list.")
    ],
    column: Annotated[
        list[str] | None,
        typer.Option(help="For CSV: FIELD=COLUMN, for instance md5=Hash, in order. May be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a release to a file for another tool or for its source. Recorded as a disclosure.

    A release whose terms begin with no-export is refused.
    """
    columns = {field: header for header, field in _columns(column).items()} if column else None
    with opened() as application, progress("Exporting", quiet=as_json) as tell:
        report = application.exporting_sets.export(
            release,
            file,
            format_name=format_name,
            columns=columns,
            progress=lambda done, total: tell("entries", done, total),
        )
    if as_json:
        print_json(report)
        return
    out = console()
    out.print(f"{report.written:,} of {report.entries:,} entries written to {file} ({size(report.bytes)}).")
    if report.lost:
        out.print(table("No place in this format", ["", "count#"], list(report.lost.items())))


@hashsets.command("list")
def list_(*, as_json: Json = False) -> None:
    """All releases, those in force marked."""
    with opened() as application:
        found = application.library.releases()
    if as_json:
        print_json(found)
        return
    columns = ["release", "set", "kind", "in force", "entries#", "not comparable", "imported", "source"]
    console().print(table("Hash sets", columns, [_row(one) for one in found]))


@hashsets.command()
def enable(release: Annotated[str, typer.Argument(help="Release id.")], *, as_json: Json = False) -> None:
    """Put a release in force, and its set's other one out of it."""
    with opened() as application:
        application.importing.enable(release)
        _say(application.library.version, as_json=as_json)


@hashsets.command()
def disable(release: Annotated[str, typer.Argument(help="Release id.")], *, as_json: Json = False) -> None:
    """Put a release out of force; it stays on disk."""
    with opened() as application:
        application.importing.disable(release)
        _say(application.library.version, as_json=as_json)


def _columns(pairs: list[str]) -> dict[str, str]:
    """`md5=Hash` → the reader's map from header to field."""
    columns = {}
    for pair in pairs:
        field, equals, header = pair.partition("=")
        if not (field and equals and header):
            raise Refused("column-invalid", "Write a column as FIELD=COLUMN, for instance md5=Hash.")
        columns[header] = field
    return columns


def _say(version: str, *, as_json: bool) -> None:
    releases = [one for one in version.split("+") if one != "none" and not one.startswith("states.")]
    if as_json:
        print_json({"in_force": releases})
    else:
        console().print(f"In force: {', '.join(releases) or 'none'}")


def _row(one: ReleaseInfo) -> tuple[object, ...]:
    in_force = "yes" if one.enabled else ""
    unread = one.not_comparable
    values = ", ".join(f"{count:,} {kind}" for kind, count in unread.values.items()) if unread else ""
    return (
        one.release_id,
        one.set_name,
        one.set_kind.value,
        in_force,
        one.counts.entries,
        values,
        one.created,
        one.source,
    )
