"""Compile everything, or load what is compiled: at the engine's start, and after an install."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from time import perf_counter, sleep

KERNELS = (
    "widths", "duckers", "transients", "sampler", "equalizers", "limiters", "gates", "autofilters", "compressors",
    "echoes", "sweeps", "plates", "racks", "distortions", "rooms", "percussion", "voices", "oscillators",
)
"""Modules with kernels, the quickest to compile first."""
SHARES = (1, 2, 2, 2, 2, 2, 3, 3, 4, 4, 4, 5, 6, 6, 7, 11, 12, 24)
"""What each takes of a hundred parts of the time, roughly: for a progress bar."""
_COMPILE = """
import os, threading
def watch():
    os.read(0, 1)
    os._exit(1)
threading.Thread(target=watch, daemon=True).start()
import instruments.kernels.{name}
"""
"""A process that compiles: it ends with the one that started it, which holds the other end of its standard input."""

Tell = Callable[[int, bool], None]
"""tell(percent, compiling): so much is ready, and whether the rest must be compiled, which takes seconds."""


def _untold(_percent: int, _compiling: bool) -> None:
    pass


def warm_up(tell: Tell = _untold) -> float:
    """Load every kernel, compiling what is not in the cache. Returns the seconds it took; never in a callback.

    What is missing is compiled in processes of its own, one a core: numba compiles one thing at a time in each.
    tell: called once when all that is cached has been loaded, then at each kernel that has been compiled.
    """
    start = perf_counter()
    missing = load()
    ready = 100 - sum(share for _, share in missing)
    tell(ready, bool(missing))
    cores = os.cpu_count() or 1
    apart = cores > 1 and len(missing) > 1
    if apart:
        _compile(missing, ready, cores, tell)
    for name, share in missing:
        import_module(f"instruments.kernels.{name}")
        ready += share
        if not apart:
            tell(ready, ready < 100)
    return perf_counter() - start


def load() -> list[tuple[str, int]]:
    """Load all kernels that are compiled (some 0.2 s beyond numba). Returns those that are not, with their shares."""
    from instruments.kernels.compiled import NotCompiledError, only_loading

    missing: list[tuple[str, int]] = []
    with only_loading():
        for name, share in zip(KERNELS, SHARES, strict=True):
            try:
                import_module(f"instruments.kernels.{name}")
            except NotCompiledError:
                missing.append((name, share))
    return missing


def _compile(missing: Sequence[tuple[str, int]], ready: int, cores: int, tell: Tell) -> None:
    """Into the cache, the longest first. Where a process fails, its kernel is compiled later, in this one."""
    root = str(Path(__file__).parents[1])
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    waiting = sorted(missing, key=lambda m: m[1])
    running: list[tuple[subprocess.Popen[bytes], int]] = []
    try:
        while waiting or running:
            while waiting and len(running) < cores:
                name, share = waiting.pop()
                process = subprocess.Popen(
                    [sys.executable, "-c", _COMPILE.format(name=name)], stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": paths},
                )
                running.append((process, share))
            ended = next((r for r in running if r[0].poll() is not None), None)
            if ended is None:
                sleep(0.02)
                continue
            running.remove(ended)
            _close(ended[0])
            ready += ended[1]
            tell(ready, ready < 100)
    finally:
        for process, _ in running:
            process.kill()
            process.wait()
            _close(process)


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
