"""How commands speak: JSON for machines, tables for people, progress on standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

PLAIN_SECONDS = 5.0
"""Between two lines of progress where there is no terminal."""


def console() -> Console:
    """Standard output; wide enough not to break tables where it is no terminal."""
    return Console(soft_wrap=False, highlight=False) if sys.stdout.isatty() else Console(width=160, highlight=False)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, default=_plain, indent=2, ensure_ascii=False) + "\n")


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A table; columns whose name ends in `#` are numbers and stand right."""
    drawn = Table(title=title, title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        drawn.add_column(column.rstrip("#"), justify="right" if column.endswith("#") else "left")
    for row in rows:
        drawn.add_row(*(shown(cell) for cell in row))
    return drawn


def shown(cell: object) -> str:
    """A cell's text: thousands set apart, nothing as a dash."""
    if cell is None or cell == "":
        return "-"
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)


def counts(title: str, values: Mapping[str, int]) -> Table:
    """A table of names and numbers."""
    return table(title, ["", "items#"], list(values.items()))


def size(number: int) -> str:
    """Bytes for people."""
    amount = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


class Teller(Protocol):
    """Told what is done so far."""

    def __call__(self, text: str, done: int, total: int | None) -> None:
        """`text` describes; `total` is None while it is not known."""
        ...


@contextmanager
def progress(title: str, *, quiet: bool) -> Iterator[Teller]:
    """A live bar at a terminal, a line every few seconds elsewhere, nothing when quiet."""
    if quiet:
        yield lambda _text, _done, _total: None
    elif sys.stderr.isatty():
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[text]}"),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(title, total=None, text="")
            yield lambda text, done, total: bar.update(task, completed=done, total=total, text=text)
    else:
        yield _lines(title)


def _lines(title: str) -> Teller:
    told = time.monotonic()
    line = ""

    def tell(text: str, done: int, total: int | None) -> None:
        nonlocal told, line
        before, line = line, f"{title}: {done}{'' if total is None else f'/{total}'} {text}".rstrip()
        if line != before and (time.monotonic() - told >= PLAIN_SECONDS or done == total):
            told = time.monotonic()
            sys.stderr.write(line + "\n")

    return tell


def reasons_text(reasons: Sequence[Mapping[str, Any]]) -> str:
    """Priority reasons as lines for a cell."""
    return "\n".join(f"{reason['axis']} {reason['level']}: {reason['sentence']}" for reason in reasons)
