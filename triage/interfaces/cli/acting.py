"""Commands that a person answers for: they sign in at the terminal, as they would on a page."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from triage.bootstrap import Application
    from triage.domain.people import Principal

Login = Annotated[
    str, typer.Option("--as", help="Who acts. Password and one-time code are asked for, or read as two lines.")
]


@contextmanager
def signed_in(application: Application, login: str) -> Iterator[Principal]:
    """The person, with a proof of now, until the command ends. Raises Refused `sign-in-failed`."""
    password, code = _proof()
    issued = application.signing_in.sign_in(login, password, code)
    try:
        yield issued.principal
    finally:
        found = application.sessioning.whose(issued.token)
        if found is not None:
            application.sessioning.sign_out(found.session)


def _proof() -> tuple[str, str]:
    """From the terminal, or two lines of standard input: never from an argument, which everybody here could read."""
    if sys.stdin.isatty():
        return getpass.getpass("Password: "), getpass.getpass("One-time code: ").strip()
    return sys.stdin.readline().rstrip("\r\n"), sys.stdin.readline().strip()
