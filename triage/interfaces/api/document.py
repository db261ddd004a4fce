"""The interface in OpenAPI 3.1: made from the routes and the models, so that it cannot say anything else."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .models import AuthorityGiven, ErrorTold, FileGiven, KnownAsked, ReportGiven

_TEMPLATE = "#/components/schemas/{model}"
_GIVEN: tuple[type[BaseModel], ...] = (ReportGiven, FileGiven, KnownAsked, AuthorityGiven)
_ABOUT = """Reports from providers and hotlines. All codes and a first report in ten minutes: `docs/providers.md`."""

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorTold, "description": told}
    for status, told in (
        (401, "No key, or one that opens nothing"),
        (403, "The key does not allow it"),
        (404, "There is no such thing of this sender"),
        (409, "It exists already, or has changed meanwhile"),
        (413, "The request is too large"),
        (415, "Neither JSON nor a form"),
        (422, "The request is not as documented"),
        (429, "Too fast; see Retry-After"),
        (503, "Not at this moment; see Retry-After"),
    )
}


_BYTES = {"type": "string", "contentMediaType": "application/octet-stream"}


def body_of(model: type[BaseModel], part: str = "", about: str = "", data: str = "") -> dict[str, Any]:
    """The body of a request: JSON; with `part` also a form whose part of that name is the JSON.

    The form's other parts hold bytes: one of the name `data`, or any, where no name is given.
    """
    schema = {"$ref": _TEMPLATE.format(model=model.__name__)}
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if part:
        content["multipart/form-data"] = {
            "schema": {
                "type": "object",
                "properties": {part: schema, **({data: _BYTES} if data else {})},
                "required": [part],
                "additionalProperties": False if data else _BYTES,
                "description": about,
            },
            "encoding": {part: {"contentType": "application/json"}},
        }
    return {"requestBody": {"required": True, "content": content}}


def document_of(app: FastAPI) -> dict[str, Any]:
    """The document of all `/v1` routes of an application."""
    document = get_openapi(
        title="triage", version="1", openapi_version="3.1.0", description=_ABOUT, routes=app.routes
    )
    document["paths"] = {path: told for path, told in document["paths"].items() if path.startswith("/v1/")}
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    _, given = models_json_schema([(model, "validation") for model in _GIVEN], ref_template=_TEMPLATE)
    schemas.update(given["$defs"])
    for unused in ("HTTPValidationError", "ValidationError"):  # our own error model answers
        schemas.pop(unused, None)
    document["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "prefix.secret, as `triage keys issue` prints it"}
    }
    document["security"] = [{"key": []}]
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document
