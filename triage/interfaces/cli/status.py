"""`triage status`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from triage.services.clock import system_clock

from .app import Json, app, number_of, opened
from .output import console, counts, held_back_lines, legal_lines, print_json, size, table

if TYPE_CHECKING:
    from hashsets.reports import NotComparable
    from triage.services.legal_pages import Legal
    from triage.store.read_models import SubmissionStatus


@app.command()
def status(
    submission: Annotated[str | None, typer.Argument(help="S-NUMBER; without it all submissions.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Counts by stage and outcome: of all submissions, or of one in detail."""
    from triage.services.legal_pages import legal_part  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.services.not_comparing import not_comparable  # noqa: PLC0415 - keeps `triage --help` quick

    with opened() as application:
        releases = application.library.releases()
        with application.store.reading() as unit:
            ids = [number_of(submission, "S")] if submission else unit.submissions.all_ids()
            found = [unit.read.status(one) for one in ids]
            legal = [legal_part(unit, [one], system_clock(), limit=0) for one in ids]
            unread = [not_comparable(releases, unit.dossier.releases_asked([one])) for one in ids]
    if as_json:
        shown = [_labelled(*parts) for parts in zip(found, legal, unread, strict=True)]
        print_json(shown[0] if submission else shown)
    elif submission:
        _show_one(found[0], legal[0], unread[0])
    else:
        _show_all(found, legal)


def _labelled(found: SubmissionStatus, legal: Legal, unread: Sequence[NotComparable]) -> dict[str, object]:
    referral = f"R-{found.referral_id}" if found.referral_id else None
    facts = {name: value for name, value in asdict(found).items() if name not in {"id", "referral_id"}}
    return {
        "submission": f"S-{found.id}",
        "referral": referral,
        **facts,
        "origin": legal.origins[0],
        "handling": legal.handling,
        "may_share_with": legal.may_share_with,
        "do_not_render": legal.do_not_render,
        "preserve_until": legal.preserve_until,
        "not_comparable": unread,
    }


def _show_all(found: list[SubmissionStatus], legal: list[Legal]) -> None:
    rows = [
        (
            f"S-{one.id}",
            one.case_ref,
            one.exhibit_ref,
            one.state,
            one.items,
            one.outcomes.get("pending", 0),
            one.closed_without_viewing,
            held.do_not_render,
            f"R-{one.referral_id}" if one.referral_id else None,
        )
        for one, held in zip(found, legal, strict=True)
    ]
    columns = ["", "case", "exhibit", "state", "items#", "pending#", "closed unseen#", "not to render#", "referral"]
    console().print(table("Submissions", columns, rows))


def _show_one(one: SubmissionStatus, legal: Legal, unread: Sequence[NotComparable]) -> None:
    out = console()
    out.print(
        f"S-{one.id} · case {one.case_ref} · exhibit {one.exhibit_ref} · {one.state}"
        f"{' · in place' if one.in_place else ''}{' · urgent' if one.urgent else ''}\n"
        f"{one.occurrences:,} occurrences of {one.items:,} items, {size(one.bytes)}; "
        f"{one.closed_without_viewing:,} closed without viewing"
        + (f"; in referral R-{one.referral_id}" if one.referral_id else "")
    )
    for line in (*legal_lines(legal, None), *held_back_lines(one.held_back), *(found.sentence for found in unread)):
        out.print(line)
    out.print(counts("Outcomes", one.outcomes))
    if one.jobs:
        rows = [(stage, state, count) for stage, states in one.jobs.items() for state, count in states.items()]
        out.print(table("Jobs", ["stage", "state", "jobs#"], rows))
    for title, found in (("Not read at the source", one.source_notes), ("Processing notes", one.processing_notes)):
        if found:
            out.print(counts(title, found))
