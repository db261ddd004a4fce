"""Traits that items share, pairwise links, and look-alike assignments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, case, func, or_, select, tuple_, update

from triage.domain.findings import Subject
from triage.domain.links import Link, Trait

from .rows import SLICE, among, insert_all, insert_new, sliced
from .tables import fingerprint, link, look_alike, occurrence, raster, trait, trait_member


@dataclass(frozen=True, slots=True)
class Landmark:
    """What later items are compared with: a centre's fingerprint, or a disagreeing thumbnail's."""

    item_id: int
    value: bytes
    is_thumbnail: bool


@dataclass(frozen=True, slots=True)
class TakenOut:
    """How many items were linked by something, traits too common no longer, and look-alikes without a centre now."""

    items: int
    crossed: list[int]
    freed: list[int]


@dataclass(frozen=True, slots=True)
class Links:
    """Access to traits, links and look-alike groups within one unit of work."""

    connection: Connection

    def add_traits(self, traits_by_item: Mapping[int, Sequence[Trait]], too_common: int) -> list[int]:
        """Record who shares what. Returns ids of traits that became too common to link by this."""
        traits = {(entry.kind, entry.key): entry for entries in traits_by_item.values() for entry in entries}
        if not traits:
            return []
        insert_new(
            self.connection,
            trait,
            [
                {
                    "kind": entry.kind,
                    "key": entry.key,
                    "strength": entry.strength,
                    "because": entry.because,
                    "members": 0,
                }
                for entry in traits.values()
            ],
        )
        ids = self._trait_ids(list(traits))
        pairs = sorted(
            {
                (ids[entry.kind, entry.key], item_id)
                for item_id, entries in traits_by_item.items()
                for entry in entries
            }
        )
        fresh = [pair for part in sliced(pairs) for pair in self._absent(part)]
        if not fresh:
            return []
        members = [{"trait_id": trait_id, "item_id": item_id} for trait_id, item_id in fresh]
        insert_all(self.connection, trait_member, members)
        return self._count_in(fresh, too_common)

    def _trait_ids(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
        ids: dict[tuple[str, str], int] = {}
        for part in sliced(keys):
            rows = self.connection.execute(
                select(trait.c.kind, trait.c.key, trait.c.id).where(tuple_(trait.c.kind, trait.c.key).in_(part))
            )
            ids.update({(row.kind, row.key): row.id for row in rows})
        return ids

    def _absent(self, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        rows = self.connection.execute(
            select(trait_member.c.trait_id, trait_member.c.item_id).where(
                tuple_(trait_member.c.trait_id, trait_member.c.item_id).in_(pairs)
            )
        )
        present = {(row.trait_id, row.item_id) for row in rows}
        return [pair for pair in pairs if pair not in present]

    def _count_in(self, fresh: Sequence[tuple[int, int]], too_common: int) -> list[int]:
        added: dict[int, int] = {}
        for trait_id, _ in fresh:
            added[trait_id] = added.get(trait_id, 0) + 1
        self.connection.execute(
            update(trait).where(trait.c.id == bindparam("b_id")).values(members=trait.c.members + bindparam("b_new")),
            [{"b_id": trait_id, "b_new": count} for trait_id, count in added.items()],
        )
        crossed = []
        for part in sliced(list(added)):
            rows = self.connection.execute(
                select(trait.c.id, trait.c.members).where(among(self.connection, trait.c.id, part))
            )
            crossed += [row.id for row in rows if row.members - added[row.id] <= too_common < row.members]
        return crossed

    def submissions_sharing(self, trait_ids: Sequence[int]) -> list[int]:
        """Submissions in which any of these traits occurs."""
        query = (
            select(occurrence.c.submission_id)
            .join(trait_member, trait_member.c.item_id == occurrence.c.item_id)
            .where(trait_member.c.trait_id.in_(trait_ids))
            .distinct()
            .order_by(occurrence.c.submission_id)
        )
        return list(self.connection.execute(query).scalars())

    def add_links(self, links: Sequence[Link]) -> None:
        """Write pairwise links; one that is there already stays."""
        insert_new(
            self.connection,
            link,
            [
                {
                    "kind": entry.kind,
                    "from_item": entry.from_item,
                    "to_item": entry.to_item,
                    "strength": entry.strength,
                    "because": entry.because,
                    "distance": entry.distance,
                    "transform": entry.transform,
                }
                for entry in links
            ],
        )

    def containers_of(self, item_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
        """Parent container items of each item that has any, sorted."""
        parents: dict[int, set[int]] = {}
        for part in sliced(item_ids):
            rows = self.connection.execute(
                select(occurrence.c.item_id, occurrence.c.parent_item_id).where(
                    among(self.connection, occurrence.c.item_id, part), occurrence.c.parent_item_id != 0
                )
            )
            for row in rows:
                parents.setdefault(row.item_id, set()).add(row.parent_item_id)
        return {item_id: tuple(sorted(found)) for item_id, found in parents.items()}

    def centres_of(self, item_ids: Sequence[int]) -> dict[int, int]:
        """The centre of each item that is in a look-alike group already."""
        found: dict[int, int] = {}
        for part in sliced(item_ids):
            named = among(self.connection, look_alike.c.item_id, part)
            query = select(look_alike.c.item_id, look_alike.c.centre_id).where(named)
            found.update({row.item_id: row.centre_id for row in self.connection.execute(query)})
        return found

    def take_out(self, item_ids: Sequence[int], most_members: Mapping[str, int]) -> TakenOut:
        """End all that these items are linked by, as if they had never been through linking."""
        crossed: list[int] = []
        freed: list[int] = []
        items: set[int] = set()
        for part in sliced(item_ids):
            shared = trait_member.c.item_id.in_(part)
            items.update(self.connection.execute(select(trait_member.c.item_id).where(shared)).scalars())
            crossed += self._count_out(part, most_members)
            self.connection.execute(trait_member.delete().where(shared))
            self.connection.execute(trait.delete().where(trait.c.members == 0))
            self.connection.execute(link.delete().where(or_(link.c.from_item.in_(part), link.c.to_item.in_(part))))
            grouped = or_(look_alike.c.item_id.in_(part), look_alike.c.centre_id.in_(part))
            placed = self.connection.execute(select(look_alike.c.item_id).where(grouped)).scalars().all()
            items.update(set(placed) & set(part))
            freed += sorted(set(placed) - set(part))
            self.connection.execute(look_alike.delete().where(grouped))
        return TakenOut(len(items), crossed, freed)

    def _count_out(self, item_ids: Sequence[int], most_members: Mapping[str, int]) -> list[int]:
        """Take members from the traits that these items share; ids of those that are too common no longer."""
        rows = self.connection.execute(
            select(trait.c.id, trait.c.kind, trait.c.members, func.count().label("held"))
            .join(trait_member, trait_member.c.trait_id == trait.c.id)
            .where(trait_member.c.item_id.in_(item_ids))
            .group_by(trait.c.id, trait.c.kind, trait.c.members)
        ).all()
        if rows:
            self.connection.execute(
                update(trait)
                .where(trait.c.id == bindparam("b_id"))
                .values(members=trait.c.members - bindparam("b_held")),
                [{"b_id": row.id, "b_held": row.held} for row in rows],
            )
        return [row.id for row in rows if row.members - row.held <= most_members[row.kind] < row.members]

    def assign(self, centres: Sequence[tuple[int, int]]) -> None:
        """Record (item, centre) pairs in order; a centre is its own."""
        rows = [{"item_id": item_id, "centre_id": centre} for item_id, centre in centres]
        insert_all(self.connection, look_alike, rows)

    def landmarks_after(
        self, seq: int, profiles: Sequence[str], disagree_above: int
    ) -> Iterator[tuple[int, Landmark]]:
        """(seq, landmark) of assignments after `seq`: how a process's memory catches up with the database.

        Of each raster's values the first of `profiles` counts that it has.
        """
        while page := self._assigned_after(seq):
            yield from self._landmarks(list(page.values()), profiles, disagree_above)
            seq = max(page)

    def _assigned_after(self, seq: int) -> dict[int, int]:
        """Item by seq, of the next assignments."""
        query = select(look_alike.c.seq, look_alike.c.item_id).where(look_alike.c.seq > seq)
        return {
            row.seq: row.item_id for row in self.connection.execute(query.order_by(look_alike.c.seq).limit(SLICE))
        }

    def _landmarks(
        self, item_ids: Sequence[int], profiles: Sequence[str], disagree_above: int
    ) -> Iterator[tuple[int, Landmark]]:
        """Items by name: asked by seq alone, PostgreSQL came to read every fingerprint there is for a few hundred."""
        preferred = case({profile: place for place, profile in enumerate(profiles)}, value=fingerprint.c.profile)
        query = (
            select(
                look_alike.c.seq,
                look_alike.c.item_id,
                look_alike.c.centre_id,
                fingerprint.c.subject,
                fingerprint.c.value,
                raster.c.thumbnail_distance,
            )
            .join(fingerprint, fingerprint.c.item_id == look_alike.c.item_id)
            .join(raster, raster.c.item_id == look_alike.c.item_id)
            .where(
                among(self.connection, look_alike.c.item_id, item_ids),
                among(self.connection, fingerprint.c.item_id, item_ids),
                fingerprint.c.profile.in_(profiles),
                fingerprint.c.subject.in_([Subject.MAIN, Subject.THUMBNAIL]),
            )
            .order_by(look_alike.c.seq, fingerprint.c.subject, preferred)
        )
        seen: tuple[int, str] | None = None
        for row in self.connection.execute(query):
            if (row.seq, row.subject) == seen:
                continue
            seen = row.seq, row.subject
            if row.subject == Subject.MAIN and row.centre_id == row.item_id:
                yield row.seq, Landmark(row.item_id, row.value, is_thumbnail=False)
            if row.subject == Subject.THUMBNAIL and (row.thumbnail_distance or 0) > disagree_above:
                yield row.seq, Landmark(row.item_id, row.value, is_thumbnail=True)
