"""What a fuzz target is: a seam that takes strangers' bytes, seeds, and what must hold for any bytes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

Seeds = Callable[[], Iterable[bytes]]
T = TypeVar("T")


class Broken(AssertionError):
    """The seam's promise does not hold for some bytes."""


@dataclass(frozen=True, slots=True)
class Target:
    """One seam under attack.

    `promise` says in words what `check` asserts: it returns for bytes that are handled well and raises, whatever it
    may be, for those that are not. Exceptions that the seam documents are caught inside.
    """

    name: str
    promise: str
    check: Callable[[bytes], None]
    seeds: Seeds
    longest: int = 4096


def require(*, holds: bool, promise: str) -> None:
    """Raise Broken unless it holds."""
    if not holds:
        raise Broken(promise)


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """What comes of work that waits for nothing: without an event loop, of which a thread can run only one."""
    try:
        work.send(None)
    except StopIteration as done:
        found: T = done.value
        return found
    work.close()
    raise RuntimeError("it waits for something")
