"""Compile a kernel for one signature, cached under a stamp of all kernel sources."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

from instruments.kernels.tone import FAST

_STAMP = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()

_OPTIONS: dict[str, Any] = {"nogil": True, "fastmath": FAST, "error_model": "numpy", "no_cfunc_wrapper": True}


def kernel(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile on import for exactly `signature`, without the GIL, or load it from the cache.

    numba stamps a cache file with the time and size of the file that holds the function, and so would not see a change
    in an inlined one of another file: the stamp is replaced by a hash of this folder's sources. Where the folder is
    read-only, numba caches in the user's cache directory.
    """

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        dispatcher: Any = njit(**_OPTIONS)(function)
        dispatcher.enable_caching()
        stamped = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
        if stamped is not None and hasattr(stamped, "_source_stamp"):
            stamped._source_stamp = _STAMP
        dispatcher.compile(signature)
        dispatcher.disable_compile()
        return dispatcher  # type: ignore[no-any-return]

    return wrap
