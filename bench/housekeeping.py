"""What PostgreSQL's autovacuum does at its defaults, for a server on which it is switched off: statistics, dead rows.

`python -m bench.housekeeping URL` goes on until it is stopped. Without statistics a server plans as if each
submission were a handful of rows, which no deployment is to be measured by.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, text

_SECONDS = 60.0
_DUE = """
SELECT relname, n_dead_tup > 50 + 0.2 * n_live_tup OR n_ins_since_vacuum > 1000 + 0.2 * n_live_tup AS vacuum
FROM pg_stat_user_tables
WHERE n_mod_since_analyze > 50 + 0.1 * n_live_tup OR n_dead_tup > 50 + 0.2 * n_live_tup
"""


@contextmanager
def housekeeping(url: str) -> Iterator[None]:
    """Keep house beside the body, every minute, where the server does not do it itself."""
    engine, ended = create_engine(url, isolation_level="AUTOCOMMIT"), threading.Event()
    thread = threading.Thread(target=_keep, args=(engine, ended))
    if engine.dialect.name == "postgresql" and _is_off(engine):
        thread.start()
    try:
        yield
    finally:
        ended.set()
        if thread.ident:
            thread.join()
        engine.dispose()


def _is_off(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.execute(text("SHOW autovacuum")).scalar_one() == "off")


def _keep(engine: Engine, ended: threading.Event) -> None:
    with engine.connect() as connection:
        while not ended.wait(_SECONDS):
            for name, vacuum in connection.execute(text(_DUE)).all():
                connection.execute(text(f'{"VACUUM (ANALYZE)" if vacuum else "ANALYZE"} "{name}"'))


if __name__ == "__main__":
    with housekeeping(sys.argv[1]):
        while True:
            time.sleep(3600)
