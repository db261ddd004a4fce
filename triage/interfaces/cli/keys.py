"""`triage keys issue | list | rotate | revoke`: by what senders are known. A token is printed once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from triage.domain.senders import Scope

from .app import Json, app, opened
from .output import console, print_json, table

if TYPE_CHECKING:
    from triage.services.admitting import Issued

keys = typer.Typer(name="keys", help="API keys of senders.", no_args_is_help=True)
app.add_typer(keys)

Prefix = Annotated[str, typer.Argument(help="The part of the key before the dot.")]


@keys.command()
def issue(
    sender: Annotated[str, typer.Argument(help="Whose it will be.")],
    *,
    scope: Annotated[list[Scope], typer.Option(help="What it allows; repeat for more.")],
    days: Annotated[int, typer.Option(min=1, help="How long it lasts.")] = 365,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="For trying: nothing sent by it is evidence.")] = False,
    as_json: Json = False,
) -> None:
    """Make a key and print its token, once: it is kept nowhere."""
    with opened() as application:
        issued = application.admitting.issue(sender, frozenset(scope), timedelta(days=days), sandbox=sandbox)
    _tell(issued, as_json=as_json)


@keys.command("list")
def list_(
    sender: Annotated[str | None, typer.Argument(help="Only the keys of this sender.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Keys with what they allow and when they end, oldest first."""
    with opened() as application:
        found = application.admitting.keys(sender)
    if as_json:
        print_json(
            [
                {
                    "prefix": kept.key.prefix,
                    "sender": kept.sender.name,
                    "scopes": sorted(kept.key.scopes),
                    "sandbox": kept.key.sandbox,
                    "created_at": kept.key.created_at,
                    "expires_at": kept.key.expires_at,
                    "revoked_at": kept.key.revoked_at,
                }
                for kept in found
            ]
        )
        return
    columns = ["prefix", "sender", "scopes", "sandbox", "expires", "revoked"]
    rows = [
        (
            kept.key.prefix,
            kept.sender.name,
            ", ".join(sorted(kept.key.scopes)),
            "yes" if kept.key.sandbox else "no",
            kept.key.expires_at,
            kept.key.revoked_at,
        )
        for kept in found
    ]
    console().print(table("Keys", columns, rows))


@keys.command()
def rotate(
    prefix: Prefix,
    *,
    overlap_hours: Annotated[int, typer.Option("--overlap-hours", min=0, help="How long the old one lasts.")] = 24,
    as_json: Json = False,
) -> None:
    """Make another key like this one, and let this one end."""
    with opened() as application:
        issued = application.admitting.rotate(prefix, timedelta(hours=overlap_hours))
    _tell(issued, as_json=as_json)


@keys.command()
def revoke(prefix: Prefix, *, as_json: Json = False) -> None:
    """Let this key open nothing from now on, not even in the middle of a report."""
    with opened() as application:
        revoked = application.admitting.revoke(prefix)
    if as_json:
        print_json({"revoked": revoked.prefix})
    else:
        console().print(f"{revoked.prefix} is revoked.")


def _tell(issued: Issued, *, as_json: bool) -> None:
    if as_json:
        print_json({"prefix": issued.key.prefix, "token": issued.token, "expires_at": issued.key.expires_at})
    else:
        console().print(f"{issued.token}\nThis is shown once. It ends on {issued.key.expires_at:%Y-%m-%d}.")
