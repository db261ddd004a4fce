"""Pushes: seizures that a unit sends over the network, and what of them is recorded here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, func, select, update

from triage.domain.errors import NotFound
from triage.domain.items import ItemKind

from .intake_tables import push
from .rows import among, insert_new, sliced
from .submissions import path_key
from .tables import item, occurrence, sealed_object, submission


@dataclass(frozen=True, slots=True)
class KeptPush:
    """A push as recorded, with the case that it belongs to."""

    submission_id: int
    public_id: str
    sender_id: int
    case_ref: str
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is recorded at a path, lastly."""

    path: bytes
    size: int
    mtime_ns: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class HeldItem:
    """An item whose bytes are sealed here."""

    id: int
    kind: ItemKind
    size: int


@dataclass(frozen=True, slots=True)
class Pushes:
    """Access to pushes within one unit of work."""

    connection: Connection

    def open(self, submission_id: int, public_id: str, sender_id: int, now: datetime) -> str:
        """The push of this submission, open (again): its public id, which is `public_id` when it is new."""
        row = {
            "submission_id": submission_id,
            "public_id": public_id,
            "sender_id": sender_id,
            "sandbox": False,
            "opened_at": now,
        }
        insert_new(self.connection, push, [row])
        reopened = update(push).where(push.c.submission_id == submission_id)
        self.connection.execute(reopened.values(finished_at=None, manifest_sha256=None))
        found = select(push.c.public_id).where(push.c.submission_id == submission_id)
        return str(self.connection.execute(found).scalar_one())

    def named(self, public_id: str, sender_id: int) -> KeptPush:
        """A push of this sender. Raises NotFound `no-push`."""
        query = (
            select(push, submission.c.case_ref)
            .join(submission, submission.c.id == push.c.submission_id)
            .where(push.c.public_id == public_id, push.c.sender_id == sender_id)
        )
        row = self.connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("no-push", "There is no such push of this sender.")
        return KeptPush(row.submission_id, row.public_id, row.sender_id, row.case_ref, row.finished_at)

    def finish(self, submission_id: int, manifest: bytes, now: datetime) -> None:
        """Both sides agree on what was sent."""
        done = update(push).where(push.c.submission_id == submission_id)
        self.connection.execute(done.values(finished_at=now, manifest_sha256=manifest))

    def count_recorded(self, submission_id: int) -> int:
        """How many places are recorded."""
        query = select(func.count()).where(
            occurrence.c.submission_id == submission_id, occurrence.c.parent_item_id == 0
        )
        return int(self.connection.execute(query).scalar_one())

    def recorded_at(self, submission_id: int, paths: Sequence[bytes]) -> dict[bytes, Recorded]:
        """What is recorded lastly at each of these paths."""
        found: dict[bytes, Recorded] = {}
        for part in sliced(paths):
            at = among(self.connection, occurrence.c.path_key, [path_key(path) for path in part])
            for row in self.connection.execute(self._recorded(submission_id).where(at).order_by(occurrence.c.id)):
                found[row.path] = Recorded(row.path, row.size, row.mtime_ns, row.sha256)
        return found

    def all_recorded(self, submission_id: int) -> Iterator[Recorded]:
        """What is recorded lastly at every path, in the order of paths as bytes."""
        query = self._recorded(submission_id).order_by(occurrence.c.path, occurrence.c.id)
        last: Recorded | None = None
        for row in self.connection.execute(query.execution_options(yield_per=2_000)):
            if last is not None and row.path != last.path:
                yield last
            last = Recorded(row.path, row.size, row.mtime_ns, row.sha256)
        if last is not None:
            yield last

    def held_in_case(self, sender_id: int, case_ref: str, digests: Sequence[bytes]) -> Mapping[bytes, HeldItem]:
        """Items among these SHA-256 values that this sender has pushed into this case, and that are sealed."""
        found: dict[bytes, HeldItem] = {}
        for part in sliced(digests):
            query = (
                select(item.c.id, item.c.sha256, item.c.kind, item.c.size)
                .distinct()
                .join(sealed_object, sealed_object.c.item_id == item.c.id)
                .join(occurrence, occurrence.c.item_id == item.c.id)
                .join(push, push.c.submission_id == occurrence.c.submission_id)
                .join(submission, submission.c.id == push.c.submission_id)
                .where(
                    among(self.connection, item.c.sha256, part),
                    push.c.sender_id == sender_id,
                    submission.c.case_ref == case_ref,
                    occurrence.c.parent_item_id == 0,
                )
            )
            found |= {
                row.sha256: HeldItem(row.id, ItemKind(row.kind), row.size) for row in self.connection.execute(query)
            }
        return found

    @staticmethod
    def _recorded(submission_id: int) -> Select[tuple[bytes, int, int, bytes]]:
        return (
            select(occurrence.c.path, item.c.size, occurrence.c.mtime_ns, item.c.sha256)
            .join(item, item.c.id == occurrence.c.item_id)
            .where(occurrence.c.submission_id == submission_id, occurrence.c.parent_item_id == 0)
        )
