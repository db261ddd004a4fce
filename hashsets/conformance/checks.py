"""What a check is, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


class NonConforming(AssertionError):
    """A plug-in does not keep what its seam promises."""


@dataclass(frozen=True, slots=True)
class Check:
    """A promise in words, and what raises `NonConforming` with a sentence unless it is kept."""

    promise: str
    keep: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a check; `fault` is None where the promise is kept."""

    promise: str
    fault: str | None


def keep_all(checks: Iterable[Check]) -> None:
    """Raise at the first promise that is not kept."""
    for check in checks:
        check.keep()


def verdicts(checks: Iterable[Check]) -> Iterator[Verdict]:
    """Every promise in turn; whatever else a plug-in raises is its fault too."""
    for check in checks:
        try:
            check.keep()
        except NonConforming as fault:
            yield Verdict(check.promise, str(fault))
        except Exception as fault:  # noqa: BLE001  # a stranger's code may raise anything
            yield Verdict(check.promise, f"it raises {type(fault).__name__}: {fault}")
        else:
            yield Verdict(check.promise, None)
