"""The calls into libjack that a process callback makes, without giving the interpreter's lock away.

JACK-Client (cffi) releases the GIL around every call, some twenty times in a callback with four MIDI ports, and each
time another Python thread that is ready to run may keep it for up to a switch interval (5 ms), more than a period.
Through ctypes.PyDLL the same functions keep the lock, so that a callback waits for it once. Measured beside a thread
that computes 0.3 ms at a time, a callback took 0.07/0.15 ms (p50/p99), by JACK-Client's calls 0.07/0.47; alone
0.10/0.18 and 0.08/0.15. All of them are bounded and realtime-safe by JACK's documentation. What JACK-Client does not
bind at all (latency ranges) is here too.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from bridge.errors import DeviceError
from instruments.block import AudioBlock

__all__ = [
    "AudioBuffer", "FrameCounter", "MidiBuffer", "address", "capture_latency", "jack", "playback_latency",
    "transport_query",
]

try:
    import jack
except ImportError as error:
    raise DeviceError("the Python package JACK-Client is missing: pip install JACK-Client") from error
except OSError as error:
    raise DeviceError(
        "JACK's library is not installed: apt-get install libjack-jackd2-0 (Debian, Ubuntu), "
        "brew install jack (macOS), or the installer from https://jackaudio.org/downloads"
    ) from error

CAPTURE, PLAYBACK = 0, 1
"""JackCaptureLatency and JackPlaybackLatency, of jack_latency_callback_mode_t."""


class _MidiEvent(ctypes.Structure):
    """jack_midi_event_t."""

    _fields_ = (("time", ctypes.c_uint32), ("size", ctypes.c_size_t), ("buffer", ctypes.c_void_p))


class _LatencyRange(ctypes.Structure):
    """jack_latency_range_t."""

    _fields_ = (("min", ctypes.c_uint32), ("max", ctypes.c_uint32))


@cache
def _library() -> ctypes.PyDLL:
    """The libjack that JACK-Client has loaded, with the prototypes of what is used here (jack/jack.h, midiport.h)."""
    library = ctypes.PyDLL(jack._libname)
    pointer, frames = ctypes.c_void_p, ctypes.c_uint32
    prototypes: dict[str, tuple[Any, list[Any]]] = {
        "jack_last_frame_time": (frames, [pointer]),
        "jack_port_get_buffer": (pointer, [pointer, frames]),
        "jack_transport_query": (ctypes.c_int, [pointer, pointer]),
        "jack_port_get_latency_range": (None, [pointer, ctypes.c_int, pointer]),
        "jack_midi_clear_buffer": (None, [pointer]),
        "jack_midi_event_get": (ctypes.c_int, [pointer, pointer, frames]),
        "jack_midi_event_write": (ctypes.c_int, [pointer, frames, ctypes.c_char_p, ctypes.c_size_t]),
        "jack_midi_get_event_count": (frames, [pointer]),
        "jack_midi_get_lost_event_count": (frames, [pointer]),
    }
    for name, (result, arguments) in prototypes.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def address(handle: Any) -> int:
    """The C pointer inside a jack.Client or a jack.Port."""
    return int(jack._ffi.cast("uintptr_t", handle._ptr))


def playback_latency(port: Any) -> int:
    """Frames from writing into an output port until it sounds, the longest way; 0 when it leads nowhere."""
    span = _LatencyRange()
    _library().jack_port_get_latency_range(address(port), PLAYBACK, ctypes.addressof(span))
    return int(span.max)


def capture_latency(port: Any) -> int:
    """Frames from a sound at the computer's inputs until an input port reads it, the longest way; 0 from nowhere."""
    span = _LatencyRange()
    _library().jack_port_get_latency_range(address(port), CAPTURE, ctypes.addressof(span))
    return int(span.max)


def transport_query() -> Callable[[int, int], int]:
    """jack_transport_query(client, position) -> state, both addresses; realtime-safe in the process callback."""
    function: Callable[[int, int], int] = _library().jack_transport_query
    return function


class FrameCounter:
    """JACK's count of frames at the start of the process cycle, without its wrap at 32 bits (25 hours at 48 kHz).

    Exact, and the same for all clients of a server; it jumps when an xrun makes JACK leave cycles out.
    """

    def __init__(self, client: Any) -> None:
        self._client = address(client)
        self._last_frame_time = _library().jack_last_frame_time
        self._high = 0
        self._low = 0

    def read(self) -> int:
        """Only from the process callback."""
        low: int = self._last_frame_time(self._client)
        if low < self._low and self._low - low > 1 << 31:
            self._high += 1 << 32
        self._low = low
        return self._high + low


class MidiBuffer:
    """A MIDI port's events, in the process callback."""

    def __init__(self, port: Any) -> None:
        self._port = address(port)
        self._library = _library()
        self._event = _MidiEvent()
        self._event_at = ctypes.addressof(self._event)
        self._buffer = 0
        self.lost = 0
        """Events that JACK could not fit into a buffer of this input, so far."""

    def read(self, frames: int) -> Iterator[tuple[int, bytes]]:
        """(offset, message) of an input port's events in this cycle; complete messages, in order."""
        library = self._library
        buffer = library.jack_port_get_buffer(self._port, frames)
        count = library.jack_midi_get_event_count(buffer)
        if count:
            self.lost += library.jack_midi_get_lost_event_count(buffer)
        event = self._event
        for index in range(count):
            if library.jack_midi_event_get(self._event_at, buffer, index) == 0:
                yield event.time, ctypes.string_at(event.buffer, event.size)

    def clear(self, frames: int) -> None:
        """Empty an output port's buffer: every cycle, before write()."""
        self._buffer = self._library.jack_port_get_buffer(self._port, frames)
        self._library.jack_midi_clear_buffer(self._buffer)

    def write(self, offset: int, data: bytes) -> bool:
        """Add a message at a frame of this cycle, offsets never falling; False if JACK refuses it (no room)."""
        return bool(self._library.jack_midi_event_write(self._buffer, offset, data, len(data)) == 0)


class AudioBuffer:
    """An audio port's samples, in the process callback."""

    def __init__(self, port: Any) -> None:
        self._port = address(port)
        self._library = _library()
        self._views: dict[tuple[int, int], AudioBlock] = {}

    def view(self, frames: int) -> AudioBlock:
        """float32 (frames,): JACK's own memory, valid in this cycle only. JACK reuses few addresses: views are kept."""
        key = self._library.jack_port_get_buffer(self._port, frames), frames
        view = self._views.get(key)
        if view is None:
            if len(self._views) > 64:
                self._views.clear()
            view = np.ctypeslib.as_array((ctypes.c_float * frames).from_address(key[0]))
            self._views[key] = view
        return view
