"""Claims: who has a referral in hand, and which referrals a person asks to be offered.

A claim is a lease by the database's clock with a fence that only rises: whoever acts under an older one is refused.
Opting out takes one click and no reason. It frees the claim and is remembered for that person alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

_MOST_DAYS = 3_660
_LONGEST = 200


class ReferralState(StrEnum):
    """Where a referral stands."""

    OPEN = "open"
    DONE = "done"  # every item of it is closed
    FACTS_ENOUGH = "facts-enough"  # a person set aside what was left: the facts were enough
    MERGED = "merged"  # goes on in another


@dataclass(frozen=True, slots=True)
class Claim:
    """A referral in a person's hands. `fence` counts the claims that it has had."""

    referral_id: int
    principal_id: int
    fence: int


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which referrals a person asks for. Levels are the least that an axis must have, 0 to 3."""

    state: ReferralState = ReferralState.OPEN
    danger: int = 0
    clock: int = 0
    solvability: int = 0
    network: int = 0
    case_ref: str = ""
    has_near: bool = False
    has_unknown: bool = False
    expiring_within_days: int | None = None
    free_only: bool = False

    def __post_init__(self) -> None:
        for axis in ("danger", "clock", "solvability", "network"):
            if not 0 <= getattr(self, axis) <= 3:
                raise ValueError(f"{axis}: a level from 0 to 3 is needed")
        days = self.expiring_within_days
        if days is not None and not 0 <= days <= _MOST_DAYS:
            raise ValueError(f"expiring_within_days: 0 to {_MOST_DAYS} is needed")
        if len(self.case_ref) > _LONGEST:
            raise ValueError("case_ref: too long")

    def document(self) -> dict[str, str | int | bool | None]:
        """As a saved view keeps it."""
        return {key: str(value) if isinstance(value, StrEnum) else value for key, value in asdict(self).items()}

    @classmethod
    def of(cls, document: Mapping[str, object]) -> QueueFilter:
        """Inverse of `document`. Raises ValueError for anything that it did not write."""
        fields = {name: field.type for name, field in cls.__dataclass_fields__.items()}
        values: dict[str, Any] = {}
        for key, value in document.items():
            if key not in fields:
                raise ValueError(f"{key}: no such filter")
            values[key] = _typed(key, str(fields[key]), value)
        return cls(**values)


def _typed(key: str, kind: str, value: object) -> object:
    if kind == "ReferralState" and isinstance(value, str):
        return ReferralState(value)
    is_fine = {
        "bool": isinstance(value, bool),
        "str": isinstance(value, str),
        "int": isinstance(value, int) and not isinstance(value, bool),
        "int | None": value is None or (isinstance(value, int) and not isinstance(value, bool)),
    }
    if not is_fine.get(kind, False):
        raise ValueError(f"{key}: another kind of value is needed")
    return value
