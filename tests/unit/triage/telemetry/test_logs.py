"""What a log line holds: an event of a closed set, fields of a closed list, and errors without their words."""

from __future__ import annotations

import ast
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from triage.domain.errors import Unavailable
from triage.telemetry.errors import described
from triage.telemetry.events import Event
from triage.telemetry.fields import _SHAPES, WITHHELD, known
from triage.telemetry.last_words import keep_last_words
from triage.telemetry.logs import configure_logs, logger_of, telling_of

ROOT = Path(__file__).parents[4]
log = logger_of("workers")


Said = pytest.CaptureFixture[str]


def lines(capsys: Said) -> list[dict[str, Any]]:
    """What was written to standard error since the last look."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_has_event_level_room_time_and_its_fields(capsys: Said) -> None:
    """The same keys each time, so that a collector can index them."""
    configure_logs("json", "info")
    log.warning(Event.JOB_DEAD, job=12, stage="examine", code="time-limit", seconds=0.5)
    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "job dead",
        "level": "warning",
        "room": "workers",
        "job": 12,
        "stage": "examine",
        "code": "time-limit",
        "seconds": 0.5,
    }


def test_lines_for_people_say_the_same(capsys: Said) -> None:
    """Without colours: a journal keeps them."""
    configure_logs("plain", "info")
    log.warning(Event.JOB_DEAD, job=12, code="time-limit")
    said = capsys.readouterr().err
    assert "job dead code=time-limit job=12 room=workers" in said
    assert "\x1b" not in said


def test_what_a_line_may_not_tell_is_counted(capsys: Said) -> None:
    """Dropped, and the reader sees that there was something."""
    configure_logs("json", "info")
    log.info(Event.JOB_FINISHED, job=1, path="x", sha256="y")
    (line,) = lines(capsys)
    assert (line["withheld"], "path" in line, "sha256" in line) == (2, False, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("job", "12"),
        ("items", 2**80),
        ("stage", "holiday"),
        ("code", "IMG_0001.jpg"),
        ("code", "d41d8cd98f00b204"),
        ("version", "000000.jpg"),
        ("owner", "name"),
        ("route", "/items/IMG_0001.jpg"),
        ("logger", "IMG_0001"),
        ("job", [1]),
    ],
)
def test_a_known_field_with_a_strange_value_is_withheld(field: str, value: object) -> None:
    """The key alone opens no door."""
    assert dict(known({field: value})) == {field: WITHHELD}


def test_the_context_of_a_job_is_on_every_line_within(capsys: Said) -> None:
    """Of libraries too; and gone after it."""
    configure_logs("json", "warning")
    with telling_of(job=7, stage="match"):
        logging.getLogger("sqlalchemy.pool").warning("something %s", "private")
    log.warning(Event.STOPPED)
    within, after = lines(capsys)
    assert (within["job"], within["stage"], within["logger"]) == (7, "match", "sqlalchemy.pool")
    assert within["where"].startswith("test_logs:")
    assert "job" not in after


def test_levels_hold_for_us_and_libraries_never_chat(capsys: Said) -> None:
    """Debug lines of a driver would be thousands, each withheld."""
    configure_logs("json", "debug")
    log.debug(Event.JOB_CLAIMED)
    logging.getLogger("sqlalchemy.engine").info("SELECT 1")
    configure_logs("json", "error")
    log.warning(Event.JOB_DEAD)
    assert [line["event"] for line in lines(capsys)] == ["job claimed"]


def test_an_error_is_its_type_its_code_its_number_and_its_place() -> None:
    """And the same of what caused it."""
    try:
        try:
            raise PermissionError(13, "Permission denied", "/secret")
        except OSError as error:
            raise Unavailable("vault-read-failed", "secret") from error
    except Unavailable as error:
        told = described(error)
    (place,) = told["where"]  # type: ignore[misc]  # a list of one
    assert "test_logs:" in place
    assert (told["type"], told["code"]) == ("Unavailable", "vault-read-failed")
    assert told["because"] == {
        "type": "PermissionError",
        "errno": 13,
        "where": [place.rpartition(":")[0] + f":{_LINE}"],
    }


_LINE = next(
    number
    for number, line in enumerate(Path(__file__).read_text(encoding="utf-8").splitlines(), 1)
    if 'PermissionError(13, "Permission denied", "/secret")' in line
)


def test_a_program_s_last_words_have_no_message(capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own would print it."""
    for name in ("excepthook", "unraisablehook"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    configure_logs("json", "warning")
    before = sys.excepthook
    keep_last_words()
    try:
        sys.excepthook(ValueError, ValueError("secret"), None)
    finally:
        logging.captureWarnings(False)
    assert sys.excepthook is not before
    (line,) = lines(capsys)
    assert "secret" not in str(line)
    assert line["error"] == {"type": "ValueError", "where": []}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call of a room's log in the code."""
    for folder in ("triage", "workers"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id == "_log"
                ):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_every_line_of_the_code_uses_an_event_and_known_fields() -> None:
    """One that did not would be withheld in production, where it is needed."""
    found = list(calls())
    assert len(found) > 10
    for place, call in found:
        assert ast.unparse(call.args[0]).startswith("Event."), place
        assert {one.arg for one in call.keywords if one.arg} <= {*_SHAPES, "error"}, place


def test_every_event_is_said_somewhere() -> None:
    """A sentence that nobody says is no sentence of ours."""
    used = {ast.unparse(call.args[0]).removeprefix("Event.") for _, call in calls()}
    text = (ROOT / "triage" / "telemetry" / "logs.py").read_text(encoding="utf-8")
    made_here = {event.name for event in Event if f"Event.{event.name}" in text}
    assert used | made_here | {"UNEXPECTED"} == {event.name for event in Event}


def test_a_broken_line_breaks_nothing(capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logging never stops the work; and says nothing of what it could not write."""

    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError("secret")

        __repr__ = __str__

    configure_logs("json", "info")
    monkeypatch.setattr(logging.getLogger(), "handlers", logging.getLogger().handlers[-1:])  # pytest's would raise
    log.info(Event.STARTED, port=Hostile(), owner=Hostile(), extra=Hostile())
    logging.getLogger("uvicorn").warning("%d", Hostile())
    said = capsys.readouterr().err
    assert (said.count("\n"), "secret" in said) == (2, False)
