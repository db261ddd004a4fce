"""What a document model is made of: elements with attributes, text, and children in an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from .simple_types import Simple


class Group(Enum):
    """How children follow one another."""

    SEQUENCE = "sequence"  # in the order of the model
    ALL = "all"  # each once at most, in any order
    CHOICE = "choice"  # exactly one of them


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of an element."""

    type: Simple
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """An element within another; `most` is None where there may be any number."""

    name: str
    type: Type
    least: int = 0
    most: int | None = 1


@dataclass(frozen=True, slots=True)
class OneOf:
    """A place in a sequence that one of these may take, or none."""

    choices: tuple[Child, ...]


@dataclass(frozen=True, slots=True)
class Type:
    """An element's content: text of a simple type, or children. `text` None: no text but blanks."""

    text: Simple | None = None
    group: Group = Group.SEQUENCE
    children: tuple[Child | OneOf, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    def child(self, name: str) -> Child | None:
        """What the model says of a child of this name."""
        for place in self.children:
            for one in place.choices if isinstance(place, OneOf) else (place,):
                if one.name == name:
                    return one
        return None
