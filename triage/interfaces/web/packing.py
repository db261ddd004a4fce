"""Which answers are packed on their way: pages and files of ours, for browsers that say they unpack.

A page that holds a secret beside words of an attacker's could be guessed at by its packed size (BREACH). Ours hold no
secret that outlives an answer, no other site can ask for one (`SameSite=Strict`: no request from elsewhere carries
the session), and what senders and evidence say is packed together with nothing of the reader's but a name. Renditions,
answers to machines and streams are never packed.
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
