"""MIDI ports by pylibremidi, the optional extra `libremidi`: driver stamps, and a notice when a port comes or goes.

What its Python side (5.4.3) is like, tried on JACK: callbacks come only through poll(); the client's name and the mode
of the stamps cannot be chosen; a MidiIn for a system that does not answer ends the process (std::bad_cast in a noexcept
constructor), a MidiOut says so: so one is opened first. Messages go out at once, at the start of a period on JACK.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

from bridge.errors import DeviceError
from bridge.midi_bytes import MidiParser
from bridge.ports.midi_port_system import Heard, PortNames
from instruments.system_clock import clock_ns

LIBRARY = "pylibremidi"
SYSTEMS = {"alsa": "ALSA_SEQ", "core": "COREMIDI", "jack": "JACK_MIDI", "pipewire": "PIPEWIRE", "winmm": "WINDOWS_MM"}
"""Our names of systems -> pylibremidi's. Its others have no virtual ports, or take universal packets."""
DRIVER_STAMPS = ("alsa", "core")
"""Where messages bear a time in ns that the driver took: of an ALSA queue, CoreMIDI's host time. JACK's is a forecast
of its filter, exact to 0.02 ms as long as nothing stalls, and up to 13 ms off afterwards (measured); WinMM's is in ms.
"""
_PERIODS_S = 0.05
"""Two periods of 1,024 frames at 44.1 kHz."""
_OLDEST_NS, _YOUNGEST_NS = 1_000_000_000, -30_000_000
"""A message that claims to have waited longer for poll() has a stamp of another clock, which is left alone. JACK's are
of the period that has just begun: as a rule they lie a little ahead."""


@cache
def libremidi_module() -> Any:
    """The pylibremidi module. Raises DeviceError that says what to install.

    Its Linux wheels bring a libjack of their own, whose protocol only fits some servers. The system's, loaded first
    for all to see, takes its place: symbols are looked up there before.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # none: there is no JACK to join
            ctypes.CDLL("libjack.so.0", mode=ctypes.RTLD_GLOBAL)
    try:
        import pylibremidi
    except ImportError as error:
        raise DeviceError("the Python package pylibremidi is missing: pip install 'sideman[libremidi]'") from error
    return pylibremidi


def libremidi_systems() -> list[str]:
    """Our names of the systems that pylibremidi offers here; JACK is one of them even if no server answers."""
    offered = {api.name for api in libremidi_module().available_apis()}
    return [name for name, theirs in SYSTEMS.items() if theirs in offered]


def libremidi_trouble(name: str) -> str:
    """Why a system does not answer; "" if it does. For an instant a port of ours exists."""
    system = LibreMidiSystem(name, "Sideman")
    try:
        if system.virtual:
            system.open_out("Sideman look", None).close()
        else:
            system.names()
    except OSError as error:
        return str(error)
    finally:
        system.close()
    return ""


class _OutPort:
    def __init__(self, handle: Any, queued: bool) -> None:
        """queued: what is sent waits for the system's next period, and would be lost with the port."""
        self._handle = handle
        self._queued = queued
        self._sent_s = 0.0

    def send(self, data: bytes) -> None:
        self._sent_s = time.monotonic()
        _check(self._handle.send_message(list(data)))

    def rehearse(self) -> None:
        """Nothing: the library would send what is empty, too."""

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            if self._queued:
                time.sleep(max(0.0, self._sent_s + _PERIODS_S - time.monotonic()))
            handle.close_port()


class _InPort:
    """Stamps by the driver's clock: how old a message is by that clock, back from now by ours."""

    def __init__(self, system: LibreMidiSystem, heard: Heard) -> None:
        module = system.module
        self._system = system
        self._heard = heard
        self._parser = MidiParser()
        self._now_ns = self._their_now_ns = 0
        # Kept for its callback, which makes a ring of references that nothing would collect: close() cuts it.
        self._config = module.InputConfiguration()
        self._config.ignore_sysex = False
        self._config.ignore_timing = False
        self._config.ignore_sensing = True
        self._config.on_raw_data = self._receive
        self.handle = module.MidiIn(self._config, system.api)

    def poll(self) -> None:
        if self.handle is None:
            return
        self._their_now_ns = self.handle.absolute_timestamp()
        self._now_ns = clock_ns()
        self.handle.poll()

    def _receive(self, data: list[int], their_ns: int) -> None:
        age_ns = self._their_now_ns - their_ns
        ns = self._now_ns
        if _YOUNGEST_NS < age_ns < _OLDEST_NS:
            ns -= age_ns
        for message in self._parser.feed(bytes(data)):  # raw: several messages may share a packet
            if message != b"\xfe":
                self._heard(ns, message)

    def close(self) -> None:
        handle, self.handle = self.handle, None
        if handle is not None:
            handle.close_port()
            self._config.on_raw_data = _nothing
            self._system.forget(self)


class LibreMidiSystem:
    """bridge.ports.midi_port_system.PortSystem."""

    virtual = sys.platform != "win32"
    polled = True

    def __init__(self, name: str, client: str) -> None:
        """name: one of libremidi_systems(). client: unheeded, as pylibremidi calls all clients "libremidi client"."""
        self.module = libremidi_module()
        self.api = getattr(self.module.API, SYSTEMS[name])
        self.label = f"{self.module.get_api_display_name(self.api)} by {LIBRARY}"
        self._name = name
        self._client = client
        self._inputs: list[_InPort] = []
        self._observer: Any = None
        self._answers = False
        """It has opened a port."""

    def names(self) -> PortNames:
        titles = ([_title(self._name, p) for p in ports] for ports in (self._outputs_there(), self._inputs_there()))
        return PortNames(*titles)

    def open_out(self, label: str, theirs: str | None) -> _OutPort:
        handle = self.module.MidiOut(self.module.OutputConfiguration(), self.api)
        if theirs is None:
            _check(handle.open_virtual_port(label))
        else:
            _check(handle.open_port(self._port(theirs, self._outputs_there()), label))
        self._answers = True
        return _OutPort(handle, self._name in ("jack", "pipewire"))

    def open_in(self, label: str, theirs: str | None, heard: Heard) -> _InPort:
        if not self._answers and self.virtual:
            self.open_out(f"{self._client} look", None).close()  # raises where a MidiIn would end the process
        port = _InPort(self, heard)
        self._inputs.append(port)
        try:
            if theirs is None:
                _check(port.handle.open_virtual_port(label))
            else:
                _check(port.handle.open_port(self._port(theirs, self._inputs_there()), label))
        except OSError:
            port.close()
            raise
        return port

    def forget(self, port: _InPort) -> None:
        """It is closed: poll it no more."""
        self._inputs.remove(port)

    def poll(self) -> None:
        for port in self._inputs:
            port.poll()

    def close(self) -> None:
        self._observer = None

    def _outputs_there(self) -> Sequence[Any]:
        return list(self._look().get_output_ports())

    def _inputs_there(self) -> Sequence[Any]:
        return list(self._look().get_input_ports())

    def _look(self) -> Any:
        if self._observer is None:
            self._observer = self.module.Observer(self.module.ObserverConfiguration(), self.api)
        return self._observer

    def _port(self, theirs: str, ports: Sequence[Any]) -> Any:
        for port in ports:
            if _title(self._name, port) == theirs:
                return port
        raise OSError("it has gone")


class LibreMidiObserver:
    """bridge.ports.midi_port_system.PortObserver, beside whichever library has the ports."""

    def __init__(self, name: str) -> None:
        """name: one of libremidi_systems() that answers."""
        module = libremidi_module()
        news: list[str] = []
        config = module.ObserverConfiguration()
        config.track_hardware = config.track_virtual = config.track_any = True
        config.notify_in_constructor = False

        def came(_port: Any) -> None:
            news.append("")

        def went(port: Any) -> None:
            news.append(_title(name, port))

        config.input_added = config.output_added = came
        config.input_removed = config.output_removed = went
        self._news = news
        self._observer = module.Observer(config, getattr(module.API, SYSTEMS[name]))

    def take(self) -> set[str] | None:
        self._observer.poll()
        if not self._news:
            return None
        gone = {name for name in self._news if name}
        self._news.clear()
        return gone

    def close(self) -> None:
        self._observer = None


def _title(system: str, port: Any) -> str:
    """What a port is called, as python-rtmidi calls it, so that a session's port is the same by either library."""
    match system:
        case "alsa":  # the handle is two 32-bit numbers: the client's, then the port's
            return f"{port.device_name}:{port.port_name} {port.port & 0xFFFFFFFF}:{port.port >> 32}"
        case "core" | "winmm":
            return str(port.display_name)
        case _:
            return str(port.port_name)


def _check(error: Any) -> None:
    if error:
        raise OSError(str(error))


def _nothing(_data: list[int], _ns: int) -> None:
    """In place of a callback that is let go."""
