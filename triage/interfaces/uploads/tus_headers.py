"""What tus 1.0 says in headers, read strictly."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.datastructures import Headers

from triage.domain.errors import Refused
from triage.domain.pushes import Offer
from triage.services.uploading import Checksum

from .answers import TUS_VERSION

EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
CHECKSUMS = {"sha1": 20, "sha256": 32}
OFFSET_TYPE = "application/offset+octet-stream"
_NUMBER = re.compile(r"[0-9]{1,18}")
_SIGNED = re.compile(r"-?[0-9]{1,19}")


def require_version(headers: Headers) -> None:
    """Raise Refused `tus-version`."""
    if headers.get("tus-resumable") != TUS_VERSION:
        raise Refused("tus-version", f"Say Tus-Resumable: {TUS_VERSION}.")


def number(headers: Headers, name: str) -> int:
    """A header that must be there. Raises Refused `header-invalid`."""
    text = headers.get(name, "")
    if not _NUMBER.fullmatch(text):
        raise Refused("header-invalid", f"{name} must be a number of bytes.")
    return int(text)


def body_size(headers: Headers) -> int | None:
    """The body's length, where it is told. Raises Refused `header-invalid`."""
    return number(headers, "Content-Length") if "content-length" in headers else None


def checksum(headers: Headers) -> Checksum | None:
    """What is said of this request's bytes. Raises Refused `header-invalid`, `checksum-unknown`."""
    if "upload-checksum" not in headers:
        return None
    algorithm, _, value = headers["upload-checksum"].partition(" ")
    if algorithm not in CHECKSUMS:
        raise Refused("checksum-unknown", f"Upload-Checksum is one of {', '.join(CHECKSUMS)}.")
    found = _decoded(value, "Upload-Checksum")
    if len(found) != CHECKSUMS[algorithm]:
        raise Refused("header-invalid", "Upload-Checksum does not have its algorithm's length.")
    return Checksum(algorithm, found)


def offered(headers: Headers) -> Offer:
    """The file that a creation request states, by Upload-Length and Upload-Metadata.

    `path` (bytes) or `filename` is where it was found: data, whatever is in it. `mtime_ns` and `sha256` (hex) may be
    left out; other names are ignored. Raises Refused `header-invalid`, Unreadable `offer-invalid`.
    """
    if "upload-defer-length" in headers:
        raise Refused("header-invalid", "The length must be known: Upload-Defer-Length is not taken.")
    told = _metadata(headers.get("upload-metadata", ""))
    mtime = told.get("mtime_ns", b"0").decode("ascii", "replace")
    if not _SIGNED.fullmatch(mtime):
        raise Refused("header-invalid", "mtime_ns in Upload-Metadata must be a number.")
    try:
        digest = bytes.fromhex(told["sha256"].decode("ascii")) if "sha256" in told else None
    except ValueError:
        raise Refused("header-invalid", "sha256 in Upload-Metadata must be hexadecimal.") from None
    path = told.get("path") or told.get("filename") or b""
    return Offer(path, number(headers, "Upload-Length"), int(mtime), digest)


def expires(at: float) -> str:
    """A time in seconds since 1970 as `Upload-Expires` has it."""
    return format_datetime(datetime.fromtimestamp(at, UTC), usegmt=True)


def _metadata(text: str) -> Mapping[str, bytes]:
    found: dict[str, bytes] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = pair.partition(" ")
        found[name] = _decoded(value, "Upload-Metadata")
    return found


def _decoded(value: str, name: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("header-invalid", f"{name} must hold base64.") from None
