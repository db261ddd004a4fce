"""Who uses the processors while a server is asked: it, its workers with their chambers, and the database for each.

The database's part is that of its backends: what its checkpointer and the writer of its log use is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import create_engine, make_url, text

from bench.processes import children_of, own_seconds
from bench.serving import POSTGRES, url_of

_BACKENDS = text("SELECT pid, application_name FROM pg_stat_activity WHERE datname = :name")


def url_as(name: str, who: str) -> str:
    """Where a database of this name is, for a process whose backends are counted as those of `who`."""
    return make_url(url_of(name)).update_query_dict({"application_name": who}).render_as_string(hide_password=False)


@dataclass
class Processors:
    """CPU seconds since the last reading, by who used them. A process that ends between two readings is missed."""

    database: str
    processes: Mapping[str, int]
    """The process of each kind by what it is called; its backends are told by that name too."""
    _before: dict[int, float] = field(default_factory=dict)

    def used(self) -> dict[str, float]:
        """Seconds by name, and `NAME's database`."""
        found: dict[str, float] = {}
        for who, pids in self._running().items():
            for pid in pids:
                now = own_seconds(pid)
                found[who] = found.get(who, 0.0) + now - self._before.get(pid, 0.0)
                self._before[pid] = now
        return found

    def _running(self) -> dict[str, list[int]]:
        pids = {who: _family(pid) for who, pid in self.processes.items()}
        engine = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for pid, who in connection.execute(_BACKENDS, {"name": self.database}):
                pids.setdefault(f"{who}'s database", []).append(pid)
        engine.dispose()
        return pids


def _family(pid: int) -> list[int]:
    return [pid, *(each for child in children_of(pid) for each in _family(child))]
