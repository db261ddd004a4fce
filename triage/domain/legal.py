"""The legal facts that come along with what is handed in: they decide what may be done with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from triage.domain.errors import Refused


class Origin(StrEnum):
    """From whom a submission is. What a provider or hotline reports may have been opened by nobody yet."""

    SEIZURE = "seizure"
    UNIT = "unit"  # a unit's seizure, pushed over the network
    PROVIDER = "provider"
    HOTLINE = "hotline"


class Handling(StrEnum):
    """Europol's handling codes: what a receiver may do with what is handed on."""

    H0 = "H0"  # for preventing and combating crime, no more
    H1 = "H1"  # not for judicial proceedings without permission
    H2 = "H2"  # not to be passed on without permission
    H3 = "H3"  # other restrictions, told in words


@dataclass(frozen=True, slots=True)
class Legal:
    """Under what something is held, and what may be done with it. `may_share_with` names countries or agencies."""

    acquired_under: str
    may_share_with: tuple[str, ...] = ()
    handling: tuple[Handling, ...] = (Handling.H1, Handling.H2)


@dataclass(frozen=True, slots=True)
class Sharing:
    """On what terms something may leave the house. With whom nobody named, it may be shared with nobody."""

    may_share_with: tuple[str, ...]
    handling: tuple[Handling, ...]

    def require(self, receiver: str) -> None:
        """Raise Refused `may-not-share` where the receiver, a country or agency, is not named."""
        if receiver.strip().casefold() not in {name.strip().casefold() for name in self.may_share_with}:
            raise Refused("may-not-share", "It may not be shared with this receiver: its sender named others.")


def sharing_together(parts: Iterable[Sharing]) -> Sharing:
    """The terms of several things in one: only receivers that all of them name, every handling code of any."""
    listed = list(parts)
    spelt = [name.strip() for one in reversed(listed) for name in one.may_share_with]
    names = {name.casefold(): name for name in spelt}  # as the first of them is spelt
    for one in listed:
        named = {name.strip().casefold() for name in one.may_share_with}
        names = {key: name for key, name in names.items() if key in named}
    handling = {code for one in listed for code in one.handling}
    return Sharing(tuple(names[key] for key in sorted(names)), tuple(sorted(handling)))
