"""What is measured: bars of music as notes a track, with what each track does, the chords and the meter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

from composers.composer import Band, BarChart, Plan
from composers.score import PPQ, Meter, Note, Tick
from composers.theory.chords import Chord, NoChord, PolyChord, parse_symbol

ROLES = ("melody", "comp", "bass", "drums", "fx")
"""What a track can be: a line that is listened to, chords and textures under it, the lowest line, the kit, and effects
whose pitch means nothing."""

_ROLE_OF_PART = {"melody": "melody", "bass": "bass", "drums": "drums", "percussion": "drums", "fx": "fx"}
"""Of composers.composer.PARTS; all others comp."""


class ChordSpan(NamedTuple):
    """A chord while it lasts, in ticks, half-open."""

    start: Tick
    end: Tick
    chord: Chord


@dataclass(frozen=True, slots=True)
class Piece:
    """Bars 0 .. bars - 1 from tick 0.

    tracks    name -> notes sorted by start; what starts before tick 0 or after the last bar is not there
    roles     name -> one of ROLES
    chords    in order, without overlaps; empty where none are known
    sections  one name a bar ("head A", "verse"); empty where none are known
    fineness  steps to a quarter note onto which onsets are rounded: 4, or 3 where eighths swing (`fineness_of`)
    bpm       quarter notes a minute, for what is told in milliseconds
    """

    meter: Meter
    bars: int
    tracks: Mapping[str, tuple[Note, ...]]
    roles: Mapping[str, str]
    chords: tuple[ChordSpan, ...] = ()
    sections: tuple[str, ...] = ()
    fineness: int = 4
    bpm: float = 120.0
    name: str = ""
    _starts: dict[str, tuple[Note, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def end(self) -> Tick:
        return self.bars * self.meter.bar_ticks

    @property
    def tick_ms(self) -> float:
        return 60_000.0 / self.bpm / PPQ

    def of(self, *roles: str) -> tuple[Note, ...]:
        """The notes of all tracks with one of the roles, sorted; "pitched" stands for melody, comp and bass."""
        key = " ".join(roles)
        if key not in self._starts:
            wanted = {"melody", "comp", "bass"} if "pitched" in roles else set(roles)
            found = [note for track, notes in self.tracks.items() if self.roles[track] in wanted for note in notes]
            self._starts[key] = tuple(sorted(found))
        return self._starts[key]

    def chord_at(self, tick: Tick) -> Chord | None:
        """What sounds at a tick; None where no chord is known. Chords are few: a search from a guess would not pay."""
        low, high = 0, len(self.chords)
        while low < high:
            middle = (low + high) // 2
            if self.chords[middle].end <= tick:
                low = middle + 1
            else:
                high = middle
        if low < len(self.chords) and self.chords[low].start <= tick:
            return self.chords[low].chord
        return None

    def between(self, first_bar: int, bars: int) -> Piece:
        """A stretch of the piece, moved to tick 0."""
        bar, moved = self.meter.bar_ticks, -first_bar * self.meter.bar_ticks
        start, end = first_bar * bar, (first_bar + bars) * bar
        tracks = {
            track: tuple(n._replace(start=n.start + moved) for n in notes if start <= n.start < end)
            for track, notes in self.tracks.items()
        }
        chords = tuple(
            ChordSpan(max(c.start, start) + moved, min(c.end, end) + moved, c.chord)
            for c in self.chords if c.end > start and c.start < end
        )  # fmt: skip
        return replace(self, bars=bars, tracks=tracks, chords=chords, _starts={},
                       sections=self.sections[first_bar : first_bar + bars])  # fmt: skip

    def playing(self, tracks: Mapping[str, Iterable[Note]]) -> Piece:
        """The same frame with other notes."""
        return replace(self, tracks={name: tuple(sorted(notes)) for name, notes in tracks.items()}, _starts={})


def fineness_of(notes: Iterable[Note]) -> int:
    """3 where onsets lie on thirds of a quarter (swing, shuffles, triplets) more than on fourths, else 4.

    Compares the mean distance to either grid with that of onsets at random (a quarter of the grid's spacing).
    """
    thirds = fourths = 0.0
    for note in notes:
        phase = note.start % PPQ / PPQ
        third, fourth = phase * 3 % 1.0, phase * 4 % 1.0
        thirds += min(third, 1 - third)
        fourths += min(fourth, 1 - fourth)
    return 3 if thirds < fourths else 4


def role_of(parts: Sequence[str]) -> str:
    """What a track does that plays these parts of a genre: a lead outweighs what it does beside."""
    found = {_ROLE_OF_PART.get(part, "comp") for part in parts}
    return next(role for role in ("drums", "melody", "bass", "comp", "fx") if role in found or role == "fx")


def of_band(band: Band, plan: Plan, bars: int, first_bar: int = 0, bpm: float = 120.0) -> Piece:
    """What a band plays in `bars` bars from `first_bar` on, charts and all."""
    tracks: dict[str, list[Note]] = {track: [] for track in plan.parts}
    charts = []
    bar_ticks = plan.meter.bar_ticks
    moved = -first_bar * bar_ticks
    for bar in range(first_bar, first_bar + bars):
        for track, clip in band.compose(bar).items():
            tracks[track] += [n._replace(start=n.start + moved) for n in clip.notes]
        charts.append(band.chart(bar))
    notes = {track: tuple(sorted(found)) for track, found in tracks.items()}
    return Piece(
        meter=plan.meter, bars=bars, tracks=notes, roles={t: role_of(parts) for t, parts in plan.parts.items()},
        chords=chords_of(charts, plan.meter, first_bar), sections=tuple(chart.section for chart in charts),
        fineness=fineness_of(n for found in notes.values() for n in found), bpm=bpm,
        name=f"{plan.genre} {plan.style or ''} {plan.seed}",
    )  # fmt: skip


def chords_of(charts: Sequence[BarChart], meter: Meter, first_bar: int = 0) -> tuple[ChordSpan, ...]:
    """The chords of charts as spans; of a poly chord the lower one. A chord goes on until the next."""
    written: list[tuple[Tick, Chord | None]] = []
    for chart in charts:
        start = (chart.bar - first_bar) * meter.bar_ticks
        for beat, symbol in chart.chords:
            meant = parse_symbol(symbol)
            chord = None if isinstance(meant, NoChord) else meant.lower if isinstance(meant, PolyChord) else meant
            written.append((start + round(beat * meter.beat_ticks), chord))
    end = len(charts) * meter.bar_ticks
    edges = pairwise([*written, (end, None)])
    return tuple(ChordSpan(at, until, chord) for (at, chord), (until, _) in edges if chord and until > at)
