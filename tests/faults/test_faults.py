"""Whatever breaks, nothing is lost, nothing is there twice, and nobody is left behind."""

from __future__ import annotations

import pytest

from tests.faults.catalogue import SCENARIOS
from tests.faults.cluster import Servers
from tests.faults.material import Seizure
from tests.faults.reckoning import Known
from tests.faults.scenarios import Scenario
from tests.servers.disk import NotAllowed
from tests.servers.processes import ServerMissing, skip_or_fail


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scenario", [one for one in SCENARIOS if not one.long_only], ids=lambda one: one.name)
def test_after(scenario: Scenario, servers: Servers, seizure: Seizure, known: Known) -> None:
    """Each scenario, in its short form."""
    try:
        reckoning = scenario.play(servers, seizure, known)
    except ServerMissing as error:
        skip_or_fail(error)
    except NotAllowed as error:
        pytest.skip(str(error))
    assert reckoning.faults == []
