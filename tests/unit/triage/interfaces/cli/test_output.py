"""How commands speak to machines and to people."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from triage.domain.findings import Place
from triage.domain.items import Outcome
from triage.interfaces.cli.output import console, print_json, progress, reasons_text, shown, size, table


def printed(value: object, capsys: pytest.CaptureFixture[str]) -> Any:
    print_json(value)
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Place(1.5, -2), {"latitude": 1.5, "longitude": -2}),
        (Outcome.KNOWN, "known"),
        ([datetime(2026, 1, 2, tzinfo=UTC), date(2026, 1, 2)], ["2026-01-02T00:00:00+00:00", "2026-01-02"]),
        (b"\x00\xff", "00ff"),
        ({"a": (1, 2), "b": {3}}, {"a": [1, 2], "b": [3]}),
        (Path("/a/b"), "/a/b"),
        ("ภาพ", "ภาพ"),
        ("a name of broken text \udcff", "a name of broken text \\xff"),
        ({"a \udcff": ["\udcff"]}, {"a \\xff": ["\\xff"]}),
    ],
)
def test_json_forms(value: object, plain: object, capsys: pytest.CaptureFixture[str]) -> None:
    """Bytes as hexadecimal digits, times with their zone; names that are no text with visible escapes."""
    assert printed(value, capsys) == plain


def test_what_has_no_json_form_is_a_fault_of_ours() -> None:
    """And not a string by accident."""
    with pytest.raises(TypeError, match="object has no JSON form"):
        print_json(object())


def test_json_never_holds_what_is_not_json(capsys: pytest.CaptureFixture[str]) -> None:
    """`NaN` is no JSON, though Python writes it."""
    with pytest.raises(ValueError, match="JSON"):
        print_json(float("nan"))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, "-"), ("", "-"), (0, "0"), (1234567, "1,234,567"), (True, "True"), ("x", "x"), (1.5, "1.5")],
)
def test_cells(cell: object, text: str) -> None:
    """Thousands set apart; nothing is a dash, and nought is not nothing."""
    assert shown(cell) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (2_500_000, "2.5 MB"),
        (3_000_000_000, "3.0 GB"),
        (9e15, "9000.0 TB"),
    ],
)
def test_sizes(number: int, text: str) -> None:
    """In steps of a thousand."""
    assert size(number) == text


def test_text_of_evidence_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Brackets are no markup, colons no pictures, and nothing steers the terminal."""
    console().print(
        table("[/title]", ["[/column]"], [["[/cell]"], ["[red]x[/red]"], [":fire:"], ["a\x1b[31mb\x07\ud800"]])
    )
    console().print("[/line] :fire:")
    out = capsys.readouterr().out
    for text in ("[/title]", "[/column]", "[/cell]", "[red]x[/red]", ":fire:", "[/line]"):
        assert text in out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "a\\x1b[31mb\\x07" in out


def test_tables_set_numbers_right(capsys: pytest.CaptureFixture[str]) -> None:
    """A column whose name ends in `#`."""
    Console(width=80).print(table("Title", ["name", "items#"], [["a", 5], ["b", 12345]]))
    lines = capsys.readouterr().out.splitlines()
    assert "#" not in "".join(lines)
    assert any(line.rstrip().endswith("     5") for line in lines)


class TestProgress:
    """Told on standard error, so that standard output stays one document."""

    def test_quiet_says_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        """For `--json`."""
        with progress("Working", quiet=True) as tell:
            tell("items", 1, 1)
        assert capsys.readouterr() == ("", "")

    def test_without_a_terminal_there_is_a_line_now_and_then_and_one_at_the_end(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Never the same twice."""
        with progress("Working", quiet=False) as tell:
            tell("items", 1, 3)
            tell("items", 3, 3)
            tell("items", 3, 3)
        assert capsys.readouterr() == ("", "Working: 3/3 items\n")

    def test_a_line_every_few_seconds(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While the total is not known too."""
        now = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: now)
        with progress("Receiving", quiet=False) as tell:
            for now in (1.0, 5.0, 6.0, 10.5):
                tell(f"files at {now}", int(now), None)
        assert capsys.readouterr().err.splitlines() == ["Receiving: 5 files at 5.0", "Receiving: 10 files at 10.5"]


def test_reasons_are_lines() -> None:
    """Axis, level, sentence."""
    reasons = [{"axis": "danger", "level": 2, "sentence": "x"}, {"axis": "clock", "level": 1, "sentence": "y"}]
    assert reasons_text(reasons) == "danger 2: x\nclock 1: y"
