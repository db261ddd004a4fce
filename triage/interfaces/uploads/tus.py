"""tus 1.0: core, creation (with upload), termination, expiration, checksum.

https://tus.io/protocols/resumable-upload says what each header means. Beside it `GET` on an upload, our own: what
became of it, as JSON.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from triage.domain.uploads import UploadState
from triage.interfaces.web.deployment import Deployment
from triage.services.admitting import Admitted
from triage.services.uploading import Standing, Uploading

from . import tus_headers as tus
from .answers import TUS_VERSION, admitted, require_type
from .streaming import receive_into


def add_tus_routes(routes: APIRouter, deployment: Deployment) -> None:
    """`/uploads/{upload}`, and where a pushed file's upload is made."""

    @routes.options("/uploads")
    async def offers() -> Response:
        """What this server speaks; asks for no key."""
        size = (await run_in_threadpool(deployment.application)).settings.uploads.max_bytes
        headers = {
            "Tus-Version": TUS_VERSION,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": str(size),
            "Tus-Checksum-Algorithm": ",".join(tus.CHECKSUMS),
        }
        return Response(status_code=204, headers=headers)

    @routes.post("/v1/pushes/{push}/uploads")
    async def create(request: Request, push: str) -> Response:
        """A new upload of a file of this push; with a body its first bytes."""
        tus.require_version(request.headers)
        application, who = await admitted(deployment, request)
        offer, checksum = tus.offered(request.headers), tus.checksum(request.headers)
        kept = await run_in_threadpool(application.pushing.open_upload, who, push, offer)
        headers = {"Location": f"/uploads/{kept.public_id}", "Upload-Expires": tus.expires(kept.expires_at)}
        size = tus.body_size(request.headers)
        if size or (size is None and "transfer-encoding" in request.headers):
            require_type(request, tus.OFFSET_TYPE)
            uploading = application.uploading
            writing = await run_in_threadpool(uploading.go_on, who, kept.public_id, 0, size, checksum)
            standing = await receive_into(writing, request, uploading.settings.idle_seconds)
            headers["Upload-Offset"] = str(standing.offset)
        return Response(status_code=201, headers=headers)

    @routes.head("/uploads/{upload}")
    async def how_far(request: Request, upload: str) -> Response:
        """Bytes that are durable."""
        tus.require_version(request.headers)
        application, who = await admitted(deployment, request)
        standing = await run_in_threadpool(application.uploading.standing, who, upload)
        return Response(headers={**_headers(standing), "Upload-Length": str(standing.upload.length)})

    @routes.patch("/uploads/{upload}")
    async def go_on(request: Request, upload: str) -> Response:
        """More bytes, from the offset on that HEAD told."""
        tus.require_version(request.headers)
        require_type(request, tus.OFFSET_TYPE)
        application, who = await admitted(deployment, request)
        offset, size = tus.number(request.headers, "Upload-Offset"), tus.body_size(request.headers)
        checksum, uploading = tus.checksum(request.headers), application.uploading
        writing = await run_in_threadpool(uploading.go_on, who, upload, offset, size, checksum)
        standing = await receive_into(writing, request, uploading.settings.idle_seconds)
        return Response(status_code=204, headers=_headers(standing))

    @routes.delete("/uploads/{upload}")
    async def drop(request: Request, upload: str) -> Response:
        """End it; nobody can read what came."""
        tus.require_version(request.headers)
        application, who = await admitted(deployment, request)
        await run_in_threadpool(application.uploading.drop, who, upload)
        return Response(status_code=204)

    @routes.get("/uploads/{upload}")
    async def what_became(request: Request, upload: str) -> Response:
        """State, length, and once it has arrived its SHA-256; of one that failed the code."""
        application, who = await admitted(deployment, request)
        return JSONResponse(await run_in_threadpool(_told, application.uploading, who, upload))


def _told(uploading: Uploading, who: Admitted, upload: str) -> dict[str, object]:
    kept = uploading.look(who, upload)
    is_here = kept.state in {UploadState.ARRIVED, UploadState.TAKEN}
    return {
        "upload": kept.public_id,
        "state": "whole" if kept.state is UploadState.OPEN and kept.is_whole else kept.state.value,
        "length": kept.length,
        "offset": kept.length if is_here else kept.received,
        "expires": None if is_here else tus.expires(kept.expires_at),
        "sha256": kept.sha256.hex() if kept.sha256 else None,
        "because": kept.because,
    }


def _headers(standing: Standing) -> dict[str, str]:
    headers = {"Upload-Offset": str(standing.offset)}
    if standing.offset < standing.upload.length:
        headers["Upload-Expires"] = tus.expires(standing.upload.expires_at)
    return headers
