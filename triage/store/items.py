"""Items and where their bytes are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Table, and_, delete, select, update

from hashsets.algorithms.digests import Digests
from triage.domain.items import Item, ItemKind, KnownDigests, Outcome
from triage.domain.matches import Answer, Because

from .plans import Erasures
from .rows import among, insert_new, insert_telling, sliced
from .tables import in_place_source, item, processing_note, sealed_object

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item before it has an id, with the locator of its bytes: a row of `sealed_object` or `in_place_source`."""

    digests: Digests
    size: int
    kind: ItemKind
    depth: int
    sealed: Mapping[str, Any] | None = None
    in_place: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """What adding items came to. Of two units that bring the same bytes at once, one alone is told that it did.

    `ids` are those of all of them by SHA-256, `fresh` of items that this unit made, `sealed_now` of items that it did
    not make, and whose bytes lie in the vault by this unit's locator: they were referenced in place only. `held_now`
    are items of which nothing was held before, in the vault or in place: stated, or of a sender that keeps no media.
    """

    ids: Mapping[bytes, int]
    fresh: AbstractSet[int]
    sealed_now: AbstractSet[int]
    held_now: AbstractSet[int]


@dataclass(frozen=True, slots=True)
class Kept:
    """Where an item's bytes are. Both are set once an item referenced in place was handed in to be sealed, too.

    `is_erased`: they were held, and were lawfully deleted.
    """

    item: Item
    sealed: Mapping[str, Any] | None
    in_place: Mapping[str, Any] | None
    is_erased: bool = False

    @property
    def is_located(self) -> bool:
        """Whether anything is held of it. What was stated, or examined and dropped, has no place."""
        return self.sealed is not None or self.in_place is not None


@dataclass(frozen=True, slots=True)
class Items:
    """Access to items within one unit of work."""

    connection: Connection

    def ids_by_sha256(self, digests: Sequence[bytes]) -> dict[bytes, int]:
        """Ids of the items among `digests` that exist."""
        found: dict[bytes, int] = {}
        for part in sliced(digests):
            rows = self.connection.execute(
                select(item.c.sha256, item.c.id).where(among(self.connection, item.c.sha256, part))
            )
            found.update({row.sha256: row.id for row in rows})
        return found

    def sealed_among(self, digests: Sequence[bytes]) -> set[bytes]:
        """Those SHA-256 values among `digests` whose bytes lie in the vault, not only at a source."""
        return self._lying_in(sealed_object, digests)

    def held_among(self, digests: Sequence[bytes]) -> set[bytes]:
        """Those SHA-256 values among `digests` whose bytes lie in the vault or at a source."""
        return self._lying_in(in_place_source, digests) | self.sealed_among(digests)

    def _lying_in(self, places: Table, digests: Sequence[bytes]) -> set[bytes]:
        found: set[bytes] = set()
        for part in sliced(digests):
            rows = self.connection.execute(
                select(item.c.sha256)
                .join(places, places.c.item_id == item.c.id)
                .where(among(self.connection, item.c.sha256, part))
            )
            found.update(rows.scalars())
        return found

    def add(self, new: Sequence[NewItem], now: datetime) -> Added:
        """Write items that do not exist yet, and where their bytes are. What stands already stays as it is."""
        if self.connection.dialect.name == "postgresql":
            # In one order for all writers: two that hold an item each and want the other's would end in a deadlock.
            new = sorted(new, key=lambda entry: entry.digests.sha256)
        written = insert_telling(
            self.connection,
            item,
            [
                {
                    "sha256": entry.digests.sha256,
                    "sha1": entry.digests.sha1,
                    "md5": entry.digests.md5,
                    "size": entry.size,
                    "kind": entry.kind,
                    "depth": entry.depth,
                    "outcome": Outcome.PENDING,
                    "first_seen": now,
                }
                for entry in new
            ],
            item.c.id,
            item.c.sha256,
        )
        ids = {row.sha256: row.id for row in written}
        fresh = set(ids.values())
        ids |= self.ids_by_sha256([entry.digests.sha256 for entry in new if entry.digests.sha256 not in ids])
        sealed = insert_telling(
            self.connection,
            sealed_object,
            [{"item_id": ids[entry.digests.sha256], **entry.sealed} for entry in new if entry.sealed],
            sealed_object.c.item_id,
        )
        placed = insert_telling(
            self.connection,
            in_place_source,
            [{"item_id": ids[entry.digests.sha256], **entry.in_place} for entry in new if entry.in_place],
            in_place_source.c.item_id,
        )
        sealed_now = {row.item_id for row in sealed} - fresh
        placed_now = {row.item_id for row in placed} - fresh
        held_now = (sealed_now - self._located(in_place_source, sealed_now - placed_now)) | (
            placed_now - self._located(sealed_object, placed_now - sealed_now)
        )
        return Added(ids, fresh, sealed_now - held_now, held_now)

    def complete(self, measured: Mapping[int, NewItem]) -> None:
        """Of these items the bytes are held now: what was told of them gives way, and their answer is open again."""
        for item_id, new in sorted(measured.items()):
            self.connection.execute(
                update(item)
                .where(item.c.id == item_id)
                .values(
                    sha256=new.digests.sha256,
                    sha1=new.digests.sha1,
                    md5=new.digests.md5,
                    size=new.size,
                    kind=new.kind,
                    outcome=Outcome.PENDING,
                    because=None,
                    closed_because=None,
                    comparison_id=None,
                )
            )

    def _located(self, table: Table, item_ids: AbstractSet[int]) -> set[int]:
        """Those of the items that have a row in this table of locators."""
        found: set[int] = set()
        for part in sliced(sorted(item_ids)):
            query = select(table.c.item_id).where(among(self.connection, table.c.item_id, part))
            found.update(self.connection.execute(query).scalars())
        return found

    def met_at(self, depths: Mapping[int, int]) -> None:
        """Item id → containers around it where it was met now; the least ever seen is kept, and bounds recursion."""
        for depth, item_ids in _by_value(depths).items():
            for part in sliced(item_ids):
                met = and_(among(self.connection, item.c.id, part), item.c.depth > depth)
                self.connection.execute(update(item).where(met).values(depth=depth))

    def pending_among(self, item_ids: Sequence[int]) -> set[int]:
        """Those of these items that wait for their answer."""
        found: set[int] = set()
        for part in sliced(item_ids):
            named = among(self.connection, item.c.id, part)
            query = select(item.c.id).where(named, item.c.outcome == Outcome.PENDING)
            found.update(self.connection.execute(query).scalars())
        return found

    def many(self, item_ids: Sequence[int]) -> list[Item]:
        """The items named, by id."""
        rows: list[Item] = []
        for part in sliced(item_ids):
            query = select(item).where(among(self.connection, item.c.id, part)).order_by(item.c.id)
            rows += map(item_of, self.connection.execute(query))
        return rows

    def kept(self, item_ids: Sequence[int]) -> list[Kept]:
        """Items with the locators of their bytes, by id."""
        sealed = _by_item(self.connection, sealed_object, item_ids)
        in_place = _by_item(self.connection, in_place_source, item_ids)
        nowhere = sorted(set(item_ids) - sealed.keys() - in_place.keys())
        erased = Erasures(self.connection).among(nowhere) if nowhere else set()
        return [
            Kept(entry, sealed.get(entry.id), in_place.get(entry.id), entry.id in erased)
            for entry in self.many(item_ids)
        ]

    def kept_after(self, item_id: int, batch: int = 200) -> list[Kept]:
        """The next items with their locators, by id; nothing at the end."""
        query = select(item.c.id).where(item.c.id > item_id).order_by(item.c.id).limit(batch)
        return self.kept(list(self.connection.execute(query).scalars()))

    def hold(self, item_ids: Sequence[int]) -> dict[int, Outcome]:
        """The answers of these items, which nobody else can change until this unit ends."""
        found: dict[int, Outcome] = {}
        for part in sliced(item_ids):
            named = among(self.connection, item.c.id, part)
            query = select(item.c.id, item.c.outcome).where(named).order_by(item.c.id)
            found |= {row.id: Outcome(row.outcome) for row in self.connection.execute(query.with_for_update())}
        return found

    def resting_elsewhere(self, comparison_id: int, after: int = 0, limit: int = 1) -> list[int]:
        """Items whose answer rests on another comparison, or on none, by id: the next after the item `after`.

        Items without an answer are none of them: their own job asks what is in force.
        """
        query = (
            select(item.c.id)
            .where(
                item.c.id > after,
                item.c.same_as.is_(None),
                item.c.outcome != Outcome.PENDING,
                item.c.comparison_id.is_distinct_from(comparison_id),
            )
            .order_by(item.c.id)
            .limit(limit)
        )
        return list(self.connection.execute(query).scalars())

    def set_outcomes(self, answers: Mapping[int, Answer], comparison_id: int | None = None) -> None:
        """Write the answers by item id. `comparison_id` names what was asked; None where nothing could be."""
        for answer, item_ids in _by_value(answers).items():  # of few kinds, however many items
            for part in sliced(item_ids):
                self.connection.execute(
                    update(item)
                    .where(among(self.connection, item.c.id, part))
                    .values(
                        outcome=answer.outcome,
                        because=answer.because,
                        closed_because=answer.closed_because,
                        comparison_id=comparison_id,
                    )
                )

    def noted(self, item_ids: Sequence[int], code: str) -> set[int]:
        """Those of the items that have this processing note."""
        found: set[int] = set()
        for part in sliced(item_ids):
            noted = (among(self.connection, processing_note.c.item_id, part), processing_note.c.code == code)
            found.update(self.connection.execute(select(processing_note.c.item_id).where(*noted)).scalars())
        return found

    def add_notes(self, stage: str, notes: Sequence[tuple[int, str, str]]) -> None:
        """Processing notes as (item id, code, detail)."""
        insert_new(
            self.connection,
            processing_note,
            [{"item_id": item_id, "code": code, "detail": detail, "stage": stage} for item_id, code, detail in notes],
        )

    def forget_notes(self, stage: str, code: str, item_ids: Sequence[int]) -> None:
        """Drop a stage's notes of this code: it is to be done again, and notes it anew if it must."""
        for part in sliced(item_ids):
            self.connection.execute(
                delete(processing_note).where(
                    processing_note.c.item_id.in_(part),
                    processing_note.c.stage == stage,
                    processing_note.c.code == code,
                )
            )

    def forget_giving_up(self, item_ids: Sequence[int]) -> None:
        """Items whose answer says no more than that matching was given up have none again."""
        for part in sliced(item_ids):
            self.connection.execute(
                update(item)
                .where(item.c.id.in_(part), item.c.because == Because.GAVE_UP)
                .values(outcome=Outcome.PENDING, because=None, closed_because=None, comparison_id=None)
            )


def _by_value(values: Mapping[int, V]) -> dict[V, list[int]]:
    """The ids that have each value."""
    ids: dict[V, list[int]] = {}
    for item_id, value in values.items():
        ids.setdefault(value, []).append(item_id)
    return ids


def item_of(row: Row[Any]) -> Item:
    """A row that has the columns of `item`."""
    return Item(
        id=row.id,
        digests=KnownDigests(md5=row.md5, sha1=row.sha1, sha256=row.sha256),
        size=row.size,
        kind=ItemKind(row.kind),
        depth=row.depth,
        outcome=Outcome(row.outcome),
    )


def _by_item(connection: Connection, table: Any, item_ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    found: dict[int, Mapping[str, Any]] = {}
    for part in sliced(item_ids):
        for row in connection.execute(select(table).where(among(connection, table.c.item_id, part))).mappings():
            found[row["item_id"]] = {key: value for key, value in row.items() if key != "item_id"}
    return found
