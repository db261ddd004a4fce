"""Two instructions of LLVM that numba does not offer, for kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from hashsets.compiling import instruction


def _ones(_typing: Any, word: Any) -> Any:  # noqa: ARG001  # numba names the kernel's argument after this one
    from llvmlite import ir  # noqa: PLC0415 - with numba, when a kernel is compiled
    from numba import types  # noqa: PLC0415

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.call(builder.module.declare_intrinsic("llvm.ctpop", [ir.IntType(64)]), arguments)

    return types.uint64(types.uint64), generate


ones = cast("Callable[[np.uint64], np.uint64]", instruction(_ones))
"""Set bits of one uint64 (LLVM's `ctpop`: one instruction, and vectorised in loops). Only inside kernels."""


NEAR, READ, DATA = 3, 0, 1
"""Of LLVM's `prefetch`: keep it in every cache, to be read, in the cache for data."""


def _ask_for(_typing: Any, array: Any, row: Any) -> Any:  # noqa: ARG001  # numba names the kernel's arguments after these
    from llvmlite import ir  # noqa: PLC0415 - with numba, when a kernel is compiled
    from numba import types  # noqa: PLC0415
    from numba.core import cgutils  # noqa: PLC0415

    building: Any = cgutils  # numba's own way to array elements, without annotations

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        laid_out = context.make_array(kind)(context, builder, arguments[0])
        shape, strides = (building.unpack_tuple(builder, part) for part in (laid_out.shape, laid_out.strides))
        first = [ir.Constant(ir.IntType(64), 0)] * (kind.ndim - 1)
        place = building.get_item_pointer2(
            context, builder, laid_out.data, shape, strides, kind.layout, [arguments[1], *first]
        )
        number = ir.IntType(32)
        shape_of_call = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        instruction = builder.module.declare_intrinsic("llvm.prefetch", [place.type], shape_of_call)
        builder.call(instruction, [place, number(READ), number(NEAR), number(DATA)])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


prefetch = cast("Callable[[npt.NDArray[Any], np.int64], None]", instruction(_ask_for))
"""Ask the memory for the beginning of a row that will be needed soon, without waiting for it. Only inside kernels.

Searches that meet some thousands of rows at random take a quarter less time. Asking past an array's end does nothing.
"""
