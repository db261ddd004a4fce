"""The settings of the link rules, from the loaded `config/linking.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .cells import Tolerance
from .tables import Table, edition_of

_MANY = 1_000_000_000


@dataclass(frozen=True, slots=True)
class SerialRules:
    """What is no serial number; see `links.serial_of`. Placeholders are letters and digits only, case folded."""

    shortest: int
    placeholders: frozenset[str]


@dataclass(frozen=True, slots=True)
class JoinRules:
    """When what two submissions share joins their networks; see `grounds`."""

    most_submissions: int
    least_look_alikes: int
    least_occasions: int


@dataclass(frozen=True, slots=True)
class LinkRules:
    """All settings of linking. `edition` changes with any of them; `most_members` is by trait kind."""

    edition: str
    serials: SerialRules
    tolerance: Tolerance
    most_members: Mapping[str, int]
    joining: JoinRules


def parse_link_rules(values: Mapping[str, object]) -> LinkRules:
    """The rules of a loaded TOML mapping. Raises ValueError with the path of a bad, missing or unknown key."""
    root = Table(values, "linking")
    camera = root.table("same-camera")
    place_time = root.table("same-place-time")
    archive = root.table("same-archive")
    joining = root.table("joining")
    rules = LinkRules(
        edition=edition_of(values),
        serials=SerialRules(
            shortest=camera.integer("shortest_serial", 1, 32),
            placeholders=_placeholders(camera),
        ),
        tolerance=Tolerance(
            metres=place_time.integer("metres", 1, 10_000),
            seconds=place_time.integer("seconds", 1, 86_400),
        ),
        most_members={
            table.path.removeprefix("linking."): table.integer("too_common", 2, _MANY)
            for table in (camera, place_time, archive)
        },
        joining=JoinRules(
            most_submissions=joining.integer("most_submissions", 2, _MANY),
            least_look_alikes=joining.integer("least_look_alikes", 1, _MANY),
            least_occasions=joining.integer("least_occasions", 1, _MANY),
        ),
    )
    for table in (camera, place_time, archive, joining, root):
        table.refuse_the_rest()
    return rules


def _placeholders(camera: Table) -> frozenset[str]:
    words = camera.texts("placeholder_serials")
    for word in words:
        if not word.isalnum() or word != word.casefold():
            raise camera.refuse("placeholder_serials", f"{word!r} must be lower-case letters and digits only")
    return frozenset(words)
