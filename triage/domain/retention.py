"""How long data holders keep what, by country: rules of `config/jurisdictions/`, to be confirmed by counsel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from triage.domain.identifiers import told_country
from triage.domain.tables import Table, edition_of

DEFAULT = "default"
"""The file that answers for countries without one, and for kinds that a country's file leaves out."""

_LONGEST = 36_525  # a hundred years


class HolderKind(StrEnum):
    """Sorts of records that somebody holds. The files name the same words."""

    REPORT_CONTENT = "report-content"  # what a provider reported and keeps for us
    SUBSCRIBER_RECORDS = "subscriber-records"  # who has an account or a number
    MESSAGE_CONTENT = "message-content"  # what lies in an account
    TRAFFIC_DATA = "traffic-data"  # who had an address when; when something was sent


@dataclass(frozen=True, slots=True)
class Retention:
    """One rule: for how many days after the event. `name` is its place and edition, kept with what it estimated."""

    name: str
    days: int
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """All rules, by country in capitals (or `default`) and kind of record."""

    edition: str
    by_place: Mapping[tuple[str, HolderKind], Retention]

    def rule(self, country: str, kind: HolderKind) -> Retention | None:
        """The country's rule, else the default one; None where neither knows."""
        return self.by_place.get((country, kind)) or self.by_place.get((DEFAULT, kind))


def parse_retention(files: Mapping[str, Mapping[str, object]]) -> RetentionRules:
    """The rules of loaded TOML files by their names without ending: two letters of a country, or `default`.

    Raises ValueError with the key's path for an unknown key or kind, a bad value, a kind named twice, a name that is
    no country, or no `default`.
    """
    if DEFAULT not in files:
        raise ValueError(f"jurisdictions/{DEFAULT}.toml: missing")
    edition = edition_of(files)
    found: dict[tuple[str, HolderKind], Retention] = {}
    for name, values in sorted(files.items()):
        root = Table(values, f"jurisdictions/{name}")
        place = name if name == DEFAULT else told_country(name)
        if not place or name != name.lower():
            raise ValueError(f"jurisdictions/{name}: the name is `default` or a country's two small letters")
        confirmed = root.flag("confirmed")
        for table in root.tables("holder"):
            kind = _kind(table)
            if (place, kind) in found:
                raise table.refuse("kind", f"{kind.value!r} is there twice")
            days = table.integer("days", 0, _LONGEST)
            found[place, kind] = Retention(f"{name}/{kind.value}@{edition}", days, table.text("source"), confirmed)
            table.refuse_the_rest()
        root.refuse_the_rest()
    return RetentionRules(edition, found)


def _kind(table: Table) -> HolderKind:
    word = table.text("kind")
    if word not in tuple(HolderKind):
        raise table.refuse("kind", f"one of {', '.join(HolderKind)} is needed")
    return HolderKind(word)
