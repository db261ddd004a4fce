"""Files that pages load: ours and vendored ones, read once, under an address that holds their digest."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from triage.domain.errors import NotFound

from .packing import ENCODED_HEADERS, PACK_WELL, takes_gzip

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2",
}
_NAMED = re.compile(rb'url\("([a-z0-9.-]+)"\)')
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    name: str
    content: bytes
    digest: str
    packed: bytes | None  # by gzip, where that makes it smaller

    @property
    def address(self) -> str:
        """Another content has another address, so a browser may keep this one for ever."""
        return f"/static/{self.digest}/{self.name}"


@cache
def assets() -> Mapping[str, Asset]:
    """By name: `base.css`, `htmx.min.js`. Vendored files keep their names; two of one name there are not."""
    found: dict[str, Asset] = {}
    for path in sorted(_FOLDER.rglob("*"), key=lambda path: path.suffix == ".css"):  # styles last: they name others
        if path.suffix in _TYPES:
            content = path.read_bytes()
            if path.suffix == ".css":
                content = _NAMED.sub(lambda name: b'url("%s")' % found[name[1].decode()].address.encode(), content)
            found[path.name] = Asset(path.name, content, sha256(content).hexdigest()[:16], _packed(content))
    return found


def static(name: str) -> str:
    """The address of a file, for templates."""
    return assets()[name].address


def _packed(content: bytes) -> bytes | None:
    packed = gzip.compress(content, PACK_WELL, mtime=0)
    return packed if len(packed) < len(content) * 0.9 else None


def asset_routes() -> APIRouter:
    """`/static/…`. Nothing else of the folder can be asked for."""
    routes = APIRouter()

    @routes.get("/static/{digest}/{name}")
    async def asset(request: Request, digest: str, name: str) -> Response:
        """One file, as long as it is still this one."""
        found = assets().get(name)
        if found is None or found.digest != digest:
            raise NotFound("no-asset", "There is no such file.")
        kind = _TYPES[Path(name).suffix]
        headers = {**_FOR_EVER, **ENCODED_HEADERS}
        if found.packed is None or not takes_gzip(request):
            return Response(found.content, media_type=kind, headers=headers)
        return Response(found.packed, media_type=kind, headers={**headers, "Content-Encoding": "gzip"})

    return routes
