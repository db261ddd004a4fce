"""Feedback as it goes to a set's source."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from hashsets.states import Feedback
from hashsets.vocabulary import StateKind
from hashsets.writers.feedback import FeedbackFormat, write_feedback

FOUND = [
    Feedback("17", StateKind.CONFIRMED, "2026-05-01T12:00:00.000000+00:00", ""),
    Feedback('a "key", with all', StateKind.REFUTED, "2026-05-02T12:00:00.000000+00:00", "no-match"),
]
ROWS = [
    {"key": "17", "verdict": "confirmed", "at": "2026-05-01T12:00:00.000000+00:00", "note": ""},
    {"key": 'a "key", with all', "verdict": "refuted", "at": "2026-05-02T12:00:00.000000+00:00", "note": "no-match"},
]


def test_as_json(tmp_path: Path) -> None:
    """With the set's name."""
    write_feedback(FOUND, "set", tmp_path / "out", FeedbackFormat.JSON)
    assert json.loads((tmp_path / "out").read_bytes()) == {"set": "set", "feedback": ROWS}


def test_as_csv(tmp_path: Path) -> None:
    """With a header."""
    write_feedback(FOUND, "set", tmp_path / "out", FeedbackFormat.CSV)
    with (tmp_path / "out").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == ROWS
