"""The one door to numba: how loops are compiled. A kernel calls kernels of its own file only.

Numba keeps machine code on disk and renews it when the file of the called kernel changes; it does not look at the
files of what that kernel calls in turn, so a split loop could go on running the old half.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def exact_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on first use; floats are added and rounded in the order written, as the published code does."""
    return _compiled(function, fastmath=False)


def estimating_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on first use; sums may be regrouped and products fused, which changes the last bits of floats."""
    return _compiled(function, fastmath={"reassoc", "contract"})


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Written out at each place of use: for the innermost steps of a kernel of the same file."""
    return cast("Callable[P, R]", numba.njit(inline="always")(function))


def _compiled(function: Callable[P, R], **options: Any) -> Callable[P, R]:
    """Without the interpreter lock and without checks for division by zero, which keep loops from vectorising.

    The machine code is kept on disk where a writable place exists (beside the source, else in the user's cache
    folder, else in NUMBA_CACHE_DIR); an installation without one compiles in each process.
    """
    options |= {"nogil": True, "error_model": "numpy"}
    try:
        compiled = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba's answer where no place is writable
        compiled = numba.njit(**options)(function)
    return cast("Callable[P, R]", compiled)
