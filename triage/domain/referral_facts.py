"""What the priority rules may count in a referral."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralFacts:
    """What is known of a referral, counted; no identifiers. Zero, empty and None mean "nothing says so".

    `items` leaves out containers and known-good items. "Unmatched" is the outcome UNKNOWN: examined, and like
    nothing known. Facts under "reports" have no source before provider reports are taken in.
    """

    # From matching
    items: int = 0
    known_exact: int = 0
    known_categories: Mapping[str, int] = field(default_factory=dict)  # category as its source writes it → items
    known_victims_identified: int = 0  # exactly known, and a source says that the victims are identified
    victims_unidentified_series: int = 0  # items matched to a series whose victim a source calls unidentified
    distinct_known: int = 0  # entries, however many copies
    near: int = 0
    unknown: int = 0
    not_examined: int = 0  # told only, and nothing told says what they are; counted nowhere as unmatched
    # From examining
    unknown_with_camera_traces: int = 0  # unmatched, with make and model and a serial, maker note or full size
    captured_last_30_days: int = 0  # unmatched or near, by the camera's own clock
    camera_bodies_with_serial: int = 0
    places: int = 0  # distinct positions
    locale_conflicts: int = 0  # devices whose locale names another country than their GPS positions
    # From linking
    seen_nowhere_else: int = 0  # unmatched items that no other submission has
    distinct_submissions: int = 0
    distinct_cases: int = 0
    distinct_agencies: int = 0
    # From reports
    reporter_escalated: bool = False
    incident_types: tuple[str, ...] = ()
    child_accounts_in_several_reports: int = 0
    accounts: int = 0
    phones: int = 0
    emails: int = 0
    ips_with_port: int = 0  # with port and time
    fresh_ips_with_port: int = 0  # the same, within the estimated retention of their holder
    agreeing_jurisdiction_signs: int = 0  # independent signs that name one country
    repeat_uploads_after_takedown: int = 0
    widely_reported: int = 0  # items whose digest is in many unrelated reports
    marked_generated: int = 0  # by the reporter
    marked_meme: int = 0  # by the reporter
    earliest_expiry: date | None = None  # estimated, in UTC

    def __post_init__(self) -> None:
        for name in NUMBER_FACTS:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is a count")


DAYS_TO_EXPIRY = "days_to_expiry"
"""The one derived fact: whole days from today to `earliest_expiry`; negative once it has passed, None if unknown."""

WORD_FACTS = frozenset({"incident_types", "known_categories"})
"""Facts that are words or are counted by word; a rule names the words it means."""

_NAMES = frozenset(one.name for one in fields(ReferralFacts))
NUMBER_FACTS = _NAMES - WORD_FACTS - {"earliest_expiry"}
"""Counts, and flags as 0 or 1."""


def number(facts: ReferralFacts, fact: str, today: date, any_of: tuple[str, ...] = ()) -> int | None:
    """A fact as one number: true is 1; of words, how many are listed; of categories, the items in those listed.

    Only days to expiry can be None. `fact` is one of the three kinds above; today is the date in UTC.
    """
    if fact == DAYS_TO_EXPIRY:
        return None if facts.earliest_expiry is None else (facts.earliest_expiry - today).days
    value: Mapping[str, int] | tuple[str, ...] | int = getattr(facts, fact)
    if isinstance(value, Mapping):
        return sum(value.get(word, 0) for word in any_of)
    if isinstance(value, tuple):
        return len(set(any_of).intersection(value))
    return int(value)


def facts_document(facts: ReferralFacts) -> dict[str, Any]:
    """Facts as JSON has them; `facts_of` reads them back."""
    expiry = facts.earliest_expiry
    return {**asdict(facts), "earliest_expiry": expiry.isoformat() if expiry else None}


def facts_of(document: Mapping[str, Any]) -> ReferralFacts:
    """The facts of a document that `facts_document` made; what it does not name yet is not known."""
    values = {name: value for name, value in document.items() if name in _NAMES}
    if values.get("earliest_expiry"):
        values["earliest_expiry"] = date.fromisoformat(values["earliest_expiry"])
    if "incident_types" in values:
        values["incident_types"] = tuple(values["incident_types"])
    return ReferralFacts(**values)
