"""`triage hashsets import | apply | export | diff | enable | disable | expire`: how releases come and go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hashsets.terms import Sharing, Terms, TermsGiven
from hashsets.vocabulary import SetKind
from triage.domain.errors import Refused

from .app import Json, opened
from .hash_sets import contents_of, hashsets
from .output import console, print_json, progress, size, table

if TYPE_CHECKING:
    from hashsets.differences import Difference
    from hashsets.reports import ImportReport

ReleaseId = Annotated[str, typer.Argument(help="Release id.")]
Licence = Annotated[str, typer.Option(help="Licence or agreement under which we have it.")]
MayUse = Annotated[str, typer.Option("--use", help="Who may use it.")]
MayShare = Annotated[Sharing, typer.Option("--share", help="With whom it may be shared; nobody: no export.")]
Expires = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="First day (UTC) on which the release answers no more."),
]


class Keys(StrEnum):
    """Which keys of a difference to list."""

    ADDED = "added"
    RETRACTED = "retracted"
    CHANGED = "changed"


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
    licence: Licence = "",
    use: MayUse = "",
    share: MayShare = Sharing.UNSTATED,
    expires: Expires = None,
    column: Annotated[
        list[str] | None, typer.Option(help="For CSV: FIELD=COLUMN, for instance md5=Hash. May be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Import a hash set. Until the import is whole the previous release stays in force.

    `triage work` then matches again what was matched before.
    """
    columns = _columns(column) if column else None
    with opened() as application, progress("Importing", quiet=as_json) as tell:
        report = application.importing.import_file(
            file,
            name=name,
            kind=kind,
            format_name=format_name,
            source=source,
            terms=Terms(licence, use, share),
            columns=columns,
            expires=expires.date() if expires else None,
            progress=lambda done, total: tell("bytes", done, total),
        )
    if as_json:
        print_json(report)
        return
    out = console()
    release = report.release
    out.print(f"Release {release.release_id} of “{name}” is in force: {release.counts.entries:,} entries.")
    out.print(table("Contents", ["", "count#"], [*contents_of(release.counts), *_rejects(report)]))
    if release.not_comparable:
        out.print(release.not_comparable.sentence)


@hashsets.command()
def apply(
    name: Annotated[str, typer.Argument(metavar="SET", help="Name of the set.")],
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="A file of updates: docs/formats.md.", exists=True, dir_okay=False),
    ],
    *,
    nsrl_base: Annotated[
        Path | None,
        typer.Option(
            help="The files are NSRL's SQL deltas, all since this full database.", exists=True, dir_okay=False
        ),
    ] = None,
    kind: Annotated[SetKind | None, typer.Option(help="For the first release of a set; else known.")] = None,
    source: Annotated[str | None, typer.Option(help="Who maintains the set; else as before.")] = None,
    licence: Annotated[str | None, typer.Option(help="Licence or agreement; else as before.")] = None,
    use: Annotated[str | None, typer.Option(help="Who may use it; else as before.")] = None,
    share: Annotated[Sharing | None, typer.Option(help="With whom it may be shared; else as before.")] = None,
    expires: Expires = None,
    as_json: Json = False,
) -> None:
    """Apply updates: what a source has added, changed and retracted since the release in force.

    Makes a new release, whole or not at all; the one before stays on disk. Updates that change nothing make none.
    What many updates have added is merged with the release that it lies on, once it is in force; interrupt it as you
    like. `triage work` then matches again what was matched before.
    """
    if nsrl_base and any((kind, source, licence, use, share, expires)):
        raise Refused("nsrl-alone", "NSRL's deltas change entries only: source, terms and expiry stay as they were.")
    if len(files) > 1 and not nsrl_base:
        raise Refused("one-file", "Give one file of updates at a time; each has a checkpoint of its own.")
    with opened() as application, progress("Applying", quiet=as_json) as tell:
        if nsrl_base:
            report = application.importing.apply_nsrl_deltas(
                files, nsrl_base, name=name, progress=lambda done, total: tell("bytes", done, total)
            )
        else:
            report = application.importing.apply_file(
                files[0],
                name=name,
                kind=kind,
                source=source,
                terms=TermsGiven(licence, use, share),
                expires=expires.date() if expires else None,
                progress=lambda done, total: tell("bytes", done, total),
            )
    _tell_of_updates(name, report, as_json=as_json)
    with opened() as application, progress("Merging", quiet=as_json) as tell:
        application.importing.merge(name, lambda step: tell(step, 0, None))


def _tell_of_updates(name: str, report: ImportReport, *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    assert report.delta
    out = console()
    release, delta = report.release, report.delta
    what = "is in force" if release.release_id != delta.base else "stays in force: nothing has changed"
    out.print(f"Release {release.release_id} of “{name}” {what}; {release.counts.entries:,} entries.")
    rows = [("added", delta.added), ("changed", delta.changed), ("retracted", delta.retracted)]
    out.print(table("Updates", ["", "entries#"], [*rows, ("unchanged", delta.unchanged), *_rejects(report)]))
    if delta.checkpoint:
        out.print(f"The source says to go on at: {delta.checkpoint}")


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

    A release that may be shared with nobody is refused.
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


@hashsets.command()
def diff(
    old: Annotated[str, typer.Argument(help="Release id.")],
    new: Annotated[str, typer.Argument(help="Release id.")],
    *,
    keys: Annotated[Keys | None, typer.Option(help="List the source's ids of these entries.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="Keys to list at most.")] = 20,
    export_to: Annotated[
        Path | None,
        typer.Option("--export", help="File of updates to write: what leads from OLD to NEW.", dir_okay=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """What changed between two releases, by the source's ids; no values. Each of them in force or not.

    With --export the updates that lead from one to the other are written to a file, for `hashsets apply` elsewhere.
    """
    from hashsets.delta_exporting import compare  # noqa: PLC0415 - keeps `triage --help` quick

    with opened() as application, progress("Exporting", quiet=as_json) as tell:
        found = compare(application.library, old, new)
        listed = list(islice(_keys(found, keys), limit)) if keys else None
        report = (
            application.exporting_sets.export_delta(
                old, new, export_to, progress=lambda done, total: tell("entries", done, total)
            )
            if export_to
            else None
        )
    counts = {"added": found.added, "retracted": found.retracted, "changed": found.changed}
    if as_json:
        print_json({"old": found.old, "new": found.new, **counts, "keys": listed, "export": report})
        return
    out = console()
    out.print(f"From {found.old} to {found.new}: " + ", ".join(f"{n:,} {what}" for what, n in counts.items()))
    for key in listed or ():
        out.print(key)
    if report:
        out.print(f"{report.updates:,} updates written to {export_to} ({size(report.bytes)}).")


@hashsets.command()
def enable(release: ReleaseId, *, as_json: Json = False) -> None:
    """Put a release in force, and its set's other one out of it."""
    with opened() as application:
        application.putting_in_force.enable(release)
        _say(application.library.version, as_json=as_json)


@hashsets.command()
def disable(release: ReleaseId, *, as_json: Json = False) -> None:
    """Put a release out of force; it stays on disk."""
    with opened() as application:
        application.putting_in_force.disable(release)
        _say(application.library.version, as_json=as_json)


@hashsets.command()
def expire(
    release: ReleaseId,
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day (UTC) without answers.")],
    *,
    as_json: Json = False,
) -> None:
    """Set the day from which a release answers no more, whatever it said itself. A later day takes it back."""
    with opened() as application:
        application.putting_in_force.expire(release, on.date())
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


def _rejects(report: ImportReport) -> list[tuple[str, int]]:
    return [(f"rejected: {code}", count) for code, count in report.rejects.items()]


def _keys(found: Difference, chosen: Keys) -> Iterator[str]:
    keys = {Keys.ADDED: found.added_keys, Keys.RETRACTED: found.retracted_keys, Keys.CHANGED: found.changed_keys}
    return keys[chosen]()


def _say(version: str, *, as_json: bool) -> None:
    releases = [one for one in version.split("+") if one != "none" and not one.startswith("states.")]
    if as_json:
        print_json({"in_force": releases})
    else:
        console().print(f"In force: {', '.join(releases) or 'none'}")
