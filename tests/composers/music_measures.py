"""Statistics that tell music from noise, and seeded random baselines that have to fail them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

from composers.composer import Band, Plan
from composers.genres.jazz import JAZZ
from composers.score import PPQ, Clip, Note
from composers.theory.chords import Chord, parse_chord

TRIO = {"sax": ("melody",), "piano": ("comp",), "bass": ("bass",), "drums": ("drums",)}

# Krumhansl & Kessler's probe-tone ratings (1982), as key-finding profiles.
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


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


def is_chord_tone(note: Note, chord: Chord) -> bool:
    """Of the basic tones; a triad's sixth or an added ninth do not count."""
    return (note.pitch - chord.root.pitch_class) % 12 in chord.tones


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


def intervals(notes: Sequence[Note]) -> list[int]:
    """Moves within phrases: not across a gap of two beats and more."""
    return [b.pitch - a.pitch for a, b in pairwise(notes) if b.start - a.end < PPQ and b.start - a.start < 2.5 * PPQ]


def phrases(notes: Sequence[Note]) -> list[list[Note]]:
    found: list[list[Note]] = []
    for note in notes:
        if found and note.start - found[-1][-1].end < 0.45 * PPQ and note.start - found[-1][-1].start < 2.5 * PPQ:
            found[-1].append(note)
        else:
            found.append([note])
    return found


def rest_in_each_four_bars(notes: Sequence[Note], first_bar: int, bars: int, bar_ticks: int) -> float:
    """Share of four-bar spans that hold a silence of half a beat or more."""
    good = []
    for start in range(first_bar * bar_ticks, (first_bar + bars) * bar_ticks, 4 * bar_ticks):
        inside = [n for n in notes if n.start < start + 4 * bar_ticks and n.end > start]
        edges = [start, *(edge for n in inside for edge in (n.start, n.end)), start + 4 * bar_ticks]
        silences = [b - a for a, b in zip(edges[::2], edges[1::2], strict=True)]
        good.append(max(silences) >= PPQ // 2)
    return share(good)


def bars_repeated(notes: Sequence[Note], bars: Sequence[int], bar_ticks: int, *, rhythm: bool = False) -> float:
    """Share of non-empty bars whose (eighth-note position, pitch) content occurred before."""
    seen: set[tuple[tuple[int, int], ...]] = set()
    flags = []
    for bar in bars:
        content = tuple(
            ((round((n.start - bar * bar_ticks) / PPQ * 3)), 0 if rhythm else n.pitch)
            for n in notes
            if bar * bar_ticks <= n.start < (bar + 1) * bar_ticks
        )
        if content:
            flags.append(content in seen)
            seen.add(content)
    return share(flags)


# Drums ------------------------------------------------------------------------------------------------------------


def drum_masks(notes: Sequence[Note], bars: int, bar_ticks: int) -> list[set[tuple[int, int]]]:
    """Bars as sets of (triplet step, drum)."""
    masks: list[set[tuple[int, int]]] = [set() for _ in range(bars)]
    for note in notes:
        bar, within = divmod(note.start, bar_ticks)
        masks[bar].add((round(within / (PPQ / 3)), note.pitch))
    return masks


def jaccard(a: set[tuple[int, int]], b: set[tuple[int, int]]) -> float:
    return len(a & b) / len(a | b) if a | b else 1.0


def neighbour_jaccard(masks: Sequence[set[tuple[int, int]]]) -> float:
    return sum(jaccard(a, b) for a, b in pairwise(masks)) / max(1, len(masks) - 1)


def deviations(notes: Sequence[Note], swing: float) -> list[float]:
    """Ticks from the nearest of beat and swung off-beat."""
    found = []
    for note in notes:
        phase = note.start % PPQ
        found.append(min((phase - p for p in (0, round(PPQ * swing), PPQ)), key=abs))
    return found


def autocorrelation(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    centred = [v - mean for v in values]
    return sum(a * b for a, b in pairwise(centred)) / sum(v * v for v in centred)


# Tonality ---------------------------------------------------------------------------------------------------------


def key_fit(notes: Sequence[Note], window_ticks: int) -> float:
    """Mean over windows of the best correlation with the 24 key profiles, weighted by duration."""
    windows: dict[int, list[float]] = {}
    for note in notes:
        histogram = windows.setdefault(note.start // window_ticks, [0.0] * 12)
        histogram[note.pitch % 12] += note.length
    fits = [
        max(_correlation(h[k:] + h[:k], profile) for k in range(12) for profile in (_MAJOR, _MINOR))
        for h in windows.values()
        if sum(1 for x in h if x) > 1
    ]
    return sum(fits) / len(fits)


def diatonic_share(notes: Sequence[Note], window_ticks: int) -> float:
    """Mean over windows of the share (by duration) in the best major scale."""
    windows: dict[int, list[float]] = {}
    for note in notes:
        windows.setdefault(note.start // window_ticks, [0.0] * 12)[note.pitch % 12] += note.length
    major = (0, 2, 4, 5, 7, 9, 11)
    shares = [max(sum(h[(k + i) % 12] for i in major) for k in range(12)) / sum(h) for h in windows.values()]
    return sum(shares) / len(shares)


def _correlation(a: Sequence[float], b: Sequence[float]) -> float:
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    top = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    return top / sqrt(sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b))


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
