"""FluidSynth's library (LGPL, 2.0 or later), loaded at run time by ctypes: no Python package, no compiler.

API: https://www.fluidsynth.org/api/. Calls that play hold the GIL (PyDLL): released, it has to be taken back at each
call, and one busy Python thread then makes of 0.5 ms a block 6 ms (measured). Loading releases it (CDLL).
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections import deque
from collections.abc import Callable
from ctypes.util import find_library
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from instruments.block import InstrumentError

_NAMES = {
    "darwin": ("libfluidsynth.3.dylib", "/opt/homebrew/lib/libfluidsynth.3.dylib",
               "/usr/local/lib/libfluidsynth.3.dylib"),
    "win32": ("libfluidsynth-3.dll", "fluidsynth-3.dll", "C:/tools/fluidsynth/bin/libfluidsynth-3.dll",
              "C:/tools/fluidsynth/bin/fluidsynth-3.dll"),
}
_REMEDY = {
    "linux": "apt-get install libfluidsynth3 (or your system's package of it)",
    "darwin": "brew install fluid-synth",
    "win32": "choco install fluidsynth, or unpack a release of github.com/FluidSynth/fluidsynth and set "
             "SIDEMAN_FLUIDSYNTH to its DLL",
}
_OWN = "SIDEMAN_FLUIDSYNTH"
"""Environment variable: the library's path."""
_LOG = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_PANIC, _ERROR, _WARNING, _INFO, _DEBUG = range(5)
_PTR, _WHOLE, _REAL, _TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_double, ctypes.c_char_p
_CALLS: dict[str, tuple[Any, ...]] = {
    # name: result, arguments
    "fluid_settings_setint": (_WHOLE, _PTR, _TEXT, _WHOLE),
    "fluid_settings_setnum": (_WHOLE, _PTR, _TEXT, _REAL),
    "new_fluid_settings": (_PTR,),
    "delete_fluid_settings": (None, _PTR),
    "new_fluid_synth": (_PTR, _PTR),
    "delete_fluid_synth": (None, _PTR),
    "fluid_synth_sfload": (_WHOLE, _PTR, _TEXT, _WHOLE),
    "fluid_synth_program_select": (_WHOLE, _PTR, _WHOLE, _WHOLE, _WHOLE, _WHOLE),
    "fluid_synth_noteon": (_WHOLE, _PTR, _WHOLE, _WHOLE, _WHOLE),
    "fluid_synth_noteoff": (_WHOLE, _PTR, _WHOLE, _WHOLE),
    "fluid_synth_cc": (_WHOLE, _PTR, _WHOLE, _WHOLE, _WHOLE),
    "fluid_synth_pitch_bend": (_WHOLE, _PTR, _WHOLE, _WHOLE),
    "fluid_synth_pitch_wheel_sens": (_WHOLE, _PTR, _WHOLE, _WHOLE),
    "fluid_synth_channel_pressure": (_WHOLE, _PTR, _WHOLE, _WHOLE),
    "fluid_synth_all_sounds_off": (_WHOLE, _PTR, _WHOLE),
    "fluid_synth_get_active_voice_count": (_WHOLE, _PTR),
    "fluid_synth_tune_notes": (_WHOLE, _PTR, _WHOLE, _WHOLE, _WHOLE, ctypes.POINTER(_WHOLE), ctypes.POINTER(_REAL),
                               _WHOLE),
    "fluid_synth_activate_tuning": (_WHOLE, _PTR, _WHOLE, _WHOLE, _WHOLE, _WHOLE),
    "fluid_synth_write_float": (_WHOLE, _PTR, _WHOLE, _PTR, _WHOLE, _WHOLE, _PTR, _WHOLE, _WHOLE),
}


class Library(NamedTuple):
    """play: functions that hold the GIL; load: the same, releasing it. errors: the last lines that it complained."""

    name: str
    play: Any
    load: Any
    version: tuple[int, int, int]
    errors: deque[str]
    listener: Callable[..., Any]
    """Kept: the library calls it."""


@cache
def library() -> Library:
    """The library of this process. Raises InstrumentError with the line that installs it."""
    for name in _candidates():
        try:
            play, load = ctypes.PyDLL(name), ctypes.CDLL(name)
        except OSError:
            continue
        try:
            numbers = [ctypes.c_int() for _ in range(3)]
            play.fluid_version(*map(ctypes.byref, numbers))
            version = (numbers[0].value, numbers[1].value, numbers[2].value)
            if version[0] < 2:
                continue
            for at in (play, load):
                for call, (result, *arguments) in _CALLS.items():
                    function = getattr(at, call)
                    function.restype, function.argtypes = result, arguments
        except AttributeError:  # another library of that name
            continue
        errors: deque[str] = deque(maxlen=8)

        def listen(_level: int, text: bytes, _data: object, errors: deque[str] = errors) -> None:
            errors.append(text.decode(errors="replace"))

        listener = _LOG(listen)
        for level in (_PANIC, _ERROR):
            play.fluid_set_log_function(level, listener, None)
        for level in (_WARNING, _INFO, _DEBUG):
            play.fluid_set_log_function(level, None, None)
        return Library(name, play, load, version, errors, listener)
    own = os.environ.get(_OWN)
    what = f"{_OWN} = {own!r} is not FluidSynth's library (2.0 or later), which plays SoundFonts" if own else (
        "SoundFonts are played by FluidSynth's library (2.0 or later), which is not there")
    raise InstrumentError(f"{what}: {remedy()}")


def remedy() -> str:
    """The line that installs the library here."""
    return _REMEDY.get(sys.platform, _REMEDY["linux"])


def _candidates() -> list[str]:
    own = os.environ.get(_OWN)
    if own:
        return [own]
    names = [*_NAMES.get(sys.platform, ("libfluidsynth.so.3", "libfluidsynth.so.2"))]
    return names + [found for name in ("fluidsynth", "fluidsynth-3") if (found := find_library(name))]


class FluidSynth:
    """One synth of FluidSynth's, playing one preset on all 16 channels. Without its own reverb and chorus.

    It computes in cells of 64 frames: what an event changes is heard from the next cell on, so up to 63 frames late.
    """

    CELL = 64

    def __init__(self, path: Path, bank: int, program: int, rate: int, voices: int, gain: float) -> None:
        """Loads the preset's samples: blocks. Raises InstrumentError."""
        self._library = library()
        load, play = self._library.load, self._library.play
        self._synth = None
        self._settings = load.new_fluid_settings()
        for name, value in (("polyphony", voices), ("reverb.active", 0), ("chorus.active", 0), ("threadsafe-api", 0),
                            ("min-note-length", 0), ("dynamic-sample-loading", 1)):
            load.fluid_settings_setint(self._settings, f"synth.{name}".encode(), value)
        load.fluid_settings_setnum(self._settings, b"synth.sample-rate", float(rate))
        load.fluid_settings_setnum(self._settings, b"synth.gain", gain)
        self._library.errors.clear()
        self._synth = load.new_fluid_synth(self._settings)
        file = os.fsencode(path) if sys.platform != "win32" else str(path).encode()
        font = load.fluid_synth_sfload(self._synth, file, 0) if self._synth else -1
        chosen = font >= 0 and all(
            load.fluid_synth_program_select(self._synth, channel, font, bank, program) == 0 for channel in range(16))
        if not chosen:
            why = "; ".join(self._library.errors) or "no reason given"
            self.close()
            raise InstrumentError(f"FluidSynth does not play {path}, bank {bank}, program {program}: {why}")
        for channel in range(16):
            for key in range(128):
                self._tune(channel, key, 0.0)
            play.fluid_synth_activate_tuning(self._synth, channel, 0, channel, 0)
        self._cents = [0.0] * (16 * 128)
        self._into_cell = 0

    def note_on(self, channel: int, key: int, velocity: int, cents: float) -> None:
        """cents are this note's alone; a sounding note of the same key keeps its own."""
        place = channel * 128 + key
        if cents != self._cents[place]:
            self._cents[place] = cents
            self._tune(channel, key, cents)
        self._library.play.fluid_synth_noteon(self._synth, channel, key, velocity)

    def _tune(self, channel: int, key: int, cents: float) -> None:
        keys, pitches = ctypes.c_int(key), ctypes.c_double(100 * key + cents)
        self._library.play.fluid_synth_tune_notes(
            self._synth, 0, channel, 1, ctypes.byref(keys), ctypes.byref(pitches), 0)

    def note_off(self, channel: int, key: int) -> None:
        self._library.play.fluid_synth_noteoff(self._synth, channel, key)

    def control(self, channel: int, number: int, value: int) -> None:
        self._library.play.fluid_synth_cc(self._synth, channel, number, value)

    def bend(self, channel: int, value: int) -> None:
        """0..16383, middle 8192."""
        self._library.play.fluid_synth_pitch_bend(self._synth, channel, value)

    def pressure(self, channel: int, value: int) -> None:
        self._library.play.fluid_synth_channel_pressure(self._synth, channel, value)

    def render(self, frames: int, left: int, right: int) -> None:
        """Write `frames` float32 to each of two addresses."""
        self._library.play.fluid_synth_write_float(self._synth, frames, left, 0, 1, right, 0, 1)
        self._into_cell = (self._into_cell + frames) % self.CELL

    @property
    def voices(self) -> int:
        return int(self._library.play.fluid_synth_get_active_voice_count(self._synth))

    def silence(self) -> int:
        """Stop everything, controllers to their defaults. Returns the frames to render away, to a cell's begin."""
        play = self._library.play
        play.fluid_synth_all_sounds_off(self._synth, -1)
        for channel in range(16):
            play.fluid_synth_cc(self._synth, channel, 121, 0)
            play.fluid_synth_cc(self._synth, channel, 7, 100)
            play.fluid_synth_cc(self._synth, channel, 10, 64)
            play.fluid_synth_pitch_bend(self._synth, channel, 8192)
            play.fluid_synth_pitch_wheel_sens(self._synth, channel, 2)
        return 2 * self.CELL - self._into_cell

    def close(self) -> None:
        """Give back its memory; idempotent."""
        if self._synth:
            self._library.load.delete_fluid_synth(self._synth)
            self._synth = None
        if self._settings:
            self._library.load.delete_fluid_settings(self._settings)
            self._settings = None
