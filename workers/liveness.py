"""How others know this process: it says that it lives and what it has in hand; silent, it loses its jobs."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from triage.domain.errors import Unavailable
from triage.domain.workers import Worker, WorkerKind
from triage.store.unit_of_work import Store
from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of

BEAT_SECONDS = 5.0
_log = logger_of("workers")


def own_worker(kind: WorkerKind, threads: int) -> Worker:
    """The present life of this process. The name's last part tells it from another life under the same number."""
    host, pid = socket.gethostname(), os.getpid()
    return Worker(f"{host}:{pid}:{secrets.token_hex(4)}", kind, host, pid, threads)


def has_died(other: Worker, own: Worker) -> bool:
    """Whether a process of this machine is gone for certain. Nothing is known of other machines: they fall silent.

    One under our own number and another name is an earlier life: in a container every life has the same number.
    """
    if other.host != own.host or other.name == own.name:
        return False
    return other.pid == own.pid or not Path("/proc", str(other.pid)).exists()


class Liveness:
    """Keeps this process's row in the database alive, from `with` to its end."""

    def __init__(
        self,
        store: Store,
        own: Worker,
        in_hand: Callable[[], list[int]],
        on_trouble: Callable[[Unavailable], None],
        on_beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.own = own
        self._store = store
        self._in_hand = in_hand
        self._on_trouble = on_trouble
        self._on_beat = on_beat
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_beating, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        with self._store.writing() as unit:
            unit.workers.arrive(self.own)
            unit.commit()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Give back whatever is still held. What a thread that did not stop in time does later comes to nothing."""
        self._ended.set()
        self._thread.join()
        try:
            with self._store.writing() as unit:
                unit.workers.leave([self.own.name])
                unit.jobs.take_back_but(self.own.name, [])
                unit.commit()
        except Unavailable as error:
            _log.warning(Event.LEFT_UNSAID, code=error.code)  # others notice within half a minute

    def beat(self) -> None:
        """Say that this process lives, and let go of jobs that it is not at. Raises Unavailable."""
        # One writer in a process: no thread claims while this asks what is in hand.
        with self._store.writing() as unit:
            known = unit.workers.beat(self.own.name)
            if not known:
                unit.workers.arrive(self.own)
            unit.jobs.take_back_but(self.own.name, self._in_hand())
            unit.commit()
        if not known:
            _log.warning(Event.SILENT_TOO_LONG)  # others have its jobs: what it has in hand is dropped

    def _keep_beating(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            try:
                self.beat()
            except Unavailable as error:
                self._on_trouble(error)
            else:
                self._on_beat()


def take_over(store: Store, own: Worker) -> int:
    """End the leases of whoever died on this machine or fell silent on any; how many jobs that frees."""
    with store.writing() as unit:
        unit.workers.leave([other.name for other in unit.workers.all() if has_died(other, own)])
        unit.workers.give_up_silent(but=own.name)
        freed = unit.jobs.take_back_from_the_lost()
        unit.commit()
    return freed
