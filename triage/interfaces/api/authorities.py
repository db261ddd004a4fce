"""`/v1/submissions/S-NUMBER/authorities`: recording what lifts "do not render", by a unit's own system."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import JSONResponse, Response

from triage.domain.authorities import Authority
from triage.domain.senders import Scope

from .bodies import parsed, read_bytes
from .document import ERRORS, body_of
from .door import ReportsDoor
from .models import AuthorityGiven, AuthorityTold

SubmissionLabel = Annotated[str, Path(pattern=r"^S-[0-9]{1,18}$", description="The submission, as pages call it")]


def authority_routes(door: ReportsDoor) -> APIRouter:
    """One route. It needs a unit's key with the scope `authorise`."""
    routes = APIRouter(prefix="/v1")

    @routes.post(
        "/submissions/{submission}/authorities",
        status_code=201,
        operation_id="recordAuthority",
        response_model=AuthorityTold,
        responses=ERRORS,
        openapi_extra=body_of(AuthorityGiven),
    )
    async def record(request: Request, submission: SubmissionLabel) -> Response:
        """Record an authority; the same one sent again has the same answer."""
        admitted = await door.admitted(request, Scope.AUTHORISE)
        settings = await door.settings()
        given = parsed(AuthorityGiven, await read_bytes(request, settings.max_body_bytes))
        new = given.facts(int(submission.removeprefix("S-")))
        recorded = await door.working(lambda services: services.authorising.record_for(admitted, new))
        return JSONResponse(_told(recorded).model_dump(mode="json"), 201)

    return routes


def _told(one: Authority) -> AuthorityTold:
    return AuthorityTold(
        authority=f"A-{one.id}",
        submission=f"S-{one.submission_id}",
        item=f"I-{one.item_id}" if one.item_id else None,
        kind=one.kind,
        reference=one.reference,
        person=one.person,
        given_at=one.given_at,
        recorded_at=one.recorded_at,
    )
