"""`/v1/pushes`: how a unit's client offers a seizure, sends what is missing, and agrees on what was sent."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from triage.domain.pushes import PACK_BYTES, PACK_TYPE, unpacked
from triage.interfaces.web.deployment import Deployment

from . import push_documents as documents
from .answers import admitted, require_type, whole_body


def add_push_routes(routes: APIRouter, deployment: Deployment) -> None:
    """Open, offer, pack, finish. A key is looked at before a body is read."""

    @routes.post("/v1/pushes")
    async def begin(request: Request) -> Response:
        """Begin a push or go on with it."""
        application, who = await admitted(deployment, request)
        told = documents.parsed(documents.PushDocument, await whole_body(request, documents.MOST))
        opened = await run_in_threadpool(application.pushing.open, who, told.new())
        answer = {"push": opened.public_id, "submission": f"S-{opened.submission_id}", "files": opened.files}
        return JSONResponse(answer, 201)

    @routes.post("/v1/pushes/{push}/offers")
    async def offer(request: Request, push: str) -> Response:
        """What is to be done with each file."""
        application, who = await admitted(deployment, request)
        told = documents.parsed(documents.OffersDocument, await whole_body(request, documents.MOST))
        offers = [one.offer() for one in told.offers]
        problems = [one.problem() for one in told.problems]
        answers = await run_in_threadpool(application.pushing.offer, who, push, offers, problems)
        return JSONResponse({"answers": [documents.answered(one) for one in answers]})

    @routes.post("/v1/pushes/{push}/packs")
    async def pack(request: Request, push: str) -> Response:
        """Small files with their bytes."""
        require_type(request, PACK_TYPE)
        application, who = await admitted(deployment, request)
        files = unpacked(await whole_body(request, PACK_BYTES))
        states = await run_in_threadpool(application.pushing.take_pack, who, push, files)
        return JSONResponse({"states": [state.value for state in states]})

    @routes.post("/v1/pushes/{push}/finish")
    async def finish(request: Request, push: str) -> Response:
        """Compare manifests; where they agree the submission is received whole."""
        application, who = await admitted(deployment, request)
        told = documents.parsed(documents.FinishDocument, await whole_body(request, documents.MOST))
        found = await run_in_threadpool(application.pushing.finish, who, push, bytes.fromhex(told.manifest))
        return JSONResponse(documents.summed(found))
