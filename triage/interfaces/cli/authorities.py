"""`triage authority …`: what lets anybody look at a file that nobody at its sender opened."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from triage.domain.authorities import Authority, AuthorityKind, NewAuthority
from triage.domain.errors import Refused
from triage.services.clock import system_clock

from .app import Json, app, number_of, opened
from .output import console, print_json, table

if TYPE_CHECKING:
    from triage.domain.legal_gate import Gate

authority = typer.Typer(
    name="authority", help="The legal gate: authorities that lift “do not render”.", no_args_is_help=True
)
app.add_typer(authority)


@authority.command()
def record(
    submission: Annotated[str, typer.Argument(help="S-NUMBER.")],
    *,
    kind: Annotated[AuthorityKind, typer.Option(help="What it rests on.")],
    reference: Annotated[str, typer.Option(help="Where it can be found: the warrant's number, the statute.")],
    person: Annotated[str, typer.Option(help="Who gave it, or on whose word it is recorded.")],
    given_at: Annotated[str, typer.Option(help="When it was given, with offset: 2026-11-26T09:30+07:00.")],
    item: Annotated[str | None, typer.Option(help="I-NUMBER: for this item alone.")] = None,
    as_json: Json = False,
) -> None:
    """Record an authority: from then on what it covers may be rendered."""
    new = NewAuthority(
        kind=kind,
        reference=reference,
        person=person,
        given_at=_moment(given_at),
        submission_id=number_of(submission, "S"),
        item_id=number_of(item, "I") if item else None,
    )
    with opened() as application:
        recorded = application.authorising.record(new)
    if as_json:
        print_json(labelled(recorded))
    else:
        console().print(f"A-{recorded.id} is recorded for {_of(recorded)}.")


@authority.command()
def withdraw(
    authority: Annotated[str, typer.Argument(help="A-NUMBER.")],
    *,
    because: Annotated[str, typer.Option(help="Why it counts no more.")],
    as_json: Json = False,
) -> None:
    """Withdraw an authority: the gate answers again as if it had never been recorded. The record stays."""
    with opened() as application:
        ended = application.authorising.withdraw(number_of(authority, "A"), because)
    if as_json:
        print_json(labelled(ended))
    else:
        console().print(f"A-{ended.id} is withdrawn, for {_of(ended)}.")


@authority.command("list")
def list_(
    submission: Annotated[str | None, typer.Argument(help="S-NUMBER; without it all submissions.")] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Authorities at most, the latest first.")] = 100,
    as_json: Json = False,
) -> None:
    """Authorities as recorded, withdrawn ones included."""
    with opened() as application, application.store.reading() as unit:
        if submission:
            number = unit.submissions.get(number_of(submission, "S")).id
            found = unit.authorities.of_submissions([number])[::-1][:limit]
        else:
            found = unit.authorities.all(limit)
    if as_json:
        print_json([labelled(one) for one in found])
        return
    rows = [
        (
            f"A-{one.id}",
            one.kind.value,
            one.reference,
            one.person,
            f"{one.given_at:%Y-%m-%d %H:%M}",
            _of(one),
            f"{one.withdrawn_at:%Y-%m-%d %H:%M}: {one.withdrawn_because}" if one.withdrawn_at else None,
        )
        for one in found
    ]
    columns = ["", "kind", "reference", "given by", "given (UTC)", "for", "withdrawn"]
    console().print(table("Authorities, the latest first", columns, rows))


@authority.command()
def gate(
    item: Annotated[str, typer.Argument(help="I-NUMBER.")],
    *,
    submission: Annotated[
        list[str] | None, typer.Option(help="S-NUMBER at hand; may be repeated. Without it all that hold the item.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Whether an item may be rendered, and on whose strength. Renders nothing, and records nothing."""
    number, named = number_of(item, "I"), [number_of(one, "S") for one in submission or []]
    with opened() as application, application.store.reading() as unit:
        at_hand = named or unit.read.submissions_holding([number])
        found = unit.gates.of_item(number, at_hand, system_clock())
    if as_json:
        print_json(_gate(number, at_hand, found))
    else:
        console().print(f"I-{number}: {found.because}")


def labelled(one: Authority) -> dict[str, Any]:
    """An authority as JSON."""
    return {
        "authority": f"A-{one.id}",
        "submission": f"S-{one.submission_id}",
        "item": f"I-{one.item_id}" if one.item_id else None,
        "kind": one.kind,
        "reference": one.reference,
        "person": one.person,
        "given_at": one.given_at,
        "recorded_at": one.recorded_at,
        "recorded_by": one.recorded_by,
        "withdrawn_at": one.withdrawn_at,
        "withdrawn_by": one.withdrawn_by,
        "withdrawn_because": one.withdrawn_because,
    }


def _gate(number: int, at_hand: list[int], found: Gate) -> dict[str, Any]:
    return {
        "item": f"I-{number}",
        "submissions": [f"S-{one}" for one in at_hand],
        "may_render": found.may_render,
        "code": found.code,
        "because": found.because,
        "on_strength_of": f"S-{found.submission_id}" if found.submission_id else None,
        "authority": f"A-{found.authority_id}" if found.authority_id else None,
    }


def _of(one: Authority) -> str:
    return f"I-{one.item_id} in S-{one.submission_id}" if one.item_id else f"S-{one.submission_id}"


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Refused("time-invalid", "Write the time as 2026-11-26T09:30+07:00.") from None
