"""Jobs and health, live: what is owed, what was given up, who works, which part does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from triage.domain.access import Action
from triage.interfaces.web import words
from triage.store.access import DEPLOYMENT
from triage.store.figures import Figures

from .desk import AtDesk, Desk

EVERY_SECONDS = 3.0
_DEAD = 100


routes = APIRouter(include_in_schema=False)
"""`/work`, its events, and `/sets`."""


@routes.get("/work")
def work(desk: AtDesk) -> Response:
    """The page."""
    desk.application.accessing.ask(desk.who, Action.SEE_JOBS, DEPLOYMENT)
    with desk.application.store.reading() as unit:
        dead, workers = unit.job_pages.dead(_DEAD), unit.workers.all()
    figures = desk.application.observing.recent_figures()
    return desk.page(
        "work.html.j2",
        figures=figures,
        owed=_owed(figures),
        dead=dead,
        workers=workers,
        parts=desk.application.observing.readiness(),
    )


@routes.get("/work/events")
async def events(desk: AtDesk) -> Response:
    """The figures anew every few seconds, as server-sent events, until the page is left."""
    await run_in_threadpool(desk.application.accessing.ask, desk.who, Action.SEE_JOBS, DEPLOYMENT)
    return StreamingResponse(_told(desk), media_type="text/event-stream")


@routes.get("/sets")
def sets(desk: AtDesk) -> Response:
    """Releases of hash sets."""
    desk.application.accessing.ask(desk.who, Action.SEE_SETS, DEPLOYMENT)
    return desk.page("sets.html.j2", releases=desk.application.library.releases())


async def _told(desk: Desk) -> AsyncIterator[str]:
    while not await desk.request.is_disconnected():
        html = await run_in_threadpool(_figures, desk)
        yield "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"
        await asyncio.sleep(EVERY_SECONDS)


def _figures(desk: Desk) -> str:
    figures = desk.application.observing.recent_figures()
    return desk.part("figures.html.j2", figures=figures, owed=_owed(figures))


def _owed(figures: Figures) -> list[tuple[str, int, int]]:
    """(stage, jobs, minutes that the oldest has waited), in the order of the work."""
    return [
        (stage, count, round(figures.oldest_seconds.get(stage, 0) / 60))
        for stage in words.STAGES
        if (count := figures.jobs.get((stage, "ready"), 0))
    ]
