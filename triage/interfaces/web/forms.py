"""What a form sends: a few short texts. Read whole, up to a limit, without a file ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends
from pydantic import Field
from starlette.requests import Request

from triage.domain.errors import Unreadable

_MOST_BYTES, _MOST_FIELDS, _MOST_DIGITS = 1 << 16, 200, 18

Id = Annotated[int, Field(ge=0, le=(1 << 63) - 1)]
"""A number in an address, as large as a database takes."""


@dataclass(frozen=True, slots=True)
class Form:
    """Fields by name; what was not sent is empty."""

    fields: Mapping[str, list[str]]

    def text(self, name: str) -> str:
        """The field's first value."""
        return self.fields.get(name, [""])[0]

    def number(self, name: str) -> int | None:
        """The field as a number of something; None where it is none, or larger than any."""
        return _number(self.text(name))

    def numbers(self, name: str) -> list[int]:
        """All of its values that are numbers of something."""
        return [number for text in self.texts(name) if (number := _number(text)) is not None]

    def texts(self, name: str) -> list[str]:
        """All of its values, as of boxes that are ticked."""
        return self.fields.get(name, [])


async def read_form(request: Request) -> Form:
    """Raises Unreadable `form-invalid`."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise Unreadable("form-invalid", "The form is too long.")
    if kind != "application/x-www-form-urlencoded":
        raise Unreadable("form-invalid", "That is no form of ours.")
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise Unreadable("form-invalid", "That is no form of ours.") from error
    return Form(fields)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


Sent = Annotated[Form, Depends(read_form)]
