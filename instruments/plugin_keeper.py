"""Keeps one plug-in running: starts its process, notices its end, starts it again, gives up after repeated crashes."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import wait
from typing import Any

from instruments.hosts.host import ParamValue
from instruments.plugin_host import PluginProcess, PluginSpec, Ready
from instruments.plugin_link import Link

CRASH_WINDOW_S = 60.0
_BACK_OFF_S = (0.0, 0.5, 2.0)
_PRINTING_S = 0.25
"""A plug-in may print as much as it likes: it is read at most this often, as reading takes time from the engine."""


class PluginKeeper:
    """A thread that sleeps until something happens to the plug-in's process.

    retire() and follow_priority() are for the audio thread: they never block. The rest is the owner's.
    """

    def __init__(self, spec: PluginSpec, on_ready: Callable[[Link], None], max_crashes: int | None) -> None:
        """on_ready is called in the keeper's thread with each new process's link, which comes back by retire().

        max_crashes within CRASH_WINDOW_S and it stays out; None: never.
        """
        self.state = "loading"
        self.last_error = ""
        self.crashes = 0
        self.pid: int | None = None
        self.ready: Ready | None = None
        self.output = ""
        self._spec = spec
        self._on_ready = on_ready
        self._max_crashes = max_crashes
        self._crash_times: deque[float] = deque()
        self._link: Link | None = None
        self._said = ""
        self._retired: deque[tuple[Link, str]] = deque()
        self._wanted: deque[Mapping[str, ParamValue]] = deque()
        self._asked: deque[Mapping[str, ParamValue]] = deque()
        self._settled, self._out = threading.Event(), threading.Event()
        self._closing = False
        self._bell, self._ring = socket.socketpair()
        self._bell.setblocking(False)
        self._ring.setblocking(False)
        self._thread = threading.Thread(target=self._run, name=f"keeper of {spec.path.stem}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def settled(self, timeout_s: float) -> bool:
        """Wait until the plug-in is ready or is known not to become so; see `state`."""
        return self._settled.wait(timeout_s)

    def out(self, timeout_s: float) -> bool:
        """Wait until the plug-in is known to stay out; see `state`."""
        return self._out.wait(timeout_s)

    @property
    def params(self) -> Mapping[str, ParamValue]:
        """All that has been set and not refused so far, also what has yet to be delivered."""
        params = dict(self._spec.params)
        for later in (*self._asked, *self._wanted):
            params.update(later)
        return params

    def retire(self, link: Link, reason: str) -> None:
        """The audio thread uses this link no more, as the plug-in has died or must die for `reason`."""
        self._retired.append((link, reason))
        self._wake()

    def set_params(self, params: Mapping[str, ParamValue]) -> None:
        """Set parameters now or when the plug-in is ready, and whenever it is started again. An error: last_error."""
        self._wanted.append(dict(params))
        self._wake()

    def close(self) -> None:
        """End the plug-in's process and the thread, and give everything back. Nobody may use a link any more."""
        self._closing = True
        self._wake()
        if self._thread.ident is not None:
            self._thread.join()
        self._close_retired()
        self._bell.close()
        self._ring.close()

    def _wake(self) -> None:
        with suppress(OSError):  # full: it will wake anyway; closed: there is nothing to wake
            self._ring.send(b"!")

    def follow_priority(self) -> None:
        """Called by the audio thread: where it runs in real time, the plug-in does so too, one step below."""
        if self.pid is None or not hasattr(os, "sched_getscheduler"):
            return
        policy = os.sched_getscheduler(0) & 0xFF  # without SCHED_RESET_ON_FORK
        if policy in (os.SCHED_FIFO, os.SCHED_RR):
            priority = max(1, os.sched_getparam(0).sched_priority - 1)
            with suppress(OSError):  # not allowed, or it has just died
                os.sched_setscheduler(self.pid, policy, os.sched_param(priority))

    def _run(self) -> None:
        if hasattr(os, "sched_setscheduler"):
            # Neither this thread nor what it starts takes a real-time priority over from the thread that made it:
            # a plug-in that loads for seconds would take them from the audio.
            with suppress(OSError):
                os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        while not self._closing:
            reason = self._live()
            if self._closing:
                break
            if reason is not None:
                self._count(reason)
            if self.state.startswith("out"):
                self._out.set()
                self._settled.set()
                self._sleep(None)
            else:
                self._sleep(_BACK_OFF_S[min(len(self._crash_times), len(_BACK_OFF_S)) - 1])

    def _count(self, reason: str) -> None:
        now = time.monotonic()
        self.crashes += 1
        self.last_error = reason
        self._crash_times.append(now)
        while now - self._crash_times[0] > CRASH_WINDOW_S:
            self._crash_times.popleft()
        if self._max_crashes is not None and len(self._crash_times) >= max(1, self._max_crashes):
            times = f"{len(self._crash_times)} times within {CRASH_WINDOW_S:.0f} s" if self._max_crashes > 1 else "once"
            self.state = f"out: crashed {times}, the last time: {reason}"
        else:
            self.state = f"crashed: respawning ({reason})"

    def _live(self) -> str | None:
        """One life of the process. Why it ended; None where it was not the process's fault, or refused to load."""
        try:
            process = PluginProcess(self._spec)
        except (OSError, AssertionError) as error:
            self.last_error = f"no process can be started for it: {error}"
            self.state = f"out: {self.last_error}"
            return None
        self.pid = process.pid
        self._said = ""
        reason = self._watch(process)
        self.pid = None
        self._link = None
        self._wanted.extendleft(reversed(self._asked))  # unanswered: the next process gets them again
        self._asked.clear()
        code = process.end(gently=self._closing)
        self.output = process.words()
        if self._closing or reason is None:
            return None
        return reason or self._said or _ended(code)

    def _watch(self, process: PluginProcess) -> str | None:
        """Until the process ends: the reason if it was killed or has said one, else ""; None if it refused to load."""
        load_by = process.started_s + self._spec.load_timeout_s
        listen_at = 0.0
        reason = ""
        sources: set[Any] = {process.sentinel, process.control, process.output, self._bell}
        while True:
            now = time.monotonic()
            if process.output not in sources and now >= listen_at:
                sources.add(process.output)
            until = [t for t, on in ((load_by, self._link is None), (listen_at, process.output not in sources)) if on]
            happened = wait(sources, max(0.0, min(until) - now) if until else None)
            if process.control in happened and not self._hear(process, sources):
                return None
            if process.output in happened:
                listen_at = time.monotonic() + _PRINTING_S
                sources.discard(process.output)
                self.output = process.words()
            if self._bell in happened:
                self._silence_bell()
                if self._closing:
                    return None
                reason = self._close_retired() or reason
                if reason:
                    process.kill()
            if process.sentinel in happened:
                return reason
            if self._link is None and not reason and time.monotonic() >= load_by:
                reason = f"took longer than {self._spec.load_timeout_s:g} s to load"
                process.kill()
            while self._link is not None and self._wanted:
                self._asked.append(self._wanted.popleft())
                process.command("params", self._asked[-1])

    def _hear(self, process: PluginProcess, sources: set[Any]) -> bool:
        """Take what the child says; False where it has refused to load the plug-in."""
        try:
            name, value = process.control.recv()
        except (EOFError, OSError):
            sources.discard(process.control)
            return True
        match name:
            case "attached":
                process.attached()
            case "ready":
                self.ready = value
                self._link = process.link(value.latency)
                self.state = "ok"
                self._on_ready(self._link)
                self._settled.set()
            case "params":
                params = self._asked.popleft()
                if value:
                    self.last_error = value
                else:
                    self._spec = replace(self._spec, params={**self._spec.params, **params})
            case "refused":
                self.last_error = value
                self.state = f"out: {value}"
                return False
            case "failed":
                self._said = self.last_error = value
        return True

    def _close_retired(self) -> str:
        """Close the links that are no longer used; why the present process must die, "" if it need not."""
        verdict = ""
        while self._retired:
            link, reason = self._retired.popleft()
            if link is self._link:
                verdict = reason
            link.close()
        return verdict

    def _sleep(self, seconds: float | None) -> None:
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self._closing:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0.0:
                return
            if wait([self._bell], left):
                self._silence_bell()
                self._close_retired()

    def _silence_bell(self) -> None:
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
