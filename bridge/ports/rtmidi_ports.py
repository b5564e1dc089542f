"""MIDI ports by python-rtmidi: ALSA, CoreMIDI, WinMM, or JACK through RtMidi."""

from __future__ import annotations

import contextlib
import gc
import sys
import time
from collections.abc import Callable
from typing import Any

from bridge.errors import DeviceError
from bridge.ports.midi_port_system import Heard, PortNames
from instruments.system_clock import clock_ns

LIBRARY = "python-rtmidi"
_DRAIN_S = 0.01
"""A callback that waits for the interpreter has it after a switch interval: 5 ms, where nobody has changed that."""


def rtmidi_module() -> Any:
    """The rtmidi module. Raises DeviceError that says what to install."""
    try:
        import rtmidi
    except ImportError as error:
        raise DeviceError("the Python package python-rtmidi is missing: pip install python-rtmidi") from error
    return rtmidi


class _OutPort:
    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self.send: Callable[[bytes], None] = handle.send_message

    def rehearse(self) -> None:
        """python-rtmidi refuses an empty message, within its own send_message."""
        with contextlib.suppress(ValueError):
            self.send(b"")

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.delete()


class _InPort:
    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def close(self) -> None:
        """In steps: delete() keeps the interpreter's lock while it ends the thread that may be waiting for that lock in
        the callback, which would hang, or on JACK cancel it there, and nobody would ever have the lock again."""
        handle, self._handle = self._handle, None
        if handle is None:
            return
        kept = gc.get_referents(handle)  # the callback, of which RtMidi's thread has only the address
        handle.cancel_callback()
        time.sleep(_DRAIN_S)
        del kept
        handle.delete()


class RtMidiSystem:
    """midi_port_system.PortSystem. RtMidi tells nobody when a port goes, and stamps by deltas that are wrong on
    some systems: messages are stamped with clock_ns() first thing in its callback."""

    virtual = sys.platform != "win32"
    polled = False

    def __init__(self, number: int, label: str, client: str) -> None:
        """number: rtmidi's own, of the API. label: for people. client: our name, where the system has clients."""
        self._rtmidi = rtmidi_module()
        self._number = number
        self._client = client
        self._look: tuple[Any, Any] | None = None
        self.label = label

    def names(self) -> PortNames:
        if self._look is None:
            out = self._rtmidi.MidiOut(self._number, name=f"{self._client} look")
            self._look = out, self._rtmidi.MidiIn(self._number, name=f"{self._client} look")
        out, inn = self._look
        return PortNames(list(out.get_ports()), list(inn.get_ports()))

    def open_out(self, label: str, theirs: str | None) -> _OutPort:
        handle = self._rtmidi.MidiOut(self._number, name=self._client)
        _open(handle, label, theirs)
        return _OutPort(handle)

    def open_in(self, label: str, theirs: str | None, heard: Heard) -> _InPort:
        handle = self._rtmidi.MidiIn(self._number, name=self._client, queue_size_limit=1024)
        handle.ignore_types(sysex=False, timing=False, active_sense=True)
        handle.set_callback(_stamped(heard))
        _open(handle, label, theirs)
        return _InPort(handle)

    def poll(self) -> None:
        """Nothing: RtMidi calls from threads of its own."""

    def close(self) -> None:
        look, self._look = self._look, None
        for handle in look or ():
            handle.delete()


def _open(handle: Any, label: str, theirs: str | None) -> None:
    try:
        if theirs is None:
            handle.open_virtual_port(label)
        else:
            # The list that the handle itself sees now: a port may have come between, and numbers shift.
            handle.open_port(list(handle.get_ports()).index(theirs), name=label)
    except Exception as error:  # RtMidi's errors, and ValueError for a port that has gone
        handle.delete()
        raise OSError(str(error)) from error


def _stamped(heard: Heard) -> Callable[[tuple[list[int], float], object], None]:
    def callback(event: tuple[list[int], float], _data: object) -> None:
        ns = clock_ns()
        heard(ns, bytes(event[0]))

    return callback


def rtmidi_trouble(number: int) -> str:
    """Why RtMidi cannot open this API; "" if it can."""
    rtmidi = rtmidi_module()
    try:
        rtmidi.MidiOut(number, name="Sideman look").delete()
    except rtmidi.RtMidiError as error:
        return str(error)
    return ""
