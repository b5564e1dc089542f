"""How well a note fits a chord, and how near two chords are."""

from __future__ import annotations

from functools import lru_cache

from composers.theory.chords import Chord

_CLASH = -0.75
"""Of a note a semitone above a chord tone, against 1 of a note that belongs."""


@lru_cache(maxsize=8192)
def worth(pitch_class: int, chord: Chord) -> float:
    """-0.75..1 of a note over a chord."""
    above = (pitch_class - chord.root.pitch_class) % 12
    if above in chord.tones:
        return 1.0
    if above in {i % 12 for i in chord.intervals}:
        return 0.6
    return _CLASH if any((above - tone) % 12 == 1 for tone in chord.tones) else -0.1


@lru_cache(maxsize=8192)
def nearness(a: Chord, b: Chord) -> float:
    """0..1: how much of one chord the other is. The same root and third make .8, common notes the rest."""
    mine, theirs = _classes(a), _classes(b)
    common = len(mine & theirs) / len(mine | theirs)
    if a.root.pitch_class != b.root.pitch_class:
        return 0.6 * common
    third, other = ({i for i in chord.tones if i in (3, 4)} for chord in (a, b))
    return (0.8 if third == other else 0.6 if not third or not other else 0.4) + 0.2 * common


@lru_cache(maxsize=8192)
def _classes(chord: Chord) -> frozenset[int]:
    return frozenset((chord.root.pitch_class + i) % 12 for i in chord.tones)
