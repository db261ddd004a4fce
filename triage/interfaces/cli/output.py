"""How commands speak: JSON for machines, tables for people, progress on standard error."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from triage.services.legal_pages import Legal, Reported

_SURROGATE = re.compile("[\ud800-\udfff]")
PLAIN_SECONDS = 5.0
"""Between two lines of progress where there is no terminal."""


class _PlainConsole(Console):
    """Prints text as text: no markup in brackets, no pictures in colons, nothing that steers the terminal."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(visible(one) if isinstance(one, str) else one for one in objects), **options)


def console() -> Console:
    """Standard output; wide enough not to break tables where it is no terminal."""
    width = None if sys.stdout.isatty() else 160
    return _PlainConsole(width=width, soft_wrap=False, highlight=False, markup=False, emoji=False)


def print_json(value: object) -> None:
    """One JSON document on standard output. Names that are no text have visible escapes, as `visible` shows them."""
    text = json.dumps(value, default=_plain, indent=2, ensure_ascii=False, allow_nan=False)
    sys.stdout.write(_SURROGATE.sub(lambda found: "\\" + _escaped(found[0]), text) + "\n")


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


def visible(text: str) -> str:
    """Text for a terminal: whatever is no text, or could steer the terminal, as an escape. Line breaks stay."""
    return "".join(one if one.isprintable() or one == "\n" else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    """Backslash, x, two digits. U+DC80 to U+DCFF, where Python keeps bytes that were no UTF-8, become those bytes."""
    code = ord(character)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\x{code:02x}"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A table; columns whose name ends in `#` are numbers and stand right."""
    drawn = Table(title=visible(title), title_justify="left", header_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        drawn.add_column(column.rstrip("#"), justify="right" if column.endswith("#") else "left")
    for row in rows:
        drawn.add_row(*(shown(cell) for cell in row))
    return drawn


def shown(cell: object) -> str:
    """A cell's text: thousands set apart, nothing as a dash, what is no text visible."""
    if cell is None or cell == "":
        return "-"
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else visible(str(cell))


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
            whole = bar.tasks[0].total or bar.tasks[0].completed or 1
            bar.update(task, completed=whole, total=whole)  # only now is it known how much there was
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


def held_back_lines(held_back: Mapping[str, int]) -> list[str]:
    """What was near and did not count, one line a reason."""
    from triage.exporters.wording import HELD_BACK  # noqa: PLC0415 - keeps `triage --help` quick

    words = {because.value: word for because, word in HELD_BACK.items()}
    return [
        f"Near matches of {items:,} {'item' if items == 1 else 'items'} held back: {words[because]}."
        for because, items in held_back.items()
    ]


def reasons_text(reasons: Sequence[Mapping[str, Any]]) -> str:
    """Priority reasons as lines for a cell."""
    return "\n".join(f"{reason['axis']} {reason['level']}: {reason['sentence']}" for reason in reasons)


def legal_lines(legal: Legal, reported: Reported | None) -> list[str]:
    """What may be done with it, and what its senders say of its files, one line a matter."""
    handling, receivers = ", ".join(legal.handling) or "not stated", ", ".join(legal.may_share_with) or "nobody"
    lines = [f"Handling {handling}; may be shared with {receivers}."]
    if legal.do_not_render:
        items = "item" if legal.do_not_render == 1 else "items"
        lines.append(f"Do not render: {legal.do_not_render:,} {items}, until an authority is recorded.")
    if legal.preserve_until:
        lines.append(f"By estimate, holders of data keep them until {legal.preserve_until}.")
    if reported:
        said = reported.counts
        viewed = " · ".join(f"{word} {count:,}" for word, count in said.viewed.items())
        lines.append(
            f"{said.reports:,} reports with {said.files:,} files; viewed by a person at the sender: {viewed}."
        )
        for title, words in (
            ("Classified by the sender", said.classifications),
            ("Marked by the sender", said.marks),
        ):
            if words:
                lines.append(f"{title}: {' · '.join(f'{word} {count:,}' for word, count in words.items())}.")
    return lines
