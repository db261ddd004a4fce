"""What tests do when a server that they need is not there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip at home; in CI a missing service is a failure, or nobody would notice that half the tests are gone."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"Nothing to test with: {what}.")
    pytest.skip(f"Nothing to test with: {what}.")
