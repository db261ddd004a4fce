"""The legal facts that come along with what is handed in: they decide what may be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
