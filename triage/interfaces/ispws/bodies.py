"""Bodies of requests, in memory and never on the disk: documents, forms, and the one file of an upload.

Starlette would put the file of a form into a temporary file, as plain text, as soon as it is longer than 1 MB; so
it is not asked. `multipart` bodies are read by callbacks, within limits that hold while they are read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from triage.domain.errors import Refused, Unavailable, Unreadable

_FIELD_BYTES, _FIELDS, _FORM_BYTES = 4_096, 16, 64 << 10
_OVERHEAD = 64 << 10
"""What boundaries, headers and small fields may take beside the file."""


@dataclass(slots=True)
class Budget:
    """How many bytes of files may be in memory at once, of all requests together. For the event loop's thread."""

    left: int

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """Takes bytes as they arrive, and gives all of them back at the end. Raises Unavailable `uploads-busy`."""
        taken = 0

        def take(count: int) -> None:
            nonlocal taken
            if count > self.left:
                raise Unavailable("uploads-busy", "Too much is being uploaded at once: send it again later.")
            self.left -= count
            taken += count

        try:
            yield take
        finally:
            self.left += taken


@dataclass(slots=True)
class Form:
    """The fields of a form by name, and its file: the name that the sender gave it, and its bytes."""

    fields: dict[str, str] = field(default_factory=dict)
    file_name: str = ""
    file: bytearray | None = None


async def document(chunks: AsyncIterator[bytes], most: int) -> bytes:
    """A whole body of up to `most` bytes. Raises Unreadable `xml-invalid`."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > most:
            raise Unreadable("xml-invalid", f"The document is longer than {most:,} bytes.")
    return bytes(body)


async def form(
    content_type: str, chunks: AsyncIterator[bytes], most: int, take: Callable[[int], None] = lambda _count: None
) -> Form:
    """A form with a file of up to `most` bytes (0: without a file). `take` is told of each chunk's length.

    Raises Refused `form-invalid`, `upload-too-large`, and what `take` raises.
    """
    kind, options = parse_options_header(content_type)
    if kind == b"multipart/form-data":
        reading = _Multipart(options, most)
        async for chunk in chunks:
            take(len(chunk))
            reading.write(chunk)
        return reading.end()
    if kind != b"application/x-www-form-urlencoded":
        raise Refused("form-invalid", "Send a form: multipart/form-data, or application/x-www-form-urlencoded.")
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > _FORM_BYTES:
            raise Refused("form-invalid", f"The form is longer than {_FORM_BYTES:,} bytes.")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        raise Refused("form-invalid", "The form cannot be read.") from None
    return Form(dict(pairs))


class _Multipart:
    """Feeds a parser, and keeps what its callbacks tell."""

    def __init__(self, options: Mapping[bytes, bytes], most: int) -> None:
        self._most = most
        self._form = Form()
        self._name = ""
        self._is_file = False
        self._headers: dict[bytes, bytes] = {}
        self._header_name, self._header_value = bytearray(), bytearray()
        self._field = bytearray()
        self._parts = self._seen = 0
        self._is_whole = False
        boundary = options.get(b"boundary", b"")
        if not boundary:
            raise Refused("form-invalid", "The form names no boundary.")
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._on_header_name,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers,
                    "on_part_data": self._on_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError:
            raise Refused("form-invalid", "The form's boundary is too long.") from None

    def write(self, chunk: bytes) -> None:
        self._seen += len(chunk)
        if self._seen > self._most + _OVERHEAD:
            raise self._too_large()
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise Refused("form-invalid", "The form cannot be read.") from None

    def end(self) -> Form:
        if not self._is_whole:
            raise Refused("form-invalid", "The form ends early.")
        return self._form

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _FIELDS:
            raise Refused("form-invalid", f"The form has more than {_FIELDS} parts.")
        self._headers = {}
        self._field = bytearray()
        self._is_file = False

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value)
        self._header_name, self._header_value = bytearray(), bytearray()

    def _on_headers(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if kind != b"form-data" or b"name" not in options:
            raise Refused("form-invalid", "A part of the form has no name.")
        self._name = options[b"name"].decode("utf-8", "replace")
        if self._name == "file":
            if self._form.file is not None:
                raise Refused("form-invalid", "One file at a time.")
            self._is_file = True
            self._form.file = bytearray()
            self._form.file_name = options.get(b"filename", b"").decode("utf-8", "replace")

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            assert self._form.file is not None
            self._form.file += data[start:end]
            if len(self._form.file) > self._most:
                raise self._too_large()
            return
        self._field += data[start:end]
        if len(self._field) > _FIELD_BYTES:
            raise Refused("form-invalid", "A field of the form is too long.")

    def _on_part_end(self) -> None:
        if not self._is_file:
            self._form.fields[self._name] = self._field.decode("utf-8", "replace")

    def _on_end(self) -> None:
        self._is_whole = True

    def _too_large(self) -> Refused:
        return Refused("upload-too-large", f"A file at this door has up to {self._most:,} bytes.")
