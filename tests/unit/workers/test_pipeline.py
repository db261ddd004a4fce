"""The stage graph as data."""

from __future__ import annotations

from triage.domain.jobs import Stage
from workers.pipeline import STAGES


def test_every_stage_has_its_function_in_a_file_of_its_own() -> None:
    """The word finds the same thing on every floor."""
    assert set(STAGES) == set(Stage)
    for stage, act in STAGES.items():
        word = stage.value.replace("-", "_")
        assert (act.__name__, act.__module__) == (word, f"workers.stages.{word}")
