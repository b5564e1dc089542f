"""Compile everything, or load what is compiled: at the engine's start, and after an install."""

from __future__ import annotations

from importlib import import_module
from time import perf_counter

KERNELS = ("oscillators", "voices", "percussion", "reverbs", "limiting", "filters", "mixing", "sampler")


def warm_up() -> float:
    """Load every kernel, compiling what is not in the cache. Returns the seconds it took; never in a callback."""
    start = perf_counter()
    for name in KERNELS:
        import_module(f"instruments.kernels.{name}")
    return perf_counter() - start
