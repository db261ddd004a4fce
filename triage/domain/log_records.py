"""A custody log as an audit meets it: the stored records, and the faults that can be found in them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from triage.domain.custody import CustodyEvent, commitment, custody_leaf


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One row of the log as the database gives it, not yet believed.

    `index` counts from 0 without gaps. `salt` and `event` are None together where the text was deleted; `commitment`
    and `leaf_hash` (32 bytes each) always stay.
    """

    index: int
    salt: bytes | None
    event: CustodyEvent | None
    commitment: bytes
    leaf_hash: bytes

    @property
    def is_coherent(self) -> bool:
        """Whether event, salt, commitment and leaf hash, as far as they are there, belong together."""
        if self.event is not None and (self.salt is None or commitment(self.event, self.salt) != self.commitment):
            return False
        return custody_leaf(self.commitment) == self.leaf_hash


class FaultKind(StrEnum):
    """What is wrong with a log."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    EXTRA = "extra"
    CHECKPOINT_INVALID = "checkpoint-invalid"
    REDACTION_UNRECORDED = "redaction-unrecorded"


@dataclass(frozen=True, slots=True)
class LogFault:
    """One finding: records `index` to `last_index` (mostly the same), and a sentence for people.

    Indexes are those of the untouched log. For an invalid checkpoint the index is its place among its kind.
    """

    kind: FaultKind
    index: int
    last_index: int
    sentence: str


def runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Numbers gathered into runs of neighbours, each as its first and last."""
    gathered: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if gathered and number == gathered[-1][1] + 1:
            gathered[-1] = (gathered[-1][0], number)
        else:
            gathered.append((number, number))
    return gathered


def named(first: int, last: int) -> str:
    """`Record 7` or `Records 7 to 9`."""
    return f"Record {first}" if first == last else f"Records {first} to {last}"


def cut(keeper: str, first: int, end: int) -> LogFault:
    """Records `first` to `end` - 1 are gone from the end of what `keeper` holds."""
    sentence = f"The {keeper} ends before record {first}; there were {end} records."
    return LogFault(FaultKind.TRUNCATED, first, end - 1, sentence)
