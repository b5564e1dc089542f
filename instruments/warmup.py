"""Compile everything, or load what is compiled: at the engine's start, and after an install."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from time import perf_counter

KERNELS = ("mixing", "filters", "limiting", "reverbs", "sampler", "percussion", "voices", "oscillators")
"""Modules with kernels, the quickest to compile first."""
SHARES = (2, 3, 3, 5, 2, 15, 25, 45)
"""What each takes of a hundred parts of the time, roughly: for a progress bar."""


def warm_up(tell: Callable[[str, int], None] = lambda name, share: None) -> float:
    """Load every kernel, compiling what is not in the cache. Returns the seconds it took; never in a callback.

    tell: called with each kernel's name and its share of the time in percent, when it is there.
    """
    start = perf_counter()
    for name, share in zip(KERNELS, SHARES, strict=True):
        import_module(f"instruments.kernels.{name}")
        tell(name, share)
    return perf_counter() - start
