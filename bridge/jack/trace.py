"""A master of our own on JACK: any bytes, each at its exact frame, from a process of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from bridge.errors import DeviceError
from bridge.jack.child import JackChild

_LEAD_S = 0.2
"""From play() to the trace's frame 0: time for its events to reach the process."""


class Sent(NamedTuple):
    """Bytes that leave by port `port` (an index) at a frame counted from the trace's start.

    Any bytes: one message, several, or a piece of one. Several at one frame leave in the order given.
    """

    frame: int
    port: int
    data: bytes


class Played(NamedTuple):
    """What became of a trace.

    frames   that have passed since its start; below 0 before it
    late     events whose cycle JACK left out (an xrun): they came up to so many frames late, at the next cycle
    refused  events for which JACK had no room
    skips    (frame, frames) that JACK went on without us, from the trace's start
    """

    frames: int
    late: int
    refused: int
    skips: tuple[tuple[int, int], ...]


class TraceMaster:
    """Plays traces of MIDI bytes on JACK MIDI ports `NAME:port`. For tests and benches.

    with TraceMaster(["clock"], server=server.name) as master:
        start = master.play([Sent(0, 0, b"\\xfa"), Sent(0, 0, b"\\xf8"), Sent(1000, 0, b"\\xf8")])

    In a process of its own, whose callback only looks at the next event: a busy test cannot delay it, and what it
    sends is where its trace says to the frame, as long as JACK leaves out no cycle.
    """

    def __init__(self, ports: Sequence[str] = ("clock",), *, server: str | None = None, name: str = "trace") -> None:
        self.ports = tuple(f"{name}:{port}" for port in ports)
        """Full names."""
        self._arguments = (tuple(ports), server, name)
        self._child: JackChild | None = None

    def __enter__(self) -> TraceMaster:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Blocks for about a second. Raises DeviceError."""
        self._child = JackChild("the trace master", _Player, *self._arguments)

    def play(self, trace: Iterable[Sent], lead_s: float = _LEAD_S) -> int:
        """Begin a trace (and forget what is left of another). Returns at once, with JACK's frame of its frame 0."""
        events = sorted(trace, key=attrgetter("frame"))
        wrong = next((e for e in events if not 0 <= e.port < len(self.ports)), None)
        if wrong is not None:
            raise DeviceError(f"trace: {wrong} names no port: there are {len(self.ports)}, counted from 0")
        assert self._child is not None
        start: int = self._child.ask((events, lead_s))
        return start

    def played(self) -> Played:
        """What has become of the trace so far."""
        assert self._child is not None
        answer: Played = self._child.ask("played?")
        return answer

    def stop(self) -> None:
        """Leave the server; idempotent."""
        child, self._child = self._child, None
        if child is not None:
            child.finish()


class _Player:
    """The JACK client, in the child."""

    def __init__(self, ports: Sequence[str], server: str | None, name: str) -> None:
        from bridge.jack.client import open_client
        from bridge.jack.lib import FrameCounter, MidiBuffer

        client = self._client = open_client(name, server)
        self._rate: int = client.samplerate
        self._buffers = [MidiBuffer(client.midi_outports.register(port)) for port in ports]
        self._counter = FrameCounter(client)
        self._next_frame = 0
        self._trace: list[Sent] = []
        """Of frames of JACK's; replaced as a whole by the other thread."""
        self._at = self._start = 0
        self._late = self._refused = 0
        self._skips: list[tuple[int, int]] = []
        client.set_process_callback(self._process)

    def begin(self) -> None:
        self._client.activate()

    def answer(self, question: Any) -> Any:
        if question == "played?":
            skips = tuple((at - self._start, frames) for at, frames in self._skips)
            return Played(self._next_frame - self._start, self._late, self._refused, skips)
        events, lead_s = question
        start = self._next_frame + round(lead_s * self._rate)
        trace = [Sent(start + event.frame, event.port, event.data) for event in events]
        self._trace, self._at = [], 0  # between these two statements a cycle finds nothing to send
        self._start, self._late, self._refused, self._skips = start, 0, 0, []
        self._trace = trace
        return start

    def finish(self) -> None:
        from bridge.jack.client import close_client

        close_client(self._client)

    def _process(self, frames: int) -> None:
        frame = self._counter.read()
        if self._next_frame and frame > self._next_frame:
            self._skips.append((self._next_frame, frame - self._next_frame))
        end = self._next_frame = frame + frames
        for buffer in self._buffers:
            buffer.clear(frames)
        trace = self._trace
        while self._at < len(trace) and trace[self._at].frame < end:
            event = trace[self._at]
            offset = event.frame - frame
            if offset < 0:
                offset = 0
                self._late += 1
            if not self._buffers[event.port].write(offset, event.data):
                self._refused += 1
            self._at += 1
