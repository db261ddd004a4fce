"""What stands behind the routes: the services of an open deployment, keys, pace, and the thread that commits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from triage.bootstrap import Application
from triage.domain.errors import TriageError
from triage.domain.senders import Scope
from triage.interfaces.web.deployment import Deployment
from triage.services.admitting import Admitted
from triage.services.coming_reports import GivenReport
from triage.services.report_answers import ReportStatus
from triage.services.taking_together import TakingTogether
from triage.settings import ApiSettings

from .admission import Pace, Recalled, token_of

T = TypeVar("T")
SWEEP_SECONDS = 60.0


@dataclass(frozen=True)
class _Opened:
    application: Application
    together: TakingTogether
    pace: Pace


class ReportsDoor:
    """Opened with the first request that finds a deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._lock = threading.Lock()
        self._opened: _Opened | None = None
        self._recalled = Recalled()

    async def application(self) -> Application:
        """The services. Raises what opening raises."""
        return (await self._open()).application

    async def settings(self) -> ApiSettings:
        """What a request may hold."""
        return (await self._open()).application.settings.api

    async def admitted(self, request: Request, scope: Scope) -> Admitted:
        """Who asks, as the database knows the key now. Raises Refused."""
        opened = await self._open()
        admitted = await run_in_threadpool(opened.application.admitting.admit, token_of(request))
        admitted.require(scope)
        opened.pace.take(admitted.key.id)
        return admitted

    async def recalled(self, request: Request, scope: Scope) -> Admitted:
        """Who asks, perhaps from memory: for what asks about the key again in its own transaction. Raises Refused."""
        opened, token = await self._open(), token_of(request)
        admitted = self._recalled.recall(token)
        if admitted is None:
            admitting = opened.application.admitting
            admitted = await run_in_threadpool(self._recalled.admit, admitting, token)
        admitted.require(scope)
        opened.pace.take(admitted.key.id)
        return admitted

    async def take(self, given: GivenReport) -> ReportStatus:
        """Take a report, together with those that come at the same time. Raises what is wrong with it."""
        opened = await self._open()
        if not given.admitted.sender.keeps_media:
            given = await run_in_threadpool(opened.application.taking_reports.without_media, given)
        if any(file.later is not None for file in given.files):
            # Alone: where there is no room for its uploads, that is no fault of those that come at the same time.
            [answer] = await run_in_threadpool(opened.application.taking_reports.take, [given])
        else:
            answer = await asyncio.wrap_future(opened.together.take(given))
        if isinstance(answer, TriageError):
            raise answer
        return answer

    async def working(self, work: Callable[[Application], T]) -> T:
        """Run a use case in a thread of its own."""
        opened = await self._open()
        return await run_in_threadpool(work, opened.application)

    async def sweep_for_ever(self) -> None:
        """Let go of reports whose time has come, once a minute."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            if self._opened:
                try:
                    await self.working(lambda application: application.taking_reports.sweep())
                except TriageError:
                    continue  # `/ready` says what is wrong, and an expired report answers as one, swept or not

    def close(self) -> None:
        """Take what waits, and end."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened:
            opened.together.close()

    async def _open(self) -> _Opened:
        if self._opened:
            return self._opened
        return await run_in_threadpool(self._open_now)

    def _open_now(self) -> _Opened:
        application = self._deployment.application()
        with self._lock:
            opened = self._opened
            if opened is None:
                api = application.settings.api
                together = TakingTogether(application.taking_reports)
                opened = self._opened = _Opened(application, together, Pace(api.requests_per_second, api.burst))
            return opened
