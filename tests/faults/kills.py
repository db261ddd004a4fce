"""Programs killed at any moment, and started again by whoever watches over them."""

from tests.faults.deeds import api_answers, kill, roll, submit_too
from tests.faults.scenarios import On, Scenario, answered, received

SCENARIOS = (
    Scenario(
        "workers are killed, again and again",
        (
            *answered(0.1, kill("worker-2")),
            *answered(0.4, kill("worker-1")),
            *answered(0.7, kill("worker-2"), kill("worker-1")),
        ),
    ),
    Scenario(
        "workers on SQLite are killed",
        (*received(0.9, kill("worker-1")), *answered(0.3, kill("worker-2"), kill("worker-1"))),
        on=On.SQLITE,
        long_only=True,
    ),
    Scenario(
        "processes that ring for themselves are killed on PostgreSQL",
        (*answered(0.3, kill("worker-2")), *answered(0.6, kill("worker-1"))),
        on=On.POSTGRESQL,
        long_only=True,
    ),
    Scenario(
        "the relay is killed",
        (*received(0.5, kill("relay")), *answered(0.5, kill("relay"))),
    ),
    Scenario(
        "receiving is killed",
        (*received(0.2, kill("submit")), *received(0.6, kill("submit"))),
    ),
    Scenario(
        "the same exhibit is received by two at once",
        (*received(0.0, submit_too("A")), *answered(0.3, kill("worker-1"))),
    ),
    Scenario(
        "all programs are restarted, one after the other, the API killed",
        (*answered(0.2, roll, api_answers), *answered(0.6, kill("api"), api_answers, roll)),
        with_api=True,
    ),
)
