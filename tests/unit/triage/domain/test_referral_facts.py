"""Facts of a referral as a document, and back."""

from __future__ import annotations

import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from triage.domain.referral_facts import ReferralFacts, facts_document, facts_of

COUNTS = st.integers(0, 10**9)


@given(
    st.builds(
        ReferralFacts,
        items=COUNTS,
        near=COUNTS,
        known_categories=st.dictionaries(st.text(max_size=9), COUNTS, max_size=3),
        incident_types=st.lists(st.text(max_size=9), max_size=3).map(tuple),
        reporter_escalated=st.booleans(),
        earliest_expiry=st.none() | st.dates(),
    )
)
def test_what_is_written_as_json_is_read_back_the_same(facts: ReferralFacts) -> None:
    assert facts_of(json.loads(json.dumps(facts_document(facts)))) == facts


def test_a_document_from_before_a_fact_was_counted_says_nothing_of_it() -> None:
    assert facts_of({"items": 3, "earliest_expiry": "2026-12-01", "no-such-fact": 1}) == ReferralFacts(
        items=3, earliest_expiry=date(2026, 12, 1)
    )
