"""What an attempt is refused with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from triage.domain.errors import TriageError


def refused(attempt: Callable[[], object]) -> str:
    """The code of what an attempt raises; it must raise something of ours."""
    with pytest.raises(TriageError) as caught:
        attempt()
    return caught.value.code
