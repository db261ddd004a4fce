"""How long work tells what it has done; doors decide whether that is a bar, a line or an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """State of a receive: files and bytes seen so far, and problems among them."""

    files: int = 0
    items_new: int = 0
    already_there: int = 0
    bytes_read: int = 0
    problems: int = 0


Tell = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Tell nobody."""
