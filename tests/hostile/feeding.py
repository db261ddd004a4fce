"""Feed the whole corpus to one chamber and count what became of it: `python -m tests.hostile.feeding`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass, field

from tests.hostile import corpus
from triage.chamber.limits import ArchiveLimits, ChamberLimits
from triage.chamber.parent import Chamber
from triage.domain.findings import NoteCode

DEATHS = frozenset({NoteCode.CHAMBER_DIED, NoteCode.TIME_LIMIT, NoteCode.MEMORY_LIMIT})
LIMITS = ArchiveLimits(max_members=1000, max_total_bytes=256 << 20, max_member_bytes=128 << 20)


@dataclass
class Outcome:
    """What became of a corpus. `silent` lists what yielded neither a result nor a note: there must be none."""

    tried: int = 0
    decoded: int = 0
    noted: int = 0
    members: int = 0
    chamber_deaths: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    silent: list[str] = field(default_factory=list)
    deadly: list[str] = field(default_factory=list)


class MemorySource:
    """A ByteSource over bytes."""

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self._data = data

    def read_at(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]

    def close(self) -> None:
        """Nothing is held."""


def feed(limits: ChamberLimits) -> Outcome:
    outcome = Outcome()
    with Chamber(limits) as chamber:
        for name, data in corpus.pictures():
            found = chamber.examine(MemorySource(data))
            _count(outcome, name, [note.code for note in found.notes], yielded=found.raster is not None)
        for name, data in corpus.archives():
            expansion = chamber.expand(MemorySource(data), LIMITS)
            members, codes = 0, []
            for member in expansion:
                for _ in member.chunks:
                    pass
                members += 1
                codes += [note.code for note in member.notes]
            outcome.members += members
            _count(outcome, name, codes + [note.code for note in expansion.notes], yielded=members > 0)
    return outcome


def _count(outcome: Outcome, name: str, codes: list[NoteCode], *, yielded: bool) -> None:
    outcome.tried += 1
    outcome.decoded += yielded
    outcome.noted += bool(codes)
    outcome.codes.update(code.value for code in codes)
    if DEATHS & set(codes):
        outcome.chamber_deaths += 1
        outcome.deadly.append(name)
    if not yielded and not codes:
        outcome.silent.append(name)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(vars(feed(ChamberLimits(wall_seconds=30))), indent=1) + "\n")
