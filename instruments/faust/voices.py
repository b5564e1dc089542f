"""The voices of a Faust instrument: which instance plays which note, how it is bent and held, when it is free again.

By Faust's convention ("Polyphonic programs", Faust manual) a voice has the controls `freq` (Hz) or `key` (MIDI key),
`gain` (0..1) or `vel` (0..127), and `gate`. It starts cleared, as in Faust's own architectures. In a plug-in's process
only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from instruments.block import FrameEvent, Kind
from instruments.faust.code import Channels, FaustCode
from instruments.faust.controls import Control

PITCHES, LEVELS, GATE = ("freq", "key", "note"), ("gain", "vel", "velocity"), "gate"
NAMES = (*PITCHES, *LEVELS, GATE)
_SPARE = 4
"""Instances beyond the polyphony, in which stolen voices fade."""
_FADE_S = 0.005
_SILENT = 1e-6
_SILENT_S = 0.25
"""A voice that was let go is free when it has stayed below -120 dB for so long."""
_BEND_RANGE = 2.0
_SUSTAIN, _SOUND_OFF, _RESET, _NOTES_OFF = 64, 120, 121, (123, 124, 125, 126, 127)
_DATA, _RPN_FINE, _RPN_COARSE = 6, 100, 101


class _Voice:
    __slots__ = ("age", "cents", "channel", "controls", "fade", "fading", "free", "gate", "instance", "kept", "key",
                 "quiet", "velocity", "zones")

    def __init__(self, instance: int, controls: Sequence[Control]) -> None:
        self.instance = instance
        self.controls = controls
        self.zones = {c.label: c.zone for c in controls if c.label in NAMES}
        self.free, self.gate, self.kept = True, False, False
        self.fade, self.fading = 1.0, False
        self.key, self.channel, self.age, self.quiet = 0, 0, 0, 0
        self.velocity = self.cents = 0.0


class _Channel:
    """How a MIDI channel's controllers stand."""

    __slots__ = ("bend", "pedal", "range", "rpn")

    def __init__(self) -> None:
        self.bend, self.pedal, self.range = 0.0, False, _BEND_RANGE
        self.rpn = [127, 127]


class Playing(NamedTuple):
    """What sounds now, for status and tests."""

    held: int
    ringing: int


class Voices:
    """Plays notes on instances of one process. Belongs to one thread; render() allocates little and never blocks."""

    def __init__(self, code: FaustCode, polyphony: int, rate: int) -> None:
        """Makes the instances."""
        self._code, self._polyphony, self._rate = code, polyphony, rate
        instances = [code.new(rate) for _ in range(polyphony + _SPARE)]
        self._voices = [_Voice(i, code.controls(i)) for i in instances]
        self._channels = [_Channel() for _ in range(16)]
        self._step = 1.0 / (_FADE_S * rate)
        self._age = 0
        self.bends = any(c.meta.get("midi", "").startswith("pitchwheel") for c in self.controls)
        """The program has a control of its own for the pitch wheel: then its frequency is left alone."""

    @property
    def controls(self) -> Sequence[Control]:
        """Of the first instance; all others have the same, in the same order."""
        return self._voices[0].controls

    @property
    def playing(self) -> Playing:
        there = [v for v in self._voices if not v.free and not v.fading]
        return Playing(sum(v.gate for v in there), sum(not v.gate for v in there))

    def turn(self, index: int, value: float) -> None:
        """Set a control of every voice."""
        for voice in self._voices:
            voice.controls[index].zone.value = value

    def hear(self, event: FrameEvent) -> None:
        """An event now: at the first frame that has not been rendered."""
        channel = self._channels[event.channel & 15]
        match event.kind:
            case Kind.ON:
                self._begin(event)
            case Kind.OFF:
                voice = min((v for v in self._of(event.channel) if v.key == event.number and v.gate and not v.kept),
                            key=lambda v: v.age, default=None)
                if voice is not None:
                    self._let_go(voice, channel)
            case Kind.BEND:
                channel.bend = event.value
                self._bend(event.channel)
            case Kind.CC:
                self._control(event, channel)

    def render(self, frames: int, out: Channels) -> None:
        """Add what sounds in the next frames to `out`, from where its pointers are."""
        there = [v for v in self._voices if not v.free]
        if not there:
            return
        step = self._step
        peaks = self._code.mix([v.instance for v in there], [v.fade for v in there],
                               [-step if v.fading else 0.0 for v in there], frames, out)
        for voice, peak in zip(there, peaks, strict=True):
            if voice.fading:
                voice.fade -= frames * step
                if voice.fade <= 0.5 * step:
                    self._end(voice)
            elif not voice.gate:
                voice.quiet = 0 if peak > _SILENT else voice.quiet + frames
                if voice.quiet >= _SILENT_S * self._rate:
                    self._end(voice)

    def until_faded(self) -> int:
        """Frames until a fading voice is silent, which must not be rendered further in one go; 0 if none fades."""
        left = [math.ceil(v.fade / self._step) for v in self._voices if v.fading]
        return max(1, min(left)) if left else 0

    def reset(self) -> None:
        for voice in self._voices:
            self._end(voice)
            self._code.clear(voice.instance)
        self._channels = [_Channel() for _ in range(16)]
        self._age = 0

    def close(self) -> None:
        for voice in self._voices:
            self._code.delete(voice.instance)
        self._voices = []

    def _of(self, channel: int) -> list[_Voice]:
        return [v for v in self._voices if not v.free and not v.fading and v.channel == channel]

    def _begin(self, event: FrameEvent) -> None:
        for voice in self._of(event.channel):
            if voice.key == event.number and voice.gate:
                self._release(voice)
        voice = self._find()
        self._code.clear(voice.instance)
        voice.free = voice.fading = voice.kept = False
        voice.gate, voice.fade, voice.quiet = True, 1.0, 0
        voice.key, voice.channel, voice.cents, voice.velocity = event.number, event.channel, event.cents, event.value
        self._age += 1
        voice.age = self._age
        zones = voice.zones
        for label in LEVELS:
            if label in zones:
                zones[label].value = event.value / 127 if label == "gain" else event.value
        self._tune(voice)
        zones[GATE].value = 1.0

    def _find(self) -> _Voice:
        """A free instance; where all voices sound, one is stolen: the oldest that was let go, else the oldest."""
        there = [v for v in self._voices if not v.free and not v.fading]
        if len(there) >= self._polyphony:
            stolen = min(there, key=lambda v: (v.gate, v.age))
            stolen.gate, stolen.fading, stolen.fade = False, True, 1.0
        free = next((v for v in self._voices if v.free), None)
        return free or min((v for v in self._voices if v.fading), key=lambda v: v.fade)

    def _let_go(self, voice: _Voice, channel: _Channel) -> None:
        if channel.pedal:
            voice.kept = True
        else:
            self._release(voice)

    @staticmethod
    def _release(voice: _Voice) -> None:
        voice.gate = voice.kept = False
        voice.quiet = 0
        voice.zones[GATE].value = 0.0

    @staticmethod
    def _end(voice: _Voice) -> None:
        voice.free, voice.gate, voice.kept, voice.fading, voice.fade = True, False, False, False, 1.0
        voice.zones[GATE].value = 0.0

    def _tune(self, voice: _Voice) -> None:
        channel = self._channels[voice.channel & 15]
        bend = 0.0 if self.bends else channel.bend * channel.range
        key = voice.key + voice.cents / 100 + bend
        for label in PITCHES:
            if label in voice.zones:
                voice.zones[label].value = 440.0 * 2 ** ((key - 69) / 12) if label == "freq" else key

    def _bend(self, channel: int) -> None:
        for voice in self._of(channel):
            self._tune(voice)

    def _control(self, event: FrameEvent, channel: _Channel) -> None:
        number, value = event.number, event.value
        if number == _SUSTAIN:
            channel.pedal = value >= 64
            for voice in self._of(event.channel):
                if voice.kept and not channel.pedal:
                    self._release(voice)
        elif number == _SOUND_OFF:
            for voice in self._of(event.channel):
                voice.gate, voice.fading, voice.fade = False, True, 1.0
        elif number in _NOTES_OFF:
            for voice in self._of(event.channel):
                if voice.gate and not voice.kept:
                    self._let_go(voice, channel)
        elif number == _RESET:
            channel.bend = 0.0
            self._bend(event.channel)
            self._control(event._replace(number=_SUSTAIN, value=0.0), channel)
        elif number in (_RPN_COARSE, _RPN_FINE):
            channel.rpn[number == _RPN_FINE] = round(value)
        elif number == _DATA and channel.rpn == [0, 0]:
            channel.range = value
            self._bend(event.channel)
