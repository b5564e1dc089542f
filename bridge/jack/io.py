"""The driver on JACK: one client carries all MIDI and audio, each event at its exact frame."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from bridge.driver import MidiIn, MidiOut, PortState, Step
from bridge.errors import DeviceError, PortError
from bridge.frame_line import NS, FrameClock, FrameLine
from bridge.guarded_step import GuardedStep
from bridge.jack.client import close_client, midi_ports, open_client, server_name
from bridge.jack.inputs import JackInputs, crowded
from bridge.jack.lib import AudioBuffer, FrameCounter, MidiBuffer, jack, playback_latency
from bridge.jack.transport import JackTransport
from bridge.jack.wires import JackWires, Wire
from bridge.ports.port_desk import CLOCK_PORT
from bridge.ports.port_news import PortNews
from instruments.system_clock import clock_ns

_AUDIO = ("out_l", "out_r")
_DEAD_S = 3.0
"""A server that has made no cycle for so long is gone, whether it says so or not (ALSA restarts in under 1 s)."""
_time = itemgetter(0)


class _Nowhere:
    """In the place of an output that was closed."""

    def clear(self, frames: int) -> None:
        pass

    def write(self, offset: int, data: bytes) -> bool:
        return True


_NOWHERE = _Nowhere()


class JackDriver:
    """One JACK client: audio out_l and out_r, a MIDI output per track, MIDI inputs ("clock in" first).

    Block.ns0 is when JACK calls us, filtered, and what comes in is stamped ns0 + offset: input and output share one
    frame clock, so an event answered at its own stamp leaves at the very frame at which it came in. What is written
    sounds latency_frames later. After an xrun that made JACK skip cycles ns0 jumps; frames do not. (JACK offers the
    times of its cycles, filtered too, but its filter bends: after a stall of 4 ms the period was off by 0.4 % for a
    second, after 300 ms by up to 30 %; as a clock's stamps these would be errors of tempo.)

    A server that does not wait for its clients (jackd without -S) mostly drops what one has written when the next
    cycle has begun before it was done (measured: 290 of 304 such cycles, 536 of 586, and of 146 in time 7). A note-off
    would be missing, or a clock, for good; so the MIDI of such a cycle is sent again with the next, seldom twice.

    The constructor opens the client, so that rate and frames are known; start() makes it run. All methods are for the
    main thread of the engine's process; step runs on JACK's thread (SCHED_FIFO where the server has it).
    """

    def __init__(
        self,
        client_name: str = "sideman",
        out_ports: Sequence[str] = (),
        *,
        in_ports: Sequence[str] = (CLOCK_PORT,),
        server: str | None = None,
        clock_source: str | None = None,
        connect: Mapping[str, str] | None = None,
        audio: bool = True,
        playhead: bool = False,
        first_frame: int = 0,
    ) -> None:
        """Join a running server; never start one.

        out_ports     names of MIDI outputs, in the order in which MidiOut.port counts
        in_ports      names of MIDI inputs: MidiIn.source
        server        its name, or None for JACK_DEFAULT_SERVER or "default"
        clock_source  port to connect to the first input: full name, or a part that fits one port only
        connect       our port's name -> the port to connect it to, likewise
        audio         have audio outputs, connected to the first two physical playback ports if there are any
        playhead      give JACK's transport with each block: Block.playhead
        first_frame   what Block.frame0 starts with: where the previous device left off

        Raises DeviceError if the server does not answer, PortError (in start) for a named port that is not there.
        """
        self._client = open_client(client_name, server)
        client = self._client
        self.rate: int = client.samplerate
        self.frames: int = client.blocksize
        self.period: int = self.frames
        """JACK's present period: may change while running; blocks are never longer than `frames` all the same."""
        self.name = f"JACK server {server_name(server)}, {self.frames} frames at {self.rate} Hz"
        self.client_name: str = client.name
        """As JACK knows us: the name asked for, or with a number behind it."""
        self.xruns = 0
        self.skipped_frames = 0
        """Frames that JACK's clock went on without us, in cycles that were skipped."""
        self.refused = 0
        """MIDI messages that JACK had no room for, or that named no port or no message."""
        self.repeated = 0
        """MIDI messages that were sent again, because their cycle came too late."""
        self._unheard: Sequence[MidiOut] = ()
        self._lost: str | None = None
        self._first_frame = first_frame
        self._guard: GuardedStep | None = None
        self._anchor: tuple[int, int, float] | None = None  # of the line
        self._last: Sequence[MidiOut] | None = None
        self._flushed_cycles = 0
        self._broken = 0
        self._next_cycle_frame = 0
        self._cycle_ns = 0  # when JACK last called us
        self._closed = False
        try:
            self._audio = [AudioBuffer(port) for port in self._register(client.outports, _AUDIO if audio else ())]
            self._audio_ports = list(client.outports)
            self._ports = dict(enumerate(self._register(client.midi_outports, out_ports)))
            """Of the MIDI outputs, by number."""
            self._outs: list[MidiBuffer | _Nowhere] = [MidiBuffer(port) for port in self._ports.values()]
            ins = self._register(client.midi_inports, in_ports)
            self._ins = [(name, MidiBuffer(port)) for name, port in zip(in_ports, ins, strict=True)]
            self._inputs = JackInputs(client, zip(in_ports, ins, strict=True))
        except jack.JackError as error:
            close_client(client)
            raise DeviceError(f"JACK server {server_name(server)!r}: {error}; give every track its own name") from None
        self._counter = FrameCounter(client)
        self._transport = JackTransport(client) if playhead else None
        self._clock = FrameClock(self.rate)
        self._slipped = False
        wanted = dict(connect or {})
        if clock_source is not None and in_ports:
            wanted[in_ports[0]] = clock_source
        audio_wires = [Wire(port.name, "to", index, audio=True) for index, port in enumerate(self._audio_ports)]
        self._wires = JackWires(client, [*audio_wires, *self._plan(wanted, out_ports, in_ports)])
        self._port_news = PortNews(self._others(), lambda _name: False)
        self._told_changes = 0
        self._listen()

    # --- status, for any thread

    @property
    def lost(self) -> str | None:
        """Why the server is gone, None while it is there. stop() is then still due; another driver may take over."""
        if self._lost is None and self._cycle_ns and clock_ns() - self._cycle_ns > _DEAD_S * NS:
            return f"the JACK server has made no cycle for {_DEAD_S:g} s"
        return self._lost

    @property
    def line(self) -> FrameLine | None:
        """Frames (as in Block.frame0) <-> monotonic time as of the last cycle; None before the first."""
        anchor = self._anchor
        return None if anchor is None else FrameLine(*anchor)

    @property
    def latency_frames(self) -> int:
        """From writing audio until it is heard, as the devices downstream report it; the longer of the two channels."""
        return max((playback_latency(port) for port in self._audio_ports), default=0) if not self._closed else 0

    @property
    def step_errors(self) -> int:
        """Blocks that became silence because step raised."""
        return self._broken + (self._guard.errors if self._guard else 0)

    @property
    def last_traceback(self) -> str:
        return self._guard.last_traceback if self._guard else ""

    @property
    def lost_midi_in(self) -> int:
        """Incoming messages for which JACK had no room."""
        return sum(buffer.lost for _, buffer in self._ins)

    @property
    def missing(self) -> tuple[str, ...]:
        """Named ports that are not connected at present."""
        return tuple(w.pattern for w in self._wires.state if isinstance(w.pattern, str) and not w.connected)

    @property
    def port_states(self) -> tuple[PortState, ...]:
        """All MIDI ports of ours, outputs first. Asks the server: not for its own threads."""
        if self._closed or self.lost is not None:
            return ()
        client, wanted = self._client, {w.ours: w.pattern for w in self._wires.state}
        states = []
        for port in [*client.midi_outports, *client.midi_inports]:
            pattern = wanted.get(port.name)
            try:
                connected = tuple(other.name for other in client.get_all_connections(port))
            except jack.JackError:
                connected = ()
            states.append(PortState(port.shortname, pattern if isinstance(pattern, str) else "", connected))
        return tuple(states)

    def take_notices(self) -> list[str]:
        """MIDI ports of others that came or went since the last call, and clock inputs with more than one master.

        Asks the server: not for its own threads.
        """
        if self._closed or self.lost is not None:
            return []
        told = self._inputs.news(self.port_states)
        changes = self._wires.changes
        if changes != self._told_changes:
            self._told_changes = changes
            told += self._port_news.update(self._others(), {w.theirs for w in self._wires.state})
        return told

    @property
    def crowded(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(clock input, the ports connected to it) where they are more than one; also told by take_notices()."""
        return crowded(self.port_states)

    @property
    def compensation_ns(self) -> Mapping[str, int]:
        """By clock input: by how much the music must be early to be heard with a master that comes by hardware.

        0 for a program in the same graph. See JackInputs; may be asked several times a second, not by JACK's threads.
        """
        if self._closed or self.lost is not None:
            return {}
        return self._inputs.compensation_ns(self.latency_frames, self.rate)

    @property
    def heard_after_ns(self) -> int:
        return self.latency_frames * NS // self.rate

    @property
    def wires(self) -> tuple[Wire, ...]:
        """The connections that are wanted, and how they stand."""
        return self._wires.state

    @property
    def reconnected(self) -> int:
        """How often a port that had vanished was connected again."""
        return self._wires.reconnected

    # --- ports that come and go while it runs

    def open_outputs(self, names: Sequence[str], connect: Mapping[str, str]) -> list[int]:
        """See Driver."""
        outs, numbers, made = list(self._outs), [], []
        try:
            for name in names:
                made.append(self._client.midi_outports.register(name.replace(":", " ")))
                free = next((i for i, out in enumerate(outs) if out is _NOWHERE), len(outs))
                outs[free : free + 1] = [MidiBuffer(made[-1])]
                numbers.append(free)
            wanted = {name: connect[name] for name in names if name in connect}
            self._wires.add(self._plan(wanted, names, ()))
        except (jack.JackError, PortError) as error:
            for port in made:
                port.unregister()
            if isinstance(error, PortError):
                raise
            raise DeviceError(f"{self.name}: no port {names[len(made)]!r} can be had: {error}; give every track its "
                              f"own name") from None
        self._ports.update(zip(numbers, made, strict=True))
        self._outs = outs  # in one step: JACK's thread is at it
        return numbers

    def close_outputs(self, numbers: Sequence[int]) -> None:
        """See Driver. Blocks for two cycles, until JACK's thread has let go of them."""
        self._outs = [_NOWHERE if i in numbers else out for i, out in enumerate(self._outs)]
        ports = [self._ports.pop(i) for i in numbers if i in self._ports]
        self._wires.drop({port.name for port in ports})
        time.sleep(2.5 * self.period / self.rate)
        for port in ports:
            with contextlib.suppress(jack.JackError):  # the server is gone
                port.unregister()

    # --- life

    def start(self, step: Step) -> None:
        """Raises PortError (naming what there is) or DeviceError; then nothing is left open."""
        self._guard = GuardedStep(step, self.rate, self.frames, self._first_frame)
        try:
            self._client.activate()
            self._wires.start()
        except BaseException as error:
            self._close()
            if isinstance(error, jack.JackError):
                raise DeviceError(f"{self.name}: {error}; restart the JACK server") from None
            raise

    def stop(self, last: Sequence[MidiOut] = ()) -> None:
        """Send `last` (all at once, whatever the offsets), give it two cycles to be read, and leave. Idempotent.

        Blocks for a few periods; for half a second if JACK no longer runs us, for two if the server hangs.
        """
        if self._closed:
            return
        if self._guard is not None and self.lost is None:
            self._last = [event._replace(offset=0) for event in last]
            deadline_ns = clock_ns() + NS // 2
            while self._flushed_cycles < 3 and self.lost is None and clock_ns() < deadline_ns:
                time.sleep(0.001)
        self._close()

    def _close(self) -> None:
        self._closed = True
        self._wires.stop()
        if not close_client(self._client) and self.lost is None:
            self._lost = "the JACK server did not let the client go"

    # --- wiring

    def _others(self) -> list[str]:
        senders, receivers = midi_ports(self._client)
        return [*receivers, *senders]

    def _register(self, ports: Any, port_names: Iterable[str]) -> list[Any]:
        # A colon would end the client's name in "client:port".
        return [ports.register(name.replace(":", " ")) for name in port_names]

    def _plan(self, wanted: Mapping[str, str], outs: Sequence[str], ins: Sequence[str]) -> Iterable[Wire]:
        for ours, pattern in wanted.items():
            if ours not in outs and ours not in ins:
                close_client(self._client)
                raise PortError(
                    f"connect: {ours!r} is no port of ours: name one of {', '.join(map(repr, [*outs, *ins]))}"
                )
            full = f"{self.client_name}:{ours.replace(':', ' ')}"
            yield Wire(full, "to" if ours in outs else "from", pattern)

    def _listen(self) -> None:
        client = self._client

        def xrun(_delayed_us: float) -> None:
            self.xruns += 1
            self._slipped = True

        def period(frames: int) -> None:
            self.period = frames

        def shutdown(_status: object, reason: str) -> None:
            self._lost = reason.strip() or "the JACK server has shut down"

        client.set_process_callback(self._process)
        client.set_xrun_callback(xrun)
        client.set_blocksize_callback(period)
        client.set_shutdown_callback(shutdown)
        client.set_port_registration_callback(self._wires.notice, only_available=False)

    # --- JACK's thread

    def _process(self, frames: int) -> None:
        try:
            self._cycle(frames)
        except BaseException as error:  # JACK-Client would never call us again
            self._broken += 1
            if self._guard is not None:
                self._guard.last_error = error

    def _cycle(self, frames: int) -> None:
        now_ns = self._cycle_ns = clock_ns()
        cycle_frame = self._counter.read()
        for out in self._outs:
            out.clear(frames)
        guard, last = self._guard, self._last
        if guard is None or last is not None:
            for view in self._audio:
                view.view(frames)[:] = 0.0
            if last is not None:
                if self._flushed_cycles == 0:
                    self._send(last, frames, cycle_frame)
                if not self._unheard:
                    self._flushed_cycles += 1
            return
        if self._anchor is not None and cycle_frame > self._next_cycle_frame:
            self.skipped_frames += cycle_frame - self._next_cycle_frame
            self._slipped = True
        self._next_cycle_frame = cycle_frame + frames
        if self._slipped:
            self._slipped = False
            self._clock.reanchor()
        line = self._clock.update(cycle_frame, now_ns)
        ns0 = line.ns0
        rate = self.rate
        midi: list[MidiIn] = []
        for name, buffer in self._ins:
            midi.extend(MidiIn(ns0 + round(at * NS / rate), name, data) for at, data in buffer.read(frames))
        if len(self._ins) > 1:
            midi.sort(key=_time)
        self._anchor = guard.frame, ns0, line.rate
        guard.skipped = self.skipped_frames
        transport = self._transport
        playhead = transport.read(ns0, frames) if transport is not None else None
        outputs = guard.render(ns0, frames, midi, playhead)
        for channel, view in enumerate(self._audio):
            view.view(frames)[:] = outputs.audio[channel]
        if outputs.midi or self._unheard:
            self._send(outputs.midi, frames, cycle_frame)

    def _send(self, events: Sequence[MidiOut], frames: int, cycle_frame: int) -> None:
        """Write; what JACK has dropped before goes first."""
        events = [*self._unheard, *events]
        self._write(events, frames)
        late = self._counter.read() != cycle_frame
        self._unheard = [event._replace(offset=0) for event in events] if late else []
        self.repeated += len(self._unheard)

    def _write(self, events: Sequence[MidiOut], frames: int) -> None:
        outs = self._outs
        for offset, port, data in sorted(events, key=_time):
            if not (
                0 <= port < len(outs) and data and outs[port].write(min(max(offset, 0), frames - 1), data)
            ):
                self.refused += 1
