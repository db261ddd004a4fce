"""The one door to numba: how loops are compiled. A kernel calls kernels of its own file only.

Numba is loaded when a kernel is first called: that takes a sixth of a second, and most commands call none. It keeps
machine code on disk and renews it when the file of the called kernel changes; it does not look at the files of what
that kernel calls in turn, so a split loop could go on running the old half.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")


class _Later(Generic[P, R]):
    """What numba hears of at the first call, together with all that its file has for it.

    A kernel's own calls must name what numba made, so the names of its file are bound to that. Who imported the name
    before calls through here.
    """

    _making = threading.RLock()

    def __init__(self, function: Callable[P, R], make: Callable[[Callable[P, R]], Callable[P, R]]) -> None:
        self._function, self._make = function, make
        self._begun: Callable[P, R] | None = None
        self._made: Callable[P, R] | None = None
        update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return (self._made or self.made())(*args, **kwargs)

    def made(self) -> Callable[P, R]:
        """As numba has it. Not seen by other threads before all names of the file are bound."""
        with self._making:
            if self._begun is None:
                self._begun = self._make(self._function)
                names = self._function.__globals__
                for name, value in list(names.items()):
                    if isinstance(value, _Later):
                        names[name] = value.made()
                self._made = self._begun
            return self._begun


def exact_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on first use; floats are added and rounded in the order written, as the published code does."""
    return _compiled(function, fastmath=False)


def estimating_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on first use; sums may be regrouped and products fused, which changes the last bits of floats."""
    return _compiled(function, fastmath={"reassoc", "contract"})


def kept_in(kernel: Callable[..., Any]) -> str | None:
    """The folder in which a kernel's machine code is kept; None where no place is writable."""
    made = kernel.made() if isinstance(kernel, _Later) else kernel
    folder: str | None = getattr(getattr(made, "stats", None), "cache_path", None)
    return folder


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Written out at each place of use: for the innermost steps of a kernel of the same file."""

    def make(function: Callable[P, R]) -> Callable[P, R]:
        import numba  # noqa: PLC0415 - at the first call

        return cast("Callable[P, R]", numba.njit(inline="always")(function))

    return _Later(function, make)


def instruction(generator: Callable[..., Any]) -> Callable[..., Any]:
    """A call for which numba writes what the function generates (see `numba.extending.intrinsic`)."""

    def make(function: Callable[..., Any]) -> Callable[..., Any]:
        from numba.extending import intrinsic  # noqa: PLC0415 - at the first call

        return cast("Callable[..., Any]", intrinsic(function))

    return _Later(generator, make)


def _compiled(function: Callable[P, R], **options: Any) -> Callable[P, R]:
    """Without the interpreter lock and without checks for division by zero, which keep loops from vectorising.

    The machine code is kept on disk where a writable place exists (beside the source, else in the user's cache
    folder, else in NUMBA_CACHE_DIR); an installation without one compiles in each process.
    """
    options |= {"nogil": True, "error_model": "numpy"}

    def make(function: Callable[P, R]) -> Callable[P, R]:
        import numba  # noqa: PLC0415 - at the first call

        try:
            compiled = numba.njit(cache=True, **options)(function)
        except RuntimeError:  # numba's answer where no place is writable
            compiled = numba.njit(**options)(function)
        return cast("Callable[P, R]", compiled)

    return _Later(function, make)
