"""`triage hashsets list | show | formats | verify`: what there is, and whether it is as it was sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from triage.domain.errors import Tampered

from .app import Json, app, opened
from .output import console, print_json, progress, size, table

if TYPE_CHECKING:
    from hashsets.manifests import Counts
    from hashsets.release_pages import ReleasePage
    from hashsets.reports import ReleaseInfo
    from hashsets.terms import Terms

hashsets = typer.Typer(name="hashsets", help="Known-hash sets and their releases.", no_args_is_help=True)
app.add_typer(hashsets)

REJECTS_SHOWN = 20


@hashsets.command("list")
def list_(*, as_json: Json = False) -> None:
    """All releases: in force, expired or out of force; what of them cannot be compared or may not answer."""
    with opened() as application:
        found = application.library.releases()
    if as_json:
        print_json(found)
        return
    columns = ["release", "set", "kind", "state", "entries#", "not comparable", "silenced#", "imported", "source"]
    rows = [
        (
            one.release_id,
            one.set_name,
            one.set_kind.value,
            state_of(one),
            one.counts.entries,
            ", ".join(f"{count:,} {kind}" for kind, count in one.not_comparable.values.items())
            if one.not_comparable
            else None,
            (one.silenced if one.enabled else 0) or None,
            one.created[:16].replace("T", " "),
            one.source,
        )
        for one in found
    ]
    console().print(table("Hash sets", columns, rows))


@hashsets.command()
def show(
    release: Annotated[str, typer.Argument(help="Release id, in force or not.")], *, as_json: Json = False
) -> None:
    """One release: its source and terms, what it holds, what of its file was not taken, how it came about."""
    from hashsets.release_pages import release_page  # noqa: PLC0415 - keeps `triage --help` quick

    with opened() as application:
        page = release_page(application.library, release)
    if as_json:
        print_json(page)
    else:
        _show(page)


@hashsets.command()
def formats(*, as_json: Json = False) -> None:
    """The formats of hash sets that are read and written. Needs no deployment."""
    from hashsets.formats.detect import FORMATS  # noqa: PLC0415 - keeps `triage --help` quick
    from hashsets.writers.feedback import FeedbackFormat  # noqa: PLC0415 - as above
    from hashsets.writers.written_formats import WRITTEN  # noqa: PLC0415 - as above

    read = [known.name for known in FORMATS]
    written = [known.name for known in WRITTEN]
    facts = {
        "import": ["auto", *read],
        "export": written,
        "apply": ["updates", "nsrl-delta"],
        "diff": ["updates"],
        "feedback": [form.value for form in FeedbackFormat],
    }
    if as_json:
        print_json(facts)
        return
    rows = [(f"hashsets {command}", ", ".join(names)) for command, names in facts.items()]
    console().print(table("Formats, as in docs/formats.md", ["command", "formats"], rows))


@hashsets.command()
def verify(*, as_json: Json = False) -> None:
    """Read every byte of the releases in force, all of them. Exit status 8 when one is not as it was sealed."""
    with opened() as application, progress("Verifying", quiet=as_json) as tell:
        checks = application.library.verify(lambda done, total: tell("bytes", done, total))
    damaged = [check for check in checks if check.fault]
    if as_json:
        print_json({"clean": not damaged, "bytes": sum(check.bytes for check in checks), "releases": checks})
        raise typer.Exit(Tampered.exit_code if damaged else 0)
    rows = [(check.release_id, size(check.bytes), check.fault or "as sealed", check.sentence) for check in checks]
    console().print(table("Releases in force", ["release", "read#", "", "what"], rows))
    if damaged:
        raise Tampered("releases-damaged", f"{len(damaged)} of {len(checks)} releases are not as they were sealed.")


def state_of(release: ReleaseInfo) -> str:
    """Whether a release answers, in words."""
    if not release.enabled:
        return "out of force"
    if release.expired:
        return f"expired {release.expires}"
    return f"in force until {release.expires}" if release.expires else "in force"


def contents_of(counts: Counts) -> list[tuple[str, int]]:
    """What a release holds, as rows of a table."""
    rows = [(f"digests, {name}", count) for name, count in counts.digests.items()]
    rows += [(f"fingerprints, {name}", count) for name, count in counts.fingerprints.items()]
    rows += [(f"{name}: stored, not comparable", count) for name, count in counts.opaque.items()]
    if counts.test_class:
        rows.append(("of a test class, never counted as hits", counts.test_class))
    return rows


def _show(page: ReleasePage) -> None:
    release, out = page.release, console()
    out.print(f"{release.release_id} · “{release.set_name}” · {release.set_kind.value} · {state_of(release)}")
    out.print(
        f"{release.counts.entries:,} entries, imported {release.created}; replaced {release.replaced or 'none'}"
    )
    facts = [
        ("source", release.source),
        *_terms(release.terms),
        ("format", f"{release.format}, {size(page.input_bytes)}, SHA-256 {release.input_sha256}"),
        ("made by", page.tool),
        ("on disk", f"{page.files:,} files, {size(page.bytes)}"),
        ("lies on", page.layer and page.layer.ground.release_id),
        ("seal", page.seal),
        ("entries that we silence", release.silenced or None),
        ("checkpoint", page.checkpoint),
    ]
    if release.delta:
        one = release.delta
        told = (
            f"{one.added:,} added, {one.changed:,} changed, {one.retracted:,} retracted, {one.unchanged:,} unchanged"
        )
        facts.append(("updates", f"{told}; base {one.base or 'none'}"))
    out.print(table("Release", ["", ""], facts))
    categories = [(name or "none", count) for name, count in release.counts.categories.items()]
    rejects = list(release.counts.rejects.items())
    first = [(position, code) for position, code in page.first_rejects[:REJECTS_SHOWN]]
    for title, columns, rows in (
        ("Contents", ["", "count#"], contents_of(release.counts)),
        ("Categories", ["", "entries#"], categories),
        ("Not taken", ["reason", "count#"], rejects),
        ("Not taken, the first of them", [f"{page.positions}#", "reason"], first),
    ):
        if rows:
            out.print(table(title, columns, rows))


def _terms(terms: Terms) -> list[tuple[str, object]]:
    return [("licence", terms.licence), ("may use", terms.may_use), ("may share", terms.may_share.value)]
