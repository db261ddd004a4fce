"""The command as a whole: help for newcomers, one way to fail, and exit statuses that never change."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

import workers.command  # noqa: F401 - adds the command `work`
from hashsets.errors import Damaged, HashSetError
from triage.domain.errors import Refused, TriageError
from triage.interfaces.cli.app import EXIT_CODES, INTERRUPTED, app, number_of, run

Triage = Callable[..., Any]


def commands(group: Any = None, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command by the words that call it."""
    top: Any = get_command(app)
    for name, command in (group or top).commands.items():
        words = (*above, name)
        if hasattr(command, "commands"):
            yield from commands(command, words)
        else:
            yield words, command


COMMANDS = dict(commands())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(words: tuple[str, ...], triage: Triage) -> None:
    """A sentence on what it does, one on every option and argument, and `--json` for machines."""
    ran = triage(*words, "--help")
    assert ran.status == 0
    command = COMMANDS[words]
    assert command.help
    assert command.help.strip().split("\n")[0].endswith(".") or ": " in command.help
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{parameter.name} says nothing"
    assert any("--json" in parameter.opts for parameter in command.params)
    assert command.help.split()[0] in ran.out


def test_the_help_of_all_names_every_command_and_every_status(triage: Triage) -> None:
    """A newcomer begins here."""
    out = triage("--help").out
    assert all(words[0] in out for words in COMMANDS)
    for error in TriageError.__subclasses__():
        assert f"{error.exit_code} " in EXIT_CODES
    assert str(INTERRUPTED) in EXIT_CODES
    assert "Exit codes" in out


@pytest.mark.parametrize("words", [["submit"], ["no-such-command"], ["status", "--no-such-option"], []])
def test_wrong_usage_is_status_two(words: list[str], triage: Triage) -> None:
    """With what would have been right, and without a traceback."""
    ran = triage(*words)
    assert ran.status == 2
    assert "Usage" in ran.out + ran.err


@pytest.mark.parametrize(("text", "number"), [("S-12", 12), ("s-12", 12), ("12", 12), ("S-0", 0)])
def test_labels(text: str, number: int) -> None:
    """As printed, in small letters, or the bare number."""
    assert number_of(text, "S") == number


@pytest.mark.parametrize("text", ["", "S-", "R-1", "S-1x", "-1", "S--1", "S-１", "9" * 19, "S-1.0"])  # noqa: RUF001 - full-width
def test_labels_that_are_none(text: str) -> None:
    """Neither other digits nor numbers that no database holds."""
    with pytest.raises(Refused) as refused:
        number_of(text, "S")
    assert refused.value.code == "label-invalid"


FAILING = typer.Typer()


def fails_with(error: BaseException) -> int:
    """The exit status of a command that ends so."""
    name = f"fails-{len(app.registered_commands)}"

    @app.command(name)
    def failing(*, as_json: bool = False) -> None:  # noqa: ARG001 - as commands take it
        raise error

    try:
        return run([name])
    finally:
        app.registered_commands.pop()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        *((kind("a-code", "A sentence."), kind.exit_code, "a-code") for kind in TriageError.__subclasses__()),
        (TriageError("a-code", "A sentence."), 1, "a-code"),
        (HashSetError("a-code", "A sentence."), 6, "a-code"),
        (Damaged("a-code", "A sentence."), 8, "a-code"),
        (PermissionError(13, "no", "/evidence/private name"), 7, "system-refused"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (Refused("a-code", "Brackets [/x] and [red] are text."), 3, "a-code"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_every_failure_is_a_sentence_a_code_and_a_status(
    error: BaseException, status: int, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, and no name of a file of evidence."""
    assert fails_with(error) == status
    printed = capsys.readouterr()
    assert f"[{code}]" in printed.err
    assert "Traceback" not in printed.err
    assert "private" not in printed.err
    if isinstance(error, TriageError):
        assert " ".join(error.sentence.split()) in " ".join(printed.err.split())


def test_with_json_a_failure_is_a_document_too(triage: Triage) -> None:
    """On standard output, so that a machine finds it where it looks."""
    ran = triage("status", "S-1", "--json")
    assert ran.status == 3
    assert ran.document["error"]["code"] == "not-initialised"
    assert "not-initialised" in ran.err


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["status", "S-9"], 4, "no-submission"),
        (["referrals", "show", "R-9"], 4, "no-referral"),
        (["report", "S-9", "-o", "report.html"], 4, "no-submission"),
        (["status", "X-9"], 3, "label-invalid"),
        (["hashsets", "enable", "none.such"], 4, "release-unknown"),
        (["hashsets", "disable", "none.such"], 5, "release-not-enabled"),
        (["lookup"], 3, "nothing-asked"),
        (["lookup", "--digest", "xyz"], 3, "value-invalid"),
        (["lookup", "--digest", "abcd"], 3, "digest-invalid"),
        (["lookup", "--pdq", "abcd"], 3, "pdq-invalid"),
    ],
)
def test_what_is_not_there_or_not_meant_has_its_code(
    deployment: Triage, words: list[str], status: int, code: str
) -> None:
    """Over an empty deployment."""
    ran = deployment(*words, "--json")
    assert (ran.status, ran.document["error"]["code"]) == (status, code)


def test_a_data_folder_that_is_a_file_is_a_sentence(tmp_path: Path, triage: Triage) -> None:
    """Whoever mistypes it is told."""
    (tmp_path / "deployment").write_bytes(b"")
    ran = triage("init")
    assert ran.status == 7
    assert "system-refused" in ran.err


@pytest.mark.parametrize("text", ["[work\n", "[work]\nthreds = 1\n"])
def test_bad_settings_are_refused_by_every_command(tmp_path: Path, triage: Triage, text: str) -> None:
    """Through `--config`, before anything is done."""
    own = tmp_path / "own.toml"
    own.write_text(text, encoding="utf-8")
    ran = triage("--config", own, "status")
    assert (ran.status, "config-invalid" in ran.err) == (3, True)


def test_help_loads_nothing_heavy() -> None:
    """It answers at once: no numbers, pictures, database or queue."""
    heavy = ["numpy", "cv2", "PIL", "sqlalchemy", "dramatiq", "pydantic"]
    script = (
        "import json, sys, workers.command as c\n"
        "status = c.run(['--help'])\n"
        f"print(json.dumps([status, [name for name in {heavy} if name in sys.modules]]))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout.splitlines()[-1]) == [0, []]
