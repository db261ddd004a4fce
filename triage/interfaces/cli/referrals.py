"""`triage referrals …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from triage.domain.rematches import in_words
from triage.services.clock import system_clock

from . import preservation
from .app import Json, app, number_of, opened
from .output import console, counts, held_back_lines, legal_lines, print_json, reasons_text, table

if TYPE_CHECKING:
    from triage.services.referral_pages import ReferralPage

referrals = typer.Typer(
    name="referrals", help="Prioritised referrals: one network, one referral.", no_args_is_help=True
)
app.add_typer(referrals)


@referrals.command("list")
def list_(*, as_json: Json = False) -> None:
    """The queue, most urgent first, each with its reasons."""
    with opened() as application, application.store.reading() as unit:
        found = unit.referral_pages.referrals()
    if as_json:
        print_json(
            [
                {
                    "referral": f"R-{one.id}",
                    "danger": one.danger,
                    "clock": one.clock,
                    "solvability": one.solvability,
                    "network": one.network,
                    "reasons": one.reasons,
                    "submissions": [f"S-{number}" for number in one.submissions],
                }
                for one in found
            ]
        )
        return
    rows = [
        (
            f"R-{one.id}",
            one.danger,
            one.clock,
            one.solvability,
            one.network,
            ", ".join(f"S-{number}" for number in one.submissions),
            reasons_text(one.reasons),
        )
        for one in found
    ]
    columns = ["", "danger#", "clock#", "solvability#", "network#", "submissions", "because"]
    console().print(table("Referrals, most urgent first (0 to 3 on each axis)", columns, rows))


@referrals.command()
def show(
    referral: Annotated[str, typer.Argument(help="R-NUMBER.")],
    *,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Rows of each list at most.")] = 20,
    as_json: Json = False,
) -> None:
    """One referral: reasons, submissions, matches, clusters, links with their because, history. No pictures."""
    from triage.services.referral_pages import referral_page  # noqa: PLC0415 - keeps `triage --help` quick

    with opened() as application:
        releases = application.library.releases()
        with application.store.reading() as unit:
            rules, now = application.linking.rules, system_clock()
            page = referral_page(unit, number_of(referral, "R"), rules, releases, limit, now)
    if as_json:
        print_json(page)
    else:
        _show(page)


def _show(page: ReferralPage) -> None:
    out = console()
    submissions = ", ".join(page.submissions)
    merged = f" · goes on in {page.merged_into}" if page.merged_into else ""
    out.print(f"{page.referral} · {page.state}{merged} · submissions {submissions}")
    axes = " · ".join(f"{name} {level}" for name, level in page.priority.items())
    out.print(f"Priority: {axes}\n{reasons_text(page.reasons)}\n")
    out.print(counts("Outcomes", page.outcomes))
    out.print(f"{page.closed_without_viewing:,} items closed without viewing.")
    for line in (
        *legal_lines(page.legal, page.reported),
        *held_back_lines(page.held_back),
        *(found.sentence for found in page.not_comparable),
    ):
        out.print(line)
    out.print()
    _lists(out, page)


def _event(event: dict[str, Any]) -> str:
    details = event["details"]
    if event["kind"] != "rematched":
        return _details(details)
    matches = "match" if details["retracted"] == 1 else "matches"
    told = f"M-{details['rematch']}: {in_words(details['changes'])}; {details['retracted']:,} {matches} retracted"
    return f"{told}, {details['added']:,} added; in force: {details['releases'].replace('+', ', ')}"


def _details(details: dict[str, Any]) -> str:
    words = {"submissions": "S-", "into": "R-", "referral": "R-", "split_from": "R-"}
    parts = []
    for name, value in details.items():
        numbers = value if isinstance(value, list) else [value]
        if numbers:
            parts.append(f"{name.replace('_', ' ')} {', '.join(words.get(name, '') + str(one) for one in numbers)}")
    return "; ".join(parts)


def _told(page: ReferralPage) -> dict[str, Any]:
    """What reports say, without what says nothing."""
    facts = page.reported.facts if page.reported else {}
    return {name: value for name, value in facts.items() if value}


def _fact(value: Any) -> object:
    return ", ".join(value) if isinstance(value, tuple) else int(value)


def _says(says: list[dict[str, Any]]) -> str:
    """One line for each set that takes part."""
    return "\n".join(f"{one['set']} ({one['kind']}): {one['category'] or 'no category'}" for one in says)


def _lists(out: Any, page: ReferralPage) -> None:
    joins = [(", ".join(join["submissions"]), join["because"], join["withdrawn"]) for join in page.joins]
    matches = [
        (
            one["set"],
            one["release"],
            one["basis"],
            one["standing"],
            one["category"],
            one["items"],
            one["entries"],
            one["distances"],
        )
        for one in page.match_counts
    ]
    disputes = [(_says(one["says"]), one["items"], ", ".join(one["first_items"])) for one in page.disputes]
    clusters = [
        (one["kind"], one["members"], one["because"] + (f" ({one['note']})" if one["note"] else ""))
        for one in page.clusters
    ]
    single = [
        (
            one["item"],
            one["basis"],
            one["set"],
            one["entry"],
            one["distance"],
            one["transform"],
            one["profile"],
            one["standing"],
            one["because"],
        )
        for one in page.matches
    ]
    ended = [
        (
            one["item"],
            one["basis"],
            one["set"],
            one["release"],
            one["entry"],
            f"{one['ended_at']:%Y-%m-%d %H:%M}",
            one["because"],
        )
        for one in page.ended_matches
    ]
    links = [(one["from"], one["to"], one["kind"], one["because"]) for one in page.links]
    history = [(f"{one['at']:%Y-%m-%d %H:%M}", one["kind"], _event(one)) for one in page.history]
    told = page.reported.identifiers if page.reported else []
    identifiers = [(one.kind, one.value, one.service, one.country, one.role, one.reports) for one in told]
    shut = [(one["item"], one["because"]) for one in page.legal.shut]
    facts = [(name.replace("_", " "), _fact(value)) for name, value in _told(page).items()]
    notes = list(page.notes.items())
    findings = list(page.findings.items())
    for title, columns, rows in (
        ("Reported", ["", "says#"], facts),
        ("Subjects", ["kind", "value", "service", "country", "role", "reports#"], identifiers),
        (
            f"To be preserved, by estimate: {sum(page.preservation_counts.values()):,}",
            preservation.COLUMNS,
            [preservation.row(one) for one in page.preservation],
        ),
        (f"Do not render: {page.legal.do_not_render:,}", ["item", "because"], shut),
        ("One network, because", ["submissions", "because", "withdrawn"], joins),
        ("Disputed: sets contradict each other about the same bytes", ["say", "items#", "among them"], disputes),
        (
            "Matches",
            ["set", "release", "basis", "standing", "category", "items#", "entries#", "bits apart"],
            matches,
        ),
        ("Clusters and shared values", ["kind", "items#", "because"], clusters),
        ("Findings in metadata", ["finding", "items#"], findings),
        (
            "Matched items",
            ["item", "basis", "set", "entry", "bits#", "transform", "by", "standing", "because"],
            single,
        ),
        (
            f"Matches that no longer hold: {page.ended_count:,}",
            ["item", "basis", "set", "release", "entry", "ended", "because"],
            ended,
        ),
        ("Links", ["item", "to", "kind", "because"], links),
        ("Could not be done", ["note", "items#"], notes),
        ("History", ["at", "what", "details"], history),
    ):
        if rows:
            out.print(table(title, columns, rows))
            out.print()
