"""Scripts, styles and the font, under addresses that change with their content: a browser keeps them for good."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from triage.domain.errors import NotFound

FOLDER = Path(__file__).parents[1] / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2",
}
_FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is served."""

    data: bytes
    media_type: str
    digest: str


@cache
def static_files() -> dict[str, StaticFile]:
    """Every file that may be asked for, by its path in the folder."""
    files: dict[str, StaticFile] = {}
    for path in sorted(FOLDER.rglob("*"), key=lambda one: (one.suffix == ".css", one)):
        if path.suffix in _TYPES:
            data = path.read_bytes()
            for name, file in files.items() if path.suffix == ".css" else ():
                data = data.replace(f'url("{name}")'.encode(), f'url("/static/{file.digest}/{name}")'.encode())
            name = path.relative_to(FOLDER).as_posix()
            files[name] = StaticFile(data, _TYPES[path.suffix], hashlib.sha256(data).hexdigest()[:16])
    return files


def address(name: str) -> str:
    """Where a page finds a file. Raises KeyError for one that is not there."""
    return f"/static/{static_files()[name].digest}/{name}"


def static_routes() -> APIRouter:
    """`/static/DIGEST/NAME`."""
    routes = APIRouter()

    @routes.get("/static/{digest}/{name:path}", include_in_schema=False)
    async def file(digest: str, name: str) -> Response:
        """A file of ours, if the address names what it is now."""
        found = static_files().get(name)
        if found is None or found.digest != digest:
            raise NotFound("no-such-file", "There is no such file.")
        return Response(found.data, media_type=found.media_type, headers={"Cache-Control": _FOR_GOOD})

    return routes
