"""What our analysts found, as a file for the source of a set: keys and verdicts, no values, and not who."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from hashsets.states import Feedback

FIELDS = ("key", "verdict", "at", "note")


class FeedbackFormat(StrEnum):
    """How feedback is written."""

    JSON = "json"
    CSV = "csv"


def write_feedback(found: Sequence[Feedback], set_name: str, path: Path, form: FeedbackFormat) -> None:
    """Write a new file."""
    rows = [dict(zip(FIELDS, (one.entry_key, one.verdict.value, one.at, one.note), strict=True)) for one in found]
    with path.open("x", encoding="utf-8", newline="") as file:
        if form is FeedbackFormat.JSON:
            json.dump({"set": set_name, "feedback": rows}, file, ensure_ascii=False, indent=1)
            file.write("\n")
            return
        writer = csv.DictWriter(file, FIELDS, quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
