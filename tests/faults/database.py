"""The database goes away in the middle of everything, and comes back."""

from tests.faults.deeds import crash_database, crash_one_session, restart_database
from tests.faults.scenarios import Scenario, answered, received

SCENARIOS = (
    Scenario(
        "PostgreSQL is killed while receiving and while working",
        (*received(0.4, crash_database), *answered(0.4, crash_database)),
    ),
    Scenario(
        "PostgreSQL is restarted and loses single sessions",
        (*received(0.3, crash_one_session), *answered(0.2, restart_database), *answered(0.6, crash_one_session)),
        long_only=True,
    ),
)
