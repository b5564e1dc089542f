"""From chords and keys heard in slices to values with names: spelled chords, Roman numerals, cadences, phrases."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from composers.score import Span
from composers.theory.analysis import phrases as phrase_search
from composers.theory.analysis import recognition
from composers.theory.analysis.decoder import LABELS
from composers.theory.analysis.decoder import Span as Heard
from composers.theory.analysis.grid import Grid, MeterChange, beat_ticks_of
from composers.theory.analysis.keys import scale_of
from composers.theory.analysis.network import Gate
from composers.theory.analysis.results import CadenceInTime, ChordInTime, HarmonyAnalysis, KeyInTime
from composers.theory.analysis.spelling import QUALITIES, chord_in, home_key
from composers.theory.cadences import Cadence, Moment, cadences
from composers.theory.chords import Chord
from composers.theory.functions import function_of
from composers.theory.pitch import PitchName
from composers.theory.romans import RomanNumeral, roman_of
from composers.theory.scales import Key, Scale

_STRENGTHS = (1.0, 0.5, 0.25, 0.1)
"""Of the metrical levels, as cadences.Moment counts them."""
_FIRST_SLICE = 1.5
"""The bass with which a chord begins counts for so many slices."""
_QUICK_BEATS = 1.6
"""Chords that last no longer on average take a new inversion with every beat. Where they last longer, the bass walks
through their notes between the strong beats (chosen on held-back training pieces)."""
_HOME_FIRST, _HOME_LAST = 0.25, 0.35
"""What beginning and ending the piece is worth to a key, against sharing all of its time (1)."""


class Report:
    """Turns what was heard into values with names."""

    def __init__(
        self, grid: Grid, meters: Sequence[MeterChange], spans: list[Heard], signs: int | None, phrase: Gate
    ) -> None:
        self.grid, self.meters, self.spans, self.phrase = grid, meters, spans, phrase
        self.home = self._home(signs)
        self.names = {k: self._named(k) for k in {s.key for s in spans}}
        self.lowest: list[int] = grid.lowest.tolist()
        self.level: list[int] = grid.level.tolist()
        self.means = self._means()
        self.one_voice = bool((grid.note_start[1:] >= grid.note_end[:-1]).all())
        quick = (int(grid.beat[-1]) + 1) / len(spans) <= _QUICK_BEATS
        self.bass_level = 2 if quick else 1

    def _home(self, signs: int | None) -> Key:
        shares = np.zeros(24)
        for span in self.spans:
            shares[span.key] += (span.end - span.first) / len(self.grid)
        shares[self.spans[0].key] += _HOME_FIRST
        shares[self.spans[-1].key] += _HOME_LAST
        code = int(shares.argmax())
        return home_key(code // 2, bool(code % 2), signs)

    def _means(self) -> dict[int, tuple[list[float], list[float]]]:
        """First slice of each span -> the shares of it in which each pitch class sounds, and comes and goes by step."""
        firsts = np.array([s.first for s in self.spans])
        sizes = np.diff(np.append(firsts, len(self.grid)))[:, None]
        sounding = np.add.reduceat(np.minimum(self.grid.sounding, 1), firsts, axis=0) / sizes
        stepping = np.add.reduceat(np.minimum(self.grid.stepping, 1), firsts, axis=0) / sizes
        return dict(zip(firsts.tolist(), zip(sounding.tolist(), stepping.tolist(), strict=True), strict=True))

    def _named(self, code: int) -> Key:
        if (code // 2, code % 2) == (self.home.tonic.pitch_class, int(self.home.mode == "minor")):
            return self.home
        return home_key(code // 2, bool(code % 2), self.home.fifths)

    def analysis(self) -> HarmonyAnalysis:
        chords = self._chords()
        starts = phrase_search.listen(self.grid, self.spans, self.phrase)
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
            return _roman(chord, key, after)
        fifth = self.grid.sounding[span.first : span.end, (root + 7) % 12].any()
        notes = [tonic.up(5, 8), tonic, tonic.up(3, 6)]  # It: b6, 1, #4
        if LABELS[label] == "French sixth":
            notes.append(tonic.up(1, 2))
        elif fifth:
            notes.append(tonic.up(2, 3))
        bass = (chord.bass or chord.root).pitch_class
        lowest_first: list[PitchName] = sorted(notes, key=lambda n: n.pitch_class != bass)
        return roman_of(lowest_first, key)

    def _by_bass(self, span: Heard) -> Iterator[tuple[Heard, int, int, int]]:
        """The span in parts, each with one of the chord's notes (a pitch class) in the bass from a beat on (a strong
        one, where chords change slowly). A melody alone has no bass: its chords stand in root position."""
        root, label = divmod(span.chord, len(LABELS))
        if self.one_voice:
            yield span, span.first, span.end, root
            return
        members = {(root + i) % 12 for i in _INTERVALS[label]}
        lowest, level = self.lowest[span.first : span.end], self.level[span.first : span.end]
        groups: list[tuple[int, int]] = []
        at = 0
        for t in range(1, len(lowest) + 1):
            if t == len(lowest) or level[t] <= self.bass_level:
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
    def _bass(lowest: Sequence[int], members: set[int]) -> int | None:
        votes: dict[int, float] = {}
        for i, key in enumerate(lowest):
            if key >= 0 and key % 12 in members:
                votes[key % 12] = votes.get(key % 12, 0.0) + (_FIRST_SLICE if i == 0 else 1.0)
        return max(votes, key=lambda k: votes[k]) if votes else None

    def _coloured(self, span: Heard, chord: Chord) -> Chord:
        root, label = divmod(span.chord, len(LABELS))
        lasting, stepping = self.means[span.first]
        return recognition.coloured(chord, label, lasting[root:] + lasting[:root], stepping[root:] + stepping[:root])

    def _place(self, at: int) -> tuple[int, float]:
        """Bar and beat, both from 1, of a slice."""
        tick = int(self.grid.starts[at])
        change = next((m for m in reversed(self.meters) if m.tick <= tick), self.meters[0])
        inside = (tick - change.tick) % change.meter.bar_ticks
        return int(self.grid.bar[at]) + 1, 1 + inside / beat_ticks_of(change.meter)

    def _cadences(self, chords: Sequence[ChordInTime], phrases: Sequence[Span]) -> tuple[CadenceInTime, ...]:
        """Of every stretch in one key, its phrase ends known."""
        ends = [s.end for s in phrases]
        found: list[CadenceInTime] = []
        first = 0
        for i in range(1, len(chords) + 1):
            if i < len(chords) and chords[i].key == chords[first].key:
                continue
            row = chords[first:i]
            moments = [self._moment(c) for c in row]
            closing = {k for k, c in enumerate(row) if bisect(ends, c.span.start) < bisect(ends, c.span.end)}
            found += [self._arrival(row, first, c) for c in cadences(moments, row[0].key.mode, closing)]
            first = i
        return tuple(found)

    def _moment(self, chord: ChordInTime) -> Moment:
        at = int(np.searchsorted(self.grid.starts, chord.span.start))
        scale = (0, 2, 3, 5, 7, 8, 10) if chord.key.mode == "minor" else (0, 2, 4, 5, 7, 9, 11)
        above = (int(self.grid.highest[at]) - chord.key.tonic.pitch_class) % 12
        degree = scale.index(above) + 1 if above in scale else None
        return Moment(chord.roman, _STRENGTHS[self.level[at]], degree)

    @staticmethod
    def _arrival(row: Sequence[ChordInTime], first: int, cadence: Cadence) -> CadenceInTime:
        c = row[cadence.index]
        return CadenceInTime(c.span.start, c.bar, c.beat, cadence.kind, c.key, first + cadence.index)


@lru_cache(maxsize=8192)
def _roman(chord: Chord, key: Key, after: Chord | None) -> RomanNumeral:
    return roman_of(chord, key, following=after)


def _is_dominant(chord: Chord, key: Key) -> bool:
    """V, or the six-four that stands before it."""
    degree = (chord.root.pitch_class - key.tonic.pitch_class) % 12
    over_fifth = (chord.bass or chord.root).pitch_class == (key.tonic.pitch_class + 7) % 12
    return (degree == 7 and 4 in chord.intervals) or (degree == 0 and over_fifth)


_INTERVALS = tuple(tuple(i % 12 for i in chord_in(Key.parse("C"), 0, k).intervals) for k in range(len(QUALITIES)))
