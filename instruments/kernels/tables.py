"""Tables: arrays as bare addresses inside kernels.

A numba array carries its owner, whose references are counted at every use until an optimiser proves that they need not
be. A synth's arrays outlive the call and are handed on through a dozen functions: as addresses they compile in a third
of the time. No bounds are checked.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model


class Table(types.Type):
    """The numba type of an address of numbers in rows of `width`."""

    def __init__(self, dtype: Any, width: int) -> None:
        self.dtype, self.width = dtype, width
        super().__init__(name=f"table({dtype}, {width})")


@register_model(Table)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Table) -> None:
        super().__init__(manager, kind, manager.lookup(kind.dtype).get_data_type().as_pointer())


def _index(kind: Any) -> Any:
    if isinstance(kind, types.Integer):
        return types.intp
    pair: Any = getattr(kind, "types", ()) if isinstance(kind, types.BaseTuple) else ()
    if len(pair) == 2 and all(isinstance(k, types.Integer) for k in pair):
        return types.UniTuple(types.intp, 2)
    return None


@infer_global(operator.getitem)
class _Get(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if isinstance(args[0], Table) and (index := _index(args[1])) is not None:
            return signature(args[0].dtype, args[0], index)
        return None


@infer_global(operator.setitem)
class _Set(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if isinstance(args[0], Table) and (index := _index(args[1])) is not None:
            return signature(types.none, args[0], index, args[0].dtype)
        return None


def _place(builder: Any, kind: Table, base: Any, index: Any) -> Any:
    if isinstance(index.type, ir.ArrayType):
        row, column = (builder.extract_value(index, i) for i in (0, 1))
        index = builder.add(builder.mul(row, ir.Constant(row.type, kind.width)), column)
    return builder.gep(base, [index])


@lower_builtin(operator.getitem, Table, types.intp)
@lower_builtin(operator.getitem, Table, types.UniTuple(types.intp, 2))
def _get(_context: Any, builder: Any, sig: Any, values: Any) -> Any:
    return builder.load(_place(builder, sig.args[0], *values))


@lower_builtin(operator.setitem, Table, types.intp, types.Any)
@lower_builtin(operator.setitem, Table, types.UniTuple(types.intp, 2), types.Any)
def _set(context: Any, builder: Any, sig: Any, values: Any) -> Any:
    builder.store(values[2], _place(builder, sig.args[0], *values[:2]))
    return context.get_dummy_value()


def rows_of(width: int) -> Any:
    """A function for kernels: the address of a contiguous array, in rows of `width`."""

    def table(_typing: Any, array: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
            return context.make_array(sig.args[0])(context, builder, values[0]).data

        return Table(array.dtype, width)(array), emit

    return intrinsic(table)
