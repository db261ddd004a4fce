"""Examining bytes that are not to be kept: digested, examined in the chamber, dropped. They never reach a disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from hashsets.algorithms.digests import Digests, DigestStream
from triage.chamber.parent import Chamber
from triage.chamber.sniff import SNIFF_BYTES, kind_of
from triage.domain.custody import CustodyAction, CustodyEvent
from triage.domain.errors import Refused, Unavailable
from triage.domain.findings import Examination, NoteCode, ProcessingNote
from triage.domain.items import ItemKind
from triage.domain.jobs import NewJob, Stage
from triage.store.items import NewItem
from triage.store.rows import sliced
from triage.store.unit_of_work import Unit

from .examining import notes_of, without_opening
from .taking_items import come_true
from .taking_stated import TakenStated

_MATCHED_TOGETHER = 256
_WAITING = 8
"""Files that wait for a chamber, at most: whoever sends slow ones must not hold up every thread of a server."""


@dataclass(frozen=True, slots=True)
class Sighted:
    """All that remains of a file that is not kept. Holds facts from its metadata, as an examined item does."""

    digests: Digests
    size: int
    kind: ItemKind
    examination: Examination


@dataclass(frozen=True, slots=True)
class _InMemory:
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length]

    def close(self) -> None:
        """Nothing to let go of."""


def examine_unkept(data: bytes, extension: str, chamber: Chamber, max_bytes: int) -> Sighted:
    """Digest and examine bytes in memory. Exactly, never by estimates: there is no closer look at what is gone.

    `extension` is that of the file's name. Raises Refused `unkept-too-large`.
    """
    if len(data) > max_bytes:
        raise Refused("unkept-too-large", f"Files that are not kept have {max_bytes:,} bytes at most: tell digests.")
    stream = DigestStream()
    stream.update(data)
    kind = ItemKind(kind_of(data[:SNIFF_BYTES]))
    found = without_opening(kind)
    if kind is ItemKind.CONTAINER:
        found = Examination(None, notes=(ProcessingNote(NoteCode.MEMBERS_NOT_EXPANDED),))
    return Sighted(
        stream.finish(), len(data), kind, found or chamber.examine(_InMemory(data), name_extension=extension)
    )


class Sighting:
    """Threads that each have a chamber, for doors that answer in threads of their own. A chamber serves one."""

    def __init__(self, chamber: Callable[[], Chamber], max_bytes: int, threads: int = 1) -> None:
        self._chamber, self._max_bytes = chamber, max_bytes
        self._own = threading.local()
        self._room = threading.BoundedSemaphore(threads + _WAITING)
        self._chambers: list[Chamber] = []
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sighting")

    def examine(self, data: bytes, extension: str = "") -> Sighted:
        """As `examine_unkept`; waits for its turn. Raises Unavailable `busy` where too many wait."""
        if not self._room.acquire(blocking=False):
            raise Unavailable("busy", "Too many files are being examined at this moment: send it again.")
        try:
            return self._pool.submit(self._examine, data, extension).result()
        finally:
            self._room.release()

    def close(self) -> None:
        """Finish what is in hand, and end the chambers."""
        self._pool.shutdown()
        for chamber in self._chambers:
            chamber.close()

    def _examine(self, data: bytes, extension: str) -> Sighted:
        if not hasattr(self._own, "chamber"):
            self._own.chamber = self._chamber()
            self._chambers.append(self._own.chamber)
        return examine_unkept(data, extension, self._own.chamber, self._max_bytes)


def take_sighted(
    unit: Unit, submission_id: int, sighted: Sequence[Sighted], now: datetime, actor: str
) -> TakenStated:
    """Write items of which nothing is kept, with all that was found, and owe their matching.

    Of what is held already nothing changes. Occurrences, jobs, custody and settling are the caller's.
    """
    of_digest = {one.digests.sha256: one for one in sighted}
    added = unit.items.add([NewItem(one.digests, one.size, one.kind, 0) for one in of_digest.values()], now)
    told = {item.id for item in unit.items.many(sorted(added.ids.values())) if item.is_stated}
    come = {added.ids[sha256]: one for sha256, one in of_digest.items() if added.ids[sha256] in added.fresh | told}
    if told:
        come_true(unit, {one: NewItem(come[one].digests, come[one].size, come[one].kind, 0) for one in sorted(told)})
    results = {item_id: one.examination for item_id, one in come.items()}
    unit.examinations.add(results)
    unit.items.add_notes(Stage.EXAMINE, notes_of(results))
    jobs = tuple(NewJob(Stage.MATCH, submission_id, tuple(part)) for part in sliced(sorted(come), _MATCHED_TOGETHER))
    events = tuple(
        CustodyEvent(
            now,
            actor,
            CustodyAction.SIGHTED,
            f"item:{item_id}",
            "receive",
            {
                "submission": submission_id,
                "sha256": one.digests.sha256.hex(),
                "size": one.size,
                **({"before": CustodyAction.STATED.value} if item_id in told else {}),
            },
        )
        for item_id, one in sorted(come.items())
    )
    ids = tuple(added.ids[one.digests.sha256] for one in sighted)
    return TakenStated(ids, frozenset(added.fresh), jobs, events)
