"""Windows under X11: errors of no harm that would end the process."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import sys

_kept: list[object] = []
"""Callbacks that C calls for as long as the process lives."""


def survive_x_errors() -> None:
    """Xlib's own handler ends the process at the first error, and old JUCE (in pedalboard) makes some wherever there is
    no XSETTINGS daemon, and when windows close (JUCE #979, pedalboard #444); none of them does harm."""
    library = ctypes.util.find_library("X11") if sys.platform.startswith("linux") else None
    if library is None or _kept:
        return
    handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda _display, _event: 0)
    _kept.append(handler)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(library).XSetErrorHandler(handler)
