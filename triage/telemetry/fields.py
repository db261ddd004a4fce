"""The fields that may leave in logs and spans, each with the shape of its values. Everything else is dropped.

An allow-list, since nobody can list how evidence may be called. A field stands here when its values are made by the
program: ids, counts, seconds, codes. Names, digests, paths and what files say of themselves have no field to be in,
and where one is handed over under a field of another shape, its value is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from triage.domain.jobs import Stage

WITHHELD: Final = "(withheld)"
DROPPED: Final = "withheld"
"""The field that says how many others were dropped."""

_LARGEST: Final = 2**53
"""A digest read as a number is larger than any count of ours."""
_DIGITS = re.compile(r"[0-9a-fA-F]{16}")

_WORD = re.compile(r"[a-z]{1,24}(?:-[a-z0-9]{1,16}){0,6}")
_CODE = re.compile(r"[a-z]{1,24}(?:-[a-z0-9]{1,16}){0,6}|unexpected [A-Z][A-Za-z]{1,60}")
_LOGGER = re.compile(
    r"(?:alembic|asyncio|concurrent|dramatiq|fastapi|numba|obstore|opentelemetry|PIL|prometheus_client|py|redis|sqlalchemy"
    r"|starlette|triage|urllib3|uvicorn|watchfiles)(?:\.[A-Za-z_]{1,40}){0,8}"
)
"""Libraries that we use: whoever names a logger after something else is not among them."""
_VERSION = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,4}")

_SHAPES: Final[Mapping[str, re.Pattern[str] | None]] = {
    # None: numbers and truth values only.
    **dict.fromkeys(
        (
            "job",
            "submission",
            "referral",
            "rematch",
            "fence",
            "attempts",
            "items",
            "files",
            "jobs",
            "records",
            "lost",
            "bytes",
            "seconds",
            "pause_seconds",
            "threads",
            "process",
            "port",
            "status",
            "segments",
            DROPPED,  # the filter stands twice
        ),
        None,
    ),
    # Words of the program. A shape cannot tell one from a file called `holiday`; it can from any with an extension.
    **dict.fromkeys(("room", "level", "command", "check"), _WORD),
    "stage": re.compile("|".join(Stage)),
    "code": _CODE,
    "version": _VERSION,
    "logger": _LOGGER,
    "where": re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,120}:[0-9]{1,6}"),
    "owner": re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}:[0-9]{1,10}:[0-9a-f]{1,20}"),
    "method": re.compile(r"GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|OTHER"),
    "route": re.compile(r"/(?:[a-z{][a-z_}-]{0,30}/?){0,8}|none"),
    "request": re.compile(r"[0-9a-f]{12}"),
    "trace": re.compile(r"[0-9a-f]{32}"),
}


def known(fields: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The fields that may be told. The last one counts those that may not, when there are any."""
    dropped = 0
    for key, value in fields.items():
        if key not in _SHAPES:
            dropped += 1
        elif value is not None:
            yield key, _shaped(_SHAPES[key], key, value)
    if dropped:
        yield DROPPED, dropped


def _shaped(shape: re.Pattern[str] | None, key: str, value: object) -> object:
    if shape is None:
        # Exactly these types: what a subclass prints is its own affair.
        is_number = type(value) in {bool, int, float} and abs(value) < _LARGEST  # type: ignore[arg-type] # a number
        return value if is_number else WITHHELD
    if not isinstance(value, str) or not shape.fullmatch(value):
        return WITHHELD
    text = "".join(value)  # of a StrEnum the plain text
    return WITHHELD if _DIGITS.search(text) and key != "trace" else text
