"""How an effect is compiled, and how the rack calls it: as a C function by its address, so that each effect compiles
and is cached alone, and the rack knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import carray, types  # type: ignore[attr-defined]
from numba.core.ccallback import CFunc
from numba.extending import intrinsic

from instruments.kernels import compiled
from instruments.kernels.tone import FAST, part

NUMBERS = 4096
"""How many coefficients or states an effect may see at most; it has those that it asked for."""

_F32, _F64, _I64 = types.CPointer(types.float32), types.CPointer(types.float64), types.int64
SIGNATURE = types.void(_F32, _F32, _I64, _I64, _I64, _F64, _F64, _F64, _F32, _I64, _I64)
"""audio, key, stride, start, frames, coefs, slopes, state, memory, size, skipped: see effect_kernel."""


def effect_kernel(function: Callable[..., None]) -> CFunc:
    """Compile an effect, or load it from the cache. The function changes a stretch of audio in place:

    audio    float32, left channel at [0, stride), right at [stride, 2 stride): views(...) below makes arrays of it
    key      the same of the side-chain's source; audio itself where there is none
    start    first frame of the stretch; frames: how many
    coefs    float64, what the effect's coefs() returned, as of frame `start`; add slopes once a frame: the last frame
             of the stretch then stands at coefs + frames * slopes. The rack advances them, the effect does not
    state    float64 of its own, memory: float32[size] of its own, size a power of two (or 0); all zero after a reset,
             but for what start() wrote
    skipped  frames that passed since the last call while the effect slept or was bypassed (for the phase of an LFO)

    The address is in `.address`.
    """
    callback = CFunc(function, ((*SIGNATURE.args,), SIGNATURE.return_type), {},
                     {"fastmath": FAST, "error_model": "numpy", "nogil": True})
    callback.enable_caching()
    stamped = getattr(getattr(callback, "_cache", None), "_cache_file", None)
    if stamped is not None and hasattr(stamped, "_source_stamp"):
        stamped._source_stamp = compiled._stamp(function.__module__.rpartition(".")[2])
    if not _loaded(callback):
        if compiled._patience[-1] is False:
            raise compiled.NotCompiledError(function.__module__)
        callback.compile()
    return callback


def _loaded(callback: Any) -> bool:
    """As in compiled.py: take what is compiled from the cache without numba's registries, or leave it to numba."""
    try:
        from numba.core.runtime.nrt import rtsys

        context = callback._targetdescr.target_context
        rtsys.initialize(context)
        found = callback._cache._load_overload(callback._sig, context)
        if found is None:
            return False
        callback._library = found.library
        callback._wrapper_name = found.fndesc.llvm_cfunc_wrapper_name
        callback._wrapper_address = found.library.get_pointer_to_function(callback._wrapper_name)
    except (AttributeError, ImportError, TypeError, OSError):
        return False
    return True


@part
def views(audio, stride, start, frames):  # type: ignore[no-untyped-def]
    """left, right: float32[frames] each, of the stretch."""
    whole = carray(audio, (2 * stride,))
    return whole[start : start + frames], whole[stride + start : stride + start + frames]


@part
def numbers(pointer):  # type: ignore[no-untyped-def]
    """coefs, slopes or state as an array (longer than it is: do not leave your own)."""
    return carray(pointer, (NUMBERS,))


@intrinsic
def _call_effect(_context, address, audio, key, stride, start, frames, coefs, slopes, state, memory, size, skipped):  # type: ignore[no-untyped-def]
    """Call the effect at `address` (int64) with arrays for the pointers of SIGNATURE."""
    f32, f64 = types.Array(types.float32, 1, "C"), types.Array(types.float64, 1, "C")
    signature = types.void(_I64, f32, f32, _I64, _I64, _I64, f64, f64, f64, f32, _I64, _I64)

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        i64, floats, doubles = ir.IntType(64), ir.FloatType().as_pointer(), ir.DoubleType().as_pointer()
        shape = ir.FunctionType(ir.VoidType(), [floats, floats, i64, i64, i64, doubles, doubles, doubles, floats, i64,
                                                i64])
        data = [context.make_array(kind)(context, builder, arg).data if isinstance(kind, types.Array) else arg
                for kind, arg in zip(signature.args, args, strict=True)]
        builder.call(builder.inttoptr(data[0], shape.as_pointer()), data[1:])
        return context.get_dummy_value()

    return signature, codegen


call_effect: Callable[..., None] = _call_effect
"""For kernels: without the typing context that numba passes by itself."""
