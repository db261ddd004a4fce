"""One small made-up seizure for all tests of the sample maker."""

from __future__ import annotations

import pytest

from demo.samples import make_seizure
from demo.truth import SeizureTruth


@pytest.fixture(scope="session")
def seizure(tmp_path_factory: pytest.TempPathFactory) -> SeizureTruth:
    """The three exhibits at a fifth of their ordinary pictures."""
    return make_seizure(tmp_path_factory.mktemp("seizure") / "made", seed=3, scale=0.2)
