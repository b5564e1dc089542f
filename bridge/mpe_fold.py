"""Notes with expression of their own, for what has one bend, one pressure and one timbre for all."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.mpe import TIMBRE, Voice, bend_range, byte_of_timbre
from instruments.block import FrameEvent, Kind

At = tuple[int, int]
"""Which note: the channel and the key that it came by."""
_USUAL = 2.0
_RELEASED = 64.0


@dataclass(slots=True)
class _Sounding:
    key: int
    voice: Voice
    shift: int


class Fold:
    """Notes in, each with its expression, and out what one channel plays: events on channel 0, at offset 0.

    The note struck last has its way; when it ends, the one struck before it, if that still sounds. After the last note
    all stays as it is, so that it rings out at its pitch. A bend that is wider than the channel's range is cut off, but
    for a note that begins so far from its key, which begins at the nearest one. Of a key strictly on, off, on ...
    """

    def __init__(self, reach: float = _USUAL) -> None:
        """reach: semitones of the channel's full bend. The receiver is told, where it is not 2."""
        self._reach = reach
        self._told = False
        self._notes: dict[At, _Sounding] = {}
        self._keys: dict[int, int] = {}
        self._sent: dict[tuple[Kind, int], float] = {}

    @property
    def bent(self) -> bool:
        return bool(self._notes) and bool(self._sent.get((Kind.BEND, 0)))

    def on(self, at: At, key: int, velocity: float, voice: Voice) -> list[FrameEvent]:
        """key: where it is played, which need not be the voice's own."""
        away = voice.pitch - voice.key
        shift = max(-key, min(127 - key, round(away))) if abs(away) > self._reach else 0
        key, out = key + shift, self.off(at, _RELEASED)
        self._notes[at] = _Sounding(key, voice, shift)
        out += self._express(self._notes[at])
        held = self._keys.get(key, 0)
        if held:
            out.append(FrameEvent(0, Kind.OFF, 0, key, _RELEASED))
        self._keys[key] = held + 1
        return [*out, FrameEvent(0, Kind.ON, 0, key, velocity)]

    def off(self, at: At, velocity: float) -> list[FrameEvent]:
        note = self._notes.get(at)
        if note is None:
            return []
        last = next(reversed(self._notes)) == at
        del self._notes[at]
        left = self._keys.pop(note.key) - 1
        out = [] if left else [FrameEvent(0, Kind.OFF, 0, note.key, velocity)]
        if left:
            self._keys[note.key] = left
        if last and self._notes:
            out += self._express(self._notes[next(reversed(self._notes))])
        return out

    def move(self, at: At, voice: Voice) -> list[FrameEvent]:
        note = self._notes.get(at)
        if note is None:
            return []
        note.voice = voice
        return self._express(note) if next(reversed(self._notes)) == at else []

    def rest(self) -> list[FrameEvent]:
        """Back to where nothing is bent or pressed."""
        return [*self._set(Kind.BEND, 0, 0.0, 0.0), *self._set(Kind.PRESSURE, 0, 0.0, 0.0)]

    def _express(self, note: _Sounding) -> list[FrameEvent]:
        voice = note.voice
        bend = max(-1.0, min(1.0, (voice.pitch - voice.key - note.shift) / self._reach))
        out: list[FrameEvent] = []
        if bend and self._reach != _USUAL and not self._told:
            self._told = True
            out += [FrameEvent(0, Kind.CC, 0, number, value) for number, value in bend_range(self._reach)]
        return [*out, *self._set(Kind.BEND, 0, bend, 0.0),
                *self._set(Kind.CC, TIMBRE, byte_of_timbre(voice.timbre), 64.0),
                *self._set(Kind.PRESSURE, 0, 127 * voice.pressure, 0.0)]

    def _set(self, kind: Kind, number: int, value: float, rest: float) -> list[FrameEvent]:
        if self._sent.get((kind, number), rest) == value:
            return []
        self._sent[kind, number] = value
        return [FrameEvent(0, kind, 0, number, value)]
