"""All routes of this door, and the thread that takes what came through it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool

from triage.interfaces.web.deployment import Deployment

from .answers import CodedRoute
from .pushes import add_push_routes
from .taker import Taker
from .tus import add_tus_routes


def upload_routes(deployment: Deployment) -> APIRouter:
    """`/uploads` and `/v1/pushes`; while the application runs, so does their taker."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        taker = Taker(deployment)
        taker.start()
        yield
        await run_in_threadpool(taker.stop)

    routes = APIRouter(route_class=CodedRoute, lifespan=lifespan, include_in_schema=False)
    add_tus_routes(routes, deployment)
    add_push_routes(routes, deployment)
    return routes
