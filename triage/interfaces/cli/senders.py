"""`triage senders add | list | disable`: who may hand something in over the network."""

from __future__ import annotations

from typing import Annotated

import typer

from triage.domain.legal import Handling, Legal
from triage.domain.senders import Sender, SenderKind

from .app import Json, app, opened
from .output import console, print_json, table

senders = typer.Typer(name="senders", help="Providers, hotlines and units that hand in.", no_args_is_help=True)
app.add_typer(senders)


@senders.command()
def add(
    name: Annotated[str, typer.Argument(help="Letters, digits, dots, dashes, underscores.")],
    *,
    kind: Annotated[SenderKind, typer.Option(help="What it is.")],
    country: Annotated[str, typer.Option(help="Two capital letters of ISO 3166-1: whose retention rules apply.")],
    basis: Annotated[str, typer.Option(help="The law under which its reports are held.")],
    share_with: Annotated[
        list[str] | None, typer.Option("--share-with", help="A country or agency; repeat for more.")
    ] = None,
    handling: Annotated[
        list[Handling] | None, typer.Option(help="A handling code; repeat for more. Without: H1 and H2.")
    ] = None,
    no_media: Annotated[
        bool, typer.Option("--no-media", help="Its bytes are digested in memory and never kept.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Record a sender. It can do nothing before it has a key."""
    legal = Legal(basis, tuple(share_with or ()), tuple(handling) if handling else Legal(basis).handling)
    with opened() as application:
        sender = application.admitting.add_sender(name, kind, country, legal, keeps_media=not no_media)
    if as_json:
        print_json(_facts(sender))
    else:
        console().print(f"{sender.name} is recorded. Give it a key: triage keys issue {sender.name} --scope report")


@senders.command("list")
def list_(*, as_json: Json = False) -> None:
    """Every sender, by name."""
    with opened() as application:
        found = application.admitting.senders()
    if as_json:
        print_json([_facts(sender) for sender in found])
        return
    columns = ["name", "kind", "country", "basis", "keeps media", "disabled"]
    rows = [
        (
            sender.name,
            sender.kind.value,
            sender.country,
            sender.legal.acquired_under,
            "yes" if sender.keeps_media else "no",
            sender.disabled_at,
        )
        for sender in found
    ]
    console().print(table("Senders", columns, rows))


@senders.command()
def disable(name: Annotated[str, typer.Argument(help="The sender.")], *, as_json: Json = False) -> None:
    """None of its keys opens anything from now on. What it has sent stays."""
    with opened() as application:
        application.admitting.disable_sender(name)
    if as_json:
        print_json({"disabled": name})
    else:
        console().print(f"{name} is disabled.")


def _facts(sender: Sender) -> dict[str, object]:
    return {
        "name": sender.name,
        "kind": sender.kind,
        "country": sender.country,
        "acquired_under": sender.legal.acquired_under,
        "may_share_with": sender.legal.may_share_with,
        "handling": sender.legal.handling,
        "keeps_media": sender.keeps_media,
        "disabled_at": sender.disabled_at,
    }
