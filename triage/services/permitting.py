"""What a service of review asks before it does anything for a person."""

from __future__ import annotations

from typing import Protocol

from triage.domain.access import Action, Purpose
from triage.domain.people import Principal
from triage.store.access import Subject


class Permits(Protocol):
    """The one policy, as `Accessing` has it."""

    def ask(self, who: Principal, action: Action, subject: Subject, purpose: Purpose = Purpose.WORK) -> int | None:
        """The number of the second person's grant that this used up, if any. Raises Refused, Conflict."""


def a_referral(referral_id: int) -> Subject:
    """As the policy names it."""
    return Subject("referral", referral_id)


def an_item(item_id: int) -> Subject:
    """As the policy names it."""
    return Subject("item", item_id)
