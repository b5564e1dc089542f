"""Lanes read from and written to NumPy arrays."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from instruments.kernels.lanes import FLOATS, INTS, LANES

_operation: Any = intrinsic


def _place(context: Any, builder: Any, sig: Any, values: Any) -> Any:
    data = context.make_array(sig.args[0])(context, builder, values[0]).data
    number = ir.FloatType() if sig.args[0].dtype == types.float32 else ir.IntType(32)
    return builder.bitcast(builder.gep(data, [values[1]]), ir.VectorType(number, LANES).as_pointer())


@_operation
def fetch(_typing: Any, array: Any, at: Any) -> Any:
    """16 numbers of a flat float32 or int32 array from index `at`; no bounds are checked."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        read = builder.load(_place(context, builder, sig, values))
        read.align = 4
        return read

    return (FLOATS if array.dtype == types.float32 else INTS)(array, types.intp), emit


@_operation
def put(_typing: Any, array: Any, at: Any, value: Any) -> Any:
    """Write 16 numbers to a flat array from index `at`; no bounds are checked."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        write = builder.store(values[2], _place(context, builder, sig, values))
        write.align = 4
        return context.get_dummy_value()

    return types.void(array, types.intp, value), emit
