"""The end of a command that runs until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress


async def stopped(seconds: float | None = None) -> None:
    """Until Ctrl-C, a signal that ends programs, or so many seconds. Main thread's loop only.

    On Windows Ctrl-C comes as KeyboardInterrupt out of asyncio.run() instead: what must be closed is in a `finally`.
    """
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    names = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    added = []
    for name in names:
        with suppress(NotImplementedError):
            loop.add_signal_handler(name, told.set)
            added.append(name)
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), seconds)
    finally:
        for name in added:
            loop.remove_signal_handler(name)
