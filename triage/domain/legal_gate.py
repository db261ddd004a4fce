"""The legal gate: whether a rendition of an item may be made at all. Every way to a picture passes here first.

A file that nobody at a provider opened may not be opened by police without authority: United States v. Wilson, 9th
Cir. 2021, No. 18-50440, held so even where the provider's hash matched. Courts differ, and other countries have
rules of their own; so the rule is the narrow one, and the authority that lifts it is recorded by a person.

The gate says what the law's facts allow. It does not say that a look is needed, or wise, or this person's to take.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from triage.domain.authorities import Authority
from triage.domain.legal import Origin
from triage.domain.reports import Viewed

_OWN = frozenset({Origin.SEIZURE, Origin.UNIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldUnder:
    """One occurrence of an item, as the gate sees it. `viewed` is what a sender says of the file itself.

    `is_member`: it came out of a container. Whoever opened an archive has not thereby opened each of its members, so
    what a sender says of the archive says nothing of them.
    """

    submission_id: int
    origin: Origin
    basis: str
    viewed: Viewed | None = None
    is_member: bool = False


class GateCode(StrEnum):
    """Why the gate is open or shut."""

    OWN_BASIS = "own-basis"
    VIEWED_BY_SENDER = "viewed-by-sender"
    AUTHORISED = "authorised"
    NOT_VIEWED = "not-viewed"  # a sender says that nobody opened it
    VIEWING_UNKNOWN = "viewing-unknown"  # nobody says whether anybody did
    NO_BASIS = "no-basis"  # ours, and nothing says under which law
    NOT_AT_HAND = "not-at-hand"  # in none of the submissions at hand


_OPEN = (GateCode.OWN_BASIS, GateCode.VIEWED_BY_SENDER, GateCode.AUTHORISED)  # what is named where several hold
_SHUT = (GateCode.NOT_VIEWED, GateCode.VIEWING_UNKNOWN, GateCode.NO_BASIS, GateCode.NOT_AT_HAND)

_BECAUSE = {
    GateCode.OWN_BASIS: "Held under the lawful basis of S-{submission}.",
    GateCode.VIEWED_BY_SENDER: "A person at the sender of S-{submission} opened it.",
    GateCode.AUTHORISED: "Authority A-{authority} is recorded for it in S-{submission}.",
    GateCode.NOT_VIEWED: "Do not render: nobody at the sender opened it, and no authority is recorded.",
    GateCode.VIEWING_UNKNOWN: "Do not render: whether anybody at the sender opened it is not known, and no authority "
    "is recorded.",
    GateCode.NO_BASIS: "Do not render: no lawful basis is recorded.",
    GateCode.NOT_AT_HAND: "Do not render: it is in none of the cases at hand.",
}


@dataclass(frozen=True, slots=True)
class Gate:
    """The answer. Where it is open, `submission_id` is the source on whose strength alone; else it is None."""

    code: GateCode
    submission_id: int | None = None
    authority_id: int | None = None

    @property
    def may_render(self) -> bool:
        """Whether a rendition may be made."""
        return self.code in _OPEN

    @property
    def because(self) -> str:
        """The answer as a sentence for a person."""
        return _BECAUSE[self.code].format(submission=self.submission_id, authority=self.authority_id)


def has_own_basis(origin: Origin, basis: str) -> bool:
    """Whether all of a submission may be rendered under its own lawful basis: a seizure's or a unit's."""
    return origin in _OWN and bool(basis.strip())


def gate(item_id: int, held: Iterable[HeldUnder], authorities: Iterable[Authority], now: datetime) -> Gate:
    """Whether the item may be rendered. `held` are its occurrences in the cases at hand, in any order.

    One lawful occurrence is enough, and what another sender says takes nothing from it: the bytes are the same, and
    that source is independent. The answer names it: first a basis of our own, then a sender's viewing, then an
    authority; among equal ones the lowest submission and authority. `authorities` may be any that are recorded.
    """
    counting = sorted((one for one in authorities if one.counts(now)), key=lambda one: one.id)
    answers = [_of_one(item_id, one, counting) for one in held]
    opens = [one for one in answers if one.may_render]
    if opens:
        return min(opens, key=lambda one: (_OPEN.index(one.code), one.submission_id or 0, one.authority_id or 0))
    return min(answers, key=lambda one: _SHUT.index(one.code), default=Gate(GateCode.NOT_AT_HAND))


def _of_one(item_id: int, held: HeldUnder, authorities: list[Authority]) -> Gate:
    if held.origin in _OWN:
        own = has_own_basis(held.origin, held.basis)
        return Gate(GateCode.OWN_BASIS, held.submission_id) if own else Gate(GateCode.NO_BASIS)
    if held.viewed is Viewed.YES and not held.is_member:
        return Gate(GateCode.VIEWED_BY_SENDER, held.submission_id)
    for authority in authorities:
        if authority.covers(held.submission_id, item_id):
            return Gate(GateCode.AUTHORISED, held.submission_id, authority.id)
    told_no = held.viewed is Viewed.NO and not held.is_member
    return Gate(GateCode.NOT_VIEWED if told_no else GateCode.VIEWING_UNKNOWN)
