"""Asking a validated document: texts, times and words of an element's children."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from .reading_xml import Node
from .simple_types import boolean, date_time


def among(node: Node | None, name: str) -> Iterator[Node]:
    """The children of this name; none of what is not there."""
    if node is not None:
        yield from (child for child in node.children if child.name == name)


def first(node: Node | None, name: str) -> Node | None:
    """The first child of this name."""
    return next(among(node, name), None)


def text(node: Node | None, name: str) -> str:
    """The text of the first child of this name without blanks around it; empty where there is none."""
    found = first(node, name)
    return found.text.strip() if found is not None else ""


def yes_or_no(node: Node | None, name: str) -> bool | None:
    """What the first child of this name says; None where nothing is said."""
    found = first(node, name)
    return boolean(found.text) if found is not None else None


def moment(words: str) -> datetime | None:
    """A time, aware: one without a zone is read as UTC. None where there is none."""
    found = date_time(words)
    if found is None:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def lines(*labelled: tuple[str, str]) -> list[str]:
    """`label: text` for each text that is not empty."""
    return [f"{label}: {words}" for label, words in labelled if words]
