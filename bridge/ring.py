"""A ring of slots in shared memory: one process writes, one reads, neither ever waits for the other."""

from __future__ import annotations

import contextlib
import os
import struct
import threading
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Any

_HEAD_WORDS = 16
"""Two cache lines: word 0 counts slots written, word 8 slots read, so that the two sides do not share a line."""
_WRITTEN, _READ = 0, 8

_fence = threading.Lock()
"""Taking and giving a lock orders memory on every system (POSIX 4.12, Memory Synchronization): the payload is visible
before the counter that publishes it, on ARM too. It is never contended, and costs 0.05 us."""


class Ring:
    """Single writer, single reader, fixed slots of variable-length messages.

    write() and read() neither block nor allocate more than the message. A full ring refuses (and counts) the newest.
    The reader may sleep on `wake` (a pipe: a byte is written without blocking after each publication), or poll.
    Picklable to a spawned child while it is being started; the creator unlinks.
    """

    def __init__(self, slots: int, slot_bytes: int) -> None:
        if slots & (slots - 1):
            raise ValueError(f"slots = {slots} is not a power of two")
        self.slots = slots
        self.slot_bytes = (slot_bytes + 15) // 8 * 8
        self.refused = 0
        self._owner = True
        self._memory = SharedMemory(create=True, size=_HEAD_WORDS * 8 + slots * self.slot_bytes)
        self.wake, self._waker = get_context("spawn").Pipe(duplex=False)
        self._attach()
        self._words[_WRITTEN] = self._words[_READ] = 0

    def _attach(self) -> None:
        buffer = self._memory.buf
        assert buffer is not None
        self._buffer = buffer
        self._words = buffer[: _HEAD_WORDS * 8].cast("Q")
        if os.name == "posix":
            os.set_blocking(self._waker.fileno(), False)
            os.set_blocking(self.wake.fileno(), False)

    def __getstate__(self) -> dict[str, Any]:
        return {"slots": self.slots, "slot_bytes": self.slot_bytes, "name": self._memory.name,
                "wake": self.wake, "waker": self._waker}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.slots, self.slot_bytes = state["slots"], state["slot_bytes"]
        self.refused = 0
        self._owner = False
        self._memory = SharedMemory(name=state["name"])
        self.wake, self._waker = state["wake"], state["waker"]
        self._attach()

    def write(self, *parts: bytes | memoryview) -> bool:
        """Publish the concatenation of `parts`. False where the ring is full or the message too long for a slot."""
        written = self._words[_WRITTEN]
        size = sum(len(p) for p in parts)
        if written - self._words[_READ] >= self.slots or size + 8 > self.slot_bytes:
            self.refused += 1
            return False
        at = _HEAD_WORDS * 8 + (written & (self.slots - 1)) * self.slot_bytes
        struct.pack_into("=Q", self._buffer, at, size)
        at += 8
        for part in parts:
            self._buffer[at : at + len(part)] = part
            at += len(part)
        with _fence:
            pass
        self._words[_WRITTEN] = written + 1
        self._signal()
        return True

    def _signal(self) -> None:
        if os.name == "posix":
            with contextlib.suppress(BlockingIOError, BrokenPipeError):  # full: the reader has enough to wake it
                os.write(self._waker.fileno(), b"\0")
        # elsewhere readers poll: Windows has no non-blocking write to such a pipe

    def read(self) -> bytes | None:
        """The oldest unread message, copied out, or None."""
        done = self._words[_READ]
        if done == self._words[_WRITTEN]:
            return None
        with _fence:
            pass
        at = _HEAD_WORDS * 8 + (done & (self.slots - 1)) * self.slot_bytes
        (size,) = struct.unpack_from("=Q", self._buffer, at)
        message = bytes(self._buffer[at + 8 : at + 8 + min(size, self.slot_bytes - 8)])
        with _fence:
            pass
        self._words[_READ] = done + 1
        return message

    def drain(self) -> Iterator[bytes]:
        """All that is there now."""
        while (message := self.read()) is not None:
            yield message

    def rest(self) -> None:
        """Swallow the wake bytes; call it before drain(), so that no publication is slept through."""
        if os.name == "posix":
            with contextlib.suppress(BlockingIOError):
                while len(os.read(self.wake.fileno(), 4096)) == 4096:
                    pass

    def close(self) -> None:
        """Let go of the memory; the creator also removes it. Idempotent."""
        for end in (self.wake, self._waker):
            with contextlib.suppress(OSError):
                _close(end)
        self._words.release()
        self._buffer = memoryview(b"")
        with contextlib.suppress(BufferError):
            self._memory.close()
        if self._owner:
            self._owner = False
            with contextlib.suppress(FileNotFoundError):
                self._memory.unlink()


class QuietRing(Ring):
    """One that wakes nobody: its reader looks into it when something else wakes it."""

    def _signal(self) -> None:
        pass


def _close(end: Connection[Any, Any]) -> None:
    if not end.closed:
        end.close()
