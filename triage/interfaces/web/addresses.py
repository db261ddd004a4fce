"""From which address somebody asks, and how often it may try to sign in.

A person's login pauses after failures wherever they come from; this limits who tries many logins from one place. It
is asked before anything is hashed or written, and counts in the memory of each server process for itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request

from triage.settings import SignInSettings

from .statuses import TooManyRequests

_REMEMBERED = 10_000
_MINUTE = 60.0
SENTENCE = "Too many tries from this address: wait some minutes."


def address_of(request: Request, proxies: Sequence[str]) -> str:
    """The address that asks: the connection's, or where that is one of `proxies`, what this proxy says of it.

    `X-Forwarded-For` is read from its end, past proxies of ours; what stands before the first other address was
    written by whoever asks. Without a proxy the header says nothing.
    """
    asks = request.client.host if request.client else ""
    said = [one.strip() for line in request.headers.getlist("x-forwarded-for") for one in line.split(",")]
    ours = [ip_network(one) for one in proxies]
    while said and _is_among(asks, ours):
        asks = said.pop()
    return asks


def place_of(address: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 network that one IPv6 subscriber has."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(known, IPv6Address):
        if known.ipv4_mapped:
            return str(known.ipv4_mapped)
        return str(IPv6Network((known, 64), strict=False))
    return str(known)


def _is_among(address: str, networks: Sequence[object]) -> bool:
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(known, IPv6Address) and known.ipv4_mapped:
        known = known.ipv4_mapped
    return any(known in one for one in networks)  # type: ignore[operator]  # of either version


@dataclass
class Attempts:
    """Tries that each place has left. Those that succeed are given back: an office behind one address signs in."""

    clock: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def one(self, place: str, settings: SignInSettings) -> Iterator[None]:
        """One try; it counts unless it ends without an error. Raises TooManyRequests."""
        self._add(place, settings, -1.0)
        yield
        self._add(place, settings, 1.0)

    def _add(self, place: str, settings: SignInSettings, tries: float) -> None:
        most, a_second = float(settings.address_tries), settings.address_tries_a_minute / _MINUTE
        now = self.clock()
        with self._lock:
            left, at = self._left.pop(place, (most, now))
            left = min(most, left + (now - at) * a_second)
            if left + tries < 0:
                self._left[place] = left, now
                raise TooManyRequests(-(left + tries) / a_second, SENTENCE)
            self._left[place] = min(most, left + tries), now  # at the end: the longest unheard of is forgotten first
            if len(self._left) > _REMEMBERED:
                del self._left[next(iter(self._left))]
