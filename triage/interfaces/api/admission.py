"""Who asks, and how fast: keys from the `Authorization` header, and a bucket of tokens for each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from starlette.requests import Request

from triage.domain.errors import Refused
from triage.interfaces.web.statuses import TooManyRequests
from triage.services.admitting import Admitted, Admitting

_REMEMBERED = 10_000
_REMEMBERED_SECONDS = 30.0


def token_of(request: Request) -> str:
    """The token that a request carries. Raises Refused `key-unknown`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused("key-unknown", "Send your key: Authorization: Bearer prefix.secret")
    return token.strip()


@dataclass
class Recalled:
    """Keys that were admitted a moment ago, for requests whose own transaction asks about the key again.

    By the SHA-256 of the token, so that no secret stays in memory.
    """

    clock: Callable[[], float] = time.monotonic
    _known: dict[bytes, tuple[Admitted, float]] = field(default_factory=dict)

    def recall(self, token: str) -> Admitted | None:
        """Whose token it was within the last half minute."""
        found = self._known.get(_stands_for(token))
        return found[0] if found and found[1] > self.clock() else None

    def admit(self, admitting: Admitting, token: str) -> Admitted:
        """Whose token it is now, remembered for a while. Raises Refused."""
        admitted = admitting.admit(token)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[_stands_for(token)] = admitted, self.clock() + _REMEMBERED_SECONDS
        return admitted


def _stands_for(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()


@dataclass
class Pace:
    """A bucket of tokens for each key, in the memory of this process: each server process counts for itself."""

    per_second: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[int, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key_id: int) -> None:
        """Take one token. Raises TooManyRequests."""
        now = self.clock()
        with self._lock:
            left, at = self._buckets.get(key_id, (float(self.burst), now))
            left = min(float(self.burst), left + (now - at) * self.per_second)
            if left < 1:
                self._buckets[key_id] = left, now
                raise TooManyRequests((1 - left) / self.per_second)
            self._buckets[key_id] = left - 1, now
