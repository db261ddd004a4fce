"""What an analyst is shown of one referral: facts, law, matches, clusters, links. No image bytes, no file names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hashsets.library import ReleaseInfo
from hashsets.reports import NotComparable
from triage.domain.contradictions import contradictions
from triage.domain.findings import THUMBNAIL_DISAGREES_ABOVE
from triage.domain.linking_rules import LinkRules
from triage.domain.links import LinkKind, too_common
from triage.domain.rematches import EndedMatch
from triage.store.unit_of_work import Unit

from .legal_pages import Legal, Reported, legal_part, preservation_part, reported_part
from .not_comparing import not_comparable


@dataclass(frozen=True, slots=True)
class ReferralPage:
    """One referral, ready for a page or a terminal. Lists are cut at the limit that was asked for."""

    referral: str
    state: str
    merged_into: str | None
    submissions: list[str]
    priority: dict[str, int]
    reasons: list[dict[str, Any]]
    outcomes: dict[str, int]
    closed_without_viewing: int
    legal: Legal
    reported: Reported | None
    preservation_counts: dict[str, int]
    preservation: list[dict[str, Any]]
    findings: dict[str, int]
    notes: dict[str, int]
    joins: list[dict[str, Any]]
    match_counts: list[dict[str, Any]]
    held_back: dict[str, int]
    disputes: list[dict[str, Any]]
    not_comparable: list[NotComparable]
    matches: list[dict[str, Any]]
    ended_count: int
    ended_matches: list[dict[str, Any]]
    clusters: list[dict[str, Any]]
    links: list[dict[str, Any]]
    history: list[dict[str, Any]]


def referral_page(
    unit: Unit, referral_id: int, rules: LinkRules, releases: Sequence[ReleaseInfo], limit: int, now: datetime
) -> ReferralPage:
    """Gather one referral as it stands now; `releases` are all that there are. Raises NotFound."""
    row = unit.referral_pages.referral(referral_id)
    summary = unit.read.outcomes(row.submissions)
    return ReferralPage(
        referral=f"R-{row.id}",
        state=row.state,
        merged_into=f"R-{row.merged_into}" if row.merged_into else None,
        submissions=[f"S-{one}" for one in row.submissions],
        priority={
            "danger": row.danger,
            "clock": row.clock,
            "solvability": row.solvability,
            "network": row.network,
        },
        reasons=row.reasons,
        outcomes=summary.outcomes,
        closed_without_viewing=summary.closed,
        legal=legal_part(unit, row.submissions, now, limit),
        reported=reported_part(unit, row.submissions, now, limit),
        preservation_counts=unit.preservation.count(row.submissions),
        preservation=preservation_part(unit, row.submissions, now, limit),
        findings=unit.referral_pages.finding_counts(row.submissions, THUMBNAIL_DISAGREES_ABOVE),
        notes=summary.notes,
        joins=[_join(found) for found in unit.referral_pages.joins_within(row.submissions)],
        match_counts=match_counts(unit, row.submissions),
        held_back=unit.read.held_back(row.submissions),
        disputes=disputes(unit, row.submissions, limit),
        not_comparable=not_comparable(releases, unit.dossier.releases_asked(row.submissions)),
        matches=[_match(found) for found in unit.referral_pages.matches(row.submissions, limit)],
        ended_count=unit.matches.ended_count(row.submissions),
        ended_matches=[_ended(found) for found in unit.matches.ended(row.submissions, limit)],
        clusters=clusters(unit, row.submissions, rules, limit),
        links=[_link(found) for found in unit.referral_pages.links(row.submissions, limit)],
        history=unit.referral_pages.referral_history(referral_id),
    )


def match_counts(unit: Unit, submissions: Sequence[int]) -> list[dict[str, Any]]:
    """Matches by set, release, basis, standing and category."""
    return [_match_count(found) for found in unit.referral_pages.match_counts(submissions)]


def clusters(unit: Unit, submissions: Sequence[int], rules: LinkRules, limit: int) -> list[dict[str, Any]]:
    """Look-alike groups, then shared traits, each list largest first and cut."""
    stacks = [
        {
            "kind": "look-alike",
            "members": found["members"],
            "because": f"All within {found['farthest']} of 256 bits of I-{found['centre']}",
            "note": None,
        }
        for found in unit.referral_pages.look_alike_groups(submissions, limit)
    ]
    shared = [
        {
            "kind": found["kind"],
            "members": found["here"],
            "because": found["because"],
            "note": too_common(LinkKind(found["kind"]), found["members"], rules),
        }
        for found in unit.referral_pages.shared_traits(submissions, limit)
    ]
    return [*stacks, *shared]


def disputes(unit: Unit, submissions: Sequence[int], limit: int) -> list[dict[str, Any]]:
    """Where sources contradict each other about the very bytes: who says what, and of which items."""
    found = contradictions(unit.matches.exact_of_several_releases(submissions), limit)
    return [
        {
            "kind": one.kind,
            "scheme": one.scheme,
            "says": [{"set": said.set_name, "kind": said.set_kind, "category": said.category} for said in one.says],
            "items": one.items,
            "first_items": [f"I-{item_id}" for item_id in one.first_items],
        }
        for one in found[:limit]
    ]


def _join(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "submissions": [f"S-{one}" for one in found["submissions"]],
        "kind": found["kind"],
        "because": found["because"],
        "withdrawn": found["withdrawn_at"],
    }


def _match_count(found: Mapping[str, Any]) -> dict[str, Any]:
    span = str(found["least"]) if found["least"] == found["most"] else f"{found['least']} to {found['most']}"
    return {
        "set": found["set_name"],
        "kind": found["set_kind"],
        "release": found["release_id"],
        "basis": found["basis"],
        "standing": found["standing"],
        "category": found["category"],
        "items": found["items"],
        "entries": found["entries"],
        "distances": span,
    }


def _match(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "item": f"I-{found['item_id']}",
        "subject": found["subject"],
        "set": found["set_name"],
        "release": found["release_id"],
        "entry": found["entry_key"],
        "basis": found["basis"],
        "algorithm": found["algorithm"],
        "profile": found["profile"] or found["algorithm"],
        "distance": found["distance"],
        "transform": found["transform"],
        "opinion": found["opinion"],
        "standing": found["standing"],
        "because": found["because"],
        "agreement": found["agreement"],
    }


def _ended(found: EndedMatch) -> dict[str, Any]:
    candidate = found.match.candidate
    return {
        "item": f"I-{found.match.item_id}",
        "set": candidate.set_name,
        "release": candidate.release_id,
        "entry": candidate.entry_key,
        "basis": candidate.basis,
        "found_at": found.found_at,
        "ended_at": found.ended_at,
        "because": found.because,
    }


def _link(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "from": f"I-{found['from_item']}",
        "to": f"I-{found['to_item']}",
        "kind": found["kind"],
        "strength": found["strength"],
        "because": found["because"],
        "distance": found["distance"],
        "transform": found["transform"],
    }
