"""For machines that watch: does the process live, can it answer, what does the deployment come to."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from hashsets.errors import HashSetError
from triage.chamber.sealing import Layer
from triage.domain.errors import TriageError
from triage.interfaces.metrics import DeploymentCollector, Remembered, page
from triage.services.observing import Observed, Readiness
from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of

from .deployment import Deployment

_log = logger_of("web")
_NOT_READY = 503


def health_routes(deployment: Deployment, layers: tuple[Layer, ...]) -> APIRouter:
    """`/health`, `/ready` and `/metrics`. `layers` are those that a chamber on this machine has."""
    routes = APIRouter()

    def observe() -> Observed:
        return deployment.application().observing.observe()

    collector = DeploymentCollector(Remembered(observe), lambda: layers)

    @routes.get("/health")
    async def health() -> JSONResponse:
        """The process lives and answers. Asks nothing else: a restart would mend nothing else."""
        return JSONResponse({"alive": True})

    @routes.get("/ready")
    def ready() -> JSONResponse:
        """Each part that work needs, with `ok` or the code of what is wrong; 503 when anything is."""
        try:
            parts = deployment.application().observing.readiness()
        except (TriageError, HashSetError) as error:
            parts = [Readiness("deployment", error.code)]
        is_ready = all(part.is_ready for part in parts)
        for part in parts:
            if not part.is_ready:
                _log.warning(Event.NOT_READY, check=part.name, code=part.code)
        document = {"ready": is_ready, "checks": [asdict(part) for part in parts]}
        return JSONResponse(document, 200 if is_ready else _NOT_READY)

    @routes.get("/metrics")
    def metrics() -> Response:
        """The deployment in Prometheus' text format; 503 when it cannot be counted."""
        try:
            return Response(page(collector), media_type=CONTENT_TYPE_LATEST)
        except (TriageError, HashSetError) as error:
            return JSONResponse({"error": {"code": error.code, "sentence": error.sentence}}, _NOT_READY)

    return routes
