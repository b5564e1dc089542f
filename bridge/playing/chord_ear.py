"""Which chord a player means: from what is held, in what order it came, its bass, and the harmony around it.

Hands strike several keys nearly at once (a stroke). A stroke of three different notes or more is a chord, with a bass
that is held below it; one note over a chord that is held is a tune, and passes. With fewer notes the chord is the
likeliest of the key, or the one that plays already, if it has them. The matching itself is that of
composers.theory.analysis.recognition.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from composers.theory.analysis.recognition import Match, match, over
from composers.theory.chord_shapes import available, core
from composers.theory.chords import Chord, parse_chord
from composers.theory.scales import Key
from composers.theory.voicings import LOW

STROKE_S = 0.07
"""Keys struck within this after one another are one stroke: rolled chords take 20 to 60 ms from key to key."""
SETTLE_S = 0.04
"""A stroke is looked at when so long nothing has been added to it."""
_BASS_BELOW = 3
"""Semitones by which a held note lies below a stroke to be its bass."""
_ALONE_S = 0.35
"""A single note below the chord that is held so long is its new bass."""
_SLOWLY_S = 0.15
"""Keys that come one by one are a chord when they are held together for so long; in a legato line they are not."""
_IN_KEY, _PLAIN, _WHOLE = 0.25, 0.5, 0.12
"""What it is worth, against a note that is missing (0.9) or foreign (1), that a chord has only notes of the key, or no
more than four; and what a match may cost more to have all that is held rather than the stroke alone."""
_TRIED = 48


class _Key(NamedTuple):
    struck_s: float
    stroke: int


class ChordEar:
    """The keys of one player. Times in seconds, in order. Sans I/O.

    chord     the last that was understood, None before there was one
    """

    def __init__(self) -> None:
        self.chord: Chord | None = None
        self._down: dict[int, _Key] = {}
        self._stroke = 0
        self._last_s = -1e9
        self._due = False
        self._anchor: frozenset[int] = frozenset()
        """Keys of the chord that is held."""

    @property
    def held(self) -> tuple[int, ...]:
        """Keys that are down, from the lowest."""
        return tuple(sorted(self._down))

    @property
    def holding(self) -> bool:
        """Some of the chord is still held."""
        return any(key in self._down for key in self._anchor)

    @property
    def struck_s(self) -> float:
        """When the last key went down."""
        return self._last_s

    def on(self, key: int, at_s: float) -> None:
        if at_s - self._last_s > STROKE_S:
            self._stroke += 1
        self._down[key] = _Key(at_s, self._stroke)
        self._last_s, self._due = at_s, True

    def off(self, key: int) -> None:
        self._down.pop(key, None)

    def clear(self) -> None:
        """All keys up: nobody will tell."""
        self._down.clear()
        self._due = False

    def listen(self, now_s: float, key: Key, playing: str = "") -> Chord | None:
        """A chord that is new, or struck again; None where there is none. To be asked every few ms, or every block.

        key      of the music; playing: the symbol that plays now
        """
        if not self._due or now_s - self._last_s < SETTLE_S:
            return None
        stroke = frozenset(k for k, down in self._down.items() if down.stroke == self._stroke)
        if not stroke:
            self._due = False
            return None
        anchored = frozenset(k for k in self._anchor if k in self._down and k not in stroke)
        if len(anchored) >= 3 and len(stroke) == 1 and _classes(anchored) >= 3:
            low = min(stroke)
            if low >= min(anchored) or low % 12 == min(anchored) % 12:
                self._due = False
                return None
            if now_s - self._down[low].struck_s < _ALONE_S:
                return None  # it may only pass
            keys = anchored | stroke
            found: Match | None = understood(keys, key, playing)
        elif len(stroke) == 1 and now_s - self._last_s < _SLOWLY_S:
            return None
        else:
            found, keys = self._of_stroke(stroke, anchored, key, playing)
        self._due = False
        if found is None:
            return None
        self.chord, self._anchor = found.chord, keys
        return found.chord

    def _of_stroke(self, stroke: frozenset[int], anchored: frozenset[int], key: Key, playing: str
                   ) -> tuple[Match | None, frozenset[int]]:
        everything = frozenset(self._down)
        if _classes(stroke) < 3:
            if _classes(everything) < 2:
                return None, frozenset()
            return understood(everything, key, playing), everything
        below = {k for k in self._down if k <= min(stroke) - _BASS_BELOW}
        choices = [stroke] + ([stroke | {min(below)}] if below else []) + [everything]
        found = [(understood(keys, key, playing), keys) for keys in dict.fromkeys(choices)]
        alone = found[0]
        best = min(found, key=lambda f: f[0].cost - _WHOLE * (len(f[1]) > len(stroke)))
        return best if best[0].cost <= alone[0].cost + _WHOLE else alone


def understood(keys: Collection[int], key: Key, playing: str = "") -> Match:
    """The likeliest chord of two keys or more, in a key, while a chord plays. About 0.3 ms."""
    weights = np.zeros(12, np.float32)
    weights[[k % 12 for k in keys]] = 1
    count = int(weights.sum())
    if playing and (found := _of_playing(keys, parse_chord(playing), key, count)) is not None:
        return found
    bass = min(keys) % 12
    found_all = match(weights, bass, key, _TRIED if count < 4 else 1)
    if count >= 4 or (count == 3 and found_all[0].cost < 0.5):
        return found_all[0]
    scale = set(key.scale.pitch_classes)
    return min(found_all, key=lambda m: m.cost - _IN_KEY * (m.chord.pitch_classes <= scale) - _few(m, count))


def _of_playing(keys: Collection[int], chord: Chord, key: Key, count: int) -> Match | None:
    """The chord that plays, where what is held is some of it: two of its notes, or three that are no triad; or, where
    comping hands lie, a voicing without its root, with third and seventh, and tensions that it takes."""
    classes, root, bass = {k % 12 for k in keys}, chord.root.pitch_class, min(keys) % 12
    inside = {(root + i) % 12 for i in chord.intervals}
    if count < 4 and classes <= inside and (count < 3 or not _is_triad(classes)):
        return Match(over(Chord(chord.root, chord.quality, chord.intervals), bass, key), 0.0)
    third, _, seventh = core(chord)
    guides = {(root + third) % 12, (root + seventh) % 12}
    tensions = {(root + i) % 12 for i in available(chord)}
    if root not in classes and guides <= classes <= inside | tensions and min(keys) >= LOW and count >= 3 and not (
            _is_triad(classes)):
        return Match(chord, 0.0)
    return None


def _few(found: Match, count: int) -> float:
    """Of two notes the chord is a triad or a seventh, not something rarer."""
    return _PLAIN * (len(found.chord.intervals) <= 4) if count < 3 else 0.0


def _is_triad(classes: Collection[int]) -> bool:
    return any({(c - root) % 12 for c in classes} in ({0, 4, 7}, {0, 3, 7}) for root in classes)


def _classes(keys: Collection[int]) -> int:
    return len({k % 12 for k in keys})
