"""`triage reports …`: reports of providers and hotlines."""

from __future__ import annotations

import typer

from .app import app

reports = typer.Typer(name="reports", help="Reports of providers and hotlines.", no_args_is_help=True)
app.add_typer(reports)
