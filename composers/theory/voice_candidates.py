"""Every voicing of a chord that a style's vertical rules allow, as arrays, with what each costs by itself.

One column is one voicing, one row one voice, the lowest first. The columns are complete: nothing is pruned that a rule
does not forbid, so that a search over them is exact.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from composers.theory.chords import Chord
from composers.theory.pitch import LETTER_SEMITONES, Pitch, PitchName
from composers.theory.satb import Member, Members, members
from composers.theory.scales import Key
from composers.theory.voice_styles import Style, Voice
from composers.theory.voicings import LOW_INTERVAL_LIMITS

Ints = NDArray[np.int16]
Costs = NDArray[np.int32]

_LIMITS = np.zeros(128, dtype=np.int16)
for _semitones, _lowest in LOW_INTERVAL_LIMITS.items():
    _LIMITS[_semitones] = _lowest
_COLOUR = (3, 3, 0, 3, 3, 2, 2, 1, 3, 1, 3, 3)
"""What a note costs in a pianist's hand by its place above the root, guide tones apart: the ninth nothing, fifth and
thirteenth little, eleventh and #11 more, the root most (Levine's rootless forms)."""


class Reach(NamedTuple):
    """The pitches of a chord that one voice can sing, ascending."""

    midi: Ints
    diatonic: Ints
    member: NDArray[np.intp]


class Candidates(NamedTuple):
    """Voicings of one chord.

    reaches  by voice, the pitches it can have
    index    (voices, n) which of these
    midi, diatonic  (voices, n) keys, and letters above C0
    cost     (n,) doubling, strain, colour ...
    """

    reaches: tuple[Reach, ...]
    names: tuple[PitchName, ...]
    index: NDArray[np.intp]
    midi: Ints
    diatonic: Ints
    cost: Costs

    def pitches(self, column: int) -> tuple[Pitch, ...]:
        """One voicing, spelled."""
        found = []
        for reach, row in zip(self.reaches, self.index, strict=True):
            at = row[column]
            found.append(Pitch(self.names[reach.member[at]], int(reach.diatonic[at]) // 7))
        return tuple(found)


def _reach(notes: tuple[Member, ...], only: PitchName | None, lowest: int, highest: int) -> Reach:
    found: list[tuple[int, int, int]] = []
    for place, member in enumerate(notes):
        name = member.name
        if only is not None and name != only:
            continue
        natural = LETTER_SEMITONES[name.letter] + name.alter
        octave = -(-(lowest - natural) // 12)
        while (key := natural + 12 * octave) <= highest:
            found.append((key, 7 * (octave - 1) + name.letter, place))
            octave += 1
    found.sort()
    columns = np.array(found, dtype=np.int16).reshape(-1, 3).T
    return Reach(columns[0].copy(), columns[1].copy(), columns[2].astype(np.intp))


@lru_cache(maxsize=2048)
def candidates(chord: Chord, key: Key | None, style: Style, voices: tuple[Voice, ...]) -> Candidates:
    """All voicings within the voices' compasses; none (n = 0) where the rules leave none."""
    chosen = members(chord, key, len(voices), bass=style.bass, colours=style.colours)
    reaches = tuple(
        _reach(chosen.notes, chosen.bass if style.bass and place == 0 else None, v.register.lowest, v.register.highest)
        for place, v in enumerate(voices)
    )
    index = _stacked(reaches, style)
    index = index[:, _complete(chosen, reaches, index, style)]
    if style.rules.minor_ninth or style.rules.low_interval:
        index = index[:, _clear(chord, chosen, reaches, index, style)]
    midi = np.stack([reach.midi[row] for reach, row in zip(reaches, index, strict=True)])
    diatonic = np.stack([reach.diatonic[row] for reach, row in zip(reaches, index, strict=True)])
    names = tuple(member.name for member in chosen.notes)
    cost = _cost(chord, chosen, style, voices, _members_of(reaches, index), midi)
    return Candidates(reaches, names, index, midi, diatonic, cost)


def fixed(pitches: tuple[Pitch, ...], chord: Chord, key: Key | None, style: Style) -> Candidates:
    """One given voicing, whatever the vertical rules say of it."""
    chosen = members(chord, key, len(pitches), bass=style.bass, colours=style.colours)
    names = tuple(dict.fromkeys([*(m.name for m in chosen.notes), *(p.name for p in pitches)]))
    reaches = tuple(
        Reach(np.array([p.midi], dtype=np.int16), np.array([p.diatonic], dtype=np.int16), np.array([names.index(p.name)]))
        for p in pitches
    )
    midi, diatonic = np.stack([r.midi for r in reaches]), np.stack([r.diatonic for r in reaches])
    return Candidates(reaches, names, np.zeros((len(pitches), 1), np.intp), midi, diatonic, np.zeros(1, np.int32))


def _stacked(reaches: tuple[Reach, ...], style: Style) -> NDArray[np.intp]:
    """Voice upon voice, with no crossing and no gap too wide."""
    rules = style.rules
    index = np.arange(len(reaches[0].midi))[None, :]
    last = reaches[0].midi
    for place, reach in enumerate(reaches[1:], 1):
        gap = reach.midi[None, :] - last[:, None]
        allowed = np.ones(gap.shape, dtype=bool)
        if rules.crossing:
            allowed &= gap >= (1 if rules.unison else 0)
        elif rules.unison:
            allowed &= gap != 0
        widest = rules.max_bass_gap if style.bass and place == 1 else rules.max_gap
        if widest is not None:
            allowed &= gap <= widest
        below, above = np.nonzero(allowed)
        index = np.vstack([index[:, below], above[None, :]])
        last = reach.midi[above]
    return index


def _members_of(reaches: tuple[Reach, ...], index: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.stack([reach.member[row] for reach, row in zip(reaches, index, strict=True)])


def _complete(
    chosen: Members, reaches: tuple[Reach, ...], index: NDArray[np.intp], style: Style
) -> NDArray[np.bool_]:
    """Which columns have what the chord needs, and double nothing that may not be doubled."""
    which = _members_of(reaches, index)
    good = np.ones(index.shape[1], dtype=bool)
    for place, member in enumerate(chosen.notes):
        count = (which == place).sum(axis=0)
        if style.rules.complete and member.name in chosen.needed:
            good &= count > 0
        if style.rules.doubled_tendency and member.doubling is None:
            good &= count < 2
    return good


def _clear(
    chord: Chord, chosen: Members, reaches: tuple[Reach, ...], index: NDArray[np.intp], style: Style
) -> NDArray[np.bool_]:
    """Which columns have no minor ninth (but the one of root and b9), and no narrow interval too low."""
    which = _members_of(reaches, index)
    midi = np.stack([reach.midi[row] for reach, row in zip(reaches, index, strict=True)])
    good = np.ones(index.shape[1], dtype=bool)
    count = len(midi)
    if style.rules.minor_ninth:
        root = next(place for place, m in enumerate(chosen.notes) if m.role == "root")
        for low in range(count):
            for high in range(low + 1, count):
                ninth = (midi[high] - midi[low] > 12) & ((midi[high] - midi[low]) % 12 == 1)
                good &= ~ninth | (which[low] == root) if 13 in chord.intervals else ~ninth
    if style.rules.low_interval:
        for low in range(count - 1):
            good &= midi[low] >= _LIMITS[np.minimum(midi[low + 1] - midi[low], 127)]
    return good


def _cost(
    chord: Chord, chosen: Members, style: Style, voices: tuple[Voice, ...], which: NDArray[np.intp], midi: Ints
) -> Costs:
    weights = style.weights
    cost = np.zeros(midi.shape[1], dtype=np.int32)
    for row, voice in zip(midi, voices, strict=True):
        register = voice.register
        cost += weights.strain * np.maximum(0, np.maximum(register.easy_lowest - row, row - register.easy_highest))
    cost += weights.unison * (midi[1:] == midi[:-1]).sum(axis=0, dtype=np.int32)
    for place, member in enumerate(chosen.notes):
        count = (which == place).sum(axis=0, dtype=np.int32)
        each = 3 if member.doubling is None else member.doubling
        cost += weights.doubling * (each * np.maximum(0, count - 1) + 2 * np.maximum(0, count - 2))
        if member.role == "fifth":
            cost += weights.omitted * (count == 0)
        if style.colours and member.role not in ("third", "seventh", "tension"):
            above = (member.name.pitch_class - chord.root.pitch_class) % 12
            cost += weights.tension * _COLOUR[above] * (count - (which[0] == place) if style.bass else count)
            cost += 3 * weights.tension * np.maximum(0, count - 1)
    if style.colours:  # a semitone between the two highest grates
        cost += 2 * weights.tension * (midi[-1] - midi[-2] == 1)
    return cost
