"""Owed work: its order, and how a batch of items is written down."""

from __future__ import annotations

import pytest

from triage.domain.jobs import EXCLUSIVE_STAGES, NewJob, Stage, item_range


def test_later_stages_come_first() -> None:
    """What can be answered now is answered before more is begun; the least number is the most urgent."""
    urgency = {stage: NewJob(stage, 1).priority for stage in Stage}
    assert urgency[Stage.LINK] == urgency[Stage.REFER] < urgency[Stage.MATCH]
    assert urgency[Stage.MATCH] < urgency[Stage.REMATCH] < urgency[Stage.EXAMINE]
    assert urgency[Stage.EXAMINE] == urgency[Stage.EXPAND]


def test_stages_over_the_whole_network_run_one_at_a_time() -> None:
    """Two that place submissions at once could make two referrals of one network."""
    assert {Stage.LINK, Stage.REFER} == EXCLUSIVE_STAGES


@pytest.mark.parametrize(
    ("item_ids", "text"),
    [
        ((), ""),
        ((7,), "7"),
        ((1, 2, 3), "1-3"),
        ((1, 2, 4, 6, 7), "1-2,4,6-7"),
        ((3, 1, 2), "1-3"),
        ((1, 3, 5), "1,3,5"),
    ],
)
def test_a_batch_is_written_as_ranges(item_ids: tuple[int, ...], text: str) -> None:
    """64 items in a row are four characters in the custody log and not two hundred."""
    assert item_range(item_ids) == text
