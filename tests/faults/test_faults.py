"""Whatever breaks, nothing is lost, nothing is there twice, and nobody is left behind.

Each scenario takes most of a minute: half of them are played on even days and half on odd ones, and all of them with
TRIAGE_TEST_LONG=1 (`python -m tests.faults` plays any of them, or all).
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from tests.faults.catalogue import SCENARIOS
from tests.faults.cluster import Servers
from tests.faults.material import Seizure
from tests.faults.reckoning import Known
from tests.faults.scenarios import Scenario
from tests.servers.disk import NotAllowed
from tests.servers.processes import ServerMissing, skip_or_fail

SHORT = [one for one in SCENARIOS if not one.long_only]
DAY = datetime.now(UTC).date().toordinal() % 2
PLAYED = SHORT if "TRIAGE_TEST_LONG" in os.environ else SHORT[DAY::2]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", PLAYED, ids=lambda one: one.name)
def test_after(scenario: Scenario, servers: Servers, seizure: Seizure, known: Known) -> None:
    """Each scenario, in its short form."""
    try:
        reckoning = scenario.play(servers, seizure, known)
    except ServerMissing as error:
        skip_or_fail(error)
    except NotAllowed as error:
        pytest.skip(str(error))
    assert reckoning.faults == []
