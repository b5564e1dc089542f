"""The calls into libjack that a process callback makes, without giving the interpreter's lock away.

JACK-Client (cffi) releases the GIL around every call, some twenty times in a callback with four MIDI ports, and each
time another Python thread that is ready to run may keep it for up to a switch interval (5 ms), more than a period.
Through ctypes.PyDLL the same functions keep the lock, so that a callback waits for it once. Measured beside a thread
that computes 0.3 ms at a time, a callback took 0.07/0.15 ms (p50/p99), by JACK-Client's calls 0.07/0.47; alone
0.10/0.18 and 0.08/0.15. All of them are bounded and realtime-safe by JACK's documentation. What JACK-Client does not
bind at all (cycle times, latency ranges) is here too.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from bridge.errors import DeviceError
from instruments.block import AudioBlock

__all__ = ["AudioBuffer", "Cycle", "CycleClock", "MidiBuffer", "address", "jack", "playback_latency"]

try:
    import jack
except ImportError as error:
    raise DeviceError("the Python package JACK-Client is missing: pip install JACK-Client") from error
except OSError as error:
    raise DeviceError(
        "JACK's library is not installed: apt-get install libjack-jackd2-0 (Debian, Ubuntu), "
        "brew install jack (macOS), or the installer from https://jackaudio.org/downloads"
    ) from error

PLAYBACK = 1
"""JackPlaybackLatency, of jack_latency_callback_mode_t."""


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
        "jack_get_cycle_times": (ctypes.c_int, [pointer] * 5),
        "jack_get_time": (ctypes.c_uint64, []),
        "jack_last_frame_time": (frames, [pointer]),
        "jack_port_get_buffer": (pointer, [pointer, frames]),
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


class Cycle(NamedTuple):
    """The process cycle under way: JACK's frame counter (unwrapped) and time.monotonic_ns() of its first frame."""

    frame: int
    ns: int


class CycleClock:
    """What time it is in JACK's frames and on the monotonic clock, asked once a cycle from the process callback.

    JACK filters the times of its cycles itself (the same DLL as bridge.frame_line); measured on the dummy driver the
    step from cycle to cycle is even to 0.4 us. They are of JACK's clock, CLOCK_MONOTONIC_RAW on Linux, which runs some
    ppm off CLOCK_MONOTONIC, so the difference of the two clocks is followed.
    """

    def __init__(self, client: Any) -> None:
        self._client = address(client)
        self._library = _library()
        self._frames, self._usecs, self._next = ctypes.c_uint32(), ctypes.c_uint64(), ctypes.c_uint64()
        self._period = ctypes.c_float()
        out = (self._frames, self._usecs, self._next, self._period)
        self._out = tuple(ctypes.addressof(value) for value in out)
        self._offset_ns: float | None = None
        self._reads = 0
        self._high = 0
        self._last = 0

    def read(self) -> Cycle:
        """Called once in each process callback."""
        if self._library.jack_get_cycle_times(self._client, *self._out) != 0:
            # Only right after a start or an xrun, while JACK's filter has no line: its frame counter and now will do.
            self._frames.value = self._library.jack_last_frame_time(self._client)
            return Cycle(self._unwrap(), time.monotonic_ns())
        return Cycle(self._unwrap(), self._usecs.value * 1000 + self._offset())

    def _unwrap(self) -> int:
        """JACK counts frames in 32 bits: 25 hours at 48 kHz."""
        low = self._frames.value
        if low < self._last and self._last - low > 1 << 31:
            self._high += 1 << 32
        self._last = low
        return self._high + low

    def _offset(self) -> int:
        """Monotonic minus JACK time, sampled every 16th cycle; those bracketed by over 5 us (preempted) are no good."""
        self._reads += 1
        if self._offset_ns is not None and self._reads % 16:
            return round(self._offset_ns)
        before = time.monotonic_ns()
        jack_ns = self._library.jack_get_time() * 1000 + 500  # a count of whole us is half of one short on average
        after = time.monotonic_ns()
        sample = (before + after) / 2 - jack_ns
        if self._offset_ns is None or abs(sample - self._offset_ns) > 1e6:
            self._offset_ns = sample
        elif after - before < 5_000:
            self._offset_ns += (sample - self._offset_ns) / 8
        return round(self._offset_ns)


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
