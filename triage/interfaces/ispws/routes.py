"""The addresses of the door: reading requests within limits, and one way to fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from triage.bootstrap import Application
from triage.domain.errors import TriageError
from triage.domain.senders import Scope
from triage.services.admitting import Admitted

from . import answers, bodies
from .answers import About, ResponseCode
from .door import IspwsDoor, number_in

PREFIX = "/ispws"
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_Act = Callable[[IspwsDoor, Request, Admitted, About], Awaitable[Response]]


def ispws_routes(open_it: Callable[[], Application]) -> APIRouter:
    """`/ispws/…`, as clients of the CyberTipline Reporting API ask it."""
    routes = APIRouter(prefix=PREFIX, include_in_schema=False)
    door = IspwsDoor(open_it)
    for method, address, act, unscoped in _ADDRESSES:
        routes.add_api_route(address, _endpoint(door, act, unscoped), methods=[method])

    @routes.api_route("/{rest:path}", methods=_METHODS)
    async def elsewhere(request: Request) -> Response:
        """Nothing is served anywhere else."""
        return _numbered(request, answers.no_such_address())

    return routes


async def _status(_door: IspwsDoor, _request: Request, _admitted: Admitted, _asked: About) -> Response:
    """Whether the service answers this key."""
    return answers.done()


async def _xsd(door: IspwsDoor, _request: Request, _admitted: Admitted, _asked: About) -> Response:
    """The schema, ours or the administrator's."""
    return Response(await run_in_threadpool(door.schema), media_type="text/xml")


async def _submit(door: IspwsDoor, request: Request, admitted: Admitted, _asked: About) -> Response:
    """Open a report."""
    admitted.require(Scope.REPORT)
    document = await bodies.document(request.stream(), door.settings.document_bytes)
    return answers.done(await run_in_threadpool(door.submit, admitted, document))


async def _upload(door: IspwsDoor, request: Request, admitted: Admitted, asked: About) -> Response:
    """Add a file to an open report."""
    admitted.require(Scope.REPORT)
    with door.budget.share() as take:
        form = await bodies.form(_type(request), request.stream(), door.settings.upload_bytes, take)
        asked.report_id = number_in(form)
        return answers.done(await run_in_threadpool(door.upload, admitted, asked.report_id, form))


async def _fileinfo(door: IspwsDoor, request: Request, admitted: Admitted, asked: About) -> Response:
    """Say something of a file."""
    admitted.require(Scope.REPORT)
    document = await bodies.document(request.stream(), door.settings.document_bytes)
    return answers.done(await run_in_threadpool(door.describe, admitted, document, asked))


async def _finish(door: IspwsDoor, request: Request, admitted: Admitted, asked: About) -> Response:
    """Finish a report."""
    admitted.require(Scope.REPORT)
    number = asked.report_id = number_in(await bodies.form(_type(request), request.stream(), 0))
    try:
        file_ids = await run_in_threadpool(door.finish, admitted, number)
    except TriageError as error:
        code = answers.code_of(error, ResponseCode.NOT_AUTHORISED_TO_UPDATE)
        if error.code in answers.NOT_ADMITTED or code is ResponseCode.SERVER_ERROR:
            raise
        return answers.finished(code, number, [])
    return answers.finished(ResponseCode.SUCCESS, number, file_ids)


async def _retract(door: IspwsDoor, request: Request, admitted: Admitted, asked: About) -> Response:
    """Let go of a report."""
    admitted.require(Scope.REPORT)
    number = asked.report_id = number_in(await bodies.form(_type(request), request.stream(), 0))
    return answers.done(await run_in_threadpool(door.retract, admitted, number))


_ADDRESSES: tuple[tuple[str, str, _Act, ResponseCode], ...] = (
    ("GET", "/status", _status, ResponseCode.NOT_AUTHORISED),
    ("GET", "/xsd", _xsd, ResponseCode.NOT_AUTHORISED),
    ("POST", "/submit", _submit, ResponseCode.NOT_AUTHORISED_TO_SUBMIT),
    ("POST", "/upload", _upload, ResponseCode.NOT_AUTHORISED_TO_UPDATE),
    ("POST", "/fileinfo", _fileinfo, ResponseCode.NOT_AUTHORISED_TO_UPDATE),
    ("POST", "/finish", _finish, ResponseCode.NOT_AUTHORISED_TO_UPDATE),
    ("POST", "/retract", _retract, ResponseCode.NOT_AUTHORISED_TO_UPDATE),
)


def _endpoint(door: IspwsDoor, act: _Act, unscoped: ResponseCode) -> Callable[[Request], Awaitable[Response]]:
    """Lets in, acts, and says what became of it; the request's number stands where clients look for it."""

    async def endpoint(request: Request) -> Response:
        asked = About()
        try:
            admitted = await run_in_threadpool(door.admit, request.headers.get("authorization", ""))
            response = await act(door, request, admitted, asked)
        except ClientDisconnect:
            response = Response(status_code=400)  # nobody reads it
        except TriageError as error:
            response = answers.failed(error, asked, unscoped=unscoped)
        return _numbered(request, response)

    return endpoint


def _type(request: Request) -> str:
    return request.headers.get("content-type", "")


def _numbered(request: Request, response: Response) -> Response:
    response.headers["Request-ID"] = request.state.number
    return response
