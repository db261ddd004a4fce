"""What a person may see, as a condition on lists."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select, true

from triage.domain.people import EVERY_CASE, Principal

from .tables import referral, referral_member, submission


def visible_referrals(principal: Principal, now: datetime) -> ColumnElement[bool]:
    """Referrals that hold a submission of one of the person's cases."""
    cases = principal.cases_held(now)
    if EVERY_CASE in cases:
        return true()
    return (
        select(referral_member.c.referral_id)
        .select_from(referral_member)
        .join(submission, submission.c.id == referral_member.c.submission_id)
        .where(referral_member.c.referral_id == referral.c.id, submission.c.case_ref.in_(sorted(cases)))
        .correlate(referral)
        .exists()
    )
