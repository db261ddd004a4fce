"""Explained relations between items: pairwise links, and traits, the values through which items are linked.

A trait links an item to a value, never items to one another, so that a thousand pictures from one camera are a
thousand traits and not half a million pairs. One rule is one function. Keys and sentences hold metadata of
evidence: they are stored and shown to those who may see the items, and never logged (they stay out of `repr`).
Two traits with equal kind and key are equal, sentence included: the first item met does not decide how it reads.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from hashsets.vocabulary import Transform

from .cells import Cell, TimeSpace, Tolerance, cells_of
from .findings import Findings
from .linking_rules import LinkRules, SerialRules


class LinkKind(StrEnum):
    """What two items, or two submissions, have in common."""

    SAME_CONTENT = "same-content"  # the same bytes, in several submissions
    NEAR_FINGERPRINT = "near-fingerprint"
    THUMBNAIL_OF = "thumbnail-of"  # the small picture inside one looks like the other
    SAME_CAMERA = "same-camera"
    SAME_PLACE_TIME = "same-place-time"
    SAME_ARCHIVE = "same-archive"
    SAME_CASE = "same-case"


class Strength(StrEnum):
    """How much a link says alone. WEAK: lay side by side. MEDIUM: worth a question. STRONG: one origin."""

    WEAK = "weak"
    MEDIUM = "medium"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Link:
    """Two items related directly. `distance` is in bits, `transform` turns the first picture into the second."""

    kind: LinkKind
    strength: Strength
    from_item: int
    to_item: int
    because: str = field(repr=False)
    distance: int | None = None
    transform: Transform | None = None

    def __post_init__(self) -> None:
        if self.from_item == self.to_item:
            raise ValueError("a link needs two items")


@dataclass(frozen=True, slots=True)
class Trait:
    """A value that items share. `key` is stable over runs and machines."""

    kind: LinkKind
    key: str = field(repr=False)
    strength: Strength
    because: str = field(repr=False)


def near_fingerprint(from_item: int, to_item: int, distance: int, transform: Transform) -> Link:
    """The item looks like the other: their fingerprints lie `distance` bits apart under `transform`."""
    because = f"Looks alike: {distance} of 256 bits differ{_turned(transform)}"
    return Link(LinkKind.NEAR_FINGERPRINT, Strength.MEDIUM, from_item, to_item, because, distance, transform)


def thumbnail_of(from_item: int, to_item: int, distance: int, transform: Transform) -> Link:
    """The small picture embedded in `from_item` looks like `to_item`, of which it may be a crop or an edit."""
    because = f"Its embedded thumbnail looks like the other: {distance} of 256 bits differ{_turned(transform)}"
    return Link(LinkKind.THUMBNAIL_OF, Strength.MEDIUM, from_item, to_item, because, distance, transform)


def same_camera_body(findings: Findings, rules: SerialRules) -> Trait | None:
    """Taken by one camera body: make, model and body serial agree.

    A serial alone is no link: makers reuse short serials across models. Nor is a serial that no maker meant
    (see `serial_of`).
    """
    camera = findings.camera
    if camera is None or camera.serial is None:
        return None
    make, model, serial = plain(camera.make), plain(camera.model), serial_of(camera.serial, rules)
    if not (make and model and serial):
        return None
    name = model if model.startswith(make) else f"{make} {model}"
    # After `plain` no value holds a tab, so the key cannot be read two ways.
    key = f"{make}\t{model}\t{serial}"
    because = f"Same camera body: {name.upper()}, serial {serial.upper()}"
    return Trait(LinkKind.SAME_CAMERA, key, Strength.STRONG, because)


def same_place_and_time(findings: Findings, tolerance: Tolerance) -> tuple[Trait, ...]:
    """Taken near one another in place and time; one trait for each cell of the grid that the capture joins."""
    if findings.place is None or findings.captured is None:
        return ()
    cells = cells_of(findings.place, findings.captured, tolerance)
    return tuple(Trait(LinkKind.SAME_PLACE_TIME, cell.key, Strength.MEDIUM, _where_and_when(cell)) for cell in cells)


def same_archive(container_item_id: int) -> Trait:
    """Packed together: found in the same archive, itself an item."""
    because = f"In the same archive, item {container_item_id}"
    return Trait(LinkKind.SAME_ARCHIVE, str(container_item_id), Strength.WEAK, because)


def traits_of(findings: Findings, container_item_ids: Iterable[int], rules: LinkRules) -> tuple[Trait, ...]:
    """Every trait of one item, each once, in a fixed order."""
    body = same_camera_body(findings, rules.serials)
    archives = (same_archive(container) for container in sorted(set(container_item_ids)))
    return (*([body] if body else []), *same_place_and_time(findings, rules.tolerance), *archives)


def too_common(kind: LinkKind, members: int, rules: LinkRules) -> str | None:
    """Why a trait of this kind with so many members links nothing; None when it links."""
    most = rules.most_members[kind.value]
    return f"Shared by {members:,} items, more than {most:,}: too common to link" if members > most else None


def serial_of(text: str, rules: SerialRules) -> str | None:
    """The serial in its comparable form, or None when it is a filler and not a serial.

    No serial: the placeholder words and numbers of the configuration; fewer than `shortest` letters and digits
    once leading zeros are gone ("0", "0000001": a factory default far more often than one of a model's first
    bodies); one character repeated ("00000000", "FFFFFFFF"); digits in counting order ("12345678").
    A real serial lost costs a link that other facts may give; a filler kept ties strangers into one network.
    """
    serial = "".join(plain(text).split())
    core = "".join(character for character in serial if character.isalnum())
    significant = core.lstrip("0")
    counting = core.isdecimal() and core in "01234567890123456789"
    if len(significant) < rules.shortest or len(set(significant)) == 1 or counting:
        return None
    return None if core in rules.placeholders else serial


def plain(text: str) -> str:
    """Compatibility characters unified, unprintable ones and runs of space as one space, case folded."""
    printable = "".join(one if one.isprintable() else " " for one in unicodedata.normalize("NFKC", text).casefold())
    return " ".join(printable.split())


def _turned(transform: Transform) -> str:
    return "" if transform is Transform.IDENTITY else f" after {transform.value}"


def _where_and_when(cell: Cell) -> str:
    """Bounds, not the capture's own values, so that all who share the cell read the same sentence."""
    centre, reach = cell.centre, cell.tolerance
    clock = "UTC" if cell.space is TimeSpace.UTC else "by the camera's clock, zone not stated"
    when = f"{cell.middle:%Y-%m-%d %H:%M} {clock}"
    where = f"{centre.latitude:.4f}, {centre.longitude:.4f}"
    return f"Within about {2 * reach.metres:,} m of {where} and {_spell(2 * reach.seconds)} of {when}"


def _spell(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds / 60:.3g} min" if seconds < 3600 else f"{seconds / 3600:.3g} h"
