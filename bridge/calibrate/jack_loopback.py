"""A loop-back measurement on JACK: one client of its own, everything to the frame."""

from __future__ import annotations

import time

from bridge.calibrate.loopback import CLIENT, Quiet, Wiring
from bridge.calibrate.tape import Latency, Programme, Take, Tape
from bridge.errors import DeviceError, PortError
from bridge.frame_line import NS
from bridge.jack.client import close_client, names, open_client, server_name
from bridge.jack.inputs import JackInputs
from bridge.jack.lib import AudioBuffer, FrameCounter, MidiBuffer, capture_latency, jack, playback_latency
from bridge.ports.midi_systems import find_port
from bridge.session import CLOCK_IN

_AHEAD_FRAMES = 4096
"""A programme begins so long after it is handed over, so that no connection made meanwhile cuts into it."""
_GOODBYE_S = 0.3
"""So long for the last note-offs, where JACK no longer runs us."""


class JackLoopback:
    """One JACK client with the ports that the wiring asks for. process runs on JACK's thread."""

    def __init__(self, wiring: Wiring, *, server: str | None = None) -> None:
        """Joins a running server. Raises DeviceError."""
        self._client = client = open_client(CLIENT, server)
        self._wiring = wiring
        self.rate: int = client.samplerate
        self.period: int = client.blocksize
        self.name = f"JACK server {server_name(server)}, {self.period} frames at {self.rate} Hz"
        self.ports: tuple[str, ...] = ()
        self.lost: str | None = None
        outputs, inputs = client.outports, client.inports
        self._out = None if wiring.audio_out is None else outputs.register("audio_out")
        self._ins = [inputs.register(name) for name in ("audio_in", "reference_in")[: len(wiring.inputs)]]
        self._midi_out = None if wiring.midi_out is None else client.midi_outports.register("midi_out")
        self._midi_in = None if wiring.midi_in is None else client.midi_inports.register("midi_in")
        self._buffers = [AudioBuffer(port) for port in self._ins]
        self._out_buffer = None if self._out is None else AudioBuffer(self._out)
        self._sender = None if self._midi_out is None else MidiBuffer(self._midi_out)
        self._hearer = None if self._midi_in is None else MidiBuffer(self._midi_in)
        self._counter = FrameCounter(client)
        self._tape = Tape(Programme(0), self.rate, len(self._ins))
        self._running: Tape | None = None  # the tape that _start belongs to
        self._start = 0
        self._last: list[bytes] | None = None  # once set nothing else is sent
        self._cable = False
        self._quiet = Quiet()

        def shutdown(_status: object, reason: str) -> None:
            self.lost = reason.strip() or "the JACK server has shut down"

        client.set_process_callback(self._process)
        client.set_shutdown_callback(shutdown)

    def __enter__(self) -> JackLoopback:
        """Raises PortError that lists what there is; then nothing is left open."""
        self._quiet.__enter__()
        try:
            self._client.activate()
            self._connect()
        except BaseException as error:
            self.__exit__()
            if isinstance(error, jack.JackError):
                raise DeviceError(f"{self.name}: {error}; restart the JACK server") from None
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Blocks for some periods."""
        self._last = []
        time.sleep(2 * self.period / self.rate)  # a cycle that has begun may still send
        offs = self._tape.offs()
        if offs and self.lost is None:
            self._last = offs
            deadline = time.monotonic() + _GOODBYE_S
            while self._last and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(2 * self.period / self.rate)  # for others to read it
        close_client(self._client)
        self._quiet.__exit__()

    @property
    def tape(self) -> Tape:
        return self._tape

    def play(self, programme: Programme) -> None:
        self._tape = Tape(programme, self.rate, len(self._ins))

    def take(self) -> Take:
        if self._out is not None:
            out = playback_latency(self._out)
        else:  # of what a session would be connected to
            there = self._client.get_ports(is_audio=True, is_input=True, is_physical=True)
            out = playback_latency(there[0]) if there else 0
        into = capture_latency(self._ins[0]) if self._ins else 0
        made_up = 0
        if self._midi_in is not None:
            told = JackInputs(self._client, [(CLOCK_IN, self._midi_in)]).compensation_ns(out, self.rate)
            made_up = round(told[CLOCK_IN] * self.rate / NS)
        return self._tape.take(Latency(out, into, out, made_up), self._cable)

    # --- wiring

    def _connect(self) -> None:
        wiring, done = self._wiring, []
        for what, port, wanted in (
            ("audio out", self._out, wiring.audio_out),
            *(("audio in", port, wanted) for port, wanted in zip(self._ins, wiring.inputs, strict=True)),
            ("MIDI out", self._midi_out, wiring.midi_out),
            ("MIDI in", self._midi_in, wiring.midi_in),
        ):
            if port is None or wanted is None:
                continue
            if wanted == "":
                done.append(f"{what}: connect it to {port.name}")
                continue
            theirs = self._find(wanted, what)
            sends = what.endswith("out")
            self._client.connect(*((port.name, theirs) if sends else (theirs, port.name)))
            done.append(f"{what}: {theirs}")
            if what == "audio in" and port is self._ins[0]:
                self._cable = bool(self._client.get_port_by_name(theirs).is_physical)
        self.ports = tuple(done)

    def _find(self, wanted: str | int, what: str) -> str:
        audio, sends = what.startswith("audio"), what.endswith("out")
        kind = {"is_audio": True} if audio else {"is_midi": True}
        there = names(self._client, is_input=sends, is_output=not sends, **kind)
        role = f"JACK {'audio' if audio else 'MIDI'} {'input' if sends else 'output'} port"
        if isinstance(wanted, str):
            return find_port(wanted, there, role)
        physical = names(self._client, is_input=sends, is_output=not sends, is_physical=True, **kind)
        if wanted <= len(physical):
            return physical[wanted - 1]
        raise PortError(f"{what} {wanted}: the sound card has {len(physical)} {what} ports; give a number up to that, "
                        f"or the name of a program's port: {', '.join(map(repr, there)) or 'there are none'}")

    # --- JACK's thread

    def _process(self, frames: int) -> None:
        try:
            self._cycle(frames)
        except BaseException as error:  # JACK-Client would never call us again
            self.lost = f"our own fault: {type(error).__name__}: {error}"

    def _cycle(self, frames: int) -> None:
        tape, now = self._tape, self._counter.read()
        if tape is not self._running:
            self._running = tape
            self._start = now - (-_AHEAD_FRAMES // frames) * frames
        frame = now - self._start
        out = self._out_buffer.view(frames) if self._out_buffer is not None else None
        if out is not None:
            out[:] = 0.0
        if self._sender is not None:
            self._sender.clear(frames)
        midi = [] if self._hearer is None else [(frame + at, data) for at, data in self._hearer.read(frames)]
        if self._last is not None:
            if self._sender is not None:
                for data in self._last:
                    self._sender.write(0, data)
            self._last = []
            return
        if frame < 0:
            return
        audio, due = tape.cycle(frame, frames, [buffer.view(frames) for buffer in self._buffers], midi)
        if out is not None:
            out[: len(audio)] = audio
        if self._sender is not None:
            for at, data in due:
                self._sender.write(at - frame, data)
