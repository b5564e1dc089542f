"""The process that plug-ins live in: its main thread loads and plays them, so that a crash or a hang stays there.

`PluginProcess` is the near end's handle, for the thread that keeps the plug-ins; `run` is what the child executes.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import socket
import time
from collections.abc import Sequence
from multiprocessing.util import Finalize
from pathlib import Path

from instruments.plugins.child import run
from instruments.plugins.link import Link
from instruments.plugins.rings import SharedRings
from instruments.plugins.slot import SlotSpec

GONE_S = 0.5
"""How long a process that was asked to end may take before it is killed."""


class PluginProcess:
    """A process of plug-ins. All methods belong to one thread (any but the audio thread): they may block for long."""

    def __init__(self, name: str, specs: Sequence[SlotSpec], rate: int, ring_frames: int, memory_bytes: int) -> None:
        """Spawn it; returns in about 10 ms, with the plug-ins yet to be loaded.

        memory_bytes: what it may take, beyond which it dies; see child
        """
        context = multiprocessing.get_context("spawn")
        if multiprocessing.current_process().daemon:
            # Daemonic processes are refused children, lest those be orphaned; these end by themselves.
            multiprocessing.current_process().daemon = False
        self.started_s = time.monotonic()
        pairs = [socket.socketpair() for _ in specs]
        self.control, control = context.Pipe()
        alive, self._alive = context.Pipe(duplex=False)
        self.output, output = context.Pipe(duplex=False)
        self._rings = [SharedRings(ring_frames) for _ in specs]
        self._socks = [near for near, _ in pairs]
        self._linked = [False] * len(specs)
        self._words = bytearray()
        self._process = context.Process(
            target=run, daemon=True, name=f"sideman plug-in {name}",
            args=(tuple(specs), rate, ring_frames, memory_bytes, tuple(r.name for r in self._rings),
                  tuple(far for _, far in pairs), control, alive, output),
        )
        try:
            self._process.start()
        except BaseException:
            for rings in self._rings:
                rings.unlink()
                rings.close()
            for near in self._socks:
                near.close()
            for end in (self.control, self._alive, self.output):
                end.close()
            raise
        finally:
            for _, far in pairs:
                far.close()
            for theirs in (control, alive, output):
                theirs.close()
        if os.name == "posix":
            os.set_blocking(self.output.fileno(), False)
        # Whatever way this process exits: multiprocessing would wait for a child that is stopped.
        self._at_exit = Finalize(self, self._process.kill, exitpriority=100)
        self.pid = self._process.pid
        self.sentinel = self._process.sentinel

    def attached(self) -> None:
        """The child has attached to the shared memory: its names can go."""
        for rings in self._rings:
            rings.unlink()

    def link(self, slot: int, latency: int) -> Link:
        """The audio's way to a plug-in, for the audio thread; who takes it closes it. Once only."""
        self._linked[slot] = True
        return Link(self._socks[slot], self._rings[slot], latency)

    def busy(self) -> list[int]:
        """The slots whose plug-in's own code runs just now, or did when the process ended."""
        return [slot for slot, rings in enumerate(self._rings) if rings.busy[0]]

    def command(self, slot: int, name: str, value: object) -> None:
        """Lay a command into the pipe; the slot's link is to announce it."""
        with contextlib.suppress(OSError):  # it is gone or stuck, which the sentinel and the audio thread notice
            self.control.send((slot, name, value))

    def words(self) -> str:
        """What the process has printed last, up to 4 kB; empties the pipe, never blocks."""
        with contextlib.suppress(OSError):
            while os.name == "posix" and (data := os.read(self.output.fileno(), 1 << 16)):
                self._words += data
        del self._words[:-4096]
        return self._words.decode(errors="replace")

    def memory_bytes(self) -> int:
        """What it has in memory now; 0 where the system does not tell."""
        try:
            return int(Path(f"/proc/{self.pid}/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError, IndexError):
            return 0

    def kill(self) -> None:
        """End it at once, even if it is stopped."""
        self._process.kill()

    def end(self, *, gently: bool) -> int:
        """Let it end (gently: it may take GONE_S) or kill it; give everything back. Its exit code, -9 for SIGKILL."""
        self._alive.close()
        for rings, sock, linked in zip(self._rings, self._socks, self._linked, strict=True):
            rings.unlink()
            if not linked:
                sock.close()
                rings.close()
        if gently:
            self._process.join(GONE_S)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        code = self._process.exitcode
        self.words()
        self._at_exit.cancel()
        self._process.close()
        self.control.close()
        self.output.close()
        return 0 if code is None else code
