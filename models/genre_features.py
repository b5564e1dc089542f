"""What a piece is like, as numbers that a classifier of genres can weigh: its kit, its textures, harmony, lines, bars.

Only what a score tells: which notes stand where. No tempo, no velocities, no exact timing, no instruments: the
corpora of scores have none, so that a classifier would learn where the data came from. Onsets are rounded to the
nearest of a quarter's beginning, its thirds and its fourths, so that swing is heard and a hand's freedom is not.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import log2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from composers import piece as whole
from composers.instrumentation import EFFECTS, plain
from composers.score import PPQ, Meter, Note
from composers.statistics import melodic, repetition, tonality
from composers.statistics.drums import CRASH, HAT, KICK, OPEN_HAT, OTHER, PEDAL_HAT, RIDE, RIM, SNARE, TOM, class_of
from composers.statistics.grid import contents, masks, mean_jaccard
from composers.statistics.piece import Piece

Floats = NDArray[np.float64]
WINDOW_BARS = 16
LEAST_BARS = 4
_LEAST_NOTES = 8
_PLACES = (0.0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1.0)
"""Of a quarter; the last is the next one's first."""
_EDGES = tuple((a + b) / 2 for a, b in pairwise(_PLACES))
_PER_QUARTER = len(_PLACES) - 1
_PLACE_NAMES = ("", "+1/4", "+1/3", "+1/2", "+2/3", "+3/4")
_KINDS = {KICK: 0, SNARE: 1, RIM: 1, HAT: 2, PEDAL_HAT: 2, OPEN_HAT: 3, RIDE: 4, CRASH: 4, TOM: 5, OTHER: 6}
_KIND_NAMES = ("kick", "snare", "hat", "open hat", "ride", "tom", "percussion")
_EARLY = PPQ // 12
"""What is played this much before a bar line belongs behind it."""
_FINENESS = 12
_DEGREES = ("1", "b2", "2", "b3", "3", "4", "#4", "5", "b6", "6", "b7", "7")


class Frame(NamedTuple):
    """Bars of a piece: what is pitched and what is drums, each sorted, from tick 0."""

    meter: Meter
    bars: int
    pitched: tuple[Note, ...]
    drums: tuple[Note, ...]


def frame(piece: Piece | whole.Piece) -> Frame:
    """Of a piece as composers and files have it (its first meter), or as statistics do. Effects are left out."""
    if isinstance(piece, Piece):
        return Frame(piece.meter, piece.bars, piece.of("pitched"), piece.of("drums"))
    pitched: list[Note] = []
    drums: list[Note] = []
    for track in piece.tracks:
        if plain(track.instrument or track.name) not in EFFECTS:
            (drums if track.is_drums else pitched).extend(track.clip.notes)
    meter = piece.meters[0][1]
    return Frame(meter, max(1, -(-piece.length // meter.bar_ticks)), tuple(sorted(pitched)), tuple(sorted(drums)))


def windows(given: Frame) -> Iterator[Frame]:
    """Stretches of 16 bars, one after the other; a last one of four and more. A piece that is shorter is one window."""
    for first in range(0, given.bars, WINDOW_BARS):
        count = min(WINDOW_BARS, given.bars - first)
        if count >= LEAST_BARS or first == 0:
            start = first * given.meter.bar_ticks - (_EARLY if first else 0)
            end = (first + count) * given.meter.bar_ticks - _EARLY
            yield Frame(given.meter, count, *(_between(notes, start, end, first * given.meter.bar_ticks)
                                              for notes in (given.pitched, given.drums)))  # fmt: skip


def _between(notes: Sequence[Note], start: int, end: int, origin: int) -> tuple[Note, ...]:
    return tuple(n._replace(start=max(0, n.start - origin)) for n in notes if start <= n.start < end)


def drum_names() -> list[str]:
    """Of `drums`, in order."""
    where = [f"{beat}{place}" for beat in ("odd beats", "even beats") for place in _PLACE_NAMES]
    return [
        *(f"{kind} {w}" for kind in _KIND_NAMES for w in where), *(f"{kind} density" for kind in _KIND_NAMES),
        "kit: like the bar before", "kit: like four bars before", "kit: bars repeated",
    ]  # fmt: skip


def drums(given: Frame) -> Floats | None:
    """How often each kind is hit on each place of odd and even quarters, hits, likeness of bars; None without a kit."""
    if len(given.drums) < _LEAST_NOTES:
        return None
    hit = np.zeros((len(_KIND_NAMES), 2, _PER_QUARTER))
    for note in given.drums:
        quarter, place = _placed(note)
        hit[_KINDS[class_of(note.pitch)], quarter % 2, place] += 1
    quarters = given.bars * given.meter.bar_ticks / PPQ
    density = hit.sum((1, 2)) / quarters
    kit = [n._replace(pitch=_KINDS[class_of(n.pitch)]) for n in given.drums]
    bars = contents(kit, given.meter, given.bars, _FINENESS // 3)
    likeness = [mean_jaccard(bars, 1), mean_jaccard(bars, 4), repetition.repeated_share(bars)]
    return np.concatenate([
        np.minimum(1.0, hit / (quarters / 2)).ravel(), np.minimum(2.0, density), [x or 0.0 for x in likeness],
    ])  # fmt: skip


def pitched_names() -> list[str]:
    """Of `pitched`, in order."""
    lines = [f"{line} on {w or 'the quarter'}" for line in ("all", "top", "bass") for w in _PLACE_NAMES]
    return [
        *lines, "onsets a quarter", "notes a quarter", "top onsets a quarter", "bass onsets a quarter",
        *(f"{n} notes at once" for n in ("1", "2", "3", "4", "5 and more")), "sounding together",
        "lowest", "middle", "highest", "entropy", "key fit", "diatonic", "pitch classes a bar",
        *(f"{d} above the bass" for d in _DEGREES[1:]), *(f"degree {d}" for d in _DEGREES),
        *(f"bass moves {m}" for m in ("nowhere", "a step", "a third", "a fourth or fifth")),
        *(f"top {m}" for m in ("repeats", "steps", "leaps", "turns", "runs")),
        "bars repeated", "rhythms repeated", "like the bar before", "like four bars before", "rhythm like before",
        "4/4", "in three", "compound",
    ]  # fmt: skip


def pitched(given: Frame) -> Floats | None:
    """Rhythm, density, texture, register, harmony, lines, repetition, meter; None of fewer than eight notes."""
    notes = given.pitched
    if len(notes) < _LEAST_NOTES:
        return None
    groups = _chords(notes)
    top, bass = melodic.skyline(notes), _lowest(groups)
    quarters = given.bars * given.meter.bar_ticks / PPQ
    sizes = [min(5, len({n.pitch for n in group})) for group in groups]
    pitches = sorted(n.pitch for n in notes)
    at = [pitches[round(share * (len(pitches) - 1))] / 12 for share in (0.05, 0.5, 0.95)]
    window = WINDOW_BARS * given.meter.bar_ticks
    weights = [sum(column) for column in zip(*tonality.windows(notes, 1 << 40), strict=True)]
    bars = tonality.windows(notes, given.meter.bar_ticks)
    home = tonality.home(weights)
    moves = melodic.intervals(top)
    filled = contents(notes, given.meter, given.bars, _FINENESS // 3)
    rhythm = masks(notes, given.meter, given.bars, _FINENESS // 3)
    above, together = _sonorities(notes, given)
    told = [
        *_places([group[0] for group in groups]), *_places(top), *_places(bass),
        _log(len(groups) / quarters), _log(len(notes) / quarters), _log(len(top) / quarters),
        _log(len(bass) / quarters), *(sizes.count(n) / len(sizes) for n in range(1, 6)), _log(together), *at,
        tonality.mean_entropy(notes, window), tonality.mean_key_fit(notes, window),
        tonality.mean_diatonic_share(notes, window), sum(sum(1 for x in w if x) for w in bars) / len(bars) / 12,
        *above[1:], *(weights[(home + d) % 12] / sum(weights) for d in range(12)),
        *_bass_moves(bass), melodic.repeats_share(moves), melodic.steps_share(moves), melodic.leaps_share(moves),
        melodic.turns(moves), melodic.runs_share(moves),
        repetition.repeated_share(filled), repetition.repeated_share(rhythm), mean_jaccard(filled, 1),
        mean_jaccard(filled, 4), mean_jaccard(rhythm, 1),
        float(given.meter.bar_ticks == 4 * PPQ), float(given.meter.beats == 3),
        float(given.meter.unit == 8 and given.meter.beats % 3 == 0 and given.meter.beats > 3),
    ]  # fmt: skip
    return np.array([value or 0.0 for value in told])


def _placed(note: Note) -> tuple[int, int]:
    """(quarter, index into _PLACE_NAMES)."""
    quarter, phase = divmod(note.start / PPQ, 1.0)
    place = bisect(_EDGES, phase)
    return (int(quarter) + 1, 0) if place == _PER_QUARTER else (int(quarter), place)


def _places(notes: Sequence[Note]) -> list[float]:
    counts = [0] * _PER_QUARTER
    for note in notes:
        counts[_placed(note)[1]] += 1
    return [count / max(1, len(notes)) for count in counts]


def _chords(notes: Sequence[Note]) -> list[list[Note]]:
    """Notes that begin together, within a 32nd."""
    found: list[list[Note]] = []
    for note in notes:
        if found and note.start - found[-1][0].start < PPQ // 8:
            found[-1].append(note)
        else:
            found.append([note])
    return found


def _lowest(groups: Sequence[Sequence[Note]]) -> list[Note]:
    """The lowest of each group that nothing lower sounds under."""
    found: list[Note] = []
    for group in groups:
        low = min(group, key=lambda n: n.pitch)
        if not found or found[-1].end <= low.start + PPQ // 8 or low.pitch <= found[-1].pitch:
            found.append(low)
    return found


def _bass_moves(bass: Sequence[Note]) -> list[float]:
    moves = [abs(b.pitch - a.pitch) for a, b in pairwise(bass)]
    kinds = ((0, 0), (1, 2), (3, 4), (5, 7))
    return [sum(low <= move <= high for move in moves) / max(1, len(moves)) for low, high in kinds]


def _sonorities(notes: Sequence[Note], given: Frame) -> tuple[list[float], float]:
    """What sounds above the lowest note, each quarter, by semitones within the octave (shares); how many pitches."""
    counts = [0] * 12
    together: list[int] = []
    sounding: list[Note] = []
    index = 0
    for quarter in range(given.bars * given.meter.bar_ticks // PPQ):
        now = quarter * PPQ + PPQ // 8
        while index < len(notes) and notes[index].start <= now:
            sounding.append(notes[index])
            index += 1
        sounding = [n for n in sounding if n.end > now]
        pitches = {n.pitch for n in sounding}
        if pitches:
            together.append(len(pitches))
            for interval in {(pitch - min(pitches)) % 12 for pitch in pitches} - {0}:
                counts[interval] += 1
    return [c / max(1, len(together)) for c in counts], sum(together) / max(1, len(together))


def _log(value: float) -> float:
    return log2(max(value, 1 / 32))
