"""The JSON of a push, read strictly."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from triage.domain.errors import Refused
from triage.domain.findings import NoteCode
from triage.domain.legal import Handling
from triage.domain.pushes import LONGEST_PATH, OFFERS, Offer
from triage.services.pushing import NewPush, OfferAnswer, Problem, SummedUp

MOST = 8 << 20
"""Bytes of a JSON body: a thousand offers of paths that are not too strange."""


def _plain(text: str) -> str:
    if "\x00" in text or not text.isprintable():
        raise ValueError("text without control characters")
    return text


Text = Annotated[str, Field(max_length=1_000), AfterValidator(_plain)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PushDocument(_Document):
    """What a push is opened with."""

    case: Text
    exhibit: Text
    label: Text
    basis: Text = ""
    handling: tuple[Handling, ...] | None = None
    may_share_with: Annotated[tuple[Text, ...], Field(max_length=250)] | None = None

    def new(self) -> NewPush:
        """As the service takes it."""
        return NewPush(
            case_ref=self.case,
            exhibit_ref=self.exhibit,
            label=self.label,
            basis=self.basis,
            handling=self.handling,
            may_share_with=self.may_share_with,
        )


class OfferDocument(_Document):
    """A file: path in base64, size in bytes, time in ns since 1970, SHA-256 in hex where it is known."""

    path: str
    size: int
    mtime_ns: int
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None

    def offer(self) -> Offer:
        """As the domain has it. Raises Refused, Unreadable."""
        digest = bytes.fromhex(self.sha256) if self.sha256 else None
        return Offer(_path(self.path), self.size, self.mtime_ns, digest)


class ProblemDocument(_Document):
    """A path that could not be read, and the code of why."""

    path: str
    code: NoteCode

    def problem(self) -> Problem:
        """As the service takes it. Raises Refused."""
        return Problem(_path(self.path), self.code)


class OffersDocument(_Document):
    """Files and problems of the source, a page at a time."""

    offers: Annotated[tuple[OfferDocument, ...], Field(max_length=OFFERS)] = ()
    problems: Annotated[tuple[ProblemDocument, ...], Field(max_length=OFFERS)] = ()


class FinishDocument(_Document):
    """What the sender has: its manifest's digest, in hex."""

    manifest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


D = TypeVar("D", bound=_Document)


def parsed(kind: type[D], body: bytes) -> D:
    """A document of this kind. Raises Refused `request-invalid`, which names the place and no value."""
    try:
        return kind.model_validate(json.loads(body))
    except ValidationError as error:
        places = sorted({".".join(str(step) for step in one["loc"] if step != "path") for one in error.errors()})
        raise Refused("request-invalid", f"Not as documented: {', '.join(places[:5])}") from None
    except (ValueError, RecursionError):
        raise Refused("request-invalid", "The body is not JSON.") from None


def answered(answer: OfferAnswer) -> dict[str, str]:
    """What is to be done with one offer."""
    found = {"state": answer.state.value}
    if answer.sha256:
        found["sha256"] = answer.sha256.hex()
    if answer.upload:
        found["upload"] = f"/uploads/{answer.upload}"
    return found


def summed(found: SummedUp) -> dict[str, object]:
    """What both sides compare."""
    return {
        "equal": found.is_equal,
        "manifest": found.manifest.hex(),
        "files": found.files,
        "bytes": found.bytes,
        "submission": f"S-{found.submission_id}",
    }


def _path(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("request-invalid", "A path must be in base64.") from None
    if len(found) > LONGEST_PATH:
        raise Refused("request-invalid", f"A path is at most {LONGEST_PATH} bytes long.")
    return found
