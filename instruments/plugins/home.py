"""A process for one plug-in, for a chain of them, or for many; started, watched, started again without the guilty."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.util import Finalize
from typing import Any

from instruments.hosts.host import ParamValue
from instruments.plugins.host import PluginProcess
from instruments.plugins.link import Link
from instruments.plugins.messages import PLUGIN_FRAMES
from instruments.plugins.slot import Slot

_BACK_OFF_S = (0.0, 0.5, 2.0)
_PRINTING_S = 0.25
"""A plug-in may print as much as it likes: it is read at most this often, as reading takes time from the engine."""

_MEMORY_S = 0.25
MEMORY_BYTES = 4 << 30
"""A process of plug-ins that holds more is ended: one that allocates without end would take the machine with it."""


class Home:
    """Plug-ins that live together: they share a process, and its end.

    The process is started for all of them when the first is prepared, and ends when the last is closed. When it dies,
    the plug-in whose code was running is to blame (all of them where none was); the process is started again with all
    but those that stay out.

    retire(), follow_priority() and tell() are for the audio thread: they never block. The rest is for whoever owns the
    plug-ins, one thread at a time. A thread of the home's own sleeps until something happens to the process.
    """

    def __init__(self, name: str = "", *, memory_bytes: int = MEMORY_BYTES) -> None:
        """name: of the process, for those who look (`ps`); memory_bytes: what it may hold."""
        self.name = name
        self.pid: int | None = None
        self.output = ""
        """What has been printed in the process last, up to 4 kB."""
        self._memory_bytes = memory_bytes
        self._slots: list[Slot] = []
        self._present: list[Slot] = []
        self._rate = self._ring_frames = 0
        self._retired: deque[tuple[Slot, Link, str, bool]] = deque()
        self._commands: deque[tuple[Slot, str, Any]] = deque()
        self._said: dict[int | None, str] = {}
        self._busy: list[Slot] = []
        """Whose code was running when its link was given back."""
        self._loading: Slot | None = None
        self._loading_s = 0.0
        self._peak_bytes = 0
        self._closing = False
        self._exiting = threading.Event()
        # Before the processes are killed at exit, or they would be started again just then.
        Finalize(self, self._exiting.set, exitpriority=200)
        self._process: PluginProcess | None = None
        self._thread: threading.Thread | None = None
        self._bell: socket.socket | None = None
        self._ring: socket.socket | None = None

    # -- for the owner -----------------------------------------------------------------------------------------------

    def join(self, slot: Slot) -> None:
        """A plug-in that is to live here, before any of them is prepared."""
        self._slots.append(slot)

    def open(self, slot: Slot, rate: int, ring_frames: int) -> None:
        """Load the plug-in, or load it anew; returns at once.

        Those that live with it are loaded, too, and again if they were before (but for the first time of each).
        """
        slot.open = True
        ring_frames = -(-ring_frames // PLUGIN_FRAMES) * PLUGIN_FRAMES
        running = self._thread is not None
        fits = rate == self._rate and ring_frames <= self._ring_frames and slot.fresh
        slot.fresh = False
        if running and fits and slot in self._slots:
            return
        if running:
            self._stop()
        for other in self._slots:
            other.state = other.state if other.out and other is not slot else "loading"
            other.fresh = other.fresh and other is not slot
        slot.begin()
        self._rate, self._ring_frames = rate, ring_frames
        self._start()

    def close(self, slot: Slot) -> None:
        """The plug-in plays no more; its link may not be used any more. May take half a second: the last one's process
        ends."""
        slot.open = False
        slot.fresh = False
        if not any(s.open for s in self._slots) and self._thread is not None:
            self._stop()
        elif self._thread is None:
            self._close_retired()

    def _start(self) -> None:
        self._closing = False
        self._bell, self._ring = socket.socketpair()
        self._bell.setblocking(False)
        self._ring.setblocking(False)
        self._thread = threading.Thread(target=self._run, name=f"home of {self._title()}", daemon=True)
        self._thread.start()

    def _stop(self) -> None:
        self._closing = True
        self._wake()
        assert self._thread is not None and self._bell is not None and self._ring is not None
        self._thread.join()
        self._thread = None
        self._close_retired()
        bell, ring = self._bell, self._ring
        self._bell = self._ring = None
        bell.close()
        ring.close()

    def _title(self) -> str:
        return self.name or ", ".join(dict.fromkeys(slot.name for slot in self._slots))

    # -- for any thread ----------------------------------------------------------------------------------------------

    def retire(self, slot: Slot, link: Link, reason: str, *, certain: bool = False) -> None:
        """The audio thread uses this link no more, as the process has died or must die for `reason`.

        certain: this plug-in is to blame, whoever is busy when the process dies
        """
        self._retired.append((slot, link, reason, certain))
        self._wake()

    def set_params(self, slot: Slot, params: Mapping[str, ParamValue]) -> None:
        """Tell it these parameters now or when it is ready. What is refused shows as the slot's last_error."""
        slot.wanted.append(dict(params))
        self._wake()

    def tell(self, slot: Slot, command: str, value: object = None) -> None:
        """A command for the plug-in, if it is there: see Player.obey."""
        self._commands.append((slot, command, value))
        self._wake()

    def follow_priority(self) -> None:
        """Called by the audio thread: where it runs in real time, the process does so too, one step below."""
        pid = self.pid
        if pid is None or not hasattr(os, "sched_getscheduler"):
            return
        policy = os.sched_getscheduler(0) & 0xFF  # without SCHED_RESET_ON_FORK
        if policy in (os.SCHED_FIFO, os.SCHED_RR):
            priority = max(1, os.sched_getparam(0).sched_priority - 1)
            with suppress(OSError):  # not allowed, or it has just died
                os.sched_setscheduler(pid, policy, os.sched_param(priority))

    def _wake(self) -> None:
        ring = self._ring
        if ring is not None:
            with suppress(OSError):  # full: it will wake anyway; closed: there is nothing to wake
                ring.send(b"!")

    # -- the home's thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        if hasattr(os, "sched_setscheduler"):
            # Neither this thread nor what it starts takes a real-time priority over from the thread that made it:
            # a plug-in that loads for seconds would take them from the audio.
            with suppress(OSError):
                os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        while not self._closing and not self._exiting.is_set():
            self._present = [s for s in self._slots if not s.out and (s.open or s.fresh)]
            if not self._present:
                self._sleep(None)
                continue
            guilty = self._live()
            if not self._closing:
                self._sleep(max((_BACK_OFF_S[min(len(s.crash_times), len(_BACK_OFF_S)) - 1] for s in guilty
                                 if not s.out), default=0.0))

    def _live(self) -> list[Slot]:
        """One life of the process. Who is to blame for its end."""
        present = self._present
        self._said, self._busy, self._loading, self._peak_bytes = {}, [], None, 0
        for slot in present:
            slot.link = None
        try:
            process = self._process = PluginProcess(self._title(), [s.spec() for s in present], self._rate,
                                                    self._ring_frames, self._memory_bytes)
        except (OSError, AssertionError) as error:
            for slot in present:
                slot.give_up(f"no process can be started for it: {error}")
            return []
        self.pid = process.pid
        self._loading_s = process.started_s
        blamed, noticed, reason = self._watch(process)
        self.pid = None
        busy = [*self._busy, *(present[i] for i in process.busy())] if not self._closing else []
        code = process.end(gently=self._closing)
        self.output = process.words()
        self._process = None
        if self._closing:
            return []
        left = [s for s in present if not s.out]
        if not left:
            return []
        reason = reason or self._said.get(None, "") or _ended(code)
        if self._peak_bytes > self._memory_bytes // 2 and "memory" not in reason:
            reason += f" (it held {self._peak_bytes / 2**30:.1f} GB of memory)"
        guilty = next((found for some in (blamed, busy, noticed) if (found := [s for s in some if s in left])), left)
        for slot in left:
            if slot in guilty:
                slot.crashed(reason)
            else:
                names = " and ".join(s.name for s in guilty)
                slot.last_error = f"{names} took it along: {reason}"
                slot.state = f"crashed: respawning ({slot.last_error})"
        return guilty

    def _watch(self, process: PluginProcess) -> tuple[list[Slot], list[Slot], str]:
        """Until the process ends: if it was killed, whom to blame, who noticed, and the reason."""
        listen_at = memory_at = 0.0
        blamed: list[Slot] = []
        noticed: list[Slot] = []
        reason = ""
        bell = self._bell
        assert bell is not None
        sources: set[Any] = {process.sentinel, process.control, process.output, bell}
        while True:
            now = time.monotonic()
            if process.output not in sources and now >= listen_at:
                sources.add(process.output)
            if now >= memory_at:
                memory_at = now + _MEMORY_S
                held = process.memory_bytes()
                self._peak_bytes = max(self._peak_bytes, held)
                if held > self._memory_bytes and not reason:
                    reason = f"it held {held / 2**30:.1f} GB of memory, more than {self._memory_bytes / 2**30:g} GB"
                    process.kill()
            until = memory_at if process.output in sources else min(memory_at, listen_at)
            happened = wait(sources, max(0.0, until - now))
            if process.control in happened:
                self._hear(process, sources)
            if process.output in happened:
                listen_at = time.monotonic() + _PRINTING_S
                sources.discard(process.output)
                self.output = process.words()
            if bell in happened:
                self._silence_bell()
                if self._closing:
                    return blamed, noticed, reason
                for slot, why, certain in self._close_retired():
                    if not reason:
                        reason, blamed = why, [slot] if certain else []
                        noticed = [slot]
                if reason:
                    process.kill()
            if process.sentinel in happened:
                while process.control in sources and process.control.poll():  # its last words
                    self._hear(process, sources)
                return blamed, noticed, reason
            load_s = 30.0 if self._loading is None else self._loading.host.load_timeout_s
            if not reason and not self._serving() and time.monotonic() >= self._loading_s + load_s:
                reason = f"took longer than {load_s:g} s to load"
                blamed = [self._loading] if self._loading is not None else []
                process.kill()
            self._deliver(process)

    def _serving(self) -> bool:
        return any(slot.link is not None for slot in self._present) or all(slot.out for slot in self._present)

    def _deliver(self, process: PluginProcess) -> None:
        for place, slot in enumerate(self._present):
            while slot.link is not None and slot.wanted:
                process.command(place, "params", slot.wanted.popleft())
                slot.link.commands += 1
        while self._commands:
            slot, command, value = self._commands.popleft()
            if slot in self._present and slot.link is not None:
                process.command(self._present.index(slot), command, value)
                slot.link.commands += 1

    def _hear(self, process: PluginProcess, sources: set[Any]) -> None:
        """Take what the child says."""
        try:
            place, name, value = process.control.recv()
        except (EOFError, OSError):
            sources.discard(process.control)
            return
        slot = None if place is None else self._present[place]
        match name:
            case "attached":
                process.attached()
            case "serving":
                self._serve(process)
            case "failed":
                self._said[None] = value
        if slot is None:
            return
        match name:
            case "loading":
                self._loading, self._loading_s = slot, time.monotonic()
            case "ready":
                slot.ready = value
                slot.has_loaded()
            case "refused":
                slot.give_up(value)
            case _:
                slot.hear(name, value)

    def _serve(self, process: PluginProcess) -> None:
        for place, slot in enumerate(self._present):
            if slot.out or slot.ready is None or not (slot.open or slot.fresh):
                continue
            slot.state = "ok"
            slot.hand_over(process.link(place, slot.ready.latency))
            slot.settled.set()

    def _close_retired(self) -> list[tuple[Slot, str, bool]]:
        """Close the links that are no longer used; which plug-ins' present process must die, and why."""
        verdicts: list[tuple[Slot, str, bool]] = []
        while self._retired:
            slot, link, reason, certain = self._retired.popleft()
            if link is slot.link and link.busy:
                self._busy.append(slot)
            if link is slot.link and reason:
                verdicts.append((slot, reason, certain))
            link.close()
        return verdicts

    def _sleep(self, seconds: float | None) -> None:
        deadline = None if seconds is None else time.monotonic() + seconds
        assert self._bell is not None
        while not self._closing:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0.0:
                return
            if wait([self._bell], left):
                self._silence_bell()
                self._close_retired()
            if deadline is None and any(not s.out and (s.open or s.fresh) for s in self._slots):
                return

    def _silence_bell(self) -> None:
        assert self._bell is not None
        with suppress(BlockingIOError):
            while self._bell.recv(4096):
                pass


def _ended(code: int) -> str:
    if code < 0:
        try:
            return f"its process died of {signal.Signals(-code).name}"
        except ValueError:
            return f"its process died of signal {-code}"
    return f"its process ended with exit status {code}"
