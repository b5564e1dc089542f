"""A player of a single line: when he leads, what his phrases are, and which key he is in."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

import numpy as np

from composers.score import PPQ, Note
from composers.theory.analysis.keys import correlations, scale_of
from composers.theory.analysis.spelling import home_key
from composers.theory.scales import Key

GAP = 1.0
"""Quarters of silence that end a phrase."""
BEAT_S = 0.35
"""And at least so long: at fast tempi a beat is no breath."""
SHORTEST = 3
"""Notes of a phrase that is worth an answer."""
_LONGEST = 16.0
"""Quarters: of a longer phrase the end is answered."""
_LEGATO = 0.12
"""Quarters for which two notes of one line may overlap."""
_MEMORY = 24.0
"""Quarters over which the key is listened for."""
_ENOUGH = 10
"""Notes until it is guessed,"""
_BETTER = 0.08
"""and by so much the correlation must be better than that of the key that holds."""


class Phrase(NamedTuple):
    """notes: as they were played, in ticks of the piece from where it began; ended: ticks played when the last one
    ended."""

    notes: tuple[Note, ...]
    ended: float


class Soloist:
    """Fed with one player's notes; ticks of the piece, and ticks played so far, which only grow. Sans I/O."""

    def __init__(self) -> None:
        self.leads = False
        """A line is being played, or was within the last beat."""
        self._down: dict[int, tuple[float, float, float]] = {}
        self._notes: list[Note] = []
        """By the ticks that had been played."""
        self._first = 0
        """What lay between those and the piece's own ticks when the phrase began."""
        self._ended = 0.0
        self._chordal = 0
        self._weights = np.zeros(12, np.float32)
        self._heard_at = 0.0
        self._count = 0
        self._lately: deque[bool] = deque(maxlen=12)

    def on(self, pitch: int, velocity: float, tick: float, elapsed: float) -> None:
        many = sum(elapsed - e > _LEGATO * PPQ or elapsed - e < PPQ / 24 for _, e, _ in self._down.values())
        self._lately.append(many > 0)
        self._down[pitch] = tick, elapsed, velocity
        if not self._chords:
            self.leads = True
        elif self.leads:
            self.leads = False
            self._notes.clear()

    def off(self, pitch: int, elapsed: float) -> None:
        held = self._down.pop(pitch, None)
        if held is None:
            return
        tick, began, velocity = held
        length = max(1, round(elapsed - began))
        self._weigh(pitch, length, elapsed)
        self._ended = elapsed
        if self.leads:
            if not self._notes:
                self._first = round(tick - began)
            self._notes.append(Note(round(began), length, pitch, velocity))

    def clear(self) -> None:
        """Nobody will tell any more when what is held ends."""
        self._down.clear()

    def phrase(self, elapsed: float, bpm: float) -> Phrase | None:
        """The phrase that has just ended, once."""
        gap = max(GAP, BEAT_S * bpm / 60) * PPQ
        if not self.leads or self._down or elapsed - self._ended < gap:
            return None
        self.leads = False
        notes, self._notes = self._line(), []
        return Phrase(notes, self._ended) if len(notes) >= SHORTEST else None

    def forget(self) -> None:
        """Listen for the key anew."""
        self._weights[:] = 0
        self._count = 0

    def key(self, present: Key) -> Key | None:
        """Another key, where what was played is clearly in another."""
        if self._count < _ENOUGH or not self._weights.any():
            return None
        row = correlations(self._weights[None])[0]
        best = int(row.argmax())
        minor = 3 in {(p - present.tonic.pitch_class) % 12 for p in present.scale.pitch_classes}
        now = present.tonic.pitch_class * 2 + int(minor)
        if best == now or row[best] < row[now] + _BETTER:
            return None
        home = home_key(best // 2, bool(best % 2), None)
        mode = scale_of(self._weights, home).name
        return Key(home.tonic, mode) if mode else home

    @property
    def _chords(self) -> bool:
        return sum(self._lately) > len(self._lately) / 3

    def _weigh(self, pitch: int, length: float, elapsed: float) -> None:
        kept = math.exp(-max(0.0, elapsed - self._heard_at) / (_MEMORY * PPQ))
        self._weights *= kept
        self._heard_at = elapsed
        self._weights[pitch % 12] += min(length, 2 * PPQ)
        self._count += 1

    def _line(self) -> tuple[Note, ...]:
        """One voice, sorted, at most the last four bars of 4/4."""
        notes: list[Note] = []
        for note in sorted(self._notes):
            if notes and notes[-1].end > note.start:
                notes[-1] = notes[-1]._replace(length=max(1, note.start - notes[-1].start))
            notes.append(note)
        last = notes[-1].start if notes else 0
        return tuple(n._replace(start=max(0, n.start + self._first)) for n in notes
                     if n.start > last - _LONGEST * PPQ)
