"""Items of which nothing is held: digests and fingerprints as told, and which item they turned out to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select, update

from hashsets.vocabulary import Fingerprint, FingerprintAlgorithm, Profile
from triage.domain.findings import Subject, TakenFingerprint
from triage.domain.items import Item, ItemKind, KnownDigests, Outcome
from triage.domain.matches import Because
from triage.domain.reports import Viewed, least_viewed

from .intake_tables import authority, reported_file
from .review_tables import decision
from .rows import among, insert_telling, sliced
from .tables import item, occurrence, told_fingerprint

MOST_TOLD = 32
"""Fingerprints of one stated item that are asked: whoever tells thousands must not slow everybody's matching."""

_UNTOLD = -1

_NAMED_WEAKLY = and_(item.c.sha256.is_(None), item.c.same_as.is_(None))


@dataclass(frozen=True, slots=True)
class StatedItems:
    """Access to stated items within one unit of work."""

    connection: Connection

    def named(self, digests: Sequence[KnownDigests]) -> dict[KnownDigests, int]:
        """The item that each of these is; those that none is yet are absent.

        By its SHA-256 where told, else one held with its strongest digest, else the stated one that goes by that. Of
        several held ones with one MD5 that of the least SHA-256.
        """
        by_name = {one: one.name for one in digests if one.name}
        found: dict[KnownDigests, int] = {}
        for algorithm in ("sha256", "sha1", "md5"):
            column = item.c[algorithm]
            values = sorted({name.value for name in by_name.values() if name.algorithm == algorithm})
            ids: dict[bytes, int] = {}
            for part in sliced(values):
                weak = _is_named_by(algorithm)
                query = (
                    select(column, item.c.id)
                    .where(among(self.connection, column, part), item.c.same_as.is_(None))
                    .where(or_(item.c.kind != ItemKind.STATED, weak))
                    .order_by(column, (item.c.kind == ItemKind.STATED), item.c.sha256)
                )
                for value, item_id in self.connection.execute(query):
                    ids.setdefault(value, item_id)
            found |= {one: ids[name.value] for one, name in by_name.items() if name.value in ids}
        return found

    def add(self, new: Mapping[KnownDigests, int | None], now: datetime) -> dict[KnownDigests, int]:
        """Write stated items, told digests and size by each; the ids of those that this unit made, by the same."""
        rows = [
            {
                "sha256": one.sha256,
                "sha1": one.sha1,
                "md5": one.md5,
                "size": size,
                "kind": ItemKind.STATED,
                "depth": 0,
                "outcome": Outcome.PENDING,
                "first_seen": now,
            }
            # In one order for all writers, that of receiving first.
            for one, size in sorted(
                new.items(), key=lambda pair: (pair[0].sha256 or b"~", pair[0].sha1 or b"", pair[0].md5 or b"")
            )
        ]
        told = (item.c.id, item.c.md5, item.c.sha1, item.c.sha256)
        written = insert_telling(self.connection, item, rows, *told)
        return {KnownDigests(row.md5, row.sha1, row.sha256): row.id for row in written}

    def tell(self, item_id: int, digests: KnownDigests, size: int | None) -> None:
        """What is known of a stated item now, all of it told."""
        self.connection.execute(
            update(item)
            .where(item.c.id == item_id, item.c.kind == ItemKind.STATED)
            .values(sha256=digests.sha256, sha1=digests.sha1, md5=digests.md5, size=size)
        )

    def add_fingerprints(self, submission_id: int, told: Mapping[int, Sequence[Fingerprint]]) -> set[int]:
        """Keep told fingerprints by item; the items of which this unit wrote one."""
        rows = [
            {
                "item_id": item_id,
                "algorithm": one.algorithm,
                "profile": one.profile,
                "value": one.value,
                "quality": _UNTOLD if one.quality is None else one.quality,
                "submission_id": submission_id,
            }
            for item_id, fingerprints in sorted(told.items())
            for one in dict.fromkeys(fingerprints)
        ]
        return {
            row.item_id for row in insert_telling(self.connection, told_fingerprint, rows, told_fingerprint.c.item_id)
        }

    def fingerprints(self, item_ids: Sequence[int]) -> dict[int, list[TakenFingerprint]]:
        """What was told of these items, `MOST_TOLD` each at most, in a fixed order."""
        found: dict[int, list[TakenFingerprint]] = {}
        table = told_fingerprint.c
        for part in sliced(item_ids):
            query = (
                select(told_fingerprint)
                .where(among(self.connection, table.item_id, part))
                .order_by(table.item_id, table.algorithm, table.profile, table.value, table.quality.desc())
            )
            for row in self.connection.execute(query):
                mine = found.setdefault(row.item_id, [])
                quality = None if row.quality == _UNTOLD else row.quality
                one = Fingerprint(
                    FingerprintAlgorithm(row.algorithm), Profile(row.profile), bytes(row.value), quality
                )
                if len(mine) < MOST_TOLD:
                    mine.append(TakenFingerprint(Subject.TOLD, one))
        return found

    def gone_among(self, items: Sequence[Item]) -> set[int]:
        """Those that go by another item now: nothing is to be answered for them."""
        found: set[int] = set()
        for part in sliced([one.id for one in items if one.is_stated]):
            query = select(item.c.id).where(among(self.connection, item.c.id, part), item.c.same_as.is_not(None))
            found.update(self.connection.execute(query).scalars())
        return found

    def to_identify(self, item_ids: Sequence[int]) -> dict[int, int]:
        """Stated items that go by less than a SHA-256, and the held items that they are; either among `item_ids`.

        One of which a person has said something stays itself: a decision on what was told is none on bytes.

        Where there are no such items it costs one look at an index that is empty.
        """
        if not self.connection.execute(select(exists().where(_NAMED_WEAKLY))).scalar_one():
            return {}
        weak, held = item.alias("weak"), item.alias("held")
        undecided = ~exists().where(decision.c.item_id == weak.c.id)
        by_sha1 = and_(weak.c.sha1.is_not(None), held.c.sha1 == weak.c.sha1)
        by_md5 = and_(weak.c.sha1.is_(None), held.c.md5 == weak.c.md5)
        found: dict[int, int] = {}
        for condition in (by_sha1, by_md5):
            for part in sliced(item_ids):
                named = or_(among(self.connection, weak.c.id, part), among(self.connection, held.c.id, part))
                query = (
                    select(weak.c.id, held.c.id)
                    .join(held, condition)
                    .where(weak.c.sha256.is_(None), weak.c.same_as.is_(None), held.c.kind != ItemKind.STATED, named)
                    .where(undecided)
                    .order_by(weak.c.id, held.c.sha256)
                )
                for weak_id, held_id in self.connection.execute(query):
                    found.setdefault(weak_id, held_id)
        return found

    def identify(self, same: Mapping[int, int]) -> None:
        """These stated items are those held ones from now on, wherever they occur."""
        for stated_id, held_id in sorted(same.items()):
            self._join_places(stated_id, held_id)
            self.connection.execute(
                update(occurrence).where(occurrence.c.item_id == stated_id).values(item_id=held_id, linked=False)
            )
            for table in (reported_file, authority):
                self.connection.execute(update(table).where(table.c.item_id == stated_id).values(item_id=held_id))
            self.connection.execute(
                update(item)
                .where(item.c.id == stated_id)
                .values(
                    same_as=held_id,
                    outcome=Outcome.NOT_EXAMINED,
                    because=Because.SAME_CONTENT,
                    closed_because=None,
                    comparison_id=None,
                )
            )

    def _join_places(self, stated_id: int, held_id: int) -> None:
        """Places that both items have become the held one's, as little viewed as is said of either."""
        there, other = occurrence, occurrence.alias("other")
        same_place = and_(
            other.c.submission_id == there.c.submission_id,
            other.c.parent_item_id == there.c.parent_item_id,
            other.c.path_key == there.c.path_key,
        )
        both = (
            select(there.c.id, there.c.viewed, other.c.id.label("stays"), other.c.viewed.label("stays_viewed"))
            .join(other, same_place)
            .where(there.c.item_id == stated_id, other.c.item_id == held_id)
        )
        for row in self.connection.execute(both).all():
            said = [Viewed(one) if one else None for one in (row.viewed, row.stays_viewed)]
            least = least_viewed(*said)
            self.connection.execute(update(occurrence).where(occurrence.c.id == row.stays).values(viewed=least))
            self.connection.execute(delete(occurrence).where(occurrence.c.id == row.id))


def _is_named_by(algorithm: str) -> ColumnElement[bool]:
    if algorithm == "sha256":
        return item.c.sha256.is_not(None)
    if algorithm == "sha1":
        return item.c.sha256.is_(None)
    return and_(item.c.sha256.is_(None), item.c.sha1.is_(None))
