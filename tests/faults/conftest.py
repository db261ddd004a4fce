"""Servers of our own, a seizure, and what an undisturbed run makes of it: each made once for all scenarios."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cluster import Servers
from tests.faults.material import Seizure, make_seizure
from tests.faults.reckoning import Known
from tests.faults.undisturbed import undisturbed
from tests.integration.conftest import shared_folder
from tests.integration.seizures import made_once
from tests.servers.postgresql import private_postgres
from tests.servers.processes import ServerMissing, skip_or_fail
from tests.servers.redis import private_redis
from tests.servers.s3 import running_s3

__all__ = ["shared_folder"]

ORDINARY_PICTURES = 40


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    try:
        with private_postgres() as postgres, private_redis() as redis, running_s3() as s3:
            yield Servers(postgres, redis, s3)
    except ServerMissing as error:
        skip_or_fail(error)


@pytest.fixture(scope="session")
def seizure(shared_folder: Path) -> Seizure:
    return made_once(shared_folder, "faults-seizure", lambda folder: make_seizure(folder, ORDINARY_PICTURES))


@pytest.fixture(scope="session")
def known(shared_folder: Path, seizure: Seizure) -> Known:
    return made_once(shared_folder, "faults-known", lambda _: undisturbed(seizure))
