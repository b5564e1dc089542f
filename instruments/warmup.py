"""Compile everything, or load what is compiled: at the engine's start, and after an install."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from time import perf_counter, sleep

KERNELS = ("mixing", "filters", "limiting", "reverbs", "sampler", "percussion", "voices", "oscillators")
"""Modules with kernels, the quickest to compile first."""
SHARES = (4, 3, 2, 5, 2, 19, 20, 45)
"""What each takes of a hundred parts of the time, roughly: for a progress bar."""


def warm_up(tell: Callable[[str, int], None] = lambda name, share: None) -> float:
    """Load every kernel, compiling what is not in the cache. Returns the seconds it took; never in a callback.

    What is missing is compiled in processes of its own, one a core: numba compiles one thing at a time in each.
    tell: called with each kernel's name and its share of the time in percent, when it is there.
    """
    from instruments.kernels.compiled import NotCompiledError, only_loading

    start = perf_counter()
    missing: list[tuple[str, int]] = []
    with only_loading():
        for name, share in zip(KERNELS, SHARES, strict=True):
            try:
                import_module(f"instruments.kernels.{name}")
            except NotCompiledError:
                missing.append((name, share))
            else:
                tell(name, share)
    cores = os.cpu_count() or 1
    if cores > 1 and len(missing) > 1:
        _compile(missing, cores, tell)
        tell = _silent
    for name, share in missing:
        import_module(f"instruments.kernels.{name}")
        tell(name, share)
    return perf_counter() - start


def _silent(_name: str, _share: int) -> None:
    """All is told."""


def _compile(missing: Sequence[tuple[str, int]], cores: int, tell: Callable[[str, int], None]) -> None:
    """Into the cache, the longest first. Where a process fails, its kernel is compiled later, in this one."""
    root = str(Path(__file__).parents[1])
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    waiting = sorted(missing, key=lambda m: m[1])
    running: list[tuple[subprocess.Popen[bytes], str, int]] = []
    try:
        while waiting or running:
            while waiting and len(running) < cores:
                name, share = waiting.pop()
                process = subprocess.Popen(
                    [sys.executable, "-c", f"import instruments.kernels.{name}"], stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": paths},
                )
                running.append((process, name, share))
            ended = next((r for r in running if r[0].poll() is not None), None)
            if ended is None:
                sleep(0.02)
                continue
            running.remove(ended)
            tell(*ended[1:])
    finally:
        for process, _, _ in running:
            process.kill()
            process.wait()
