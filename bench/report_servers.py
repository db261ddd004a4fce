"""The servers of `bench.reports`: `python -m bench.report_servers together|one-each|bare PORT`."""

from __future__ import annotations

import sys

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp

from triage.bootstrap import open_application
from triage.interfaces.api.bodies import parsed, read_body
from triage.interfaces.api.models import ReportGiven
from triage.interfaces.web.app import web_app
from triage.interfaces.web.deployment import Deployment
from triage.interfaces.web.serving import bound, serve, settle
from triage.services import taking_together
from triage.settings import load_settings


def bare() -> ASGIApp:
    """Parses and keeps nothing."""
    app = FastAPI(openapi_url=None)

    @app.get("/health")
    async def health() -> JSONResponse:
        return JSONResponse({})

    @app.post("/v1/reports")
    async def take(request: Request) -> JSONResponse:
        body = await read_body(request, 8 << 20, "report")
        report = parsed(ReportGiven, body.document)
        return JSONResponse({"files": len(report.files)}, 201)

    return app


def main() -> None:
    """Serve until stopped."""
    kind, port = sys.argv[1], int(sys.argv[2])
    settings = load_settings()
    if kind == "one-each":
        taking_together.TOGETHER = 1
    app = bare() if kind == "bare" else web_app(Deployment(lambda: open_application(settings), settle), ())
    serve(app, bound(settings.serve.model_copy(update={"port": port})))


if __name__ == "__main__":
    main()
