"""The engine's process: the driver's callback, the engine, and the rings to the other processes."""

from __future__ import annotations

import contextlib
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

from bridge.composer_process import REQUEST
from bridge.driver import Block, Driver, MidiOut, PortState
from bridge.driver import Outputs as DriverOutputs
from bridge.engine.clip_bytes import Bar, decode_bar
from bridge.engine.engine import Engine, Inputs
from bridge.engine.inbox import (
    AnyCommand,
    EngineStatus,
    Halt,
    Play,
    SetTempo,
    decode_command,
    encode_moves,
    encode_notes,
    encode_status,
)
from bridge.engine.outlets import resets
from bridge.errors import PortError, SidemanError
from bridge.parameter_paths import ParameterInfo
from bridge.port_plan import plan_ports
from bridge.processes import quiet_child, still_garbage, watch_parent, when_told_to_end
from bridge.ring import Ring
from bridge.session import Session
from composers.score import PPQ
from instruments.block import FrameEvent, InstrumentError, Kind, Transport

if TYPE_CHECKING:
    from bridge.clock.link import LinkSession
    from bridge.rig import Rig

AUDIO_HEAD = struct.Struct("<qqII")
"""frame0, ns0, frames, rate; then float32 of shape (2, frames)."""
NOTES, MOVES, STATUS = b"N", b"M", b"S"
_STATUS_NS = 33_000_000
_BARS_A_BLOCK = 2
"""Decoding a bar takes some 0.1 ms: more than two a block would be felt."""
_WATCH_S = 0.25
_LINK_LOOKS = 6
"""So many looks long, 1.5 s, a Link session's peers are waited for."""


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
    used        where that is: by output port, a bit for each channel (see inbox.EngineStatus.used)
    resume      it was playing: play on
    turned      parameters that have been turned since the session began, by path
    """

    session: Session
    epoch: int = 0
    frame0: int = 0
    recovering: bool = False
    used: tuple[int, ...] = ()
    resume: Resume | None = None
    turned: dict[str, float] = {}


class Compiling(msgspec.Struct, frozen=True, tag=True):
    """Before it runs: the synth is compiled, as on a machine's first start, and `percent` of it is ready.

    first  it only begins
    """

    percent: int
    first: bool


class Ready(msgspec.Struct, frozen=True, tag=True):
    """What the engine tells main once it runs."""

    driver: str
    rate: int
    frames: int
    parameters: tuple[ParameterInfo, ...] = ()


class Broken(msgspec.Struct, frozen=True, tag=True):
    """Why it does not, or (`lost`) no longer: the audio device or JACK server has gone."""

    error: str
    trace: str | None = None
    lost: bool = False


class Ports(msgspec.Struct, frozen=True, tag=True):
    """How the MIDI ports stand; told when it changes."""

    states: tuple[PortState, ...]


encode_news = msgspec.msgpack.Encoder().encode
decode_news = msgspec.msgpack.Decoder(Compiling | Ready | Broken | Ports).decode


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
        self.link: LinkSession | None = None
        self.ahead_ns = 0
        """What a block holds is heard so much after its ns0."""

    def join(self, link: LinkSession) -> None:
        """Before the first block: play in an Ableton Link session."""
        self.link = link

    def begin_with(self, messages: Sequence[MidiOut]) -> None:
        self._first = messages

    def step(self, block: Block) -> DriverOutputs:
        began = time.perf_counter_ns()
        rings = self._rings
        commands = [decode_command(m) for m in rings.commands.drain()]
        bars: list[Bar] = []
        while len(bars) < _BARS_A_BLOCK and (message := rings.bars.read()) is not None:
            bars.append(decode_bar(message))
        if self.link is not None:
            commands = [c for c in commands if not self._to_link(self.link, c)]
            block = block._replace(playhead=self.link.playhead(block.ns0, self.ahead_ns))
        out = self.engine.step(Inputs(block, commands, bars))
        for want in out.wanted:
            rings.requests.write(REQUEST.pack(*want))
        for i in range(0, len(out.notes), 64):
            rings.events.write(NOTES, encode_notes(out.notes[i : i + 64]))
        for i in range(0, len(out.moves), 16):
            rings.events.write(MOVES, encode_moves(out.moves[i : i + 16]))
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

    def _to_link(self, link: LinkSession, command: AnyCommand) -> bool:
        """What the session as a whole does, rather than we alone: play and stop, and with us the tempo."""
        match command:
            case Play():
                bar_ticks = self.engine.timeline.meter.bar_ticks
                link.play(self.engine.position // bar_ticks * bar_ticks / PPQ)
                return True
            case Halt():
                link.stop()
                return True
            case SetTempo(bpm):
                link.set_bpm(bpm)
        return False

    def status(self, block: Block) -> EngineStatus:
        engine, timeline = self.engine, self.engine.timeline
        notices, self.notices = engine.take_notices() + self.notices, []
        peaks, mix = self._rig.read_meters()
        end_ns = block.ns0 + block.frames * 1_000_000_000 // self._rate  # the cursor is at the block's end
        return EngineStatus(
            block.frame0 + block.frames, end_ns, engine.epoch, engine.playing, engine.starting, engine.position,
            engine.line.bpm, engine.clock, engine.source, engine.heard, engine.ended,
            peaks,
            {"late_bars": timeline.late_bars, "repeated_bars": timeline.repeated_bars, "notes": engine.notes_begun,
             "sounding": engine.sounding, "deadline_misses": self.misses, "xruns": self.xruns,
             "audio_dropped": self._rings.audio.refused, "faults": self._rig.faults},
            notices, engine.used, engine.jitter_ms, mix,
        )


def run(setup: Setup, rings: Rings, main: Connection[Any, Any]) -> None:
    """Until `main` says stop or is gone, or the driver is lost: main then starts another engine in its place."""
    quiet_child()
    sys.setswitchinterval(0.0005)  # the device's thread waits no longer than this for another that computes, not 5 ms
    stop = threading.Event()
    told: list[bool] = []
    when_told_to_end(lambda: told.append(True))  # no more: a handler that took the event's lock might wait for itself
    try:
        _warm_up(main)
        engine, rig, driver, shell = _start(setup, rings)
    except Exception as error:
        known = isinstance(error, SidemanError)
        main.send_bytes(encode_news(Broken(str(error)) if known else Broken(
            f"the engine could not start: {error!r}", traceback.format_exc())))
        rings.close()
        return
    watch_parent(main, stop.set)
    main.send_bytes(encode_news(Ready(driver.name, driver.rate, driver.frames, tuple(rig.listed()))))
    watch = _Watch(rig, driver, shell, main)
    while not (stop.wait(_WATCH_S) or told):
        watch.look()
        lost = driver.lost
        if lost:
            main.send_bytes(encode_news(Broken(lost, lost=True)))
            break
    driver.stop(engine.halt())
    if shell.link is not None:
        shell.link.close()
    rig.close()
    rings.close()


def _warm_up(main: Connection[Any, Any]) -> None:
    """Load compiled code before a device is opened; where it must be compiled, which takes long, tell how far it is."""
    from instruments.warmup import warm_up

    first = True

    def tell(percent: int, compiling: bool) -> None:
        nonlocal first
        if compiling or not first:
            main.send_bytes(encode_news(Compiling(percent, first)))
        first = False

    warm_up(tell)


def _start(setup: Setup, rings: Rings) -> tuple[Engine, Rig, Driver, _Shell]:
    """Everything assembled and running. In place of a dead engine, a named port that is gone is no reason to fail."""
    try:
        return _start_all(setup, rings)
    except PortError as error:
        bare = _without_named_ports(setup.session)
        if not setup.recovering or setup.session == bare:
            raise
        found = _start_all(msgspec.structs.replace(setup, session=bare), rings)
        found[3].notices.append(f"{error}; going on without it")
        return found


def _start_all(setup: Setup, rings: Rings) -> tuple[Engine, Rig, Driver, _Shell]:
    """Or nothing: where one part fails, the others are taken down again."""
    with contextlib.ExitStack() as undo:
        link = _link_session(setup.session)
        if link is not None:
            undo.callback(link.close)
        engine, rig, driver = _assemble(setup)
        undo.callback(rig.close)
        undo.callback(driver.stop)
        shell = _Shell(engine, rig, rings, driver.rate)
        if setup.recovering:
            shell.begin_with(resets(setup.used))
        if setup.resume is not None:
            engine.resume(setup.resume.tick, setup.resume.ns, setup.resume.bpm, setup.resume.source)
        if link is not None:
            shell.join(link)
        still_garbage()
        driver.start(shell.step)
        undo.pop_all()
    return engine, rig, driver, shell


def _link_session(session: Session) -> LinkSession | None:
    """Joined, where it leads. Raises DeviceError where aalink is missing."""
    if session.clock.source != "link":
        return None
    from bridge.clock.link import LinkSession

    return LinkSession(session.music.tempo, session.meter.bar_ticks / PPQ)


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
        playhead=session.clock.source == "jack",
        first_frame=setup.frame0,
    )
    try:
        rig = build_rig(session, driver.rate, max(driver.frames, session.block, 1024), block=driver.frames)
    except BaseException:
        driver.stop()  # it has opened a device, or started the process that holds the MIDI ports
        raise
    for path, value in setup.turned.items():
        with contextlib.suppress(InstrumentError):  # another session may lack it
            rig.turn(path, value, 0)
    _rehearse(rig, driver.frames)
    engine = Engine(
        rig, ports.routes, driver.rate, session.music.tempo, session.meter, length=session.music.bars,
        epoch=setup.epoch, source=session.clock.source, on_loss=session.clock.on_loss, clock_outs=ports.clock_outs,
        in_offsets=ports.in_offsets, throughs=ports.throughs, chase=session.clock.chase, latency=rig.latency,
        mtc_start=session.clock.mtc_start,
    )
    return engine, rig, driver


def _rehearse(rig: Rig, frames: int) -> None:
    """A few blocks before the curtain, with a note on each strip: first calls and first touches of memory are slow."""
    note = [FrameEvent(0, Kind.ON, 0, 60, 1.0), FrameEvent(frames - 1, Kind.OFF, 0, 60, 64.0)]
    for _ in range(4):
        rig.process([note] * len(rig.tracks), frames, Transport())
    rig.reset()


class _Watch:
    """Tells people, once for each change, what has become of plug-ins, ports and the engine. In the main thread."""

    def __init__(self, rig: Rig, driver: Driver, shell: _Shell, main: Connection[Any, Any]) -> None:
        self._rig = rig
        self._driver = driver
        self._shell = shell
        self._main = main
        self._ports: tuple[PortState, ...] = ()
        self._plugins: dict[int, str] = {}
        self._guests: dict[int, tuple[str, int]] = {}
        self._missing: set[str] = set()
        self._clashed: set[str] = set()
        self._errors = 0
        self._looks = self._peers = 0

    def look(self) -> None:
        driver, say = self._driver, self._shell.notices.append
        self._shell.xruns = driver.xruns
        self._shell.engine.compensation_ns = driver.compensation_ns
        self._shell.ahead_ns = driver.heard_after_ns
        if self._shell.link is not None:
            self._look_at_link(self._shell.link)
        for i, status in enumerate(self._rig.plugin_status()):
            state = status["state"]
            if state != self._plugins.get(i, "loading"):
                say(f"plug-in {status['plugin']}: {state}")
            self._plugins[i] = state
        for i, guest in enumerate(self._rig.guest_status()):
            heard = guest.state.partition(":")[0], guest.faults  # not each note that is rendered
            if heard != self._guests.get(i, ("ok", 0)):
                failed = f" ({guest.faults} failures: {guest.last_error})" if heard[0] == "ok" and guest.faults else ""
                say(f"{guest.instrument}: {guest.state}{failed}")
            self._guests[i] = heard
        missing = set(driver.missing)
        for port in sorted(missing - self._missing):
            say(f"port {port!r} is gone: it is connected again when it comes back")
        for port in sorted(self._missing - missing):
            say(f"port {port!r} is back")
        self._missing = missing
        for text in driver.take_notices():
            say(text)
        ports = driver.port_states
        if ports != self._ports:
            self._ports = ports
            self._main.send_bytes(encode_news(Ports(ports)))
        self._look_at_bends({port.name for port in ports if port.connected})
        if driver.step_errors > self._errors:
            last = driver.last_traceback
            say(f"{driver.step_errors - self._errors} blocks failed and were silent: {last.strip().splitlines()[-1]}")
            if not self._errors:
                print(last, file=sys.stderr)  # noqa: T201 - the one place where the whole story is told
            self._errors = driver.step_errors

    def _look_at_bends(self, connected: set[str]) -> None:
        """Chords out of tune are told where somebody listens."""
        for strip, clashes in zip(self._rig.tracks, self._shell.engine.clashes, strict=True):
            if clashes and strip.name in connected - self._clashed:
                self._clashed.add(strip.name)
                self._shell.notices.append(
                    f"port {strip.name!r}: notes of a chord share a channel, and its bend suits only the last: if what "
                    f"listens plays more channels, give them to the track as bend_channels")

    def _look_at_link(self, link: LinkSession) -> None:
        """Alone in the session nobody else will start it; peers find each other within a second."""
        self._looks += 1
        peers = link.peers
        if peers != self._peers:
            self._shell.notices.append(f"Ableton Link: {peers} other{'' if peers == 1 else 's'} in the session")
            self._peers = peers
        if self._looks == _LINK_LOOKS and not peers:
            link.play()
