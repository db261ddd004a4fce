"""Re-matches: runs over all items whose answer rests on an older comparison, and what each of them changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from triage.domain.rematches import Comparison, ItemChange, Rematch, RematchResult

from .rows import insert_new
from .tables import comparison, item, occurrence, referral_member, rematch, rematch_item


@dataclass(frozen=True, slots=True)
class Rematches:
    """Access to re-matches within one unit of work."""

    connection: Connection

    def open(self, because: str, before_id: int | None, after_id: int, now: datetime) -> int:
        """A new run, of which no job is written yet."""
        values = {"because": [because], "before_id": before_id, "after_id": after_id, "started_at": now}
        rematch_id: int = self.connection.execute(
            insert(rematch).values(**values, listed_to=0, items=0).returning(rematch.c.id)
        ).scalar_one()
        return rematch_id

    def move_on(self, run: Rematch, because: str, after_id: int) -> None:
        """Another state is in force while the run is not finished: it goes on to that one, from its beginning."""
        self.connection.execute(
            update(rematch)
            .where(rematch.c.id == run.id)
            .values(because=[*run.because, because], after_id=after_id, listed_to=0, items=0)
        )

    def listed_to(self, rematch_id: int) -> tuple[int, int]:
        """Up to which item jobs are written, and the comparison that they are to reach."""
        query = select(rematch.c.listed_to, rematch.c.after_id).where(rematch.c.id == rematch_id)
        row = self.connection.execute(query).one()
        return row.listed_to, row.after_id

    def list_on(self, rematch_id: int, seen: tuple[int, int], last: int, items: int) -> bool:
        """Note that jobs are written up to `last`; not if the run has moved on since `listed_to` said `seen`."""
        listed_to, after_id = seen
        changed = self.connection.execute(
            update(rematch)
            .where(rematch.c.id == rematch_id, rematch.c.listed_to == listed_to, rematch.c.after_id == after_id)
            .values(listed_to=last, items=rematch.c["items"] + items)
        )
        return changed.rowcount == 1

    def note(self, rematch_id: int, changes: Sequence[ItemChange]) -> None:
        """Add what changed; of an item that changes twice in one run the first answer and the last stay."""
        insert_new(
            self.connection,
            rematch_item,
            [
                {
                    "rematch_id": rematch_id,
                    "item_id": change.item_id,
                    "before": change.before,
                    "after": change.before,
                    "added": 0,
                    "retracted": 0,
                }
                for change in changes
            ],
        )
        if changes:
            self.connection.execute(
                update(rematch_item)
                .where(rematch_item.c.rematch_id == rematch_id, rematch_item.c.item_id == bindparam("b_item"))
                .values(
                    after=bindparam("b_after"),
                    added=rematch_item.c.added + bindparam("b_added"),
                    retracted=rematch_item.c.retracted + bindparam("b_retracted"),
                ),
                [
                    {
                        "b_item": change.item_id,
                        "b_after": change.after,
                        "b_added": change.added,
                        "b_retracted": change.retracted,
                    }
                    for change in changes
                ],
            )

    def result(self, rematch_id: int) -> RematchResult:
        """What the run has changed so far."""
        touched = select(rematch_item).where(rematch_item.c.rematch_id == rematch_id).subquery()
        rows = self.connection.execute(_counted(touched))
        return _result(rows.all())

    def result_by_referral(self, rematch_id: int) -> dict[int, RematchResult]:
        """The same for the items of each referral."""
        touched = (
            select(
                referral_member.c.referral_id,
                rematch_item.c.item_id,
                rematch_item.c.before,
                rematch_item.c.after,
                rematch_item.c.added,
                rematch_item.c.retracted,
            )
            .select_from(rematch_item)
            .join(occurrence, occurrence.c.item_id == rematch_item.c.item_id)
            .join(referral_member, referral_member.c.submission_id == occurrence.c.submission_id)
            .where(rematch_item.c.rematch_id == rematch_id)
            .distinct()
            .subquery()
        )
        query = _counted(touched).add_columns(touched.c.referral_id).group_by(touched.c.referral_id)
        rows: dict[int, list[Row[Any]]] = {}
        for row in self.connection.execute(query):
            rows.setdefault(row.referral_id, []).append(row)
        return {referral_id: _result(found) for referral_id, found in rows.items()}

    def submissions(self, rematch_id: int) -> list[int]:
        """Submissions that hold an item which the run changed."""
        query = (
            select(occurrence.c.submission_id)
            .join(rematch_item, rematch_item.c.item_id == occurrence.c.item_id)
            .where(rematch_item.c.rematch_id == rematch_id)
            .distinct()
            .order_by(occurrence.c.submission_id)
        )
        return list(self.connection.execute(query).scalars())

    def finish(self, rematch_id: int, result: RematchResult, now: datetime) -> None:
        """No job of the run is owed any more."""
        self.connection.execute(
            update(rematch).where(rematch.c.id == rematch_id).values(finished_at=now, result=asdict(result))
        )

    def get(self, rematch_id: int) -> Rematch:
        """One run, which must exist."""
        return _rematch(self.connection.execute(_runs().where(rematch.c.id == rematch_id)).one())

    def latest(self) -> Rematch | None:
        """The newest run, finished or not. At most this one is unfinished."""
        row = self.connection.execute(_runs().order_by(rematch.c.id.desc()).limit(1)).one_or_none()
        return _rematch(row) if row else None

    def all(self, limit: int) -> list[Rematch]:
        """Runs, newest first."""
        return [_rematch(row) for row in self.connection.execute(_runs().order_by(rematch.c.id.desc()).limit(limit))]

    def comparison_of(self, item_id: int) -> int | None:
        """What one item's answer rests on."""
        query = select(item.c.comparison_id).where(item.c.id == item_id)
        found: int | None = self.connection.execute(query).scalar_one()
        return found


def _counted(touched: Any) -> Select[Any]:
    return (
        select(
            touched.c.before,
            touched.c.after,
            func.count().label("items"),
            func.sum(touched.c.added).label("added"),
            func.sum(touched.c.retracted).label("retracted"),
        )
        .group_by(touched.c.before, touched.c.after)
        .order_by(touched.c.before, touched.c.after)
    )


def _result(rows: Sequence[Row[Any]]) -> RematchResult:
    return RematchResult(
        {f"{row.before}>{row.after}": row.items for row in rows if row.before != row.after},
        sum(int(row.added) for row in rows),
        sum(int(row.retracted) for row in rows),
    )


_BEFORE, _AFTER = comparison.alias("before_run"), comparison.alias("after_run")


def _runs() -> Select[Any]:
    return (
        select(
            rematch,
            _BEFORE.c.policy.label("before_policy"),
            _BEFORE.c.releases.label("before_releases"),
            _AFTER.c.policy.label("after_policy"),
            _AFTER.c.releases.label("after_releases"),
        )
        .join(_AFTER, _AFTER.c.id == rematch.c.after_id)
        .outerjoin(_BEFORE, _BEFORE.c.id == rematch.c.before_id)
    )


def _rematch(row: Row[Any]) -> Rematch:
    before = Comparison(row.before_id, row.before_policy, row.before_releases) if row.before_id else None
    return Rematch(
        id=row.id,
        because=tuple(row.because),
        before=before,
        after=Comparison(row.after_id, row.after_policy, row.after_releases),
        items=row.items,
        started_at=row.started_at,
        finished_at=row.finished_at,
        result=RematchResult(**row.result) if row.result else None,
    )
