"""Frames between the parent and the sealed child, over one socket pair.

A frame is one byte of kind, four bytes of length (big-endian), and that many bytes. The parent sends a TASK and
then answers READ requests; the child asks, and ends each task with exactly one RESULT (examine), END (expand), or
RENDITION or END (render).
Whatever the child sends is hostile until `checks.py` has passed it: here only the size and the kind are checked.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum
from typing import Any


class Kind(IntEnum):
    """What a frame carries. 1-15 go to the child, 16 and up come from it."""

    TASK = 1  # JSON of Task
    BYTES = 2  # answer to READ
    REFUSED = 3  # answer to READ: the source could not be read
    READY = 16  # JSON: the layers and what their probes found
    READ = 17  # offset u64, length u32
    RESULT = 18  # JSON of one examination
    MEMBER = 19  # JSON: one archive member begins
    DATA = 20  # bytes of the member
    MEMBER_END = 21  # JSON: note code or null
    END = 22  # JSON: notes of the whole archive, or why there is no rendition
    RENDITION = 23  # width u16, height u16, a JPEG


class TaskKind(StrEnum):
    """What the child is asked to do."""

    EXAMINE = "examine"
    EXPAND = "expand"
    RENDER = "render"


HEADER = struct.Struct(">BI")
READ_REQUEST = struct.Struct(">QI")
RENDITION_SIZE = struct.Struct(">HH")

MAX_READ = 4 << 20
"""Largest piece of a source in one answer."""

MAX_DATA = 1 << 20
"""Largest piece of an archive member in one frame."""

MAX_JSON = 64 << 10

MAX_RENDITION = 4 << 20
"""Largest JPEG that is shown."""

MAX_FROM_CHILD: dict[Kind, int] = {
    Kind.READY: MAX_JSON,
    Kind.READ: READ_REQUEST.size,
    Kind.RESULT: MAX_JSON,
    Kind.MEMBER: MAX_JSON,
    Kind.DATA: MAX_DATA,
    Kind.MEMBER_END: 1024,
    Kind.END: MAX_JSON,
    Kind.RENDITION: RENDITION_SIZE.size + MAX_RENDITION,
}
"""Largest payload that the parent accepts of each kind; a longer one is a lie and ends the child."""


class ProtocolError(Exception):
    """The other side broke the rules of this file."""


class Gone(Exception):
    """The other side closed its end."""


@dataclass(frozen=True, slots=True)
class Task:
    """One order to the child. Sizes are bytes; `limits` are the fields of the kind's own limits."""

    kind: TaskKind
    size: int
    limits: dict[str, Any]
    name_extension: str = ""

    def payload(self) -> bytes:
        """As sent."""
        return json.dumps(asdict(self)).encode("ascii")

    @classmethod
    def of(cls, payload: bytes) -> Task:
        """Inverse of `payload`. Raises ProtocolError."""
        try:
            fields = json.loads(payload)
            return cls(TaskKind(fields["kind"]), int(fields["size"]), fields["limits"], fields["name_extension"])
        except (ValueError, KeyError, TypeError) as error:
            raise ProtocolError("not a task") from error


def send(descriptor: int, kind: Kind, payload: bytes | bytearray | memoryview = b"") -> None:
    """Write one whole frame to a blocking descriptor. Raises Gone when nobody reads."""
    try:
        _write_all(descriptor, HEADER.pack(kind, len(payload)))
        if payload:
            _write_all(descriptor, payload)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise Gone from error


def _write_all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def receive(descriptor: int) -> tuple[Kind, bytearray]:
    """Read one frame from the parent on a blocking descriptor (child's side). Raises Gone, ProtocolError."""
    kind, length = HEADER.unpack(_read_exactly(descriptor, HEADER.size))
    if kind not in {Kind.TASK, Kind.BYTES, Kind.REFUSED} or length > max(MAX_READ, MAX_JSON):
        raise ProtocolError("no such frame")
    return Kind(kind), _read_exactly(descriptor, length)


def _read_exactly(descriptor: int, length: int) -> bytearray:
    data = bytearray(length)
    view = memoryview(data)
    filled = 0
    while filled < length:
        got = os.readv(descriptor, [view[filled:]])
        if not got:
            raise Gone
        filled += got
    return data
