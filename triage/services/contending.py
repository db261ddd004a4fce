"""Doing again what another's locks undid: nobody is at fault, and nothing of it was kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from triage.domain.errors import Unavailable
from triage.store.engine import CONTENDED

T = TypeVar("T")
TRIES = 5


def undisturbed(act: Callable[[], T]) -> T:
    """What `act` gives; it must be one that goes on where it was. Raises what its last try raises."""
    for _ in range(TRIES - 1):
        try:
            return act()
        except Unavailable as error:
            if error.code != CONTENDED:
                raise
    return act()
