"""Counting what the priority rules ask of a network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Float, and_, cast, func, or_, select

from triage.domain.matches import COUNTING
from triage.domain.referral_facts import ReferralFacts

from .preservation import Preservation
from .report_facts import count_report_facts
from .tables import finding, item, match, occurrence, raster, submission

_FULL_SIZE_PIXELS = 5_000_000
"""A picture of at least this many pixels was hardly resized for the web."""


def count_facts(connection: Connection, submission_ids: Sequence[int], now: datetime) -> ReferralFacts:
    """Facts of the network made of these submissions, from what the stages stored."""
    held = select(occurrence.c.item_id).where(occurrence.c.submission_id.in_(submission_ids)).distinct()
    counted = select(item.c.outcome, func.count()).where(item.c.id.in_(held)).group_by(item.c.outcome)
    outcomes = {row[0]: int(row[1]) for row in connection.execute(counted)}
    today = now.astimezone(UTC).date()
    return ReferralFacts(
        items=sum(count for name, count in outcomes.items() if name not in {"container", "known-good", "pending"}),
        known_exact=outcomes.get("known", 0),
        near=outcomes.get("near", 0),
        unknown=outcomes.get("unknown", 0),
        not_examined=outcomes.get("not-examined", 0),
        **_from_matches(connection, held),
        **_from_findings(connection, held, now),
        **_from_submissions(connection, submission_ids, held),
        **count_report_facts(connection, submission_ids, today),
        earliest_expiry=Preservation(connection).soonest(submission_ids, today),
    )


def _from_matches(connection: Connection, held: Any) -> dict[str, Any]:
    category = match.c.opinion["category"].as_string()
    identified = match.c.opinion["victim_identified"].as_boolean()
    series = match.c.opinion["series"].as_string()
    known = and_(
        match.c.item_id.in_(held),
        match.c.set_kind == "known",
        match.c.standing.in_(COUNTING),
        match.c.ended_at.is_(None),
    )
    exact = and_(known, match.c.basis == "exact")
    categories = connection.execute(
        select(category, func.count(match.c.item_id.distinct()))
        .where(exact, category.is_not(None))
        .group_by(category)
    )
    return {
        "known_categories": {row[0]: int(row[1]) for row in categories},
        "known_victims_identified": _count(connection, match.c.item_id.distinct(), and_(exact, identified.is_(True))),
        "victims_unidentified_series": _count(
            connection,
            match.c.item_id.distinct(),
            and_(known, series.is_not(None), identified.is_(False)),
        ),
        "distinct_known": _count(connection, match.c.entry_key.distinct(), exact),
    }


def _from_findings(connection: Connection, held: Any, now: datetime) -> dict[str, Any]:
    camera = finding.c.value["serial"].as_string()
    unmatched = and_(item.c.id.in_(held), item.c.outcome == "unknown")
    # Item by item: a list of all such items of the deployment fits no memory, and is then read anew for each.
    noted = finding.alias()
    note = select(noted.c.item_id).where(noted.c.item_id == item.c.id, noted.c.kind == "maker-note").exists()
    large = (
        select(raster.c.item_id)
        .where(raster.c.item_id == item.c.id, raster.c.width * raster.c.height >= _FULL_SIZE_PIXELS)
        .exists()
    )
    traces = connection.execute(
        select(func.count(item.c.id.distinct()))
        .select_from(item)
        .join(finding, and_(finding.c.item_id == item.c.id, finding.c.kind == "camera"))
        .where(unmatched, or_(camera.is_not(None), note, large))
    ).scalar_one()
    since = (now - timedelta(days=30)).date().isoformat()
    local = finding.c.value["local"].as_string()
    recent = connection.execute(
        select(func.count(item.c.id.distinct()))
        .select_from(item)
        .join(finding, and_(finding.c.item_id == item.c.id, finding.c.kind == "captured"))
        .where(
            item.c.id.in_(held),
            item.c.outcome.in_(["unknown", "near"]),
            local >= since,
            local <= (now + timedelta(days=1)).date().isoformat() + "T99",
        )
    ).scalar_one()
    bodies = connection.execute(
        select(func.count()).select_from(
            select(finding.c.value["make"].as_string(), finding.c.value["model"].as_string(), camera)
            .where(finding.c.item_id.in_(held), finding.c.kind == "camera", camera.is_not(None))
            .distinct()
            .subquery()
        )
    ).scalar_one()
    latitude = cast(finding.c.value["latitude"].as_string(), Float)
    longitude = cast(finding.c.value["longitude"].as_string(), Float)
    places = connection.execute(
        select(func.count()).select_from(
            select(func.round(latitude * 1000), func.round(longitude * 1000))
            .where(finding.c.item_id.in_(held), finding.c.kind == "place")
            .distinct()
            .subquery()
        )
    ).scalar_one()
    return {
        "unknown_with_camera_traces": traces,
        "captured_last_30_days": recent,
        "camera_bodies_with_serial": bodies,
        "places": places,
    }


def _from_submissions(connection: Connection, submission_ids: Sequence[int], held: Any) -> dict[str, Any]:
    elsewhere = (
        select(occurrence.c.id)
        .where(occurrence.c.item_id == item.c.id, occurrence.c.submission_id.not_in(submission_ids))
        .exists()
    )
    nowhere_else = _count(
        connection,
        item.c.id,
        and_(item.c.id.in_(held), item.c.outcome == "unknown", ~elsewhere),
    )
    row = connection.execute(
        select(
            func.count(submission.c.id),
            func.count(submission.c.case_ref.distinct()),
        ).where(submission.c.id.in_(submission_ids))
    ).one()
    return {
        "seen_nowhere_else": nowhere_else,
        "distinct_submissions": row[0],
        "distinct_cases": row[1],
    }


def _count(connection: Connection, what: Any, condition: Any) -> int:
    return connection.execute(select(func.count(what)).where(condition)).scalar_one()
