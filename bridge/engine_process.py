"""The engine's process: the driver's callback, the engine, and the rings to the other processes."""

from __future__ import annotations

import struct
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec
import numpy as np

from bridge.clip_bytes import Bar, decode_bar
from bridge.composer_process import REQUEST
from bridge.driver import Block, Driver, MidiOut
from bridge.driver import Outputs as DriverOutputs
from bridge.engine import Engine, Inputs
from bridge.errors import PortError, SidemanError
from bridge.inbox import EngineStatus, decode_command, encode_notes, encode_status
from bridge.port_plan import plan_ports
from bridge.processes import quiet_child, still_garbage, watch_parent
from bridge.ring import Ring
from bridge.session import Session
from instruments.block import FrameEvent, Kind, Transport

if TYPE_CHECKING:
    from bridge.rig import Rig

AUDIO_HEAD = struct.Struct("<qqII")
"""frame0, ns0, frames, rate; then float32 of shape (2, frames)."""
NOTES, STATUS = b"N", b"S"
_STATUS_NS = 33_000_000
_BARS_A_BLOCK = 2
"""Decoding a bar takes some 0.1 ms: more than two a block would be felt."""
_ALL_NOTES_OFF = 123
_WATCH_S = 0.25


class Rings(NamedTuple):
    """commands: main -> engine; requests, bars: engine <-> composer; events, audio: engine -> main."""

    commands: Ring
    requests: Ring
    bars: Ring
    events: Ring
    audio: Ring

    @staticmethod
    def create() -> Rings:
        return Rings(Ring(256, 1024), Ring(256, 16), Ring(32, 32_768), Ring(512, 4096), Ring(256, 4096 * 8 + 64))

    def close(self) -> None:
        for ring in self:
            ring.close()


class Resume(msgspec.Struct, frozen=True):
    """Where an engine that died was: at `tick` at `ns`, at `bpm`, led by `source` (or by nobody: "")."""

    tick: int
    ns: int
    bpm: float
    source: str


class Setup(msgspec.Struct, frozen=True):
    """How an engine starts: fresh (the commands that wait on the ring say whether it plays), or in place of another.

    frame0      frames are counted from here
    recovering  what the other left sounding on MIDI ports is silenced first
    resume      it was playing: play on
    """

    session: Session
    epoch: int = 0
    frame0: int = 0
    recovering: bool = False
    resume: Resume | None = None


class Ready(msgspec.Struct, frozen=True, tag=True):
    """What the engine tells main once it runs."""

    driver: str
    rate: int
    frames: int
    latency: int


class Broken(msgspec.Struct, frozen=True, tag=True):
    """Why it does not, or (`lost`) no longer: the audio device or JACK server has gone."""

    error: str
    trace: str | None = None
    lost: bool = False


encode_news = msgspec.msgpack.Encoder().encode
decode_news = msgspec.msgpack.Decoder(Ready | Broken).decode


class _Shell:
    """Between the driver and the engine: rings in, step, rings out. step() runs in the driver's thread."""

    def __init__(self, engine: Engine, rig: Rig, rings: Rings, rate: int) -> None:
        self.engine = engine
        self.faults = 0
        self.misses = 0
        self.notices: list[str] = []
        self._rig = rig
        self._rings = rings
        self._rate = rate
        self._status_ns = 0
        self._first: Sequence[MidiOut] = ()
        self.xruns = 0

    def begin_with(self, messages: Sequence[MidiOut]) -> None:
        self._first = messages

    def step(self, block: Block) -> DriverOutputs:
        began = time.perf_counter_ns()
        rings = self._rings
        commands = [decode_command(m) for m in rings.commands.drain()]
        bars: list[Bar] = []
        while len(bars) < _BARS_A_BLOCK and (message := rings.bars.read()) is not None:
            bars.append(decode_bar(message))
        out = self.engine.step(Inputs(block, commands, bars))
        for want in out.wanted:
            rings.requests.write(REQUEST.pack(*want))
        for i in range(0, len(out.notes), 64):
            rings.events.write(NOTES, encode_notes(out.notes[i : i + 64]))
        head = AUDIO_HEAD.pack(block.frame0, block.ns0, block.frames, self._rate)
        rings.audio.write(head, np.ascontiguousarray(out.audio).data.cast("B"))
        if block.ns0 - self._status_ns >= _STATUS_NS or block.ns0 < self._status_ns:
            self._status_ns = block.ns0
            rings.events.write(STATUS, encode_status(self.status(block)))
        if time.perf_counter_ns() - began > block.frames * 1_000_000_000 // self._rate:
            self.misses += 1
        midi: Sequence[MidiOut] = out.midi
        if self._first:
            midi, self._first = (*self._first, *out.midi), ()
        return DriverOutputs(midi, out.audio)

    def status(self, block: Block) -> EngineStatus:
        engine, timeline = self.engine, self.engine.timeline
        notices, engine.notices = engine.notices + self.notices, []
        self.notices = []
        levels = self._rig.levels()
        end_ns = block.ns0 + block.frames * 1_000_000_000 // self._rate  # the cursor is at the block's end
        return EngineStatus(
            block.frame0 + block.frames, end_ns, engine.epoch, engine.playing, engine.starting, timeline.cursor,
            engine.line.bpm, engine.clock, engine.source, engine.heard, engine.ended,
            [(float(a), float(b)) for a, b in levels],
            {"late_bars": timeline.late_bars, "repeated_bars": timeline.repeated_bars, "notes": engine.notes_begun,
             "sounding": timeline.sounding, "deadline_misses": self.misses, "xruns": self.xruns,
             "audio_dropped": self._rings.audio.refused},
            notices,
        )


def run(setup: Setup, rings: Rings, main: Connection[Any, Any]) -> None:
    """Until `main` says stop or is gone, or the driver is lost: main then starts another engine in its place."""
    quiet_child()
    stop = threading.Event()
    try:
        engine, rig, driver, shell = _start(setup, rings)
    except SidemanError as error:
        main.send_bytes(encode_news(Broken(str(error))))
        return
    except Exception as error:
        main.send_bytes(encode_news(Broken(f"the engine could not start: {error!r}", traceback.format_exc())))
        return
    watch_parent(main, stop.set)
    main.send_bytes(encode_news(Ready(driver.name, driver.rate, driver.frames, rig.latency)))
    watch = _Watch(rig, driver, shell)
    while not stop.wait(_WATCH_S):
        watch.look()
        lost = driver.lost
        if lost:
            main.send_bytes(encode_news(Broken(lost, lost=True)))
            break
    driver.stop(engine.halt())
    rig.close()
    rings.close()


def _start(setup: Setup, rings: Rings) -> tuple[Engine, Rig, Driver, _Shell]:
    """Everything assembled and running. In place of a dead engine, a named port that is gone is no reason to fail."""
    engine, rig, driver = _assemble(setup)
    shell = _Shell(engine, rig, rings, driver.rate)
    if setup.recovering:
        shell.begin_with(_all_off(engine))
    if setup.resume is not None:
        engine.resume(setup.resume.tick, setup.resume.ns, setup.resume.bpm, setup.resume.source)
    still_garbage()
    try:
        driver.start(shell.step)
    except PortError as error:
        rig.close()
        if not setup.recovering or setup.session == (bare := _without_named_ports(setup.session)):
            raise
        found = _start(msgspec.structs.replace(setup, session=bare), rings)
        found[3].notices.append(f"{error}; going on without it")
        return found
    return engine, rig, driver, shell


def _without_named_ports(session: Session) -> Session:
    tracks = [msgspec.structs.replace(t, port=None) for t in session.tracks]
    clock = msgspec.structs.replace(
        session.clock,
        inputs=[msgspec.structs.replace(i, port=None) for i in session.clock.inputs],
        outputs=[msgspec.structs.replace(o, port=None) for o in session.clock.outputs],
    )
    through = [msgspec.structs.replace(t, port=None) for t in session.through]
    return msgspec.structs.replace(session, tracks=tracks, clock=clock, through=through)


def _assemble(setup: Setup) -> tuple[Engine, Rig, Driver]:
    """Compiled kernels and device libraries are imported here: the main process, which names run(), needs neither."""
    from bridge.audio_io import DriverName, choose_driver
    from bridge.rig import build_rig

    session = setup.session
    ports = plan_ports(session)
    driver = choose_driver(
        cast("DriverName", session.outputs.audio),
        rate=session.sample_rate,
        frames=session.block,
        out_ports=ports.outputs,
        in_ports=ports.inputs,
        connect=ports.connect,
        first_frame=setup.frame0,
    )
    rig = build_rig(session, driver.rate, max(driver.frames, session.block, 1024), block=driver.frames)
    _rehearse(rig, driver.frames)
    engine = Engine(
        rig, ports.routes, driver.rate, session.music.tempo, session.meter, length=session.music.bars,
        epoch=setup.epoch, accept=session.clock.source, on_loss=session.clock.on_loss,
        clock_ports=[c.port for c in ports.clock_outs],
    )
    return engine, rig, driver


def _rehearse(rig: Rig, frames: int) -> None:
    """A few blocks before the curtain, with a note on each strip: first calls and first touches of memory are slow."""
    note = [FrameEvent(0, Kind.ON, 0, 60, 1.0), FrameEvent(frames - 1, Kind.OFF, 0, 60, 64.0)]
    for _ in range(4):
        rig.process([note] * len(rig.strips), frames, Transport())
    rig.reset()


class _Watch:
    """Tells people, once for each change, what has become of plug-ins, ports and the engine. In the main thread."""

    def __init__(self, rig: Rig, driver: Driver, shell: _Shell) -> None:
        self._rig = rig
        self._driver = driver
        self._shell = shell
        self._plugins: dict[int, str] = {}
        self._guests: dict[int, tuple[str, int]] = {}
        self._missing: set[str] = set()
        self._errors = 0

    def look(self) -> None:
        driver, say = self._driver, self._shell.notices.append
        self._shell.xruns = driver.xruns
        for i, status in enumerate(self._rig.plugin_status()):
            state = status["state"]
            if state != self._plugins.get(i, "loading"):
                say(f"plug-in {status['plugin']}: {state}")
            self._plugins[i] = state
        for i, guest in enumerate(self._rig.guest_status()):
            heard = guest.state.partition(":")[0], guest.faults  # not each note that is rendered
            if heard != self._guests.get(i, ("ok", 0)):
                failed = f" ({guest.faults} failures: {guest.last_error})" if heard[0] == "ok" and guest.faults else ""
                say(f"instrument {guest.instrument}: {guest.state}{failed}")
            self._guests[i] = heard
        missing = set(driver.missing)
        for port in sorted(missing - self._missing):
            say(f"port {port!r} is gone: it is connected again when it comes back")
        for port in sorted(self._missing - missing):
            say(f"port {port!r} is back")
        self._missing = missing
        if driver.step_errors > self._errors:
            last = driver.last_traceback
            say(f"{driver.step_errors - self._errors} blocks failed and were silent: {last.strip().splitlines()[-1]}")
            if not self._errors:
                print(last, file=sys.stderr)  # noqa: T201 - the one place where the whole story is told
            self._errors = driver.step_errors


def _all_off(engine: Engine) -> list[MidiOut]:
    """For the synths that the dead engine left sounding."""
    return [MidiOut(0, port, bytes((0xB0 | channel, _ALL_NOTES_OFF, 0)))
            for port in {r.port for r in engine.routes} for channel in range(16)]
