"""What lies beside exported evidence: a manifest of it, and the custody log's records about it, as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from triage.domain.plans import ExportTerms, Plan
from triage.domain.submissions import Submission
from triage.store.disclosures import FoundAt
from triage.store.items import Kept
from triage.store.unit_of_work import Unit

_FORMAT = "triage package 1"


def manifest(unit: Unit, plan: Plan, terms: ExportTerms, kept: Sequence[Kept], scheme: str, now: datetime) -> bytes:
    """Which items, with digests and decisions, on what terms, from which submissions; for whom and by whom."""
    assert plan.what.referral_id is not None
    submissions = unit.claims.submissions_of(plan.what.referral_id)
    places: dict[int, list[FoundAt]] = {}
    for place in unit.disclosures.places(terms.items, submissions):
        places.setdefault(place.item_id, []).append(place)
    decisions = unit.decisions.current(terms.items, scheme)
    holding = sorted({one.submission_id for found in places.values() for one in found})
    return _json(
        {
            "format": _FORMAT,
            "made_at": _moment(now),
            "referral": f"R-{plan.what.referral_id}",
            "plan": f"P-{plan.id}",
            "receiver": terms.receiver,
            "asked_by": plan.asked_login,
            "agreed_by": plan.answered_login,
            "reason": plan.reason,
            "category_scheme": scheme,
            "submissions": [_submission(one) for one in unit.submissions.many(holding)],
            "items": [
                {
                    "item": f"I-{one.item.id}",
                    "file": f"items/I-{one.item.id}",
                    "size": one.item.size,
                    **{digest.algorithm.value: digest.value.hex() for digest in one.item.digests.as_digests()},
                    "answer": one.item.outcome.value,
                    "category": standing.category if (standing := _standing(decisions, one.item.id)) else None,
                    "found": [
                        {
                            "submission": f"S-{place.submission_id}",
                            "in_archive": f"I-{place.parent_item_id}" if place.parent_item_id else None,
                            "path": place.path.decode("utf-8", "backslashreplace"),
                            "viewed_by_sender": place.viewed,
                        }
                        for place in places.get(one.item.id, ())
                    ],
                }
                for one in kept
            ],
        }
    )


def custody_extract(unit: Unit, plan: Plan, terms: ExportTerms, verifier: str) -> bytes:
    """The records about the items, their submissions, the referral and the plan, under the log's signed checkpoint.

    SHA-256 over the tag, the salt and a record's text gives its commitment (`triage.domain.custody` says how); the
    checkpoint's signature can be checked with the verifier key.
    """
    assert plan.what.referral_id is not None
    submissions = unit.claims.submissions_of(plan.what.referral_id)
    subjects = {f"item:{one}" for one in terms.items} | {f"submission:{one}" for one in submissions}
    subjects |= {f"referral:{plan.what.referral_id}", f"plan:{plan.id}"}
    size, note = unit.custody.head()
    return _json(
        {
            "format": _FORMAT,
            "log_size": size,
            "checkpoint": note,
            "verifier": verifier,
            "records": [
                {
                    "index": one.index,
                    "event": json.loads(one.event),
                    "salt": one.salt.hex(),
                    "commitment": one.commitment.hex(),
                }
                for one in unit.disclosures.records(subjects)
            ],
        }
    )


def _standing(decisions: Any, item_id: int) -> Any:
    found = decisions.get(item_id)
    return found.standing if found else None


def _submission(one: Submission) -> dict[str, Any]:
    told = one.delivery
    return {
        "submission": f"S-{one.id}",
        "case": told.case_ref,
        "exhibit": told.exhibit_ref,
        "held_under": told.basis,
        "origin": told.origin.value,
        "handling": [code.value for code in told.handling],
        "may_share_with": list(told.may_share_with),
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
