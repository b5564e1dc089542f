"""The driver where there is no audio device: a thread that keeps time by the system's clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from bridge.driver import MidiOut, Step
from bridge.frame_line import NS, FrameLine
from bridge.guarded_step import GuardedStep
from bridge.lateness import Lateness
from bridge.ports.midi_ports import MidiPorts
from bridge.ports.ports_driver import PortsDriver
from bridge.processes import take_fifo
from instruments.system_clock import clock_ns

LEAD_NS = 10_000_000
"""Blocks are rendered so long before their time: without SCHED_FIFO a sleep's tail is several ms (p99 2-4)."""
_PRIORITY = 5
"""Of SCHED_FIFO: what jackd gives its clients."""
BEHIND_NS = 20_000_000
"""Further behind than this, blocks are left out rather than rendered in a burst."""


class Pace:
    """When the next block is due. Pure: it is told what time it is.

    Blocks are due in even steps on a FrameLine. Somewhat behind, the next are due at once, one after the other; more
    than BEHIND_NS behind, the line moves on by whole blocks instead, which were never rendered: `missed` counts them.
    """

    def __init__(self, rate: int, frames: int, frame0: int, start_ns: int) -> None:
        self.line = FrameLine(frame0, start_ns, float(rate))
        """Where frames fall on the monotonic clock: exact, there being no device to disagree."""
        self.missed = 0
        self._frames = frames
        self._frame = frame0
        self._rate = rate

    def wait_ns(self, now_ns: int) -> int:
        """How long until the next block is due; 0 or less when it is."""
        return self.line.ns(self._frame) - now_ns

    def next(self, now_ns: int) -> int:
        """Take the next block: the monotonic time of its first frame. Called once it is due."""
        late_ns = -self.wait_ns(now_ns)
        if late_ns > BEHIND_NS:
            blocks = late_ns * self._rate // (NS * self._frames)
            self.missed += blocks
            lost_ns = round(blocks * self._frames * NS / self._rate)
            self.line = FrameLine(self._frame, self.line.ns(self._frame) + lost_ns, self.line.rate)
        ns = self.line.ns(self._frame)
        self._frame += self._frames
        return ns


class PacerDriver(PortsDriver):
    """Calls step once a block on a thread of its own; MIDI goes through MidiPorts, the audio through nothing.

    Block.ns0 is LEAD_NS after the block is rendered, and MIDI is sent at the time of its frame, so that what step
    answers to a clock is sent on that clock's beat, however late the thread woke.
    """

    def __init__(
        self,
        rate: int = 48_000,
        frames: int = 128,
        *,
        midi: MidiPorts | None = None,
        first_frame: int = 0,
        why: str = "",
        realtime: bool = True,
        clock: Callable[[], int] = clock_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """why: for the name, e.g. "no JACK server; no audio device". realtime: ask for SCHED_FIFO. clock and sleep are
        for tests."""
        self.rate = rate
        self.frames = frames
        self.name = f"no audio device: pacer, {frames} frames at {rate} Hz" + (f" ({why})" if why else "")
        """For people; start() adds the MIDI system."""
        self.xruns = 0
        """Blocks left out because the thread was far behind."""
        self._midi = midi
        self._first_frame = first_frame
        self._realtime = realtime
        self._clock = clock
        self._sleep = sleep
        self._guard: GuardedStep | None = None
        self._pace: Pace | None = None
        self._thread: threading.Thread | None = None
        self._running = False
        self._stopped = False
        self.lateness = Lateness()
        """How long after it was due each block was begun."""
        self.lost: str | None = None
        """Always None: there is no device that could go."""

    @property
    def line(self) -> FrameLine | None:
        """The time at which frames (as in Block.frame0) are sent, LEAD_NS after they are rendered."""
        if self._pace is None:
            return None
        line = self._pace.line
        return FrameLine(line.frame0, line.ns0 + LEAD_NS, line.rate)

    @property
    def latency_frames(self) -> int:
        return 0

    def start(self, step: Step) -> None:
        """Raises PortError or DeviceError for MIDI ports that cannot be had."""
        if self._midi is not None:
            self._midi.start()
            self.name += f"; MIDI: {self._midi.name}"
        self._guard = GuardedStep(step, self.rate, self.frames, self._first_frame)
        self._pace = Pace(self.rate, self.frames, self._first_frame, self._clock())
        self._running = True
        self._thread = threading.Thread(target=self._run, name="pacer", daemon=True)
        self._thread.start()

    def stop(self, last: Sequence[MidiOut] = ()) -> None:
        """Idempotent. Blocks for a block's time and some ms."""
        if self._stopped:
            return
        self._stopped = True
        self._running = False
        if self._thread is not None:
            self._thread.join(2.0)
        if self._midi is not None:
            self._midi.stop(last)

    def _run(self) -> None:
        if self._realtime:
            take_fifo(_PRIORITY)
        while self._running:
            self.turn()

    def turn(self) -> None:
        """Wait for the next block and render it. The thread's own work."""
        guard, pace = self._guard, self._pace
        assert guard is not None and pace is not None
        while (wait_ns := pace.wait_ns(self._clock())) > 0:
            self._sleep(wait_ns / NS)
            if not self._running:
                return
        self.lateness.add(-wait_ns)
        ns0 = pace.next(self._clock()) + LEAD_NS
        self.xruns = pace.missed
        outputs = guard.render(ns0, self.frames, self._midi.take() if self._midi else ())
        if self._midi is not None:
            self._midi.send(outputs.midi, ns0, self.rate)
