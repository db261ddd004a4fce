"""`triage hashsets entry | states | disable-entry | quarantine | confirm | refute | clear-state | feedback`.

What releases say of single entries, and what we say of them. Keys are the source's own ids; no values are shown.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hashsets.vocabulary import StateKind

from .app import Json, opened
from .hash_sets import hashsets
from .output import console, print_json, size, table

if TYPE_CHECKING:
    from hashsets.release_pages import EntryPage
    from hashsets.states import EntryState, Feedback, StateChange

SetName = Annotated[str, typer.Argument(metavar="SET", help="Name of the set.")]
Key = Annotated[str, typer.Argument(help="The source's id of the entry.")]
Note = Annotated[str, typer.Option(help="Why, as a code of your own.")]


@hashsets.command()
def entry(name: SetName, key: Key, *, as_json: Json = False) -> None:
    """One entry of the release in force: its source's opinion, types of values, what we say and have said of it."""
    from hashsets.release_pages import entry_page  # noqa: PLC0415 - keeps `triage --help` quick

    with opened() as application:
        page = entry_page(application.library, name, key)
    if as_json:
        print_json(page)
    else:
        _show(page)


@hashsets.command()
def states(
    name: Annotated[str | None, typer.Argument(metavar="[SET]", help="Name of a set; without it all.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """What we say of entries: disabled until a day, quarantined, confirmed, refuted; by whom, when and why."""
    with opened() as application:
        found = application.library.states(name)
    if as_json:
        print_json(found)
        return
    columns = ["set", "entry", "state", "until", "note", "by", "at"]
    console().print(table("What we say of entries", columns, [_row(one) for one in found]))


@hashsets.command()
def disable_entry(
    name: SetName,
    key: Key,
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day (UTC) on which it answers again.")],
    *,
    note: Note = "",
    as_json: Json = False,
) -> None:
    """Keep an entry from answering until a day."""
    with opened() as application:
        change = application.judging_entries.judge(name, key, StateKind.DISABLED, note=note, until=until.date())
    _say(change, as_json=as_json)


@hashsets.command()
def quarantine(
    name: SetName,
    key: Key,
    note: Annotated[str, typer.Option(help="Why, as a code of your own.")],
    *,
    as_json: Json = False,
) -> None:
    """Keep a noisy entry from answering: one that answers too often, and wrongly."""
    with opened() as application:
        change = application.judging_entries.judge(name, key, StateKind.QUARANTINED, note=note)
    _say(change, as_json=as_json)


@hashsets.command()
def confirm(name: SetName, key: Key, *, note: Note = "", as_json: Json = False) -> None:
    """Our analysts agree with the source about an entry. Replaces an earlier verdict."""
    with opened() as application:
        change = application.judging_entries.judge(name, key, StateKind.CONFIRMED, note=note)
    _say(change, as_json=as_json)


@hashsets.command()
def refute(name: SetName, key: Key, *, note: Note = "", as_json: Json = False) -> None:
    """Our analysts disagree with the source: the entry answers no more. Replaces an earlier verdict."""
    with opened() as application:
        change = application.judging_entries.judge(name, key, StateKind.REFUTED, note=note)
    _say(change, as_json=as_json)


@hashsets.command()
def clear_state(
    name: SetName,
    key: Key,
    kind: Annotated[StateKind, typer.Argument(help="Which of the things said.")],
    *,
    note: Note = "",
    as_json: Json = False,
) -> None:
    """Take back one thing said of an entry. That it was said stays on record."""
    with opened() as application:
        change = application.judging_entries.take_back(name, key, kind, note=note)
    _say(change, as_json=as_json)


@hashsets.command()
def feedback(
    name: SetName,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write; none is replaced.", dir_okay=False)
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write the file as CSV; else JSON.")] = False,
    as_json: Json = False,
) -> None:
    """What our analysts confirmed and refuted, for the set's source: ids, verdicts, notes; not who.

    Written to a file it is recorded as a disclosure.
    """
    from hashsets.writers.feedback import FeedbackFormat  # noqa: PLC0415 - keeps `triage --help` quick

    form = FeedbackFormat.CSV if as_csv else FeedbackFormat.JSON
    with opened() as application:
        release, found = application.exporting_sets.feedback(name)
        report = application.exporting_sets.export_feedback(name, output, form) if output else None
    if as_json:
        print_json({"set": name, "release": release, "feedback": [_told(one) for one in found], "export": report})
        return
    out = console()
    rows = [(one.entry_key, one.verdict.value, one.note, one.at) for one in found]
    out.print(table(f"What we found of {name}", ["entry", "verdict", "note", "at"], rows))
    if report:
        out.print(f"{report.entries:,} verdicts written to {output} ({size(report.bytes)}).")


def _told(found: Feedback) -> dict[str, Any]:
    return {"key": found.entry_key, "verdict": found.verdict, "at": found.at, "note": found.note}


def _row(state: EntryState) -> tuple[object, ...]:
    until = state.until.isoformat() if state.until else None
    return state.set_name, state.entry_key, state.kind.value, until, state.note, state.by, state.at


def _say(change: StateChange, *, as_json: bool) -> None:
    state = change.state
    if as_json:
        print_json({"number": change.number, **asdict(state), "cleared": change.cleared})
        return
    until = f" until {state.until}" if state.until else ""
    what = f"no longer {state.kind.value}" if change.cleared else f"{state.kind.value}{until}"
    console().print(f"Entry {state.entry_key} of “{state.set_name}” is {what}.")


def _show(page: EntryPage) -> None:
    out, opinion = console(), page.opinion
    out.print(f"Entry {page.entry_key} of “{page.set_name}”, release {page.release_id}")
    said = [
        (name.replace("_", " "), ", ".join(value) if isinstance(value, tuple) else value)
        for name, value in asdict(opinion).items()
        if value not in (None, ())
    ]
    values = [
        (f"{kind}: stored, not comparable" if kind in page.not_comparable else kind, count)
        for kind, count in page.values.items()
    ]
    columns = ["set", "entry", "state", "until", "note", "by", "at"]
    history = [
        (change.number, "taken back" if change.cleared else "said", *_row(change.state)[2:])
        for change in page.history
    ]
    for title, heads, rows in (
        ("Its source says", ["", ""], said),
        ("Values", ["", "count#"], values),
        ("We say", columns, [_row(state) for state in page.states]),
        ("History", ["#", "", *columns[2:]], history),
    ):
        if rows:
            out.print(table(title, heads, rows))
