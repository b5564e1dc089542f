"""A synth made of one function: its notes are rendered ahead and played like samples."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence

import numpy as np

from instruments.block import AudioBlock, FrameEvent, InstrumentError, Kind, Transport
from instruments.kernels import sampler
from instruments.note_audio import NOTES, Generate, Notes, render_note
from instruments.note_renderer import NoteRenderer, RenderSpec, reference

COARSE_KEYS = 6
"""Every so many keys a note is rendered first, so that any key soon sounds, from a neighbour at most 3 keys away."""
PATIENCE_S = 5.0
"""Live, prepare() waits no longer than this for those first notes."""
MEMORY_BYTES = 256 << 20
_BEND_KEYS = 2.0
_STEAL_S = 0.004
_GLIDE_S = 0.02
_SPARE = 8


class _Voice:
    """A note that sounds: the kernel's numbers, its two recordings, and what may end it."""

    __slots__ = ("a", "b", "channel", "held", "kept", "key", "row")

    def __init__(self) -> None:
        self.row = np.zeros(sampler.FIELDS)
        self.a = self.b = _NONE
        self.key = self.channel = -1
        self.held = self.kept = False


_NONE: AudioBlock = np.zeros((1, 1), np.float32)


class FunctionSynth:
    """An `Instrument` of a function (frequency, duration, context) -> audio, which never runs in the callback.

    Live, a process of its own renders the notes, every sixth key first, and prepare() waits for those (PATIENCE_S at
    most); a note that is not there yet is played from the nearest key that is, at another speed, and rendered next.
    Offline, each note is rendered when it is first played: slow and exact. A note has no length when it begins, so the
    function is asked for duration_s and the note fades in release_s when its key is let go.

    Understands note on and off with cents, bend (+-2 keys), CC 7, 11, 64, 120, 121, 123-127, by MIDI channel.
    """

    latency = 0

    def __init__(self, name: str, generate: Generate, notes: Notes = NOTES, *, modules: Sequence[str] = (),
                 tempo: float = 120.0, offline: bool = False) -> None:
        """modules: that register the function, for one that pickle cannot refer to."""
        self.name = name
        self.notes = notes
        self.tail = 0
        self._generate = generate
        self._modules = tuple(modules)
        self._tempo = tempo
        self._offline = offline
        self._renderer: NoteRenderer | None = None
        self._voices: list[_Voice] = []
        self._sounding: list[_Voice] = []
        self._bend, self._volume, self._expression = [1.0] * 16, [1.0] * 16, [1.0] * 16
        self._pedal = [False] * 16
        self._layers: dict[int, list[AudioBlock | None]] = {}
        self._bytes = 0
        self._full = False
        self._asked: set[tuple[int, int]] = set()
        self._rate = self._max_frames = 0

    def prepare(self, rate: int, max_frames: int) -> None:
        """Live it waits for the first notes. Raises InstrumentError for a rate or a block that cannot be."""
        if not 8000 <= rate <= 192_000 or max_frames < 1:
            raise InstrumentError(
                f"sample rate {rate} and {max_frames} frames do not fit: 8000 to 192000 Hz, 1 frame or more"
            )
        self.close()
        self._rate, self._max_frames = rate, max_frames
        self._out = np.zeros((2, max_frames), np.float32)
        self._voices = [_Voice() for _ in range(self.notes.polyphony + _SPARE)]
        self._layers, self._bytes, self._full = {}, 0, False
        self._asked.clear()
        self.tail = round(rate * (self.notes.duration_s if self.notes.one_shot else self.notes.release_s))
        self.reset()
        sampler.play(np.zeros(sampler.FIELDS), _NONE, _NONE, self._out, 0, 1, 1.0, 1.0, 1.0)
        if self._offline:
            return
        low, high = self.notes.keys
        middle = (low + high) // 2
        coarse = sorted(range(low + min(COARSE_KEYS // 2, (high - low) // 2), high + 1, COARSE_KEYS),
                        key=lambda k: abs(k - middle))
        others = sorted(set(range(low, high + 1)) - set(coarse), key=lambda k: abs(k - middle))
        layers = range(len(self.notes.velocities))
        order = tuple((key, layer) for keys in (coarse, others) for key in keys for layer in reversed(layers))
        spec = RenderSpec(self.name, reference(self._generate), self._modules, rate, self._tempo,
                          self.notes.duration_s, self.notes.velocities, order)
        self._renderer = NoteRenderer(spec, len(coarse) * len(layers), self._take)
        self._renderer.first.wait(PATIENCE_S)

    def _take(self, key: int, layer: int, audio: AudioBlock) -> bool:
        """In the renderer's thread: one assignment makes a note playable."""
        row = self._layers.get(key)
        if row is None:
            row = [None] * len(self.notes.velocities)
            row[layer] = audio
            self._layers = {**self._layers, key: row}  # never changed while the callback looks through it
        else:
            row[layer] = audio
        self._bytes += audio.nbytes
        self._full = self._bytes >= MEMORY_BYTES
        return not self._full

    @property
    def state(self) -> str:
        """"ok", "rendering: 12 of 352 notes", "ok, but ...: why", or "out: why" where it is silent. Any thread."""
        renderer = self._renderer
        if renderer is None or self._offline:
            return "ok"
        if renderer.state == "rendering":
            return f"rendering: {renderer.settled} of {renderer.total} notes"
        if renderer.state != "done":
            return f"ok, but with few notes{renderer.state.removeprefix('out')}" if self._layers else renderer.state
        if self._full:
            return f"ok: {MEMORY_BYTES >> 20} MB of notes are enough, other keys are played from these"
        return f"ok, but for notes that failed: {renderer.error}" if renderer.error else "ok"

    @property
    def failed(self) -> str:
        """Why there will never be a sound, or nothing."""
        renderer = self._renderer
        if renderer is None or self._layers or renderer.state == "rendering":
            return ""
        return renderer.state.removeprefix("out: ") if renderer.state != "done" else renderer.error or "no notes"

    # -- the block -----------------------------------------------------------------------------------------------

    def process(self, events: Sequence[FrameEvent], out: AudioBlock, transport: Transport) -> None:
        """In the engine's callback, live. Offline it renders, and raises InstrumentError where the function fails."""
        frames = out.shape[1]
        if frames > self._max_frames:
            raise InstrumentError(f"a block of {frames} frames is larger than the prepared {self._max_frames}")
        block = self._out
        block[:, :frames] = 0.0
        at = 0
        for event in events:
            due = min(max(event.offset, at), frames)
            self._sound(at, due)
            at = due
            self._obey(event)
        self._sound(at, frames)
        out[:] = block[:, :frames]

    def _sound(self, start: int, stop: int) -> None:
        if stop <= start:
            return
        glide = 1.0 / (_GLIDE_S * self._rate)
        for voice in self._voices:
            if voice.row[sampler.FADE] > 0.0:
                sampler.play(voice.row, voice.a, voice.b, self._out, start, stop, self._bend[voice.channel],
                             self._volume[voice.channel] * self._expression[voice.channel], glide)

    def _obey(self, event: FrameEvent) -> None:
        channel, number, value = event.channel & 15, event.number & 127, event.value
        match event.kind:
            case Kind.ON:
                self._on(channel, number, value, event.cents)
            case Kind.OFF:
                voice = next((v for v in self._sounding if v.held and v.key == number and v.channel == channel), None)
                if voice is not None:
                    voice.held, voice.kept = False, self._pedal[channel]
                    if not voice.kept:
                        self._release(voice)
            case Kind.BEND:
                self._bend[channel] = 2 ** (max(-1.0, min(1.0, value)) * _BEND_KEYS / 12)
            case Kind.CC:
                self._control(channel, number, value)

    def _control(self, channel: int, number: int, value: float) -> None:
        if number == 7:
            self._volume[channel] = (value / 127) ** 2
        elif number == 11:
            self._expression[channel] = (value / 127) ** 2
        elif number == 64:
            self._pedal[channel] = value >= 64
            if value < 64:
                self._end(channel, lambda v: v.kept)
        elif number == 120:
            for voice in self._sounding:
                if voice.channel == channel:
                    self._release(voice, _STEAL_S)
        elif number == 121:
            self._bend[channel], self._expression[channel], self._pedal[channel] = 1.0, 1.0, False
            self._end(channel, lambda v: v.kept)
        elif number >= 123:
            self._end(channel, lambda v: v.held)

    def _end(self, channel: int, which: Callable[[_Voice], bool]) -> None:
        for voice in self._sounding:
            if voice.channel == channel and which(voice):
                voice.held = voice.kept = False
                self._release(voice)

    def _release(self, voice: _Voice, seconds: float | None = None) -> None:
        if seconds is None and self.notes.one_shot:
            return
        fall = 1.0 / ((self.notes.release_s if seconds is None else seconds) * self._rate)
        voice.row[sampler.FADE_STEP] = max(voice.row[sampler.FADE_STEP], fall)

    def _on(self, channel: int, key: int, velocity: float, cents: float) -> None:
        pitch = key + cents / 100
        found = self._source(pitch, velocity)
        if found is None:
            return
        source, a, b, share = found
        self._sounding = [v for v in self._sounding if v.row[sampler.FADE] > 0.0]
        staying = [v for v in self._sounding if v.row[sampler.FADE_STEP] < 1.0 / (_STEAL_S * self._rate)]
        if len(staying) >= self.notes.polyphony:
            oldest = min(staying, key=lambda v: (v.held or v.kept, not v.row[sampler.FADE_STEP]))
            self._release(oldest, _STEAL_S)
        voice = next((v for v in self._voices if v.row[sampler.FADE] <= 0.0), None)
        if voice is None:
            voice = self._sounding.pop(0)
        self._sounding.append(voice)
        voice.a, voice.b, voice.key, voice.channel = a, b, key, channel
        voice.held, voice.kept = True, False
        row = voice.row
        row[sampler.POSITION], row[sampler.STEP] = 0.0, 2 ** ((pitch - source) / 12)
        row[sampler.GAIN_A], row[sampler.GAIN_B] = 1 - share, share
        row[sampler.FADE], row[sampler.FADE_STEP] = 1.0, 0.0
        row[sampler.LEVEL] = self._volume[channel] * self._expression[channel]

    def _source(self, pitch: float, velocity: float) -> tuple[int, AudioBlock, AudioBlock, float] | None:
        """(key, softer recording, louder recording, the louder's share), or None where nothing is rendered yet."""
        low, high = self.notes.keys
        best = min(max(round(pitch), low), high)
        steps = self.notes.velocities
        upper = min(bisect.bisect_left(steps, velocity), len(steps) - 1)
        lower = max(0, upper - 1) if velocity < steps[upper] else upper
        share = 0.0 if upper == lower else (velocity - steps[lower]) / (steps[upper] - steps[lower])
        if self._offline:
            a, b = self._rendered(best, lower), self._rendered(best, upper)
            return best, a, b, share
        layers = self._layers
        row = layers.get(best)
        if row is None or row[lower] is None or row[upper] is None:
            self._want(best, {lower, upper})
        if not layers:
            return None
        source = best if row is not None else min(layers, key=lambda k: abs(k - pitch))
        row = layers[source]
        soft, loud = row[lower], row[upper]
        if soft is not None and loud is not None:
            return source, soft, loud, share
        only = soft if soft is not None else loud
        if only is None:
            only = next(audio for audio in row if audio is not None)
        return source, only, only, 0.0

    def _want(self, key: int, layers: set[int]) -> None:
        for layer in layers:
            if self._renderer is not None and (key, layer) not in self._asked:
                self._asked.add((key, layer))
                self._renderer.want(key, layer)

    def _rendered(self, key: int, layer: int) -> AudioBlock:
        row = self._layers.setdefault(key, [None] * len(self.notes.velocities))
        audio = row[layer]
        if audio is None:
            audio = row[layer] = render_note(self._generate, self.name, key, self.notes.velocities[layer],
                                             self.notes.duration_s, self._rate, self._tempo)
        return audio

    @property
    def sounding(self) -> int:
        """Notes that sound now."""
        return sum(v.row[sampler.FADE] > 0.0 for v in self._voices)

    def reset(self) -> None:
        """Silence at once; controllers go to their defaults. Rendered notes stay."""
        for voice in self._voices:
            voice.row[:] = 0.0
            voice.held = voice.kept = False
        self._sounding = []
        self._bend, self._volume, self._expression = [1.0] * 16, [1.0] * 16, [1.0] * 16
        self._pedal = [False] * 16

    def close(self) -> None:
        """End the rendering process; idempotent."""
        renderer, self._renderer = self._renderer, None
        if renderer is not None:
            renderer.close()
