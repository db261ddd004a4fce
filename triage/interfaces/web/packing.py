"""Which answers are packed on their way: pages and files of ours, for browsers that say they unpack.

A secret in a page could be guessed at by its packed size, by whoever has the same page asked for again and again
with words of their own and sees how long each answer is (BREACH). Nobody can have ours asked for: no request from
another site carries the session (`SameSite=Strict`). A page holds no token and its nonce is another each time.
Renditions, answers to machines and streams are never packed.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

_LEAST_BYTES = 1_000
PACK_QUICKLY, PACK_WELL = 1, 9
"""For what is made anew each time, and for what is packed once."""

ENCODED_HEADERS: Mapping[str, str] = {"Vary": "Accept-Encoding"}


def is_worth_packing(body: bytes) -> bool:
    """Whether less would travel by more than it costs."""
    return len(body) >= _LEAST_BYTES


def takes_gzip(request: Request) -> bool:
    """Whether whoever asks unpacks gzip. A quality of zero means no."""
    for part in request.headers.get("accept-encoding", "").split(","):
        name, _, parameters = part.partition(";")
        if name.strip().lower() == "gzip":
            return parameters.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
