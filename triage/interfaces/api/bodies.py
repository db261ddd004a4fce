"""Reading requests: bounded before they are read, in memory only, and never quoted when they are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from triage.domain.errors import Refused, Unreadable

M = TypeVar("M", bound=BaseModel)

JSON = b"application/json"
MULTIPART = b"multipart/form-data"
_MOST_PARTS = 1_010
_HEADER_BYTES = 4_096
_TOLD = 5
"""Places that an error names at most."""


@dataclass(frozen=True, slots=True)
class Body:
    """A request's JSON, and the parts that came with it, by name."""

    document: bytes
    parts: Mapping[str, bytes] = field(default_factory=dict)


async def read_bytes(request: Request, most: int) -> bytes:
    """The body. Raises Refused `body-too-large` as soon as that is clear."""
    told = request.headers.get("content-length", "0")
    if not told.isdecimal() or int(told) > most:
        raise _too_large(most)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise _too_large(most)
    except ClientDisconnect:
        raise Unreadable("body-broken", "The request ended before its body.") from None
    return bytes(body)


async def read_body(request: Request, most: int, document: str) -> Body:
    """JSON, or a form whose part `document` is JSON. Raises Refused `content-type-unknown`, Unreadable."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind not in {JSON, MULTIPART}:
        raise Refused("content-type-unknown", "Send application/json or multipart/form-data.")
    body = await read_bytes(request, most)
    if kind == JSON:
        return Body(body)
    parts = parts_of(body, options.get(b"boundary", b""))
    if document not in parts:
        raise Unreadable("part-missing", f"The form has no part named {document}.")
    return Body(parts.pop(document), parts)


def parts_of(body: bytes, boundary: bytes) -> dict[str, bytes]:
    """The parts of a form by name. Raises Unreadable `form-invalid`."""
    collector = _Collector()
    if not 0 < len(boundary) <= 70:  # RFC 2046
        raise _form("it has no boundary, or a boundary that is too long")
    try:
        parser = MultipartParser(boundary, collector.callbacks(), max_size=len(body) + 1)
        parser.write(body)
        parser.finalize()
    except MultipartParseError:
        raise _form("it cannot be taken apart") from None
    if not collector.is_whole:
        raise _form("it has no end")
    return collector.parts


class _Collector:
    """Gathers parts as the parser meets them."""

    def __init__(self) -> None:
        self.parts: dict[str, bytes] = {}
        self.is_whole = False
        self._name, self._value, self._data = bytearray(), bytearray(), bytearray()
        self._disposition = b""

    def callbacks(self) -> Any:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._add(self._name, data[start:end]),
            "on_header_value": lambda data, start, end: self._add(self._value, data[start:end]),
            "on_header_end": self._header,
            "on_part_data": self._more,
            "on_part_end": self._end,
            "on_end": self._whole,
        }

    def _begin(self) -> None:
        self._disposition, self._data = b"", bytearray()

    def _add(self, to: bytearray, piece: bytes) -> None:
        to += piece
        if len(to) > _HEADER_BYTES:
            raise _form("a header of a part is too long")

    def _header(self) -> None:
        if bytes(self._name).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _more(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _end(self) -> None:
        _, options = parse_options_header(self._disposition)
        try:
            name = options.get(b"name", b"").decode("ascii")
        except UnicodeDecodeError:
            name = ""
        if not name or name in self.parts or len(self.parts) >= _MOST_PARTS:
            raise _form("parts need names of their own")
        self.parts[name] = bytes(self._data)

    def _whole(self) -> None:
        self.is_whole = True


def parsed(model: type[M], document: bytes) -> M:
    """A document as its model. Raises Unreadable `request-invalid`, which names places and never quotes values."""
    try:
        return model.model_validate_json(document)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        told = "; ".join(f"{_place(problem['loc'])}: {problem['type']}" for problem in problems[:_TOLD])
        more = f"; and {len(problems) - _TOLD} more" if len(problems) > _TOLD else ""
        raise Unreadable("request-invalid", f"The request is not as documented: {told}{more}.") from None


def _place(steps: tuple[int | str, ...]) -> str:
    """Where in the document; a key that is none of ours may be anything, and is not repeated whole."""
    return ".".join(str(step)[:40] for step in steps) or "document"


def _too_large(most: int) -> Refused:
    return Refused("body-too-large", f"A request has at most {most:,} bytes: send large files as uploads.")


def _form(sentence: str) -> Unreadable:
    return Unreadable("form-invalid", f"The form is not multipart/form-data: {sentence}.")
