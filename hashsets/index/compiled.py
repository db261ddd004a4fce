"""The one door to numba in this folder: how kernels are compiled, and the population count that it lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on first use, keep the machine code on disk, and let other threads run meanwhile.

    Where no place is writable, as on a sealed installation, each process compiles for itself.
    """
    try:
        return cast("Callable[P, R]", njit(nogil=True, cache=True)(function))
    except RuntimeError:  # numba's answer where it finds no place for its cache
        return cast("Callable[P, R]", njit(nogil=True)(function))


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """As `compiled`, written out at each place of use: for the innermost steps."""
    return cast("Callable[P, R]", njit(inline="always")(function))


def _ones(_typing: Any, word: Any) -> Any:  # noqa: ARG001  # numba names the kernel's argument after this one
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.call(builder.module.declare_intrinsic("llvm.ctpop", [ir.IntType(64)]), arguments)

    return types.uint64(types.uint64), generate


ones = cast("Callable[[np.uint64], np.uint64]", intrinsic(_ones))
"""Set bits of one uint64 (LLVM's `ctpop`: one instruction, and vectorised in loops). Only inside kernels."""
