"""`/v1/…`: reports of providers and hotlines, what becomes of them, and what is known at the door."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import JSONResponse, Response

from triage.bootstrap import Application
from triage.domain.errors import Refused, Unreadable
from triage.domain.reports import Door
from triage.domain.senders import Scope
from triage.services.admitting import Admitted
from triage.services.coming_reports import GivenFile, GivenReport
from triage.services.report_answers import FileStatus, ReportOutcome, ReportStatus

from .bodies import Body, parsed, read_body, read_bytes
from .document import ERRORS, body_of, document_of
from .door import ReportsDoor
from .models import (
    FileGiven,
    FileOutcomeTold,
    FileTold,
    KnownAsked,
    KnownTold,
    OutcomeTold,
    ReportGiven,
    ReportTold,
)

ReportId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="The id that we gave the report")]
ReportAsked = Annotated[
    str,
    Path(
        pattern=r"^([0-9a-f]{32}|[0-9]{1,18})$",
        description="The id that we gave the report, or the number that it has at the door in CyberTip's shape",
    ),
]
_ID_LENGTH = 32
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,200}$"},
    "description": "The same key with the same request has the same answer, however often it is sent.",
}


def report_routes(door: ReportsDoor) -> APIRouter:
    """The routes. Each asks for a key; `openapi.json` alone does not."""
    routes = APIRouter(prefix="/v1")
    _reports(routes, door)
    _steps(routes, door)
    _answers(routes, door)

    @routes.get("/openapi.json", include_in_schema=False)
    async def document(request: Request) -> Response:
        """Tell this interface in OpenAPI 3.1."""
        return JSONResponse(document_of(request.app))

    return routes


def _reports(routes: APIRouter, door: ReportsDoor) -> None:
    @routes.post(
        "/reports",
        status_code=201,
        operation_id="createReport",
        response_model=ReportTold,
        responses=ERRORS,
        openapi_extra={"parameters": [_KEY_HEADER], **body_of(ReportGiven, "report", "Its name stands in `part`.")},
    )
    async def create(request: Request) -> Response:
        """Open a report, or hand in a whole one."""
        admitted = await door.recalled(request, Scope.REPORT)
        settings = await door.settings()
        body = await read_body(request, settings.max_body_bytes, "report")
        report = parsed(ReportGiven, body.document)
        if len(report.files) > settings.max_files:
            raise Refused("too-many-files", f"A request brings at most {settings.max_files:,} files.")
        given = _given(admitted, report, body, _idempotency_key(request))
        return _told(await door.take(given), admitted, 201)

    @routes.get("/reports/{report}", operation_id="getReport", response_model=ReportTold, responses=ERRORS)
    async def status(request: Request, report: ReportId) -> Response:
        """Where a report stands."""
        admitted = await door.admitted(request, Scope.REPORT)
        found = await door.working(lambda services: services.taking_reports.status(admitted, report))
        return _told(found, admitted, 200)


def _steps(routes: APIRouter, door: ReportsDoor) -> None:
    @routes.post(
        "/reports/{report}/files",
        status_code=201,
        operation_id="addFile",
        response_model=FileTold,
        responses=ERRORS,
        openapi_extra=body_of(FileGiven, "file", "The part `data` holds its bytes.", "data"),
    )
    async def add_file(request: Request, report: ReportId) -> Response:
        """Add a file to an open report."""
        admitted = await door.recalled(request, Scope.REPORT)
        settings = await door.settings()
        body = await read_body(request, settings.max_body_bytes, "file")
        file = parsed(FileGiven, body.document)
        if body.parts.keys() - {"data"}:
            raise Unreadable("part-unknown", "The form has parts beside file and data.")
        facts, data = file.facts(), body.parts.get("data")
        if data is not None and file.bytes:
            raise Unreadable("part-unknown", "The form has bytes that were to come later.")
        added = await door.working(
            lambda services: services.taking_reports.add_file(admitted, report, facts, data, later=file.size)
        )
        return JSONResponse(_file(added, admitted), 201)

    @routes.post("/reports/{report}/finish", operation_id="finishReport", response_model=ReportTold, responses=ERRORS)
    async def finish(request: Request, report: ReportId) -> Response:
        """Finish a report: from now on it is worked on."""
        admitted = await door.admitted(request, Scope.REPORT)
        found = await door.working(lambda services: services.taking_reports.finish(admitted, report))
        return _told(found, admitted, 200)

    @routes.post(
        "/reports/{report}/retract", operation_id="retractReport", response_model=ReportTold, responses=ERRORS
    )
    async def retract(request: Request, report: ReportId) -> Response:
        """Let go of an open report and of all that came with it."""
        admitted = await door.admitted(request, Scope.REPORT)
        found = await door.working(lambda services: services.taking_reports.retract(admitted, report))
        return _told(found, admitted, 200)


def _answers(routes: APIRouter, door: ReportsDoor) -> None:
    @routes.get("/reports/{report}/outcome", operation_id="getOutcome", response_model=OutcomeTold, responses=ERRORS)
    async def outcome(request: Request, report: ReportAsked) -> Response:
        """What became of a report and of its files, in codes."""
        admitted = await door.admitted(request, Scope.REPORT)

        def ask(services: Application) -> tuple[str, ReportOutcome]:
            numbered = report.isdecimal() and len(report) < _ID_LENGTH
            public_id = services.numbering_reports.public_id_of(admitted, int(report)) if numbered else report
            return public_id, services.taking_reports.outcome(admitted, public_id)

        public_id, found = await door.working(ask)
        files = [FileOutcomeTold(id=file_id, outcome=told) for file_id, told in found.files]
        told = OutcomeTold(id=public_id, outcome=found.report, became=list(found.became), files=files)
        return JSONResponse(told.model_dump(mode="json"))

    @routes.post(
        "/known",
        operation_id="askKnown",
        response_model=KnownTold,
        responses=ERRORS,
        openapi_extra=body_of(KnownAsked),
    )
    async def known(request: Request) -> Response:
        """Whether files are known, by their digests. Needs the scope `known`; reports nothing."""
        admitted = await door.admitted(request, Scope.KNOWN)
        settings = await door.settings()
        asked = parsed(KnownAsked, await read_bytes(request, settings.max_body_bytes))
        files = [one.digests() for one in asked.files]
        answers = await door.working(lambda services: services.knowing.tell(admitted, files))
        return JSONResponse(KnownTold(files=answers).model_dump(mode="json"))


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise Unreadable("idempotency-key-invalid", "An idempotency key is up to 200 visible ASCII characters.")
    return key


def _given(admitted: Admitted, report: ReportGiven, body: Body, key: str | None) -> GivenReport:
    """The report with the bytes of its files. Raises Unreadable `part-missing`, `part-unknown`."""
    left = dict(body.parts)
    files = []
    for file in report.files:
        data = left.pop(file.part, None) if file.part else None
        if file.part and data is None:
            raise Unreadable("part-missing", "A file names a part that is not there, or that another file has.")
        files.append(GivenFile(file.facts(), data, later=file.size))
    if left:
        raise Unreadable("part-unknown", "The form has parts that no file names.")
    return GivenReport(
        admitted=admitted,
        door=Door.API,
        facts=report.facts(),
        reference=report.reference,
        idempotency_key=key,
        asked=_asked(report, body.parts) if key else None,
        files=tuple(files),
        finish=report.finish,
    )


def _asked(report: ReportGiven, parts: Mapping[str, bytes]) -> bytes:
    """What stands for a request: what it says and the digests of its parts, however a client wrote it this time."""
    digest = sha256(report.model_dump_json().encode())
    for name in sorted(parts):
        digest.update(f"\n{name} {sha256(parts[name]).hexdigest()}".encode())
    return digest.digest()


def _told(status: ReportStatus, admitted: Admitted, code: int) -> Response:
    document: dict[str, Any] = {
        "id": status.public_id,
        "reference": status.reference,
        "state": status.state,
        "sandbox": status.sandbox,
        "opened_at": status.opened_at.isoformat(),
        "expires_at": status.expires_at.isoformat() if status.expires_at else None,
        "ended_at": status.ended_at.isoformat() if status.ended_at else None,
        "notes": list(status.notes),
        "files": [_file(file, admitted) for file in status.files],
        "receipt": status.receipt.hex() if status.receipt else None,
    }
    return Response(json.dumps(document), code, media_type="application/json")


def _file(file: FileStatus, admitted: Admitted) -> dict[str, Any]:
    return {
        "id": file.public_id,
        "state": file.state,
        "known": file.known if Scope.KNOWN in admitted.key.scopes else None,
        "sha256": file.measured.digests.sha256.hex() if file.measured else None,
        "size": file.measured.size if file.measured else None,
        "upload": f"/uploads/{file.upload}" if file.upload else None,
    }
