"""The one clock that all processes stamp by."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

clock_ns: Callable[[], int] = time.perf_counter_ns if sys.platform == "win32" else time.monotonic_ns
"""Nanoseconds of a clock that never goes back and that all processes of a machine share.

time.monotonic_ns() wherever it is fine-grained: on Windows it stepped by 15.6 ms before Python 3.13, which would make
stamps of MIDI clock useless; there the performance counter is system-wide and exact to 0.1 us (Microsoft's
documentation of QueryPerformanceCounter, which time.perf_counter_ns reads).
"""
