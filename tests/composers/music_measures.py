"""Statistics that tell music from noise, and seeded random baselines that have to fail them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from composers.composer import Band, Plan
from composers.genres.jazz import JAZZ
from composers.score import PPQ, Clip, Meter, Note
from composers.statistics.chord_tones import is_chord_tone
from composers.statistics.grid import contents, masks, mean_jaccard
from composers.statistics.melodic import intervals
from composers.statistics.phrases import breathing_share, phrases
from composers.statistics.repetition import repeated_share
from composers.statistics.timing import autocorrelation
from composers.statistics.timing import deviations as deviations_from
from composers.statistics.tonality import mean_diatonic_share, mean_key_fit
from composers.theory.chords import Chord, parse_chord

__all__ = ["autocorrelation", "intervals", "is_chord_tone", "phrases"]  # and all that is defined here

TRIO = {"sax": ("melody",), "piano": ("comp",), "bass": ("bass",), "drums": ("drums",)}

@dataclass(frozen=True, slots=True)
class Piece:
    """Bars of a band as one list of notes a track, with the chord at every beat."""

    plan: Plan
    bars: int
    notes: Mapping[str, tuple[Note, ...]]
    chords: tuple[Chord, ...]  # one a beat
    roles: tuple[str, ...]  # one a bar

    @property
    def beats(self) -> int:
        return self.plan.meter.beats

    def chord_at(self, tick: int) -> Chord:
        return self.chords[min(len(self.chords) - 1, max(0, tick // PPQ))]

    def of_role(self, track: str, *roles: str) -> list[Note]:
        bar = self.plan.meter.bar_ticks
        return [note for note in self.notes[track] if self.roles[note.start // bar] in roles]


def piece(plan: Plan, bars: int) -> Piece:
    band: Band = JAZZ.band(plan)
    clips: list[Mapping[str, Clip]] = [band.compose(bar) for bar in range(bars)]
    chords: list[Chord] = []
    roles: list[str] = []
    for bar in range(bars):
        chart = band.chart(bar)
        roles.append(chart.section.split()[0])
        for beat in range(plan.meter.beats):
            symbol = [symbol for at, symbol in chart.chords if at <= beat][-1]
            chords.append(parse_chord(symbol))
    notes = {track: tuple(note for clip in clips for note in clip[track].notes) for track in plan.parts}
    return Piece(plan, bars, notes, tuple(chords), tuple(roles))


def share(flags: Iterable[bool]) -> float:
    found = list(flags)
    return sum(found) / len(found) if found else 0.0


def on_beat(note: Note, within: float = 0.16) -> bool:
    """Whether a note starts near a beat; played before it counts as well as after."""
    phase = (note.start / PPQ + within) % 1.0
    return phase <= 2 * within


def beat_of(note: Note, beats: int) -> int:
    return round(note.start / PPQ) % beats


def strong(note: Note, beats: int) -> bool:
    return on_beat(note) and beat_of(note, beats) in ((0, 2) if beats == 4 else (0,))


def nearest_chord(piece_: Piece, note: Note) -> Chord:
    """The chord of the beat that a note means: an eighth before a beat it may anticipate."""
    return piece_.chord_at(round(note.start / PPQ) * PPQ if on_beat(note) else note.start)


# Melody -----------------------------------------------------------------------------------------------------------


def rest_in_each_four_bars(notes: Sequence[Note], first_bar: int, bars: int, bar_ticks: int) -> float:
    """Share of four-bar spans that hold a silence of half a beat or more."""
    first = first_bar * bar_ticks
    moved = [n._replace(start=n.start - first) for n in notes if n.end > first]
    return breathing_share(moved, bars, bar_ticks) or 0.0


def bars_repeated(notes: Sequence[Note], bars: Sequence[int], bar_ticks: int, *, rhythm: bool = False) -> float:
    """Share of non-empty bars whose (place, pitch) content occurred before, on a grid of triplets."""
    meter = Meter(bar_ticks // PPQ, 4)
    of = masks if rhythm else contents
    found = of(notes, meter, max(bars) + 1, 3)
    return repeated_share([found[bar] for bar in bars]) or 0.0


# Drums ------------------------------------------------------------------------------------------------------------


def drum_masks(notes: Sequence[Note], bars: int, bar_ticks: int) -> list[frozenset[tuple[int, int]]]:
    """Bars as sets of (triplet step, drum)."""
    return contents(notes, Meter(bar_ticks // PPQ, 4), bars, 3)


def neighbour_jaccard(bars: Sequence[frozenset[tuple[int, int]]]) -> float:
    return mean_jaccard(bars) or 0.0


def deviations(notes: Sequence[Note], swing: float) -> list[float]:
    """Ticks from the nearest of beat and swung off-beat."""
    return deviations_from(notes, PPQ, swing)


# Tonality ---------------------------------------------------------------------------------------------------------


def key_fit(notes: Sequence[Note], window_ticks: int) -> float:
    """Mean over windows of the best correlation with the 24 key profiles, weighted by duration."""
    return mean_key_fit(notes, window_ticks) or 0.0


def diatonic_share(notes: Sequence[Note], window_ticks: int) -> float:
    """Mean over windows of the share (by duration) in the best major scale."""
    return mean_diatonic_share(notes, window_ticks) or 0.0


# Baselines --------------------------------------------------------------------------------------------------------


def random_pitches(notes: Sequence[Note], seed: int) -> list[Note]:
    """The real rhythm with pitches drawn evenly from the line's own range."""
    draw = random.Random(seed)
    low, high = min(n.pitch for n in notes), max(n.pitch for n in notes)
    return [note._replace(pitch=draw.randint(low, high)) for note in notes]


def shuffled(notes: Sequence[Note], seed: int) -> list[Note]:
    """The real rhythm with the real pitches in another order."""
    draw = random.Random(seed)
    pitches = [note.pitch for note in notes]
    draw.shuffle(pitches)
    return [note._replace(pitch=pitch) for note, pitch in zip(notes, pitches, strict=True)]


def diatonic_dice(notes: Sequence[Note], tonic: int, bars: int, bar_ticks: int, seed: int) -> list[Note]:
    """As many notes on random sixteenths, drawn from the major scale within the line's range."""
    draw = random.Random(seed)
    low, high = min(n.pitch for n in notes), max(n.pitch for n in notes)
    scale = [p for p in range(low, high + 1) if (p - tonic) % 12 in (0, 2, 4, 5, 7, 9, 11)]
    steps = sorted(draw.sample(range(bars * bar_ticks // (PPQ // 4)), len(notes)))
    return [
        note._replace(start=step * PPQ // 4, length=PPQ // 5, pitch=draw.choice(scale))
        for note, step in zip(notes, steps, strict=True)
    ]


def random_steps(notes: Sequence[Note], bar_ticks: int, seed: int) -> list[Note]:
    """As many hits of each drum a bar, on random triplet steps."""
    draw = random.Random(seed)
    steps = bar_ticks // (PPQ // 3)
    return sorted(
        n._replace(start=n.start // bar_ticks * bar_ticks + draw.randrange(steps) * PPQ // 3) for n in notes
    )


def pooled(plans: Sequence[Plan], bars: int, measure: Callable[[Piece], float]) -> float:
    values = [measure(piece(plan, bars)) for plan in plans]
    return sum(values) / len(values)
