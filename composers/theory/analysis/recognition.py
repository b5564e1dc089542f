"""Chords from notes: what a handful of notes is, and what colours (ninths, sixths, suspensions) a span's chord has.

Exact sets are looked up; others are matched against templates by how much of what sounds the chord explains and how
much of the chord is missing. The fifth may be missing at little cost, as in every harmony book; a rarer kind must
explain more. Pure, any thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from composers.errors import MusicError
from composers.theory.analysis.decoder import LABELS
from composers.theory.analysis.grid import Floats
from composers.theory.analysis.notes import pitch_key
from composers.theory.analysis.spelling import QUALITIES, spelled_in
from composers.theory.chord_kinds import NAMES, ChordKind, kind_of
from composers.theory.chords import Chord
from composers.theory.pitch import Pitch, PitchName
from composers.theory.scales import Key

_KINDS_TRIED = 85
"""The most usual kinds of the catalogue."""
_FOREIGN, _MISSING, _LEFT_OUT, _RARE, _ROOT_IN_BASS = 1.0, 0.9, 0.3, 0.01, 0.45
"""Costs: of a sounding note that is not in the chord; of a note that is missing, and of one that players leave out (the
fifth, tensions below the highest); of the next rarer kind; and what it is worth that the root lies lowest."""
_LASTS = 0.6
"""A colour sounds for this share of its chord's span at least."""
_PASSES = 0.5
"""And no more than this share of it comes and goes by step,"""
_WHOLE = 0.95
"""unless it lasts through the whole span: then it does not pass."""


class Match(NamedTuple):
    """A chord and what it costs to hear it: 0 = exactly its notes, with the root lowest, of the most usual kind."""

    chord: Chord
    cost: float


class _Templates(NamedTuple):
    kinds: tuple[ChordKind, ...]
    inside: Floats  # [kind, root, 12] 1 where the chord has the pitch class
    needed: Floats  # [kind, root, 12] what it costs where that is missing


@lru_cache(maxsize=1)
def _templates() -> _Templates:
    kinds = tuple(kind_of(q) for q in list(NAMES)[:_KINDS_TRIED])
    inside = np.zeros((len(kinds), 12, 12), np.float32)
    needed = np.zeros_like(inside)
    for i, kind in enumerate(kinds):
        for interval in kind.intervals:
            spare = (interval == 7 and len(kind.intervals) > 3) or 12 < interval < kind.intervals[-1]
            cost = _LEFT_OUT if spare else _MISSING
            for root in range(12):
                inside[i, root, (root + interval) % 12] = 1
                needed[i, root, (root + interval) % 12] = cost
    return _Templates(kinds, inside, needed)


def recognise(
    pitches: Iterable[int | str | Pitch | PitchName], key: Key | None = None, *, count: int = 1
) -> tuple[Match, ...]:
    """The likeliest chords of some notes, the lowest first, with inversions: ["E3", "G3", "C4"] is C/E.

    Notes are MIDI keys or names ("Eb4"; without octave each lies above the one before). Spelled as `key` spells them,
    else with few accidentals. Raises MusicError for no notes.
    """
    keys: list[int] = []
    for pitch in pitches:
        keys.append(pitch_key(pitch, keys[-1] if keys else 47))
    if not keys:
        raise MusicError("no notes are no chord: give at least one, for example ['C4', 'E4', 'G4']")
    weights = np.zeros(12, np.float32)
    weights[[k % 12 for k in keys]] = 1
    return match(weights, min(keys) % 12, key or Key(PitchName(0)), count)


def match(weights: Floats, bass: int, key: Key, count: int = 1) -> tuple[Match, ...]:
    """The cheapest chords for [12] how much each pitch class sounds (1 = throughout) over a bass pitch class."""
    table = _templates()
    sounding = np.minimum(weights, 1)
    cost = _FOREIGN * (sounding.sum() - table.inside @ sounding) + table.needed @ (1 - sounding)
    cost += _RARE * np.arange(len(table.kinds))[:, None]
    cost += _ROOT_IN_BASS
    cost[:, bass] -= _ROOT_IN_BASS
    order = np.argsort(cost, axis=None, kind="stable")[:count]
    found = []
    for kind_index, root in zip(*np.divmod(order, 12), strict=True):
        kind = table.kinds[int(kind_index)]
        chord = Chord(spelled_in(key, int(root)), kind.quality, kind.intervals)
        found.append(Match(over(chord, bass, key), float(cost[kind_index, root])))
    return tuple(found)


def over(chord: Chord, bass: int, key: Key) -> Chord:
    """The chord with a pitch class in the bass, spelled as the chord or else the key spells it."""
    if bass == chord.root.pitch_class:
        return Chord(chord.root, chord.quality, chord.intervals)
    name = next((n for n in chord.notes if n.pitch_class == bass), None)
    return Chord(chord.root, chord.quality, chord.intervals, name or spelled_in(key, bass))


@lru_cache(maxsize=1)
def _named() -> dict[frozenset[int], str]:
    """Intervals within the octave -> the most usual kind of the catalogue that has them."""
    found: dict[frozenset[int], str] = {}
    for quality in NAMES:
        found.setdefault(frozenset(i % 12 for i in kind_of(quality).intervals), quality)
    return found


def coloured(chord: Chord, label: int, lasting: Sequence[float], stepping: Sequence[float]) -> Chord:
    """The chord of decoder.LABELS with the tensions and suspensions that last through its span.

    lasting   [12] share of the span in which each pitch class sounds, by semitones above the root
    stepping  [12] how much of that came by step and went by step
    """
    core = frozenset(i % 12 for i in kind_of(QUALITIES[label]).intervals)
    extra = {
        i: lasting[i] for i in range(12)
        if i not in core and lasting[i] >= _LASTS and (lasting[i] >= _WHOLE or stepping[i] <= _PASSES * lasting[i])
    }  # fmt: skip
    third = next((i for i in (4, 3) if i in core), None)
    if third is not None and lasting[third] < 0.1 and LABELS[label] in ("major", "minor", "dominant"):
        suspended = max((i for i in (5, 2) if i in extra), key=lambda i: extra[i], default=None)
        if suspended is not None:
            core = core - {third} | {suspended}
            del extra[suspended]
        elif LABELS[label] != "dominant" and lasting[3] + lasting[4] == 0 and not extra:
            core = frozenset({0, 7}) if min(lasting[0], lasting[7]) >= _LASTS else core
    if 4 in core:
        extra.pop(5, None)  # a fourth beside a major third resolves, or clashes: no name helps it
    while True:
        quality = _named().get(core | frozenset(extra))
        if quality is not None:
            kind = kind_of(quality)
            return Chord(chord.root, kind.quality, kind.intervals, chord.bass)
        if not extra:
            return chord
        del extra[min(extra, key=lambda i: extra[i])]
