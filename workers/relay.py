"""The relay: rings for jobs that may start, takes back what the dead held, and notices what has changed by itself.

Any number may run, on any machines: the table decides, and a doorbell rung twice is answered once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from triage.bootstrap import Application
from triage.domain.errors import Unavailable
from triage.domain.jobs import Places, Rank, Ring
from triage.domain.workers import Worker
from triage.store.engine import CONTENDED
from triage.store.unit_of_work import Unit
from workers.broker import Doorbells
from workers.liveness import take_over

PER_THREAD = 2
"""Few jobs rung ahead: none waits for a doorbell, and an urgent one never behind a long queue of them."""
_AGAIN_AFTER = 30.0
_KEEP_HOUSE_SECONDS = 5.0
_NOTICE_SECONDS = 60.0
"""Between two looks whether answers rest on what is in force: releases expire, and policies change, unannounced."""


@dataclass
class Relay:
    """One relay. `own` is the process that it is part of, or stands for."""

    application: Application
    bells: Doorbells
    own: Worker
    _after_lane: int = 0
    _keep_house_at: float = 0.0
    _notice_at: float = 0.0
    _noticed: tuple[str, str] | None = None

    def round(
        self, places: Places | None = None, before: Callable[[list[Ring]], None] = lambda _: None
    ) -> list[Ring]:
        """Ring for what may start, at these places, or at those that living workers have free.

        `before` is told what will ring. Raises Unavailable: what was not rung for is rung for in the next round.
        """
        self._keep_house()
        try:
            rung = self._marked(places)
        except Unavailable as error:
            if error.code != CONTENDED:
                raise
            return []
        if rung:
            self._after_lane = rung[-1].lane
            if before is not None:
                before(rung)
            self._ring(rung)
        return rung

    def _marked(self, places: Places | None) -> list[Ring]:
        with self.application.store.writing() as unit:
            if not unit.doorbells.take_turn():
                return []
            rung = unit.doorbells.ring(places or _free(unit), _AGAIN_AFTER, self._after_lane)
            unit.commit()
        return rung

    def _ring(self, rung: list[Ring]) -> None:
        try:
            self.bells.ring(rung)
        except Unavailable:
            with self.application.store.writing() as unit:
                unit.jobs.ring_again([one.job_id for one in rung])
                unit.commit()
            raise

    def _keep_house(self) -> None:
        if time.monotonic() >= self._keep_house_at:
            take_over(self.application.store, self.own)
            with self.application.store.writing() as unit:
                unit.jobs.promote()
                unit.commit()
            self._keep_house_at = time.monotonic() + _KEEP_HOUSE_SECONDS
        if time.monotonic() >= self._notice_at:
            self._notice()
            self._notice_at = time.monotonic() + _NOTICE_SECONDS

    def _notice(self) -> None:
        """Look through all answers once for each state in force: new ones rest on it, or are not written."""
        if self.application.rematching.in_force() != self._noticed:
            self.application.rematching.notice()
            self._noticed = self.application.rematching.in_force()


def _free(unit: Unit) -> Places:
    """Places that living workers have free. An urgent job at work stands at the urgent line while that has room."""
    processes, threads = unit.workers.serving()
    in_hand = unit.doorbells.in_hand()
    urgent, normal = in_hand.of(Rank.URGENT), in_hand.of(Rank.NORMAL)
    beyond = max(0, urgent - processes)
    return Places(max(0, threads * PER_THREAD - normal - beyond), max(0, processes - urgent))
