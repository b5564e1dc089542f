"""Compile a kernel for one signature, cached under a stamp of all the sources that it is made of."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from numba import njit

from instruments.kernels.tone import FAST

_FOLDER = Path(__file__).parent
_IMPORT = re.compile(r"^(?:from instruments\.kernels\.(\w+) import|from instruments\.kernels import (\w+))", re.M)

_OPTIONS: dict[str, Any] = {"nogil": True, "fastmath": FAST, "error_model": "numpy", "no_cfunc_wrapper": True}


_patience = [True]


class NotCompiledError(Exception):
    """A kernel is not in the cache, and only_loading() forbids to compile it."""


@contextmanager
def only_loading() -> Iterator[None]:
    """Within, a module of kernels that is not compiled raises NotCompiledError instead. For warmup.py alone."""
    _patience.append(False)
    try:
        yield
    finally:
        _patience.pop()


@cache
def _sources(name: str) -> frozenset[str]:
    """A module of this folder and those that it imports from it, directly or not."""
    text = (_FOLDER / f"{name}.py").read_text(encoding="utf-8")
    return frozenset((name,)).union(*(_sources(a or b) for a, b in _IMPORT.findall(text)))


def _stamp(name: str) -> str:
    names = sorted(_sources(name) | {Path(__file__).stem})
    return hashlib.sha256(b"".join((_FOLDER / f"{n}.py").read_bytes() for n in names)).hexdigest()


def _loaded(dispatcher: Any, signature: str) -> bool:
    """Take what is compiled from the cache, without the registries of all that could be compiled (0.4 s of a start).

    What numba keeps private may change: then False, and numba's own way is gone.
    """
    try:
        from numba.core.runtime.nrt import rtsys

        rtsys.initialize(dispatcher.targetctx)
        found = dispatcher._cache._load_overload(signature, dispatcher.targetctx)
        if found is None:
            return False
        dispatcher._cache_hits[signature] += 1
        dispatcher.add_overload(found)
    except (AttributeError, ImportError, TypeError, OSError):
        return False
    return True


def kernel(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile on import for exactly `signature`, without the GIL, or load it from the cache.

    numba stamps a cache file with the time and size of the file that holds the function, and so would not see a change
    in an inlined one of another file: the stamp is replaced by a hash of that file and those that it imports. Where the
    folder is read-only, numba caches in the user's cache directory.
    """

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        dispatcher: Any = njit(**_OPTIONS)(function)
        dispatcher.enable_caching()
        stamped = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
        if stamped is not None and hasattr(stamped, "_source_stamp"):
            stamped._source_stamp = _stamp(function.__module__.rpartition(".")[2])
        if not _loaded(dispatcher, signature):
            if _patience[-1] is False:
                raise NotCompiledError(function.__module__)
            dispatcher.compile(signature)
        dispatcher.disable_compile()
        return dispatcher  # type: ignore[no-any-return]

    return wrap
