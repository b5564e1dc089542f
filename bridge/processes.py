"""Child processes: spawned, watched, and ended with their parent, whichever way that ends."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

_context = get_context("spawn")  # never forked: threads and audio devices do not survive a fork


def quiet_child() -> None:
    """First thing in a child: Ctrl-C is the parent's affair (a terminal sends it to the whole group)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def when_told_to_end(ask: Callable[[], None]) -> None:
    """Call `ask` in the main thread, between two of its instructions, at SIGTERM and SIGHUP.

    Service managers and terminals that close send them to the whole group. A child that holds MIDI ports must not
    simply die of them: notes would sound for ever.
    """
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: ask())


def still_garbage() -> None:
    """After start-up of a process that must not pause: a full collection stalls Python for tens of ms."""
    gc.collect()
    gc.freeze()
    gc.disable()


def take_fifo(priority: int) -> bool:
    """SCHED_FIFO for the calling thread and those that it starts from now on, where the system has and allows it."""
    if not hasattr(os, "sched_setscheduler"):
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))  # 0 is the calling thread
    except OSError:
        return False
    return True


def watch_parent(parent: Connection[Any, Any], gone: Callable[[], None],
                 heard: Callable[[bytes], None] = lambda message: None) -> None:
    """Call `gone` once, from a thread that sleeps until then, when the parent says stop or is no more; `heard`, from
    the same, with whatever else it says."""

    def listen() -> None:
        with contextlib.suppress(EOFError, OSError):
            while message := parent.recv_bytes():
                heard(message)
        gone()

    threading.Thread(target=listen, name="parent", daemon=True).start()


class Child:
    """One child process and the pipe to it. The target is called as target(*args, connection)."""

    def __init__(self, name: str, target: Callable[..., None], *args: Any) -> None:
        self.pipe, theirs = _context.Pipe()
        self.process = _context.Process(target=target, args=(*args, theirs), name=f"sideman-{name}", daemon=True)
        self.process.start()
        theirs.close()

    @property
    def alive(self) -> bool:
        return self.process.is_alive()

    def send(self, message: bytes) -> None:
        """Nothing happens where the child is gone: whoever watches it will see to that."""
        with contextlib.suppress(OSError):
            self.pipe.send_bytes(message)

    def stop(self, patience_s: float = 0.7) -> None:
        """Ask, wait, then kill. Idempotent."""
        self.send(b"")
        self.process.join(patience_s)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.pipe.close()
