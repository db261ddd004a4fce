"""Updates as a file that `formats/updates.py` reads back without a loss."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hashsets.delta_staging import Update
from hashsets.errors import HashSetError
from hashsets.formats.records import TEXT_MAX
from hashsets.formats.updates import FORMAT, LINE_MAX, VALUES
from hashsets.vocabulary import Entry


def write_updates(updates: Iterable[Update], path: Path, checkpoint: str | None) -> int:
    """Write a new file; how many updates. Raises HashSetError for an update that no reader would take."""
    count = 0
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(_line({"format": FORMAT, "checkpoint": checkpoint}))
        for key, entry in updates:
            line = _line(_record(entry) if entry else {"key": key, "retracted": True})
            if len(line.encode()) > LINE_MAX or len(key) > TEXT_MAX:
                raise HashSetError("update-too-long", "an entry is too long for a file of updates")
            file.write(line)
            count += 1
        file.write(_line({"updates": count}))
    return count


def _line(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def _record(entry: Entry) -> dict[str, Any]:
    values: defaultdict[str, list[str]] = defaultdict(list)
    for digest in entry.digests:
        values[digest.algorithm.value].append(digest.value.hex())
    values["pdq"] = [value.hex() for value in entry.fingerprints]
    for kind, text in entry.opaque:
        values[kind].append(text)
    opinion = entry.opinion
    record: dict[str, Any] = {
        "key": entry.key,
        **{kind: values.pop(kind, None) for kind in VALUES},
        "other": values or None,
    }
    record |= {
        "category": opinion.category,
        "series": opinion.series,
        "victim_identified": opinion.victim_identified,
        "offender_identified": opinion.offender_identified,
        "distributed": opinion.distributed,
        "tags": list(opinion.tags) or None,
    }
    return {name: value for name, value in record.items() if value not in (None, [])}
