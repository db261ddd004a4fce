"""What submissions share, the joins that follow from it, and the referrals that stand for whole networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from triage.domain.items import ItemKind
from triage.domain.jobs import JobState, Stage
from triage.domain.networks import Join
from triage.domain.priority import Assessment, ReferralFacts
from triage.domain.referral_facts import facts_document
from triage.domain.submissions import SubmissionState

from .job_tables import job
from .rows import among
from .tables import (
    item,
    look_alike,
    network_join,
    occurrence,
    referral,
    referral_event,
    referral_member,
    referral_summary,
    rematch,
    submission,
    trait,
    trait_member,
)


@dataclass(frozen=True, slots=True)
class SharedTrait:
    """A trait and the submissions that hold it, sorted."""

    key: str
    submissions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SharedContent:
    """So many items are also in `submission_id`; each of them is in `holders` submissions in all."""

    submission_id: int
    holders: int
    items: int


@dataclass(frozen=True, slots=True)
class Networks:
    """Access to joins and referrals within one unit of work."""

    connection: Connection

    def shared_traits(self, submission_id: int, kind: str, most_members: int, outcome: str) -> list[SharedTrait]:
        """Traits of a kind that this submission and others both hold, through items with `outcome` on either side.

        Traits with more than `most_members` items link nothing and are left out.
        """
        held = (
            select(trait_member.c.trait_id)
            .join(occurrence, occurrence.c.item_id == trait_member.c.item_id)
            .join(item, item.c.id == trait_member.c.item_id)
            .join(trait, trait.c.id == trait_member.c.trait_id)
            .where(
                occurrence.c.submission_id == submission_id,
                trait.c.kind == kind,
                trait.c.members <= most_members,
                item.c.outcome == outcome,
            )
            .distinct()
        )
        rows = self.connection.execute(
            select(trait.c.id, trait.c.key, occurrence.c.submission_id)
            .join(trait_member, trait_member.c.trait_id == trait.c.id)
            .join(item, item.c.id == trait_member.c.item_id)
            .join(occurrence, occurrence.c.item_id == trait_member.c.item_id)
            .where(trait.c.id.in_(held), item.c.outcome == outcome)
            .distinct()
            .order_by(trait.c.id, occurrence.c.submission_id)
        ).all()
        holders: dict[int, list[int]] = {}
        for row in rows:
            holders.setdefault(row.id, []).append(row.submission_id)
        keys = {row.id: row.key for row in rows}
        return [SharedTrait(keys[trait_id], tuple(found)) for trait_id, found in holders.items() if len(found) > 1]

    def shared_content(self, submission_id: int, *outcomes: str) -> list[SharedContent]:
        """How many items with these outcomes this submission shares with each other one, by in how many they are."""
        mine = (
            select(occurrence.c.item_id)
            .join(item, item.c.id == occurrence.c.item_id)
            .where(occurrence.c.submission_id == submission_id, item.c.outcome.in_(outcomes))
            .where(or_(item.c.size > 0, item.c.kind == ItemKind.STATED))
            .distinct()
        )
        spread = (
            select(occurrence.c.item_id, func.count(occurrence.c.submission_id.distinct()).label("holders"))
            .where(occurrence.c.item_id.in_(mine))
            .group_by(occurrence.c.item_id)
            .having(func.count(occurrence.c.submission_id.distinct()) > 1)
            .subquery()
        )
        rows = self.connection.execute(
            select(
                occurrence.c.submission_id,
                spread.c.holders,
                func.count(occurrence.c.item_id.distinct()).label("shared"),
            )
            .join(spread, spread.c.item_id == occurrence.c.item_id)
            .where(occurrence.c.submission_id != submission_id)
            .group_by(occurrence.c.submission_id, spread.c.holders)
            .order_by(occurrence.c.submission_id, spread.c.holders)
        )
        return [SharedContent(row.submission_id, row.holders, row.shared) for row in rows]

    def shared_look_alikes(self, submission_id: int, outcome: str) -> dict[int, int]:
        """Other submission → look-alike groups in which both have different items with `outcome`."""
        mine, theirs = look_alike.alias("mine"), look_alike.alias("theirs")
        found, other, content = occurrence.alias("found"), occurrence.alias("other"), item.alias("content")
        rows = self.connection.execute(
            select(other.c.submission_id, func.count(mine.c.centre_id.distinct()).label("shared"))
            .select_from(found)
            .join(mine, mine.c.item_id == found.c.item_id)
            .join(item, item.c.id == mine.c.item_id)
            .join(theirs, and_(theirs.c.centre_id == mine.c.centre_id, theirs.c.item_id != mine.c.item_id))
            .join(content, content.c.id == theirs.c.item_id)
            .join(other, other.c.item_id == theirs.c.item_id)
            .where(
                found.c.submission_id == submission_id,
                other.c.submission_id != submission_id,
                item.c.outcome == outcome,
                content.c.outcome == outcome,
            )
            .group_by(other.c.submission_id)
            .order_by(other.c.submission_id)
        )
        return {row.submission_id: row.shared for row in rows}

    def same_case(self, submission_id: int) -> list[int]:
        """Other submissions under the same case reference."""
        case = select(submission.c.case_ref).where(submission.c.id == submission_id).scalar_subquery()
        query = (
            select(submission.c.id)
            .where(submission.c.case_ref == case, submission.c.id != submission_id)
            .order_by(submission.c.id)
        )
        return list(self.connection.execute(query).scalars())

    def joins_of(self, submission_ids: Sequence[int]) -> list[Join]:
        """Joins in force that touch any of these submissions."""
        rows = self.connection.execute(
            select(network_join)
            .where(
                network_join.c.withdrawn_at.is_(None),
                or_(network_join.c.low_id.in_(submission_ids), network_join.c.high_id.in_(submission_ids)),
            )
            .order_by(network_join.c.low_id, network_join.c.high_id, network_join.c.kind)
        )
        return [Join(row.low_id, row.high_id, row.kind, row.because) for row in rows]

    def change_joins(self, made: Sequence[Join], withdrawn: Sequence[Join], now: datetime) -> None:
        """Write new joins and end those that no longer hold; an ended join stays as history."""
        for join in withdrawn:
            self.connection.execute(
                update(network_join)
                .where(
                    network_join.c.low_id == join.low,
                    network_join.c.high_id == join.high,
                    network_join.c.kind == join.kind,
                    network_join.c.withdrawn_at.is_(None),
                )
                .values(withdrawn_at=now)
            )
        if made:
            self.connection.execute(
                insert(network_join),
                [
                    {
                        "low_id": join.low,
                        "high_id": join.high,
                        "kind": join.kind,
                        "because": join.because,
                        "made_at": now,
                        "withdrawn_at": None,
                    }
                    for join in made
                ],
            )

    def network_of(self, submission_id: int) -> list[int]:
        """Every submission reachable by joins in force or held by the same referral, sorted."""
        known = {submission_id}
        edge = [submission_id]
        while edge:
            reached = {end for join in self.joins_of(edge) for end in (join.low, join.high)}
            referrals = select(referral_member.c.referral_id).where(referral_member.c.submission_id.in_(edge))
            held = select(referral_member.c.submission_id).where(referral_member.c.referral_id.in_(referrals))
            reached.update(self.connection.execute(held).scalars())
            edge = sorted(reached - known)
            known |= reached
        return sorted(known)

    def referrals_of(self, submission_ids: Sequence[int]) -> dict[int, int]:
        """Submission → referral that holds it."""
        rows = self.connection.execute(
            select(referral_member.c.submission_id, referral_member.c.referral_id).where(
                referral_member.c.submission_id.in_(submission_ids)
            )
        )
        return {row.submission_id: row.referral_id for row in rows}

    def open_referral(self, now: datetime) -> int:
        """A new, empty referral."""
        referral_id: int = self.connection.execute(
            insert(referral)
            .values(
                state="open",
                danger=0,
                solvability=0,
                network=0,
                clock=0,
                sort_key="",
                reasons=[],
                facts={},
                edition="",
                created_at=now,
                updated_at=now,
            )
            .returning(referral.c.id)
        ).scalar_one()
        return referral_id

    def place(self, submission_ids: Sequence[int], referral_id: int, now: datetime) -> None:
        """Put submissions into a referral, out of whichever held them."""
        self.connection.execute(referral_member.delete().where(referral_member.c.submission_id.in_(submission_ids)))
        self.connection.execute(
            insert(referral_member),
            [
                {"submission_id": submission_id, "referral_id": referral_id, "joined_at": now}
                for submission_id in submission_ids
            ],
        )

    def merge(self, referral_id: int, into: int, now: datetime) -> None:
        """Mark a referral as continued in another; its history stays readable."""
        self.connection.execute(
            update(referral)
            .where(referral.c.id == referral_id)
            .values(state="merged", merged_into=into, updated_at=now)
        )
        self.connection.execute(delete(referral_summary).where(referral_summary.c.referral_id == referral_id))

    def add_event(self, referral_id: int, kind: str, details: Mapping[str, Any], now: datetime) -> None:
        """One line of a referral's history."""
        self.connection.execute(
            insert(referral_event).values(referral_id=referral_id, kind=kind, details=dict(details), at=now)
        )

    def assess(self, referral_id: int, assessment: Assessment, facts: ReferralFacts, now: datetime) -> None:
        """Write a referral's priority with its reasons, and the facts that were counted for it."""
        self.connection.execute(
            update(referral)
            .where(referral.c.id == referral_id)
            .values(
                danger=assessment.danger,
                solvability=assessment.solvability,
                network=assessment.network,
                clock=assessment.clock,
                sort_key=assessment.sort_key,
                reasons=[
                    {
                        "axis": reason.axis,
                        "level": reason.level,
                        "rule": reason.rule,
                        "sentence": reason.sentence,
                        "lowers": reason.lowers,
                    }
                    for reason in assessment.reasons
                ],
                facts=facts_document(facts),
                near=facts.near,
                unknown=facts.unknown,
                edition=assessment.edition,
                updated_at=now,
            )
        )

    def keep_summary(self, referral_id: int, counted: Mapping[str, Any], now: datetime) -> None:
        """What its page shows of its items, in place of what was counted before."""
        self.connection.execute(delete(referral_summary).where(referral_summary.c.referral_id == referral_id))
        row = {"referral_id": referral_id, "counted": dict(counted), "at": now}
        self.connection.execute(insert(referral_summary), [row])

    def counts_owed(self, submission_ids: Sequence[int]) -> bool:
        """Whether what was counted of these submissions' network is to be counted again, or may be.

        So while any job over them is owed, while one of them is being received, while a re-match runs, and where LINK
        or REFER was given up and not made good since. Each of these ends in REFER, which counts.
        """
        of_these = among(self.connection, job.c.submission_id, submission_ids)
        since = job.alias("since")
        made_good = (
            select(since.c.id)
            .where(
                since.c.submission_id == job.c.submission_id,
                since.c.stage == Stage.REFER,
                since.c.state == JobState.DONE,
                since.c.id > job.c.id,
            )
            .exists()
        )
        given_up = and_(job.c.state == JobState.DEAD, job.c.stage.in_([Stage.LINK, Stage.REFER]), ~made_good)
        queries = (
            select(job.c.id).where(of_these, job.c.state == JobState.READY),
            select(job.c.id).where(of_these, given_up),
            select(submission.c.id).where(
                among(self.connection, submission.c.id, submission_ids),
                submission.c.state != SubmissionState.RECEIVED,
            ),
            select(rematch.c.id).where(rematch.c.finished_at.is_(None)),
        )
        return bool(self.connection.execute(select(or_(*(query.exists() for query in queries)))).scalar_one())
