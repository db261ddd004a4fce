"""The `triage` command: global options, one way to open a deployment, one way to fail."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from hashsets.errors import HashSetError
from triage.domain.errors import Refused, TriageError, Unavailable
from triage.services.hash_set_errors import answer_to

from .output import visible

if TYPE_CHECKING:
    from triage.bootstrap import Application
    from triage.settings import Settings

EXIT_CODES = """
Exit codes: 0 done · 1 failed · 2 wrong usage · 3 refused (law, policy, settings) · 4 not found · 5 conflict ·
6 unreadable file · 7 machine or service not available · 8 evidence or log does not verify · 130 interrupted.
"""

app = typer.Typer(
    name="triage",
    help="Triage of seized and reported material without making people look at it.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

INTERRUPTED = 130

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document for machines.")]


@dataclass
class _Chosen:
    """What the words before and of a command chose; set once for each command."""

    data: Path | None = None
    config: Path | None = None
    command: str = ""


_chosen = _Chosen()


@app.callback()
def choose(
    context: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Folder of this deployment.", envvar="TRIAGE_DATA", show_default="triage-data"),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="Your own settings file (TOML).", envvar="TRIAGE_CONFIG")
    ] = None,
) -> None:
    """Triage of seized and reported material without making people look at it."""
    _chosen.data, _chosen.config, _chosen.command = data, config, context.invoked_subcommand or ""


def settings() -> Settings:
    """The settings that the global options choose."""
    from triage.settings import load_settings  # noqa: PLC0415 - keeps `triage --help` quick

    return load_settings(_chosen.config, _chosen.data)


@contextmanager
def opened() -> Iterator[Application]:
    """The deployment, open for one command."""
    from triage.bootstrap import open_application  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.telemetry.traces import span  # noqa: PLC0415 - keeps `triage --help` quick

    application = open_application(settings())
    try:
        with span("command", command=_chosen.command):
            yield application
    finally:
        application.close()


def number_of(label: str, prefix: str) -> int:
    """The number in `S-12` (or a bare `12`). Raises Refused."""
    text = label.upper().removeprefix(f"{prefix}-")
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise Refused("label-invalid", f"Write it as {prefix}-NUMBER, for instance {prefix}-1.")
    return int(text)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; every failure becomes a sentence, a code and an exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    try:
        app(words, prog_name="triage")
    except (TriageError, HashSetError) as error:
        answer = answer_to(error) if isinstance(error, HashSetError) else error
        _say(answer.code, answer.sentence, as_json=as_json)
        return answer.exit_code
    except OSError as error:
        # The door's last word: Python's own would name files of evidence.
        _say("system-refused", f"The operating system refused (error {error.errno}).", as_json=as_json)
        return Unavailable.exit_code
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0
        if status == INTERRUPTED:
            # Not on standard output: the command may have printed its one document already.
            _say("interrupted", "Interrupted; run the same command again to go on.", as_json=False)
        return status
    return 0


def _say(code: str, sentence: str, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"error": {"code": code, "sentence": sentence}}) + "\n")
    Console(stderr=True, highlight=False).print(f"[bold]triage[/bold]: {escape(visible(sentence))} \\[{code}]")
