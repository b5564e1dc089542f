"""Numbers for 16 voices at once: vectors that kernels add and multiply as if they were scalars.

numba vectorises a loop only where LLVM proves that it may. Here the voices' lanes are LLVM vectors from the start: two
AVX registers (AVX-512: one, SSE and NEON: four), kept there along a loop over frames, whatever LLVM would have made of
it. `FLOATS` are 16 x float32, `INTS` 16 x int32 that wrap around.

Operations may be fused (a * b + c in one rounding), never re-associated: a block cut in two gives the same bits.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from instruments.kernels.tone import part

LANES = 16
_operation: Any = intrinsic
_FLAGS = ("contract", "nsz")
_F32, _I32 = ir.FloatType(), ir.IntType(32)
_FV, _IV = ir.VectorType(_F32, LANES), ir.VectorType(_I32, LANES)


def register_floats() -> int:
    """How many floats a vector register of this machine holds, as LLVM sees it."""
    features = binding.get_host_cpu_features()
    return 16 if features.get("avx512f") else 8 if features.get("avx") else 4


class Lanes(types.Type):
    """The numba type of a vector of 16."""


FLOATS, INTS = Lanes(name=f"float32x{LANES}"), Lanes(name=f"int32x{LANES}")


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Lanes) -> None:
        super().__init__(manager, kind, _FV if kind == FLOATS else _IV)


def _spread(builder: Any, value: Any, vector: Any) -> Any:
    nothing, first = ir.Constant(vector, ir.Undefined), ir.Constant(_I32, 0)
    one = builder.insert_element(nothing, value, first)
    return builder.shuffle_vector(one, nothing, ir.Constant(_IV, [0] * LANES))


def _floats(builder: Any, value: Any, kind: types.Type) -> Any:
    return value if kind == FLOATS else _spread(builder, builder.fptrunc(value, _F32), _FV)


def _call(builder: Any, name: str, result: Any, *values: Any) -> Any:
    kind = ir.FunctionType(result, [v.type for v in values])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), values)


def _arithmetic(operation: Callable[[Any, Any], Any], emit: Callable[[Any, Any, Any], Any]) -> None:
    """Floats with Floats, or with a number on either side."""
    pairs = [(FLOATS, FLOATS), (FLOATS, types.float64), (types.float64, FLOATS)]

    @infer_global(operation)
    class _Operator(ConcreteTemplate):
        cases = [signature(FLOATS, *pair) for pair in pairs]  # noqa: RUF012

    for left, right in pairs:

        @lower_builtin(operation, left, right)
        def _lower(_context: Any, builder: Any, sig: Any, values: Any) -> Any:
            x, y = (_floats(builder, v, kind) for v, kind in zip(values, sig.args, strict=True))
            return emit(builder, x, y)


_arithmetic(operator.add, lambda builder, x, y: builder.fadd(x, y, flags=_FLAGS))
_arithmetic(operator.sub, lambda builder, x, y: builder.fsub(x, y, flags=_FLAGS))
_arithmetic(operator.mul, lambda builder, x, y: builder.fmul(x, y, flags=_FLAGS))
_arithmetic(operator.truediv, lambda builder, x, y: builder.fdiv(x, y, flags=_FLAGS))


def _whole(operation: Callable[[Any, Any], Any], emit: Callable[[Any, Any, Any], Any]) -> None:
    """Ints with Ints."""

    @infer_global(operation)
    class _Operator(ConcreteTemplate):
        cases = [signature(INTS, INTS, INTS)]  # noqa: RUF012

    @lower_builtin(operation, INTS, INTS)
    def _lower(_context: Any, builder: Any, _sig: Any, values: Any) -> Any:
        return emit(builder, *values)


_whole(operator.add, lambda builder, x, y: builder.add(x, y))
_whole(operator.sub, lambda builder, x, y: builder.sub(x, y))
_whole(operator.mul, lambda builder, x, y: builder.mul(x, y))
_whole(operator.xor, lambda builder, x, y: builder.xor(x, y))
_whole(operator.and_, lambda builder, x, y: builder.and_(x, y))


def _place(builder: Any, sig: Any, values: Any) -> Any:
    vector = _FV if sig.args[0].dtype == types.float32 else _IV
    return builder.bitcast(builder.gep(values[0], [values[1]]), vector.as_pointer())


@_operation
def load(_typing: Any, table: Any, at: Any) -> Any:
    """16 numbers of a table of float32 or int32 from index `at`."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        read = builder.load(_place(builder, sig, values))
        read.align = 4
        return read

    return (FLOATS if table.dtype == types.float32 else INTS)(table, types.intp), emit


@_operation
def store(_typing: Any, table: Any, at: Any, value: Any) -> Any:
    """Write 16 numbers to a table from index `at`."""

    def emit(context: Any, builder: Any, sig: Any, values: Any) -> Any:
        write = builder.store(values[2], _place(builder, sig, values))
        write.align = 4
        return context.get_dummy_value()

    return types.void(table, types.intp, value), emit


@_operation
def spread(_typing: Any, number: Any) -> Any:
    """A number in all lanes."""
    return FLOATS(types.float64), lambda _c, builder, _s, v: _floats(builder, v[0], types.float64)


@_operation
def spread_int(_typing: Any, number: Any) -> Any:
    """A whole number, modulo 2^32, in all lanes."""
    return INTS(types.int64), lambda _c, builder, _s, v: _spread(builder, builder.trunc(v[0], _I32), _IV)


@_operation
def to_floats(_typing: Any, ints: Any) -> Any:
    """Signed ints as floats."""
    return FLOATS(INTS), lambda _c, builder, _s, v: builder.sitofp(v[0], _FV)


@_operation
def to_ints(_typing: Any, floats: Any) -> Any:
    """Cut towards zero; beyond +-2^31 the result is arbitrary."""
    return INTS(FLOATS), lambda _c, builder, _s, v: builder.fptosi(v[0], _IV)


@_operation
def bits_of(_typing: Any, floats: Any) -> Any:
    """The bit pattern of floats."""
    return INTS(FLOATS), lambda _c, builder, _s, v: builder.bitcast(v[0], _IV)


@_operation
def with_bits(_typing: Any, ints: Any) -> Any:
    """Floats of a bit pattern."""
    return FLOATS(INTS), lambda _c, builder, _s, v: builder.bitcast(v[0], _FV)


def _shift(emit: Callable[[Any, Any, Any], Any]) -> Any:
    def made(_typing: Any, ints: Any, places: Any) -> Any:
        def lower(_context: Any, builder: Any, _sig: Any, v: Any) -> Any:
            return emit(builder, v[0], _spread(builder, builder.trunc(v[1], _I32), _IV))

        return INTS(INTS, types.int64), lower

    return made


left = _operation(_shift(lambda builder, x, n: builder.shl(x, n)))
"""left(ints, n): shift up."""
right = _operation(_shift(lambda builder, x, n: builder.lshr(x, n)))
"""right(ints, n): shift down, zeros from above."""


@_operation
def magnitude(_typing: Any, x: Any) -> Any:
    """|x|"""
    return FLOATS(FLOATS), lambda _c, builder, _s, v: _call(builder, f"llvm.fabs.v{LANES}f32", _FV, v[0])


@_operation
def floor(_typing: Any, x: Any) -> Any:
    """Down to whole numbers."""
    return FLOATS(FLOATS), lambda _c, builder, _s, v: _call(builder, f"llvm.floor.v{LANES}f32", _FV, v[0])


@_operation
def with_sign(_typing: Any, x: Any, y: Any) -> Any:
    """|x| with the sign of y."""
    return FLOATS(FLOATS, FLOATS), lambda _c, builder, _s, v: _call(builder, f"llvm.copysign.v{LANES}f32", _FV, *v)


@_operation
def above(_typing: Any, x: Any, y: Any, yes: Any, no: Any) -> Any:
    """yes where x > y, else no."""

    def emit(_context: Any, builder: Any, _sig: Any, v: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", v[0], v[1]), v[2], v[3])

    return yes(FLOATS, FLOATS, yes, yes), emit


def _extreme(name: str) -> Any:
    def made(_typing: Any, x: Any, y: Any) -> Any:
        def lower(_context: Any, builder: Any, _sig: Any, v: Any) -> Any:
            kind = ir.FunctionType(_FV, [_FV, _FV])
            function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{LANES}f32")
            return builder.call(function, v, fastmath=("nnan", "nsz"))

        return FLOATS(FLOATS, FLOATS), lower

    return _operation(made)


larger = _extreme("maxnum")
"""larger(x, y): of two that are numbers."""
smaller = _extreme("minnum")
"""smaller(x, y): of two that are numbers."""


@_operation
def wrapped(_typing: Any, now: Any, before: Any) -> Any:
    """1 in the lanes where an unsigned counter has run over (now < before), else 0."""

    def emit(_context: Any, builder: Any, _sig: Any, v: Any) -> Any:
        return builder.zext(builder.icmp_unsigned("<", v[0], v[1]), _IV)

    return INTS(INTS, INTS), emit


@_operation
def total(_typing: Any, x: Any) -> Any:
    """The sum of the lanes, in a fixed order of pairs."""

    def emit(_context: Any, builder: Any, _sig: Any, v: Any) -> Any:
        kind = ir.FunctionType(_F32, [_F32, _FV])
        reduce = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.fadd.v{LANES}f32")
        return builder.call(reduce, [ir.Constant(_F32, 0.0), v[0]], fastmath=("reassoc", "nsz"))

    return types.float32(FLOATS), emit


@part
def chosen(marks, new, old):  # type: ignore[no-untyped-def]
    """Ints `new` where a mark is 1.0, `old` where it is 0.0.

    By bits: LLVM makes a select that is stored a masked store, which costs an AMD core forty plain ones.
    """
    return old ^ ((old ^ new) & (spread_int(0) - to_ints(marks)))


@part
def audible(x):  # type: ignore[no-untyped-def]
    """x, or 0 where it is below 1e-15: long before it becomes denormal."""
    return x * above(magnitude(x), spread(1e-15), spread(1.0), spread(0.0))


@part
def signed(x, y):  # type: ignore[no-untyped-def]
    """x >= 0 with the sign of y."""
    return with_bits(bits_of(x) ^ (bits_of(y) & spread_int(0x80000000)))


@part
def between(x, low, high):  # type: ignore[no-untyped-def]
    """x held within low..high."""
    return smaller(larger(x, spread(low)), spread(high))


@part
def power_of_two(x):  # type: ignore[no-untyped-def]
    """2 ** x for -100 <= x <= 100 (beyond, as at the end), relative error below 2e-7.

    The exponent by whole octaves, and within one a Taylor polynomial of degree 7 about its middle.
    """
    x = between(x, -100.0, 100.0)
    whole = floor(x)
    y = (x - whole - 0.5) * 0.6931471805599453
    p = 1.0 + y * (1.0 + y * (0.5 + y * (1 / 6 + y * (1 / 24 + y * (1 / 120 + y * (1 / 720 + y * (1 / 5040)))))))
    scale = with_bits(left(to_ints(whole) + spread_int(127), 23))
    return p * 1.4142135623730951 * scale


@part
def turn_sine(u):  # type: ignore[no-untyped-def]
    """sin(2 pi u) for -0.5 <= u <= 0.5 cycles, error below 2e-7: a Taylor polynomial on a quarter wave."""
    y = (0.25 - magnitude(magnitude(u) - 0.25)) * 6.283185307179586
    z = y * y
    s = y * (1.0 + z * (-1 / 6 + z * (1 / 120 + z * (-1 / 5040 + z * (1 / 362880 + z * (-1 / 39916800))))))
    return with_sign(s, u)


@part
def centred(cycles):  # type: ignore[no-untyped-def]
    """Cycles without the whole ones: -0.5 <= u < 0.5."""
    return cycles - floor(cycles + 0.5)


UNIT = 2.0**-32
"""Cycles to a step of a phase that is kept as an int."""


@part
def scrambled(ints):  # type: ignore[no-untyped-def]
    """A well mixed number of each (xorshift-multiply finaliser, constants of lowbias32 by Chris Wellons)."""
    x = ints ^ right(ints, 16)
    x = x * spread_int(0x7FEB352D)
    x = x ^ right(x, 15)
    x = x * spread_int(0x846CA68B)
    return x ^ right(x, 16)


@part
def next_noise(ints):  # type: ignore[no-untyped-def]
    """The next state of xorshift32 (Marsaglia 2003); never from zero."""
    x = ints ^ left(ints, 13)
    x = x ^ right(x, 17)
    return x ^ left(x, 5)
