"""Acts that take two people, as they are planned: exactly what, on which things, for whom, and why.

A plan is written down before anybody is asked, and never changed: the second person agrees to it and to nothing else.
Its digest stands in the custody log with the answer and with the act, so that a row which was changed meanwhile
shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from triage.domain.access import Action
from triage.domain.errors import Refused

MOST_ITEMS = 10_000
"""Items that one plan may list: a person must be able to answer for them."""
_LONGEST = 200


class DeletionGround(StrEnum):
    """Why evidence bytes go."""

    COURT_ORDER = "court-order"
    RETENTION_ENDED = "retention-ended"
    MISTAKEN_RECEIPT = "mistaken-receipt"


class PlanState(StrEnum):
    """Where a plan stands."""

    WAITING = "waiting"  # for the second person
    DECLINED = "declined"
    GRANTED = "granted"  # it may be carried out, once
    EXPIRED = "expired"
    BEGUN = "begun"  # the grant is spent, and the end of it is not on record
    DONE = "done"


@dataclass(frozen=True, slots=True)
class ExportTerms:
    """Which items go to whom. `key` is the receiver's own public key: nobody else can open what is written."""

    receiver: str
    key: str
    items: tuple[int, ...]

    def document(self) -> dict[str, Any]:
        """As the database keeps it."""
        return {"receiver": self.receiver, "key": self.key, "items": list(self.items)}


@dataclass(frozen=True, slots=True)
class DeletionTerms:
    """Whose bytes go: those of `items`, or, where none are listed, of the plan's submission."""

    ground: DeletionGround
    reference: str
    items: tuple[int, ...] = ()

    def document(self) -> dict[str, Any]:
        """As the database keeps it."""
        return {"ground": self.ground.value, "reference": self.reference, "items": list(self.items)}


@dataclass(frozen=True, slots=True)
class SplitTerms:
    """Which submissions of the plan's referral do not belong to the others."""

    apart: tuple[int, ...]

    def document(self) -> dict[str, Any]:
        """As the database keeps it."""
        return {"apart": list(self.apart)}


Terms = ExportTerms | DeletionTerms | SplitTerms


def terms_of(action: Action, document: Mapping[str, Any]) -> Terms:
    """The terms of a document that `document` made."""
    match action:
        case Action.EXPORT_MEDIA:
            return ExportTerms(document["receiver"], document["key"], tuple(document["items"]))
        case Action.DELETE:
            ground = DeletionGround(document["ground"])
            return DeletionTerms(ground, document["reference"], tuple(document["items"]))
        case Action.SPLIT:
            return SplitTerms(tuple(document["apart"]))
        case _:
            raise ValueError("there are no plans for this action")


@dataclass(frozen=True, slots=True)
class NewPlan:
    """A plan before it has a number. It is about a referral, a submission, or the items that its terms list."""

    action: Action
    terms: Terms
    referral_id: int | None = None
    submission_id: int | None = None

    @property
    def digest(self) -> bytes:
        """32 bytes that stand for all of it."""
        whole = [self.action.value, self.referral_id, self.submission_id, self.terms.document()]
        told = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(b"triage plan v1\x00" + told.encode()).digest()


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as recorded, with the request for a second person, its answer, and what became of it."""

    id: int
    what: NewPlan
    digest: bytes
    reason: str
    asked_by: int
    asked_login: str
    asked_at: datetime
    request_id: int
    expires_at: datetime
    granted: bool | None = None
    answered_login: str = ""
    answered_at: datetime | None = None
    begun_at: datetime | None = None
    done_at: datetime | None = None
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def action(self) -> Action:
        """What it is a plan for."""
        return self.what.action

    def state(self, now: datetime) -> PlanState:
        """Where it stands."""
        if self.done_at is not None:
            return PlanState.DONE
        if self.begun_at is not None:
            return PlanState.BEGUN
        return request_state(self.granted, self.expires_at, now)


def request_state(granted: bool | None, expires_at: datetime, now: datetime) -> PlanState:
    """Where a request for a second person stands whose grant was not used. `granted` is None without an answer."""
    if granted is False:
        return PlanState.DECLINED
    if now >= expires_at:
        return PlanState.EXPIRED
    return PlanState.GRANTED if granted else PlanState.WAITING


@dataclass(frozen=True, slots=True)
class KeyBefore:
    """The latest plans by which something was sent to the same receiver: with this key, and with another."""

    same: int | None = None
    other: int | None = None

    @property
    def changed(self) -> int | None:
        """The plan by which something went to the receiver last, where that was with another key."""
        return self.other if self.other and self.other > (self.same or 0) else None


@dataclass(frozen=True, slots=True)
class Sent:
    """An export that was carried out: its plan, to whom, with which key."""

    plan_id: int
    receiver: str
    key: str


def key_before(plan: Plan, sent: Sequence[Sent]) -> KeyBefore | None:
    """How an export's key compares with those of exports `sent` earlier, in their order; None for other acts.

    A key that is new, or another than last time, is what somebody in between would bring.
    """
    if not isinstance(plan.what.terms, ExportTerms):
        return None
    receiver, key = plan.what.terms.receiver.casefold(), plan.what.terms.key
    same = other = None
    for one in sent:
        if one.plan_id >= plan.id or one.receiver.casefold() != receiver:
            continue
        if one.key == key:
            same = one.plan_id
        else:
            other = one.plan_id
    return KeyBefore(same, other)


def listed(item_ids: Sequence[int]) -> tuple[int, ...]:
    """The items of a plan, sorted and each once. Raises Refused `plan-empty`, `plan-too-many`."""
    found = tuple(sorted(set(item_ids)))
    if not found:
        raise Refused("plan-empty", "There is nothing that this could be done to.")
    if len(found) > MOST_ITEMS:
        raise Refused("plan-too-many", f"One plan lists at most {MOST_ITEMS:,} items: make several.")
    return found


def stated(text: str) -> str:
    """A reference or a receiver as a person gave it. Raises Refused `plan-words`."""
    words = text.strip()
    if not 0 < len(words) <= _LONGEST or not words.isprintable():
        raise Refused("plan-words", f"A reference and a receiver have 1 to {_LONGEST} printable characters.")
    return words
