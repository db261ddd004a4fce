"""What the plan of looks asks of a referral: its groups in numbers, and the stacks of one of them. Reads only.

The database groups; what comes back is bounded, whatever the referral has grown to. Nothing here reads a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Join,
    RowMapping,
    Select,
    Subquery,
    and_,
    case,
    collate,
    func,
    null,
    or_,
    select,
    type_coerce,
)

from triage.domain.decisions import DecisionState, SeenBasis
from triage.domain.findings import THUMBNAIL_DISAGREES_ABOVE
from triage.domain.group_proposals import Looked
from triage.domain.items import Outcome
from triage.domain.look_plan import RUN, GroupKey, Outline, Stack, Tie, Verdict

from .review_tables import decision
from .rows import among, listed
from .tables import finding, item, look_alike, occurrence, raster, referral_member

GROUPS = 50_000
"""The most groups of a referral that are planned at a time; those that say most come first."""
SHOWABLE = (Outcome.UNKNOWN, Outcome.NEAR, Outcome.TOO_POOR)
"""Answers that leave an item to a person and of which there is something to look at."""

_DAY = len("2026-11-27")


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of a referral. `unlawful` are categories of the scheme; `since` is the camera's clock, naive."""

    referral_id: int
    scheme: str
    unlawful: Sequence[str]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """A group in numbers, and the centres of its stacks."""

    outline: Outline
    centres: Sequence[int]


@dataclass(frozen=True, slots=True)
class LookPlans:
    """Reads within one unit of work."""

    connection: Connection

    def groups(self, asking: Asking, limit: int = GROUPS) -> list[Group]:
        """The groups of a referral: what is found in first, then what is raised, then the largest."""
        stack = self._grouped(asking)
        far = stack.c.near == 0
        said, is_open = stack.c.looked == 1, stack.c.open_items > 0
        counted = {
            "stacks": far,
            "open": and_(far, is_open),
            "waiting": and_(far, is_open, stack.c.looked == 0),
            "lawful": and_(far, said, stack.c.unlawful == 0),
            "unlawful": and_(far, said, stack.c.unlawful == 1),
            "recent": stack.c.recent == 1,
            "disagreeing": stack.c.disagrees == 1,
            "near": stack.c.near == 1,
            "open_near": and_(stack.c.near == 1, is_open),
            "beside": and_(far, is_open, stack.c.looked == 0, stack.c.beside == 1),
        }
        columns = {name: func.sum(case((condition, 1), else_=0)) for name, condition in counted.items()}
        key = (stack.c.occasion, stack.c.archive, stack.c.run)
        query = (
            select(
                *key,
                *(column.label(name) for name, column in columns.items()),
                func.sum(stack.c.open_items).label("open_items"),
                self._gathered(stack.c.centre).label("centres"),
            )
            .group_by(*key)
            .order_by(
                (columns["unlawful"] + columns["near"]).desc(),
                (columns["recent"] + columns["disagreeing"]).desc(),
                columns["open"].desc(),
                *key,
            )
            .limit(limit)
        )
        rows = self.connection.execute(query).mappings()
        return [Group(_outline(row, (*counted, "open_items")), row["centres"]) for row in rows]

    def said_since(self, asking: Asking, since: datetime, limit: int) -> list[int] | None:
        """The centres of stacks of the referral of which anything was decided, confirmed or taken back since.

        None where more than `limit` decisions were, in whatever referral.
        """
        changed = select(decision.c.item_id, decision.c.scheme).where(decision.c.changed_at >= since)
        # By time, so that the index is read, however many the planner expects.
        rows = self.connection.execute(changed.order_by(decision.c.changed_at.desc()).limit(limit + 1)).all()
        if len(rows) > limit:
            return None
        items = sorted({row.item_id for row in rows if row.scheme == asking.scheme})
        # One of each item, found by the item: as EXISTS it was joined to all that the referral holds.
        held = (
            select(occurrence.c.id)
            .join(referral_member, referral_member.c.submission_id == occurrence.c.submission_id)
            .where(occurrence.c.item_id == item.c.id, referral_member.c.referral_id == asking.referral_id)
            .limit(1)
            .scalar_subquery()
        )
        query = (
            select(func.coalesce(look_alike.c.centre_id, item.c.id))
            .select_from(item)
            .outerjoin(look_alike, look_alike.c.item_id == item.c.id)
            .where(among(self.connection, item.c.id, items), item.c.outcome.in_(SHOWABLE), held.is_not(None))
        )
        return list(self.connection.execute(query.distinct()).scalars()) if items else []

    def stacks(self, asking: Asking, group: Group) -> list[Stack]:
        """The stacks of one group, by time and item; of a day with more than fit a run the first."""
        key = group.outline.key
        stack = self._grouped(asking, group.centres)
        occasion = key.day + key.camera if key.tie is Tie.OCCASION else None
        named = and_(
            stack.c.occasion == occasion if occasion else stack.c.occasion.is_(None),
            stack.c.archive == key.archive,
            stack.c.run == key.run,
        )
        query = select(stack).where(named).order_by(stack.c.moment, stack.c.item_id).limit(RUN)
        return [_stack(row) for row in self.connection.execute(query).mappings()]

    def stacks_of(self, asking: Asking, centres: Sequence[int]) -> dict[GroupKey, dict[int, Stack]]:
        """The stacks of these centres, by their groups."""
        found: dict[GroupKey, dict[int, Stack]] = {}
        stack = self._grouped(asking, centres)
        for row in self.connection.execute(select(stack).order_by(stack.c.centre)).mappings():
            found.setdefault(_key(row), {})[row["centre"]] = _stack(row)
        return found

    def looked(self, asking: Asking, centres: Sequence[int]) -> dict[int, tuple[Looked, ...]]:
        """What stands of items around these centres and was said after a look."""
        held, centre = self._around(asking, centres)
        query = (
            select(centre.label("centre"), decision.c.id, decision.c.category)
            .select_from(held)
            .join(decision, decision.c.item_id == item.c.id)
            .where(
                among(self.connection, centre, centres),
                decision.c.scheme == asking.scheme,
                decision.c.state == DecisionState.STANDING,
                decision.c.basis != SeenBasis.FACTS,
            )
        )
        found: dict[int, tuple[Looked, ...]] = {}
        for row in self.connection.execute(query.order_by(decision.c.id)):
            found[row.centre] = (*found.get(row.centre, ()), Looked(row.id, row.category))
        return found

    def open_items(self, asking: Asking, centres: Sequence[int]) -> list[int]:
        """Items around these centres that nobody has decided."""
        held, centre = self._around(asking, centres)
        query = (
            select(item.c.id)
            .select_from(held.outerjoin(decision, _said_of_item(asking)))
            .where(among(self.connection, centre, centres), item.c.outcome.in_(SHOWABLE), decision.c.id.is_(None))
        )
        return list(self.connection.execute(query.order_by(item.c.id)).scalars())

    def _around(self, asking: Asking, centres: Sequence[int]) -> tuple[Join, ColumnElement[int]]:
        """The referral's items around these centres and perhaps some more, and what each one's centre is."""
        held = self._held(asking.referral_id, centres)
        found = held.join(item, item.c.id == held.c.item_id).outerjoin(look_alike, look_alike.c.item_id == item.c.id)
        return found, func.coalesce(look_alike.c.centre_id, item.c.id)

    def _gathered(self, column: ColumnElement[int]) -> ColumnElement[Sequence[int]]:
        if self.connection.dialect.name == "postgresql":
            return func.array_agg(column)
        return type_coerce(func.json_group_array(column), JSON)

    def _grouped(self, asking: Asking, within: Sequence[int] | None = None) -> Subquery:
        """Stacks with the key of their group: `occasion` (NULL: none), `archive` (0: none), `run`; and `beside`."""
        stack = self._stacked(asking, within)
        alone = stack.c.occasion.is_(None)
        archive = case((alone, stack.c.archive), else_=0)
        run = case((alone, stack.c.item_id // RUN), else_=0)
        found = stack.c.near + stack.c.unlawful
        by_time: Any = {
            "partition_by": (stack.c.occasion, archive, run),
            "order_by": (stack.c.moment, stack.c.item_id),
        }
        either_side = [func.coalesce(step(found).over(**by_time), 0) for step in (func.lag, func.lead)]
        return select(
            *(one for one in stack.c if one.name != "archive"),
            archive.label("archive"),
            run.label("run"),
            case((either_side[0] + either_side[1] > 0, 1), else_=0).label("beside"),
        ).subquery("grouped")

    def _stacked(self, asking: Asking, within: Sequence[int] | None) -> Subquery:
        """One row for each stack: its centre where the referral has it, else its first item here."""
        held = self._held(asking.referral_id, within)
        camera, captured = finding.alias("camera"), finding.alias("captured")
        local = captured.c.value["local"].as_string()
        named = [func.coalesce(camera.c.value[name].as_string(), "") for name in ("make", "model", "serial")]
        stated = and_(camera.c.item_id.is_not(None), captured.c.item_id.is_not(None))
        occasion = func.substr(local, 1, _DAY) + named[0] + "\t" + named[1] + "\t" + named[2]
        recent = and_(stated, local >= asking.since.isoformat(), local <= asking.until.isoformat())
        looked, unlawful = decision.c.basis != SeenBasis.FACTS, decision.c.category.in_(asking.unlawful)
        centre = func.coalesce(look_alike.c.centre_id, item.c.id)
        query = (
            select(
                func.coalesce(func.min(case((item.c.id == centre, item.c.id))), func.min(item.c.id)).label("item_id"),
                centre.label("centre"),
                func.min(self._plain(case((stated, occasion), else_=null()))).label("occasion"),
                func.coalesce(func.min(held.c.archive), 0).label("archive"),
                func.coalesce(func.min(self._plain(local)), "").label("moment"),
                func.sum(case((decision.c.id.is_(None), 1), else_=0)).label("open_items"),
                _any(looked).label("looked"),
                _any(and_(looked, unlawful)).label("unlawful"),
                case((_any(looked) == 1, 0), else_=_any(or_(item.c.outcome == Outcome.NEAR, unlawful))).label("near"),
                _any(recent).label("recent"),
                _any(raster.c.thumbnail_distance > THUMBNAIL_DISAGREES_ABOVE).label("disagrees"),
            )
            .select_from(held)
            .join(item, item.c.id == held.c.item_id)
            .outerjoin(look_alike, look_alike.c.item_id == item.c.id)
            .outerjoin(camera, and_(camera.c.item_id == item.c.id, camera.c.kind == "camera"))
            .outerjoin(captured, and_(captured.c.item_id == item.c.id, captured.c.kind == "captured"))
            .outerjoin(raster, raster.c.item_id == item.c.id)
            .outerjoin(decision, _said_of_item(asking))
            .where(item.c.outcome.in_(SHOWABLE))
            .group_by(centre)
        )
        if within is not None:
            query = query.where(among(self.connection, centre, within))
        return query.subquery("stacked")

    def _held(self, referral_id: int, within: Sequence[int] | None) -> Subquery:
        """Items of the referral, each with the first archive that it lies in; of `within` these centres alone."""
        inside = case((occurrence.c.parent_item_id != 0, occurrence.c.parent_item_id))
        query: Select[Any] = (
            select(occurrence.c.item_id, func.min(inside).label("archive"))
            .select_from(referral_member)
            .join(occurrence, occurrence.c.submission_id == referral_member.c.submission_id)
            .where(referral_member.c.referral_id == referral_id)
            .group_by(occurrence.c.item_id)
        )
        if within is not None:
            around = select(look_alike.c.item_id).where(among(self.connection, look_alike.c.centre_id, within))
            alone = select(listed(self.connection, within).c.value)
            query = query.where(occurrence.c.item_id.in_(around.union(alone)))
        return query.subquery("held")

    def _plain(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Compared byte by byte, as SQLite and Python do: the least is then the same everywhere."""
        return collate(column, "C") if self.connection.dialect.name == "postgresql" else column


def _said_of_item(asking: Asking) -> ColumnElement[bool]:
    stands = or_(
        decision.c.state == DecisionState.STANDING,
        decision.c.state == DecisionState.AWAITING_SECOND,
    )
    return and_(decision.c.item_id == item.c.id, decision.c.scheme == asking.scheme, stands)


def _any(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.max(case((condition, 1), else_=0))


def _key(row: RowMapping) -> GroupKey:
    if row["occasion"] is not None:
        return GroupKey(Tie.OCCASION, row["occasion"][:_DAY], row["occasion"][_DAY:])
    tie = Tie.ARCHIVE if row["archive"] else Tie.NOTHING
    return GroupKey(tie, archive=row["archive"], run=row["run"])


def _outline(row: RowMapping, counts: Sequence[str]) -> Outline:
    return Outline(_key(row), **{name: int(row[name]) for name in counts})


def _stack(row: RowMapping) -> Stack:
    verdict = Verdict.UNLAWFUL if row["unlawful"] else Verdict.LAWFUL
    return Stack(
        item_id=row["item_id"],
        moment=row["moment"],
        open_items=row["open_items"],
        said=verdict if row["looked"] else None,
        is_near=bool(row["near"]),
        is_recent=bool(row["recent"]),
        disagrees=bool(row["disagrees"]),
    )
