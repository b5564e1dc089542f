"""Every voicing of a chord that a style's vertical rules allow, as arrays, with what each costs by itself.

One column is one voicing, one row one voice, the lowest first. The columns are complete: nothing is pruned that a rule
does not forbid, so that a search over them is exact. A chord too thick to be clear keeps its voicings, at a price.
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
Numbers = NDArray[np.intp]

_LIMITS = np.zeros(128, dtype=np.int16)
for _semitones, _lowest in LOW_INTERVAL_LIMITS.items():
    _LIMITS[_semitones] = _lowest
BROKEN = 100_000
"""What a broken rule costs: more than thousands of chords without one."""
WIDTH = 256
"""What a letter is worth in Candidates.pitch, a semitone being 1."""
_COLOUR = (3, 3, 0, 3, 3, 2, 2, 1, 3, 1, 3, 3)
"""What a note costs in a pianist's hand by its place above the root, guide tones apart: the ninth nothing, fifth and
thirteenth little, eleventh and #11 more, the root most (Levine's rootless forms)."""


class _Reach(NamedTuple):
    """The pitches of a chord that one voice can sing, ascending."""

    midi: Ints
    diatonic: Ints
    member: Ints


class Candidates(NamedTuple):
    """Voicings of one chord.

    names           of the notes that it may sound with
    member          (voices, n) which of these
    midi, diatonic  (voices, n) keys, and letters above C0
    pitch           (voices, n) both in one number: differences of two are intervals, as in WIDTH
    fifths, octaves, diminished
                    (n,) a bit for each pair of voices (in the order of `pairs_of`) that forms a perfect fifth, an
                    octave or unison, a diminished fifth, as spelled
    cost            (n,) doubling, strain, colour ...
    """

    names: tuple[PitchName, ...]
    member: Ints
    midi: Ints
    diatonic: Ints
    pitch: Numbers
    fifths: Numbers
    octaves: Numbers
    diminished: Numbers
    cost: Costs

    def pitches(self, column: int) -> tuple[Pitch, ...]:
        """One voicing, spelled."""
        return tuple(
            Pitch(self.names[m], int(d) // 7)
            for m, d in zip(self.member[:, column], self.diatonic[:, column], strict=True)
        )


@lru_cache(maxsize=2048)
def candidates(chord: Chord, key: Key | None, style: Style, voices: tuple[Voice, ...]) -> Candidates:
    """All voicings within the voices' compasses; none (n = 0) where the rules leave none."""
    chosen = members(chord, key, len(voices), bass=style.bass, colours=style.colours)
    reaches = [
        _reach(chosen.notes, chosen.bass if style.bass and place == 0 else None, voice)
        for place, voice in enumerate(voices)
    ]
    rows = _stacked(reaches, style)
    midi, diatonic, member = (
        np.stack([reach[field].take(row) for reach, row in zip(reaches, rows, strict=True)]) for field in range(3)
    )
    counts = (member == np.arange(len(chosen.notes))[:, None, None]).sum(axis=1)
    good = _complete(chosen, counts, style)
    unclear = _unclear(chord, chosen, midi, member, style)
    if (good & (unclear == 0)).any():
        good &= unclear == 0
    midi, diatonic, member, counts = midi[:, good], diatonic[:, good], member[:, good], counts[:, good]
    names = tuple(m.name for m in chosen.notes)
    cost = _cost(chord, chosen, style, voices, midi, counts) + BROKEN * unclear[good]
    return Candidates(names, member, midi, diatonic, *_pairs(midi, diatonic), cost)


def fixed(pitches: tuple[Pitch, ...], chord: Chord, key: Key | None, style: Style) -> Candidates:
    """One given voicing, whatever the vertical rules say of it."""
    chosen = members(chord, key, len(pitches), bass=style.bass, colours=style.colours)
    names = tuple(dict.fromkeys([*(m.name for m in chosen.notes), *(p.name for p in pitches)]))
    midi, diatonic, member = (
        np.array(row, dtype=np.int16)[:, None]
        for row in zip(*((p.midi, p.diatonic, names.index(p.name)) for p in pitches), strict=True)
    )
    return Candidates(names, member, midi, diatonic, *_pairs(midi, diatonic), np.zeros(1, np.int32))


def _reach(notes: tuple[Member, ...], only: PitchName | None, voice: Voice) -> _Reach:
    lowest, highest = voice.register.lowest, voice.register.highest
    found: list[tuple[int, int, int]] = []
    for place, member in enumerate(notes):
        name = member.name
        if only is not None and name != only:
            continue
        natural = LETTER_SEMITONES[name.letter] + name.alter
        for octave in range(-(-(lowest - natural) // 12), (highest - natural) // 12 + 1):
            found.append((natural + 12 * octave, 7 * (octave - 1) + name.letter, place))
    found.sort()
    return _Reach(*np.array(found, dtype=np.int16).reshape(-1, 3).T.copy())


@lru_cache(maxsize=16)
def pairs_of(count: int) -> tuple[Numbers, Numbers]:
    """The lower and the upper voice of every pair of so many voices."""
    return np.triu_indices(count, 1)


def _pairs(midi: Ints, diatonic: Ints) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Candidates.pitch, fifths, octaves, diminished."""
    low, high = pairs_of(len(midi))
    semitones, steps = (midi[high] - midi[low]) % 12, (diatonic[high] - diatonic[low]) % 7
    bits = 1 << np.arange(len(low))
    fifth = steps == 4
    octave = (semitones == 0) & (steps == 0)
    pitch = diatonic.astype(np.intp) * WIDTH + midi
    return pitch, bits @ (fifth & (semitones == 7)), bits @ octave, bits @ (fifth & (semitones == 6))


def _stacked(reaches: list[_Reach], style: Style) -> Numbers:
    """Voice upon voice, with no crossing and no gap too wide: (voices, n) places within the voices' reaches."""
    rules = style.rules
    rows = np.arange(len(reaches[0].midi))[None, :]
    last = reaches[0].midi
    for place, reach in enumerate(reaches[1:], 1):
        gap = reach.midi[None, :] - last[:, None]
        allowed = gap != 0 if rules.unison else np.ones(gap.shape, dtype=bool)
        if rules.crossing:
            allowed &= gap >= 0
        widest = rules.max_bass_gap if style.bass and place == 1 else rules.max_gap
        if widest is not None:
            allowed &= gap <= widest
        below, above = np.nonzero(allowed)
        rows = np.vstack([rows[:, below], above[None, :]])
        last = reach.midi[above]
    return rows


def _complete(chosen: Members, counts: Numbers, style: Style) -> NDArray[np.bool_]:
    """Which columns have what the chord needs, and double nothing that may not be doubled."""
    good = np.ones(counts.shape[1], dtype=bool)
    if style.rules.complete:
        good &= (counts[[m.name in chosen.needed for m in chosen.notes]] > 0).all(axis=0)
    if style.rules.doubled_tendency:
        good &= (counts[[m.doubling is None for m in chosen.notes]] < 2).all(axis=0)
    return good


def _unclear(chord: Chord, chosen: Members, midi: Ints, member: Ints, style: Style) -> Costs:
    """How many minor ninths (but the one of root and b9) each column has, and narrow intervals that lie too low."""
    found = np.zeros(midi.shape[1], dtype=np.int32)
    if style.rules.minor_ninth:
        low, high = pairs_of(len(midi))
        wide = midi[high] - midi[low]
        ninth = (wide > 12) & (wide % 12 == 1)
        if 13 in chord.intervals:
            root = next(place for place, m in enumerate(chosen.notes) if m.role == "root")
            ninth &= member[low] != root
        found += ninth.sum(axis=0, dtype=np.int32)
    if style.rules.low_interval:
        gaps = np.clip(midi[1:] - midi[:-1], 0, 127)
        found += (midi[:-1] < _LIMITS[gaps]).sum(axis=0, dtype=np.int32)
    return found


def _cost(chord: Chord, chosen: Members, style: Style, voices: tuple[Voice, ...], midi: Ints, counts: Numbers) -> Costs:
    weights = style.weights
    low = np.array([v.register.easy_lowest for v in voices])[:, None]
    high = np.array([v.register.easy_highest for v in voices])[:, None]
    cost = weights.strain * np.maximum(np.maximum(low - midi, midi - high), 0).sum(axis=0)
    cost += weights.unison * (midi[1:] == midi[:-1]).sum(axis=0)
    more = np.maximum(counts - 1, 0)
    each = np.array([3 if m.doubling is None else m.doubling for m in chosen.notes])
    cost += weights.doubling * (each @ more + 2 * np.maximum(more - 1, 0).sum(axis=0))
    worth = np.array([{"fifth": 1, "third": 3}.get(m.role, 0) for m in chosen.notes])
    cost += weights.omitted * (worth @ (counts == 0))
    if style.colours:
        free = [m.role not in ("third", "seventh", "tension") for m in chosen.notes]
        places = [(m.name.pitch_class - chord.root.pitch_class) % 12 for m in chosen.notes]
        price = np.array([_COLOUR[place] if one else 0 for place, one in zip(places, free, strict=True)])
        cost += weights.tension * (price @ counts + 3 * more[free].sum(axis=0))
        if style.bass:  # the bass note is no choice
            cost -= weights.tension * price[[m.name == chosen.bass for m in chosen.notes]].sum()
        cost += 2 * weights.tension * (midi[-1] - midi[-2] == 1)  # a semitone between the two highest grates
    made: Costs = cost.astype(np.int32)
    return made
