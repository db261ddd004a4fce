"""Feed the whole corpus to one chamber and say what became of it: `python -m tests.hostile.feeding [KIND …]`.

Prints one JSON document with the numbers of each kind; the exit status is 1 when something was lost in silence or a
child died that should not have. That this process lives to print it means that no worker died.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.hostile import corpus
from tests.hostile.odd_pictures import SLOW
from tests.hostile.odd_videos import ENDLESS
from triage.chamber.limits import ArchiveLimits, ChamberLimits
from triage.chamber.parent import Chamber
from triage.domain.findings import NoteCode, ProcessingNote

DEATHS = frozenset({NoteCode.CHAMBER_DIED, NoteCode.TIME_LIMIT, NoteCode.MEMORY_LIMIT})
CHAMBER = ChamberLimits(wall_seconds=60, cpu_seconds=6)
ARCHIVES = ArchiveLimits(max_members=1000, max_total_bytes=256 << 20, max_member_bytes=128 << 20)
MADE_TO_DIE = frozenset({SLOW, ENDLESS})
"""What is there to meet a limit of the child: its death is the right answer."""


@dataclass
class Outcome:
    """What became of one kind. `silent` lists what yielded neither a result nor a note: there must be none."""

    tried: int = 0
    decoded: int = 0
    noted: int = 0
    members: int = 0
    chamber_deaths: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    silent: list[str] = field(default_factory=list)
    deadly: list[str] = field(default_factory=list)
    seconds: float = 0.0
    slowest: tuple[float, str] = (0.0, "")


class MemorySource:
    """A ByteSource over bytes."""

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self._data = data

    def read_at(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]

    def close(self) -> None:
        """Nothing is held."""


def feed(kind: str, chamber: Chamber) -> Outcome:
    """One kind, file by file."""
    outcome = Outcome()
    for name, data in corpus.KINDS[kind]():
        began = time.monotonic()
        _WAYS.get(kind, _examine)(outcome, name, data, chamber)
        took = round(time.monotonic() - began, 2)
        outcome.seconds = round(outcome.seconds + took, 2)
        outcome.slowest = max(outcome.slowest, (took, name))
    return outcome


def _examine(outcome: Outcome, name: str, data: bytes, chamber: Chamber) -> None:
    found = chamber.examine(MemorySource(data))
    _count(outcome, name, [note.code for note in found.notes], yielded=found.raster is not None)


def _watch(outcome: Outcome, name: str, data: bytes, chamber: Chamber) -> None:
    """Facts, and three stills."""
    found = chamber.examine(MemorySource(data))
    codes, yielded = [note.code for note in found.notes], found.raster is not None
    for still in (1, 5, 9):
        made = chamber.render(MemorySource(data), ("made up",), is_reduced=True, still=still)
        if isinstance(made, ProcessingNote):
            codes.append(made.code)
            if made.code in DEATHS:
                break
        else:
            yielded = True
    _count(outcome, name, codes, yielded=yielded)


def _expand(outcome: Outcome, name: str, data: bytes, chamber: Chamber) -> None:
    expansion = chamber.expand(MemorySource(data), ARCHIVES)
    members, codes = 0, list[NoteCode]()
    for member in expansion:
        for _ in member.chunks:
            pass
        members += 1
        codes += [note.code for note in member.notes]
    outcome.members += members
    _count(outcome, name, codes + [note.code for note in expansion.notes], yielded=members > 0)


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


_WAYS: dict[str, Callable[[Outcome, str, bytes, Chamber], None]] = {"archives": _expand, "videos": _watch}


def main(kinds: list[str]) -> int:
    """Entry."""
    with Chamber(CHAMBER) as chamber:
        outcomes = {kind: feed(kind, chamber) for kind in kinds or corpus.KINDS}
    report = {"kinds": {kind: vars(outcome) for kind, outcome in outcomes.items()}, "worker_deaths": 0}
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    lost = [name for outcome in outcomes.values() for name in outcome.silent]
    unexpected = [name for outcome in outcomes.values() for name in outcome.deadly if name not in MADE_TO_DIE]
    return int(bool(lost or unexpected))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
