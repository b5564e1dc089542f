"""A note's audio from a function of frequency, duration and context: called, checked, made ready to play."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from instruments.block import AudioBlock, InstrumentError

LONGEST_S = 60.0
_LOUDEST = 16.0
_SILENT = 1e-5
_FADE_S = 0.005


@dataclass(frozen=True, slots=True)
class NoteContext:
    """What a synth function is told beside frequency and duration.

    sample_rate  frames a second of the audio that it returns
    key          MIDI key, 0 to 127
    velocity     1 to 127
    tempo        BPM of the session when it was loaded
    seed         the same for every velocity of a key, another for another key: numpy.random.default_rng(context.seed)
    """

    sample_rate: int
    key: int
    velocity: float
    tempo: float
    seed: int


Generate: TypeAlias = Callable[[float, float, NoteContext], Any]
"""generate(frequency in Hz, duration in seconds, context) -> audio.

Audio is floats of full scale 1.0 at context.sample_rate: a list or array of shape (frames,) for mono, (frames, 2) or
(2, frames) for stereo. It may be shorter than `duration`, or longer (up to LONGEST_S) where the sound rings on.
"""


@dataclass(frozen=True, slots=True)
class Notes:
    """How a synth function is to be asked for notes.

    duration_s   that the function is asked for: a note sounds no longer while its key is held (plus what it adds)
    release_s    in which a note fades after its key is let go
    keys         lowest and highest key to render; those beyond are played from the nearest
    velocities   ascending, at which notes are rendered; between two of them both sound, blended
    one_shot     notes sound to their end whatever the note-off says (drums)
    polyphony    notes at once; the oldest gives way
    """

    duration_s: float = 4.0
    release_s: float = 0.15
    keys: tuple[int, int] = (21, 108)
    velocities: tuple[float, ...] = (1, 43, 85, 127)
    one_shot: bool = False
    polyphony: int = 32

    def __post_init__(self) -> None:
        def refuse(what: str, value: object, allowed: str) -> None:
            raise InstrumentError(f"synth: {what} = {value!r} does not fit: give {allowed}")

        if not 0.01 <= self.duration_s <= 60:
            refuse("duration_s", self.duration_s, "seconds from 0.01 to 60")
        if not 0.001 <= self.release_s <= 20:
            refuse("release_s", self.release_s, "seconds from 0.001 to 20")
        if len(self.keys) != 2 or not 0 <= self.keys[0] <= self.keys[1] <= 127:
            refuse("keys", self.keys, "the lowest and the highest MIDI key, 0 to 127")
        v = self.velocities
        if not 1 <= len(v) <= 16 or sorted(set(v)) != list(v) or not 1 <= v[0] <= v[-1] <= 127:
            refuse("velocities", v, "1 to 16 ascending numbers from 1 to 127")
        if not 1 <= self.polyphony <= 128:
            refuse("polyphony", self.polyphony, "a whole number from 1 to 128")


NOTES = Notes()
"""As they are asked for if nobody says otherwise."""


def render_note(generate: Generate, name: str, key: int, velocity: float, duration_s: float, rate: int,
                tempo: float) -> AudioBlock:
    """Float32 of shape (1 or 2, frames), at least one frame, ending in silence. As slow as the function is.

    Raises InstrumentError that names the synth, the key, and what is wrong with the function or its audio.
    """
    context = NoteContext(rate, key, velocity, tempo, zlib.crc32(f"{name}:{key}".encode()))
    frequency = 440 * 2 ** ((key - 69) / 12)
    where = f"synth {name!r}, key {key}, velocity {velocity:g}"
    try:
        given = generate(frequency, duration_s, context)
    except Exception as error:
        raise InstrumentError(f"{where}: its function raised {type(error).__name__}: {error}{_line(error)}") from error
    try:
        audio = np.asarray(given)
    except Exception as error:
        raise InstrumentError(f"{where}: its function returned no audio: {error}") from None
    return _ready(audio, where, rate)


def _line(error: BaseException) -> str:
    """Where in their file it happened."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" ({trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno})" if trace is not None else ""


def _ready(audio: Any, where: str, rate: int) -> AudioBlock:
    if audio.dtype.kind != "f":
        raise InstrumentError(f"{where}: its function returned {audio.dtype} values: return floats of full scale 1.0")
    if audio.ndim == 1:
        audio = audio[np.newaxis]
    elif audio.ndim == 2 and audio.shape[0] > 2 and audio.shape[1] in (1, 2):
        audio = audio.T
    if audio.ndim != 2 or audio.shape[0] not in (1, 2):
        raise InstrumentError(f"{where}: its function returned an array of shape {audio.shape}: return (frames,), "
                              "(frames, 2) or (2, frames)")
    if audio.shape[1] > LONGEST_S * rate:
        raise InstrumentError(f"{where}: its function returned {audio.shape[1] / rate:.0f} s of audio: at most "
                              f"{LONGEST_S:.0f} s")
    peak = float(np.max(np.abs(audio), initial=0.0))
    if not np.isfinite(peak):
        raise InstrumentError(f"{where}: its function returned NaN or infinity")
    if peak > _LOUDEST:
        raise InstrumentError(f"{where}: its function returned a peak of {peak:g}: full scale is 1.0")
    heard = np.flatnonzero(np.abs(audio).max(axis=0) > _SILENT)
    frames = int(heard[-1]) + 1 if len(heard) else 1
    ready = np.zeros((audio.shape[0], max(1, frames)), np.float32)
    ready[:, : audio.shape[1]] = audio[:, : ready.shape[1]]
    fade = min(ready.shape[1], round(_FADE_S * rate))  # no click where the audio just ends
    ready[:, -fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return ready
