"""The engine's process: the driver's callback, the engine, and the rings to the other processes."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, cast

import msgspec

from bridge.assembly import made_engine, prepared_rig
from bridge.driver import Driver, PortState
from bridge.engine.engine import Engine
from bridge.engine.outlets import resets
from bridge.engine_link import (
    STEMS,
    Broken,
    Compiling,
    Parameters,
    Plugins,
    Ports,
    Ready,
    Rigged,
    Rings,
    Setup,
    States,
    decode_rebuild,
    decode_strips,
    encode_news,
)
from bridge.engine_shell import EngineShell
from bridge.errors import PortError, SidemanError
from bridge.port_plan import plan_ports
from bridge.processes import quiet_child, still_garbage, watch_parent, when_told_to_end
from bridge.session import Session
from bridge.stream.wire import PluginInfo
from composers.score import PPQ

if TYPE_CHECKING:
    from bridge.clock.link import LinkSession
    from bridge.rig import Rig

_WATCH_S = 0.25
_SOON_S = 0.02
"""While another rig is built or stands by."""
_LINK_LOOKS = 6
"""So many looks long, 1.5 s, a Link session's peers are waited for."""
_STATE_LOOKS = 8
_MOST_STATE = 16 * 1024 * 1024
"""Bytes of a plug-in's state that main is told of (every 2 s, where it has changed), for an engine that takes over."""
_LISTING_LOOKS = 4
"""Parameters are listed anew once a second at most: a plug-in that moves its own would do so all the time."""


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
    from bridge.rig_builder import RigBuilder  # compiled kernels: main, which names run(), needs none

    woken = threading.Event()
    builder = RigBuilder(rig, driver, shell, setup.session, lambda news: main.send_bytes(encode_news(news)))

    def end() -> None:
        stop.set()
        woken.set()

    def heed(message: bytes) -> None:
        if message[:1] == STEMS:
            shell.stems.want(decode_strips(message[1:]))
            return
        builder.ask(decode_rebuild(message))
        woken.set()

    watch_parent(main, end, heed)
    main.send_bytes(encode_news(Ready(driver.name, driver.rate, driver.frames, tuple(rig.listed()), rig.loading)))
    watch = _Watch(rig, driver, shell, main)
    look_s = 0.0
    while not (stop.is_set() or told):
        woken.wait(_SOON_S if builder.busy else _WATCH_S)
        woken.clear()
        begun = builder.look()
        if begun is not None:
            main.send_bytes(encode_news(Rigged(begun)))
            watch.adopt(builder.rig)
        if time.monotonic() < look_s:
            continue
        look_s = time.monotonic() + _WATCH_S
        watch.look()
        lost = driver.lost
        if lost:
            main.send_bytes(encode_news(Broken(lost, lost=True)))
            break
    driver.stop(engine.halt())
    shell.journal.close()
    if shell.link is not None:
        shell.link.close()
    builder.close()
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


def _start(setup: Setup, rings: Rings) -> tuple[Engine, Rig, Driver, EngineShell]:
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


def _start_all(setup: Setup, rings: Rings) -> tuple[Engine, Rig, Driver, EngineShell]:
    """Or nothing: where one part fails, the others are taken down again."""
    with contextlib.ExitStack() as undo:
        link = _link_session(setup.session)
        if link is not None:
            undo.callback(link.close)
        engine, rig, driver = _assemble(setup)
        undo.callback(rig.close)
        undo.callback(driver.stop)
        shell = EngineShell(engine, rig, rings, driver.rate, driver.frames)
        plan = plan_ports(setup.session)
        shell.controls, shell.answers = plan.controls, plan.answers
        if setup.recovering:
            shell.begin_with(resets(setup.used))
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
    played = [msgspec.structs.replace(i, port=None) for i in session.input]
    control = [msgspec.structs.replace(c, port=None, out_port=None) for c in session.control]
    return msgspec.structs.replace(session, tracks=tracks, clock=clock, through=through, input=played, control=control)


def _assemble(setup: Setup) -> tuple[Engine, Rig, Driver]:
    """Compiled kernels and device libraries are imported here: the main process, which names run(), needs neither."""
    from bridge.audio_io import DriverName, choose_driver

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
        rig = prepared_rig(setup, driver.rate, driver.frames)
    except BaseException:
        driver.stop()  # it has opened a device, or started the process that holds the MIDI ports
        raise
    return made_engine(setup, rig, ports, driver.rate), rig, driver


class _Watch:
    """Tells people, once for each change, what has become of plug-ins, ports and the engine. In the main thread."""

    def __init__(self, rig: Rig, driver: Driver, shell: EngineShell, main: Connection[Any, Any]) -> None:
        self._rig = rig
        self._driver = driver
        self._shell = shell
        self._main = main
        self._ports: tuple[PortState, ...] = ()
        self._plugins: dict[int, tuple[str, int]] = {}
        """State and crashes of each plug-in, by id(), as last told."""
        self._guests: dict[int, tuple[str, int]] = {}
        self._missing: set[str] = set()
        self._clashed: set[str] = set()
        self._errors = self._unaligned = 0
        self._looks = self._peers = self._listed_at = 0
        self._serial = rig.serial
        self._infos: tuple[PluginInfo, ...] = ()
        self._states: dict[str, bytes] = {}

    def adopt(self, rig: Rig) -> None:
        """It plays in the other's place."""
        self._rig = rig
        self._unaligned = 0
        self._serial, self._listed_at = rig.serial, 0
        self._main.send_bytes(encode_news(Parameters(tuple(rig.listed()), rig.loading)))

    def look(self) -> None:
        driver, say = self._driver, self._shell.notices.append
        self._looks += 1
        self._shell.xruns = driver.xruns
        self._shell.compensation_ns = driver.compensation_ns
        self._shell.ahead_ns = driver.heard_after_ns
        if self._shell.link is not None:
            self._look_at_link(self._shell.link)
        self._look_at_plugins()
        short = self._rig.unaligned_frames
        if short > self._unaligned:
            say(f"a plug-in is later than the other tracks can wait for, by {short / driver.rate * 1e3:.0f} ms: give "
                f"it less look-ahead, or render offline")
        self._unaligned = short
        for which, guest in zip(self._rig.guests, self._rig.guest_status(), strict=False):
            i = id(which)
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
            self._look_at_keyboards(ports)
            self._ports = ports
            self._main.send_bytes(encode_news(Ports(ports)))
        self._look_at_bends({port.name for port in ports if port.connected})
        if driver.step_errors > self._errors:
            last = driver.last_traceback
            say(f"{driver.step_errors - self._errors} blocks failed and were silent: {last.strip().splitlines()[-1]}")
            if not self._errors:
                print(last, file=sys.stderr)  # noqa: T201 - the one place where the whole story is told
            self._errors = driver.step_errors

    def _look_at_keyboards(self, ports: tuple[PortState, ...]) -> None:
        """What held keys and has gone does not let go of them any more."""
        before = {port.name: port.connected for port in self._ports}
        for port in ports:
            if self._shell.engine.is_played(port.name) and set(before.get(port.name, ())) - set(port.connected):
                self._shell.unplugged.append(port.name)

    def _look_at_plugins(self) -> None:
        say = self._shell.notices.append
        for which, status in zip(self._rig.plugins, self._rig.plugin_status(), strict=False):
            i = id(which)
            state, (before, crashes) = status["state"], self._plugins.get(i, ("loading", 0))
            if status["crashes"] > crashes and state == before:  # it is back before anybody looked
                before = f"crashed: respawned ({status['last_error']})"
                say(f"plug-in {status['plugin']}: {before}")
            if state != before:
                say(f"plug-in {status['plugin']}: {state}")
            self._plugins[i] = state, status["crashes"]
        infos = self._rig.plugin_infos()
        if infos != self._infos:
            self._infos = infos
            self._main.send_bytes(encode_news(Plugins(infos)))
        if self._looks % _STATE_LOOKS == 0:
            fresh = {place: state for place, state in self._rig.plugin_states().items()
                     if self._states.get(place) is not state and len(state) <= _MOST_STATE}
            if fresh:
                self._states |= fresh
                self._main.send_bytes(encode_news(States(fresh)))
        for text in self._rig.take_sync_errors():
            say(text)
        if self._looks >= self._listed_at and self._rig.serial != self._serial:
            self._serial = self._rig.serial
            self._listed_at = self._looks + _LISTING_LOOKS
            self._main.send_bytes(encode_news(Parameters(tuple(self._rig.listed()), self._rig.loading)))

    def _look_at_bends(self, connected: set[str]) -> None:
        """Chords out of tune are told where somebody listens."""
        for strip, clashes in zip(self._rig.tracks, self._shell.engine.clashes, strict=False):
            if clashes and strip.name in connected - self._clashed:
                self._clashed.add(strip.name)
                self._shell.notices.append(
                    f"port {strip.name!r}: notes of a chord share a channel, and its bend suits only the last: if what "
                    f"listens plays more channels, give them to the track as bend_channels")

    def _look_at_link(self, link: LinkSession) -> None:
        """Alone in the session nobody else will start it; peers find each other within a second."""
        peers = link.peers
        if peers != self._peers:
            self._shell.notices.append(f"Ableton Link: {peers} other{'' if peers == 1 else 's'} in the session")
            self._peers = peers
        if self._looks == _LINK_LOOKS and not peers:
            link.play()
