"""Laying stored records beside the leaves that should be there: what changed, vanished, moved or was put in.

Leaf hashes are salted, so two are equal only when they are the same record. Where a record is not the one expected,
the streams are looked along for the place where they meet again: a deletion shifts all later records (when they were
renumbered to hide it), an exchange shifts none. Memory grows with the damage, not with the log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Generic, TypeVar

from triage.domain.log_records import FaultKind, LogFault, StoredRecord, cut, named, runs

T = TypeVar("T")

NEAR = 256
"""How far to look for where the streams meet again; farther as more records in a row differ, up to `FAR`."""
FAR = 65_536
KEPT = 10_000
"""Findings that are held back to tell a moved record from a vanished one, before they are told as they are."""


class Ahead(Generic[T]):
    """An iterator that can be looked along without taking."""

    def __init__(self, source: Iterable[T]) -> None:
        self._source = iter(source)
        self._seen: deque[T] = deque()

    def peek(self, distance: int = 0) -> T | None:
        """What will come after `distance` others, or None past the end."""
        self._look(distance + 1)
        return self._seen[distance] if distance < len(self._seen) else None

    def window(self, count: int) -> Iterator[T]:
        """The next `count`, as far as there are so many."""
        self._look(count)
        return islice(self._seen, count)

    def take(self, count: int) -> list[T]:
        """Remove and return the next `count`, as far as there are so many."""
        self._look(count)
        return [self._seen.popleft() for _ in range(min(count, len(self._seen)))]

    def rest(self) -> Iterator[T]:
        """Remove and return all that is left, one by one."""
        while self._seen:
            yield self._seen.popleft()
        yield from self._source

    def _look(self, count: int) -> None:
        if count > len(self._seen):
            self._seen.extend(islice(self._source, count - len(self._seen)))


class Alignment:
    """Compares records with expected leaves block by block; `position` is the next place to be compared."""

    def __init__(self, records: Ahead[StoredRecord], later: Ahead[bytes]) -> None:
        self._records = records
        self._later = later  # leaves after the block in hand; only looked along
        self.position = 0
        self._shift = 0  # add to a record's index to get its true place
        self._streak = 0
        self._differing: list[tuple[int, bytes, bytes]] = []  # place, leaf expected, leaf found
        self._dropped: dict[bytes, int] = {}  # expected leaf -> place
        self._unknown: list[int] = []  # places without a record, whose leaf nobody knows
        self._tail: dict[bytes, int] = {}  # expected leaf -> place, after the last record
        self._cut_at: int | None = None  # first place after the last record that `_tail` does not hold
        self._inserted: dict[bytes, int] = {}  # found leaf -> index of its record

    def place_of(self, record: StoredRecord) -> int:
        """Where a record belongs, with known renumbering undone."""
        return record.index + self._shift

    def compare(self, start: int, block: Sequence[bytes | None]) -> Iterator[LogFault]:
        """Compare the records with the leaves expected from place `start` on; None where a leaf is unknown.

        Blocks come without gaps. Places that an earlier block's deletion has reached into are passed over.
        """
        at = self.position - start
        while at < len(block):
            place, expected = start + at, block[at]
            record = self._records.peek()
            if record is None or self.place_of(record) > place:
                self._miss(place, expected, is_tail=record is None)
                at += 1
            elif self.place_of(record) < place:
                self._put_aside(1)
            elif expected is None or record.leaf_hash == expected:
                self._streak = 0
                self._records.take(1)
                if not record.is_coherent:
                    yield _changed(place)
                at += 1
            else:
                dropped, inserted = self._meeting(block, at)
                self._put_aside(inserted)
                for number, leaf in enumerate(self._upcoming(block, at, dropped)):
                    self._miss(place + number, leaf)
                self._shift += dropped - inserted
                at += dropped
                if not dropped and not inserted:
                    self._records.take(1)
                    self._differing.append((place, expected, record.leaf_hash))
                    at += 1
            if len(self._differing) + len(self._dropped) + len(self._unknown) + len(self._inserted) > KEPT:
                yield from self.told()
        self.position = start + at

    def told(self) -> Iterator[LogFault]:
        """Everything held back, told apart by whether a leaf that is gone here turned up there."""
        gone, strange = self._gone(), self._strange()
        missing = self._unknown + [place for leaf, place in self._dropped.items() if leaf not in strange]
        for place, expected, found in self._differing:
            if expected in strange:
                yield _moved(place)
            elif found in gone:  # a record from elsewhere stands here, and is told at its own place
                missing.append(place)
            else:
                yield _changed(place)
        for leaf, place in self._dropped.items():
            if leaf in strange:
                yield _moved(place)
        for first, last in runs(missing):
            yield LogFault(FaultKind.MISSING, first, last, f"{named(first, last)} of the log: missing.")
        for first, last in runs([index for leaf, index in self._inserted.items() if leaf not in gone]):
            yield LogFault(FaultKind.EXTRA, first, last, f"{named(first, last)} of the database: never in the log.")
        self._differing, self._dropped, self._unknown, self._inserted = [], {}, [], {}

    def finished(self) -> Iterator[LogFault]:
        """Everything still held back, where the records ended if that was too early, and what is left over."""
        gone, extra = self._gone(), []
        for record in self._records.rest():
            if record.leaf_hash in gone:
                self._inserted[record.leaf_hash] = record.index
            else:
                extra.append(record.index)
        for first, last in runs(extra):
            sentence = f"{named(first, last)} of the database: covered by no signed checkpoint."
            yield LogFault(FaultKind.EXTRA, first, last, sentence)
        strange = self._strange()
        lost = [place for leaf, place in self._tail.items() if leaf not in strange]
        for leaf, place in self._tail.items():
            if leaf in strange:
                yield _moved(place)
        yield from self.told()
        if self._cut_at is not None:
            lost.append(self._cut_at)
        if lost:
            yield cut("database", min(lost), self.position)

    def _gone(self) -> set[bytes]:
        return self._dropped.keys() | self._tail.keys() | {expected for _, expected, _ in self._differing}

    def _strange(self) -> set[bytes]:
        return self._inserted.keys() | {found for _, _, found in self._differing}

    def _meeting(self, block: Sequence[bytes | None], at: int) -> tuple[int, int]:
        """How many leaves were dropped, or records inserted, before the streams meet again; (0, 0) for neither."""
        record, following = self._records.peek(), self._records.peek(1)
        after = next(islice(self._upcoming(block, at, 2), 1, None), None)
        if record is None or (following is not None and following.leaf_hash == after):
            return 0, 0
        self._streak += 1
        if self._streak & (self._streak - 1):
            return 0, 0  # look at the 1st, 2nd, 4th… difference in a row: a log all wrong stays cheap
        reach = min(NEAR * self._streak, FAR)
        leaves = list(self._upcoming(block, at, reach + 1))
        for dropped in range(1, len(leaves)):
            if leaves[dropped] == record.leaf_hash:
                then = leaves[dropped + 1] if dropped + 1 < len(leaves) else None
                if following is None or following.leaf_hash == then:
                    return dropped, 0
                break
        records = list(self._records.window(reach + 1))
        for inserted in range(1, len(records)):
            if records[inserted].leaf_hash == block[at]:
                then = records[inserted + 1].leaf_hash if inserted + 1 < len(records) else None
                if after is None or after == then:
                    return 0, inserted
                break
        return 0, 0

    def _upcoming(self, block: Sequence[bytes | None], at: int, count: int) -> Iterator[bytes | None]:
        return islice(chain(block[at : at + count], self._later.window(max(0, at + count - len(block)))), count)

    def _put_aside(self, count: int) -> None:
        for record in self._records.take(count):
            self._inserted[record.leaf_hash] = record.index

    def _miss(self, place: int, leaf: bytes | None, *, is_tail: bool = False) -> None:
        if is_tail and (leaf is None or len(self._tail) >= KEPT):
            self._cut_at = place if self._cut_at is None else self._cut_at
        elif leaf is None:
            self._unknown.append(place)
        elif is_tail:
            self._tail[leaf] = place
        else:
            self._dropped[leaf] = place


def _changed(place: int) -> LogFault:
    return LogFault(FaultKind.CHANGED, place, place, f"Record {place} was changed after it was logged.")


def _moved(place: int) -> LogFault:
    return LogFault(FaultKind.REORDERED, place, place, f"Record {place} stands in another place.")
