"""The harmony of some music: keys and modulations, chords with their Roman numerals and functions, cadences, phrases.

    analyze_harmony("song.mid")               {key: C, scale: major, chords: [C, Am, Dm7, G7, C]}
    print(analyze_harmony(notes).table())     a line for each chord

Pure functions of the notes; any thread, some milliseconds for a hundred bars. Nothing here needs a neural framework:
the networks are a few small arrays (weights.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from composers.score import Meter, Span, Tick
from composers.theory.analysis import phrases as phrase_search
from composers.theory.analysis import recognition
from composers.theory.analysis.decoder import LABELS, Decoding, cut, read
from composers.theory.analysis.decoder import Span as Heard
from composers.theory.analysis.features import boundary_features, chord_blocks, chord_extras, key_blocks
from composers.theory.analysis.grid import Grid, Ints, MeterChange, beat_ticks_of, make_grid
from composers.theory.analysis.keys import scale_of
from composers.theory.analysis.notes import Source, read_notes
from composers.theory.analysis.spelling import QUALITIES, chord_in, home_key
from composers.theory.analysis.weights import Weights, weights
from composers.theory.cadences import Cadence, Kind, Moment, cadences
from composers.theory.chords import Chord
from composers.theory.functions import Label, function_of
from composers.theory.romans import RomanNumeral, roman_of
from composers.theory.scales import Key, Scale

_STRENGTHS = (1.0, 0.5, 0.25, 0.1)
"""Of the metrical levels, as cadences.Moment counts them."""
_FIRST_SLICE = 1.5
"""The bass with which a chord begins counts for so many slices."""
_HOME_FIRST, _HOME_LAST = 0.25, 0.35
"""What beginning and ending the piece is worth to a key, against sharing all of its time (1)."""


@dataclass(frozen=True, slots=True)
class ChordInTime:
    """A harmony and how long it lasts.

    span      ticks
    bar       from 1; 0 and below in a pickup
    beat      from 1
    chord     as lead sheets write it, with tensions and slash bass
    key       in which it is heard
    roman     in that key, of the chord without its tensions
    function  tonic, predominant or dominant
    """

    span: Span
    bar: int
    beat: float
    chord: Chord
    key: Key
    roman: RomanNumeral
    function: Label

    def __str__(self) -> str:
        return str(self.chord)


@dataclass(frozen=True, slots=True)
class KeyInTime:
    """A key while it holds."""

    span: Span
    key: Key

    def __str__(self) -> str:
        return named(self.key)


@dataclass(frozen=True, slots=True)
class CadenceInTime:
    """A cadence where it arrives: `chord` is the place in HarmonyAnalysis.chords of its last harmony."""

    tick: Tick
    bar: int
    beat: float
    kind: Kind
    key: Key
    chord: int

    def __str__(self) -> str:
        return f"{self.kind} cadence in {named(self.key)} at bar {self.bar}"


@dataclass(frozen=True, slots=True)
class HarmonyAnalysis:
    """What analyze_harmony heard. Prints as {key: C, scale: major, chords: [...]}.

    key       of the whole
    scale     that the notes of the home key's passages keep to: "major", "minor", "harmonic minor", "dorian", ...
    chords    one after the other; rests have none
    keys      the home key and the modulations, in time
    cadences  in time
    phrases   spans of ticks
    """

    key: Key
    scale: Scale
    chords: tuple[ChordInTime, ...]
    keys: tuple[KeyInTime, ...]
    cadences: tuple[CadenceInTime, ...]
    phrases: tuple[Span, ...]

    def __str__(self) -> str:
        chords = ", ".join(map(str, self.chords))
        return f"{{key: {self.key.tonic}, scale: {self.scale.name}, chords: [{chords}]}}"

    @property
    def romans(self) -> tuple[RomanNumeral, ...]:
        return tuple(c.roman for c in self.chords)

    def table(self) -> str:
        """A line for each chord: bar, beat, chord, key where it begins, Roman numeral, function, cadence."""
        arrivals = {c.chord: str(c.kind) for c in self.cadences}
        ends = {s.end for s in self.phrases}
        rows = [("bar", "beat", "chord", "key", "numeral", "function", "")]
        key = None
        for i, c in enumerate(self.chords):
            closing = arrivals.get(i, "") + (" ||" if c.span.end in ends else "")
            rows.append((str(c.bar), f"{c.beat:g}", str(c.chord), named(c.key) if c.key != key else "", str(c.roman),
                         str(c.function), closing.strip()))  # fmt: skip
            key = c.key
        widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
        return "\n".join("  ".join(x.ljust(w) for x, w in zip(r, widths, strict=True)).rstrip() for r in rows)

    def as_dict(self) -> dict[str, Any]:
        """The seed's {key, scale, chords} with all particulars, in plain values for JSON."""
        return {
            "key": str(self.key.tonic),
            "mode": self.key.mode,
            "scale": self.scale.name,
            "chords": [
                {"bar": c.bar, "beat": c.beat, "start_tick": c.span.start, "end_tick": c.span.end,
                 "chord": str(c.chord), "key": named(c.key), "roman": str(c.roman), "function": str(c.function)}
                for c in self.chords
            ],
            "keys": [{"start_tick": k.span.start, "end_tick": k.span.end, "key": named(k.key)} for k in self.keys],
            "cadences": [
                {"bar": c.bar, "beat": c.beat, "tick": c.tick, "kind": str(c.kind), "key": named(c.key)}
                for c in self.cadences
            ],
            "phrases": [{"start_tick": s.start, "end_tick": s.end} for s in self.phrases],
        }  # fmt: skip


def named(key: Key) -> str:
    """ "Eb major"."""
    return f"{key.tonic} {key.mode}"


def analyze_harmony(
    notes: Source,
    meter: Meter | str | Sequence[MeterChange] | None = None,
    *,
    first_bar: Tick = 0,
    learned: Weights | None = None,
    decoding: Decoding | None = None,
) -> HarmonyAnalysis:
    """Keys, chords, Roman numerals, cadences and phrases of some music.

    notes      Notes, a Clip, tracks by name, the path of a MIDI file, tuples (start, length, pitch) in quarter notes,
               a list of pitches (by quarters) or of chords, each a list of pitches (by bars). Percussion (channel
               index 9) is left out
    meter      "3/4", a Meter, or changes of meter at their bar lines; of a MIDI file its own, else 4/4
    first_bar  tick of the first bar line; what lies before is a pickup
    learned    other weights than the shipped ones, and `decoding` other settings: for training

    Raises MusicError where there is no note with a pitch, or what is given is none, saying what to give.
    """
    given = Meter.parse(meter) if isinstance(meter, str) else meter
    played = read_notes(notes, given if isinstance(given, Meter) else None)
    if given is None or isinstance(given, Meter):
        meters: Sequence[MeterChange] = (MeterChange(first_bar, given or played.meter or Meter()),)
    else:
        meters = given
    grid = make_grid(played.notes, meters)
    spans = hear(grid, learned or weights(), decoding or Decoding())
    return _Report(grid, meters, spans, played.signs, learned or weights()).analysis()


def hear(grid: Grid, learned: Weights, decoding: Decoding) -> list[Heard]:
    """Chord and key of every stretch of the grid; rests belong to the chord before them."""
    heard = learned.chord.scores(chord_blocks(grid), chord_extras(grid))
    keys = learned.key.scores(key_blocks(grid, heard)).reshape(len(grid), -1)
    heard = heard.reshape(len(grid), -1)
    boundary = learned.boundary.log_odds(boundary_features(grid))
    return read(cut(heard, boundary, decoding), heard, keys, learned.tables, decoding)


class _Report:
    """Turns what was heard into values with names."""

    def __init__(
        self, grid: Grid, meters: Sequence[MeterChange], spans: list[Heard], signs: int | None, learned: Weights
    ) -> None:
        self.grid, self.meters, self.spans, self.learned = grid, meters, spans, learned
        self.home = self._home(signs)
        self.names = {k: self._named(k) for k in {s.key for s in spans}}

    def _home(self, signs: int | None) -> Key:
        shares = np.zeros(24)
        for span in self.spans:
            shares[span.key] += (span.end - span.first) / len(self.grid)
        shares[self.spans[0].key] += _HOME_FIRST
        shares[self.spans[-1].key] += _HOME_LAST
        code = int(shares.argmax())
        return home_key(code // 2, bool(code % 2), signs)

    def _named(self, code: int) -> Key:
        if (code // 2, code % 2) == (self.home.tonic.pitch_class, int(self.home.mode == "minor")):
            return self.home
        return home_key(code // 2, bool(code % 2), self.home.fifths)

    def analysis(self) -> HarmonyAnalysis:
        chords = self._chords()
        starts = phrase_search.listen(self.grid, self.spans, self.learned.phrase)
        edges = [int(self.grid.starts[t]) for t in starts] + [int(self.grid.starts[-1])]
        phrases = tuple(Span(a, b) for a, b in pairwise(edges))
        keys: list[KeyInTime] = []
        for span in self.spans:
            time = self._time(span.first, span.end)
            if keys and keys[-1].key == self.names[span.key]:
                keys[-1] = KeyInTime(Span(keys[-1].span.start, time.end), keys[-1].key)
            else:
                keys.append(KeyInTime(time, self.names[span.key]))
        return HarmonyAnalysis(self.home, self._scale(), chords, tuple(keys), self._cadences(chords, phrases), phrases)

    def _time(self, first: int, end: int) -> Span:
        return Span(int(self.grid.starts[first]), int(self.grid.starts[end]))

    def _scale(self) -> Scale:
        profile = np.zeros(12, np.float32)
        for span in self.spans:
            if self.names[span.key] == self.home:
                profile += self.grid.sounding[span.first : span.end].sum(0)
        return scale_of(profile, self.home)

    def _chords(self) -> tuple[ChordInTime, ...]:
        pieces = [p for span in self.spans for p in self._by_bass(span)]
        plain = [chord_in(self.names[s.key], *divmod(s.chord, len(LABELS))) for s, _, _, _ in pieces]
        chords = [recognition.over(c, b, self.names[s.key]) for c, (s, _, _, b) in zip(plain, pieces, strict=True)]
        numerals = [
            self._numeral(chord, piece[0], after)
            for chord, piece, after in zip(chords, pieces, [*chords[1:], None], strict=True)
        ]
        colours: dict[Heard, Chord] = {}
        found = []
        for i, (span, first, end, bass) in enumerate(pieces):
            key = self.names[span.key]
            if span not in colours:
                colours[span] = self._coloured(span, plain[i])
            follows = numerals[i + 1] if i + 1 < len(numerals) and self.names[pieces[i + 1][0].key] == key else None
            bar, beat = self._place(first)
            chord = recognition.over(colours[span], bass, key)
            function = function_of(numerals[i], key.mode, follows)
            found.append(ChordInTime(self._time(first, end), bar, beat, chord, key, numerals[i], function))
        return tuple(found)

    def _numeral(self, chord: Chord, span: Heard, after: Chord | None) -> RomanNumeral:
        """In its key; what sounds as bVI7 (or on bVI with a flat fifth) before the dominant is an augmented sixth."""
        key = self.names[span.key]
        tonic = key.tonic
        root, label = divmod(span.chord, len(LABELS))
        sixth = (root - tonic.pitch_class) % 12 == 8 and LABELS[label] in ("dominant", "French sixth")
        if not (sixth and after is not None and _is_dominant(after, key)):
            return roman_of(chord, key, following=after)
        fifth = self.grid.sounding[span.first : span.end, (root + 7) % 12].any()
        notes = [tonic.up(5, 8), tonic, tonic.up(3, 6)]  # It: b6, 1, #4
        if LABELS[label] == "French sixth":
            notes.append(tonic.up(1, 2))
        elif fifth:
            notes.append(tonic.up(2, 3))
        bass = (chord.bass or chord.root).pitch_class
        return roman_of(sorted(notes, key=lambda n: n.pitch_class != bass), key)

    def _by_bass(self, span: Heard) -> Iterator[tuple[Heard, int, int, int]]:
        """The span in parts, each with one of the chord's notes (a pitch class) in the bass from a beat on."""
        root, label = divmod(span.chord, len(LABELS))
        members = {(root + i) % 12 for i in _INTERVALS[label]}
        lowest = self.grid.lowest[span.first : span.end]
        level = self.grid.level[span.first : span.end]
        groups: list[tuple[int, int]] = []
        at = 0
        for t in range(1, len(lowest) + 1):
            if t == len(lowest) or level[t] <= _BEAT:
                groups.append((at, t))
                at = t
        parts: list[list[int]] = []
        for a, b in groups:
            bass = self._bass(lowest[a:b], members)
            if bass is None:
                bass = parts[-1][2] if parts else -1
            if parts and (parts[-1][2] == bass or parts[-1][2] == -1):
                parts[-1][1:] = [b, bass]
            else:
                parts.append([a, b, bass])
        for a, b, bass in parts:
            yield span, span.first + a, span.first + b, root if bass < 0 else bass

    @staticmethod
    def _bass(lowest: Ints, members: set[int]) -> int | None:
        votes: dict[int, float] = {}
        for i, key in enumerate(lowest):
            if key >= 0 and int(key) % 12 in members:
                votes[int(key) % 12] = votes.get(int(key) % 12, 0.0) + (_FIRST_SLICE if i == 0 else 1.0)
        return max(votes, key=lambda k: votes[k]) if votes else None

    def _coloured(self, span: Heard, chord: Chord) -> Chord:
        root, label = divmod(span.chord, len(LABELS))
        rows = slice(span.first, span.end)
        lasting = np.roll(np.minimum(self.grid.sounding[rows], 1).mean(0), -root)
        stepping = np.roll(np.minimum(self.grid.stepping[rows], 1).mean(0), -root)
        return recognition.coloured(chord, label, lasting.tolist(), stepping.tolist())

    def _place(self, at: int) -> tuple[int, float]:
        """Bar and beat, both from 1, of a slice."""
        tick = int(self.grid.starts[at])
        change = next((m for m in reversed(self.meters) if m.tick <= tick), self.meters[0])
        inside = (tick - change.tick) % change.meter.bar_ticks
        return int(self.grid.bar[at]) + 1, 1 + inside / beat_ticks_of(change.meter)

    def _cadences(self, chords: Sequence[ChordInTime], phrases: Sequence[Span]) -> tuple[CadenceInTime, ...]:
        """Of every stretch in one key, its phrase ends known."""
        ends = {s.end for s in phrases}
        tops = self._tops(chords)
        found: list[CadenceInTime] = []
        first = 0
        for i in range(1, len(chords) + 1):
            if i < len(chords) and chords[i].key == chords[first].key:
                continue
            row = chords[first:i]
            moments = [self._moment(c, tops[first + k]) for k, c in enumerate(row)]
            closing = {k for k, c in enumerate(row) if any(c.span.start < e <= c.span.end for e in ends)}
            found += [self._arrival(row, first, c) for c in cadences(moments, row[0].key.mode, closing)]
            first = i
        return tuple(found)

    def _moment(self, chord: ChordInTime, top: int) -> Moment:
        at = int(np.searchsorted(self.grid.starts, chord.span.start))
        scale = (0, 2, 3, 5, 7, 8, 10) if chord.key.mode == "minor" else (0, 2, 4, 5, 7, 9, 11)
        above = (top - chord.key.tonic.pitch_class) % 12
        degree = scale.index(above) + 1 if above in scale else None
        return Moment(chord.roman, _STRENGTHS[int(self.grid.level[at])], degree)

    def _tops(self, chords: Sequence[ChordInTime]) -> list[int]:
        """The highest key with which each chord begins."""
        found = []
        for c in chords:
            sounding = (self.grid.note_start < c.span.start + 1) & (self.grid.note_end > c.span.start)
            found.append(int(self.grid.note_key[sounding].max()) if sounding.any() else 0)
        return found

    @staticmethod
    def _arrival(row: Sequence[ChordInTime], first: int, cadence: Cadence) -> CadenceInTime:
        c = row[cadence.index]
        return CadenceInTime(c.span.start, c.bar, c.beat, cadence.kind, c.key, first + cadence.index)


def _is_dominant(chord: Chord, key: Key) -> bool:
    """V, or the six-four that stands before it."""
    degree = (chord.root.pitch_class - key.tonic.pitch_class) % 12
    over_fifth = (chord.bass or chord.root).pitch_class == (key.tonic.pitch_class + 7) % 12
    return (degree == 7 and 4 in chord.intervals) or (degree == 0 and over_fifth)


_BEAT = 2
_INTERVALS = tuple(tuple(i % 12 for i in chord_in(Key.parse("C"), 0, k).intervals) for k in range(len(QUALITIES)))
