"""Plans of exports: what is said of a receiver's key by what was sent before."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from triage.domain.access import Action
from triage.domain.plans import (
    DeletionGround,
    DeletionTerms,
    ExportTerms,
    KeyBefore,
    NewPlan,
    Plan,
    Sent,
    Terms,
    key_before,
)

NOW = datetime(2026, 3, 16, 9, 45, tzinfo=UTC)


def plan(number: int, terms: Terms) -> Plan:
    action = Action.EXPORT_MEDIA if isinstance(terms, ExportTerms) else Action.DELETE
    return Plan(number, NewPlan(action, terms, 1), b"", "", 1, "ann", NOW, number, NOW)


def export(number: int, receiver: str, key: str) -> Plan:
    return plan(number, ExportTerms(receiver, key, (1,)))


SENT = [Sent(1, "TH", "old"), Sent(2, "LA", "lao"), Sent(3, "th", "new"), Sent(9, "TH", "later")]


@pytest.mark.parametrize(
    ("receiver", "key", "before", "changed"),
    [
        pytest.param("VN", "old", KeyBefore(), None, id="nothing was sent to it"),
        pytest.param("LA", "lao", KeyBefore(same=2), None, id="the same key"),
        pytest.param("LA", "old", KeyBefore(other=2), 2, id="another receiver's key"),
        pytest.param("TH", "new", KeyBefore(same=3, other=1), None, id="as last time"),
        pytest.param("TH", "old", KeyBefore(same=1, other=3), 3, id="one that was given up"),
        pytest.param("TH", "later", KeyBefore(other=3), 3, id="what was sent later says nothing"),
    ],
)
def test_a_key_is_compared_with_what_went_to_the_receiver_before(
    receiver: str, key: str, before: KeyBefore, changed: int | None
) -> None:
    """By the name that people write, whatever its letters' size."""
    found = key_before(export(5, receiver, key), SENT)
    assert found == before
    assert found.changed == changed


def test_other_acts_have_no_key() -> None:
    deletion = plan(5, DeletionTerms(DeletionGround.COURT_ORDER, "Order 1"))
    assert key_before(deletion, SENT) is None
