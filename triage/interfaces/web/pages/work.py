"""Jobs and health, live: what is owed, what was given up, who works, which part does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from triage.store.figures import Figures

from . import words
from .desk import Desk, OpenDesk
from .rendering import page, rendered

EVERY_SECONDS = 3.0
_DEAD = 100


def work_routes(desk_of: OpenDesk) -> APIRouter:
    """`/work`, its events, and `/sets`."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/work")
    def work(request: Request) -> Response:
        """The page."""
        desk = desk_of(request)
        with desk.application.store.reading() as unit:
            figures, dead, workers = unit.figures.figures(), unit.job_pages.dead(_DEAD), unit.workers.all()
        return page(
            desk.reader,
            "work.html.j2",
            figures=figures,
            owed=_owed(figures),
            dead=dead,
            workers=workers,
            parts=desk.application.observing.readiness(),
        )

    @routes.get("/work/events")
    async def events(request: Request) -> Response:
        """The figures anew every few seconds, as server-sent events, until the page is left."""
        desk = await run_in_threadpool(desk_of, request)
        return StreamingResponse(_told(request, desk), media_type="text/event-stream")

    @routes.get("/sets")
    def sets(request: Request) -> Response:
        """Releases of hash sets."""
        desk = desk_of(request)
        return page(desk.reader, "sets.html.j2", releases=desk.application.library.releases())

    return routes


async def _told(request: Request, desk: Desk) -> AsyncIterator[str]:
    while not await request.is_disconnected():
        html = await run_in_threadpool(_figures, desk)
        yield "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"
        await asyncio.sleep(EVERY_SECONDS)


def _figures(desk: Desk) -> str:
    with desk.application.store.reading() as unit:
        figures = unit.figures.figures()
    return rendered(desk.reader, "figures.html.j2", figures=figures, owed=_owed(figures))


def _owed(figures: Figures) -> list[tuple[str, int, int]]:
    """(stage, jobs, minutes that the oldest has waited), in the order of the work."""
    return [
        (stage, count, round(figures.oldest_seconds.get(stage, 0) / 60))
        for stage in words.STAGES
        if (count := figures.jobs.get((stage, "ready"), 0))
    ]
