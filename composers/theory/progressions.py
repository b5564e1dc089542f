"""Progressions: chords in a key, in bars, with their numerals; read from names, numerals or chord symbols."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from composers.errors import MusicError
from composers.theory.charts import Chart, chord_of, numeral_of, parse_chart
from composers.theory.chord_suffixes import read_kind
from composers.theory.chords import Chord, parse_chord
from composers.theory.named_progressions import (
    CATALOGUE,
    find_progression,
    named_progression,
    near_progressions,
)
from composers.theory.pitch import parse_pitch_name
from composers.theory.scale_types import find_scale_type
from composers.theory.scales import Key

_SYMBOL = re.compile(r"\s*[-–—→>,]+\s*(?=[A-G])|\s+")
_NAMED_MODES = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian", "ionian", "aeolian")


def key_of(tonic: str | Key, mode: str | None = None) -> Key:
    """ "Eb", "minor" -> Key; the tonic may bring its mode ("Ebm", "E minor", "F# dorian"), which `mode` overrides.

    Raises MusicError for a tonic or mode that is none, and says what is near.
    """
    if isinstance(tonic, Key):
        return tonic if mode is None else key_of(str(tonic.tonic), mode)
    name, _, rest = tonic.strip().replace("-", " ").partition(" ")
    if not rest and len(name) > 1 and name.endswith("m"):
        name, rest = name[:-1], "minor"
    word = " ".join((mode or rest or "major").casefold().split())
    word = {"maj": "major", "min": "minor", "natural minor": "minor", "harmonic minor": "minor",
            "melodic minor": "minor"}.get(word, word)  # fmt: skip
    if word not in _NAMED_MODES:
        near = difflib.get_close_matches(word, _NAMED_MODES, 2)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"choose one of {', '.join(_NAMED_MODES)}"
        raise MusicError(f"mode {word!r} is not one that chords stand in: {hint}")
    return Key(parse_pitch_name(name), word)


@dataclass(frozen=True)
class Progression(Sequence[Chord]):
    """Chords in order: a sequence of them that prints as their symbols. (No slots: Sequence has none.)

    key       in which the numerals count
    numerals  of each chord, as charts write them
    bars      how many chords each bar has; they share it equally
    name      of a known progression, or the style that it was made in; else ""
    """

    key: Key
    numerals: tuple[str, ...]
    chords: tuple[Chord, ...]
    bars: tuple[int, ...]
    name: str = ""

    @staticmethod
    def of_chart(chart: str | Chart, key: Key, name: str = "") -> Progression:
        """A chart of numerals in a key. Raises MusicError."""
        bars = parse_chart(chart) if isinstance(chart, str) else chart
        numerals = tuple(n for bar in bars for n in bar)
        return Progression(key, numerals, tuple([chord_of(n, key) for n in numerals]), tuple(map(len, bars)), name)

    @staticmethod
    def of_chords(chords: Sequence[Chord | str], key: Key, bars: Sequence[int] = (), name: str = "") -> Progression:
        """Chords or symbols, one a bar unless `bars` says otherwise. Raises MusicError for an unknown symbol."""
        values = tuple(parse_chord(c) if isinstance(c, str) else c for c in chords)
        counts = tuple(bars) or (1,) * len(values)
        if sum(counts) != len(values):
            raise MusicError(f"bars of {list(counts)} chords do not hold {len(values)}: give counts that add up")
        return Progression(key, tuple(numeral_of(c, key) for c in values), values, counts, name)

    @property
    def by_bar(self) -> tuple[tuple[Chord, ...], ...]:
        """The chords of each bar."""
        found, at = [], 0
        for count in self.bars:
            found.append(self.chords[at : at + count])
            at += count
        return tuple(found)

    @property
    def chart(self) -> str:
        """With bar lines: "Cmaj7 A7 | Dm7 G7"."""
        return " | ".join(" ".join(map(str, bar)) for bar in self.by_bar)

    @property
    def numeral_chart(self) -> str:
        """The same in numerals: "Imaj7 VI7 | IIm7 V7"."""
        words = iter(self.numerals)
        return " | ".join(" ".join(next(words) for _ in range(count)) for count in self.bars)

    @property
    def lengths_bars(self) -> tuple[float, ...]:
        """How long each chord lasts, in bars."""
        return tuple(1 / count for count in self.bars for _ in range(count))

    def in_key(self, tonic: str | Key) -> Progression:
        """The same in another key: a tonic, or a key whose mode only names it (chords stay what they are).

        Raises MusicError for what is no tonic.
        """
        key = key_of(tonic, self.key.mode) if isinstance(tonic, str) else tonic
        return Progression(key, self.numerals, tuple(chord_of(n, key) for n in self.numerals), self.bars, self.name)

    def replaced(self, index: int, chords: Sequence[Chord], until: int | None = None) -> Progression:
        """With other chords instead of the one at `index` (or of index..until), in its bars, the last one in the last.

        Raises MusicError for an index that there is none, or no chords.
        """
        end = index + 1 if until is None else until
        if not (0 <= index < end <= len(self.chords)) or not chords:
            raise MusicError(
                f"chords {index} to {end} of {len(self.chords)} cannot be replaced by {len(chords)}: "
                "count from 0, and give at least one"
            )
        counts, at = [], 0
        touched: list[int] = []
        for bar, count in enumerate(self.bars):
            inside = max(0, min(end, at + count) - max(index, at))
            counts.append(count - inside)
            touched += [bar] if inside else []
            at += count
        chords = [*chords, *[chords[-1]] * (len(touched) - len(chords))]  # a bar that would be empty repeats the last
        rest = len(chords)
        for left, bar in zip(range(len(touched), 0, -1), touched, strict=True):
            share = (rest - 1) // (left - 1) if left > 1 else rest  # one is kept for the last bar
            counts[bar] += share
            rest -= share
        values = (*self.chords[:index], *chords, *self.chords[end:])
        numerals = (*self.numerals[:index], *(numeral_of(c, self.key) for c in chords), *self.numerals[end:])
        return Progression(self.key, numerals, values, tuple(counts), self.name)

    def __len__(self) -> int:
        return len(self.chords)

    @overload
    def __getitem__(self, index: int) -> Chord: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Chord, ...]: ...
    def __getitem__(self, index: int | slice) -> Chord | tuple[Chord, ...]:
        return self.chords[index]

    def __iter__(self) -> Iterator[Chord]:
        return iter(self.chords)

    def __repr__(self) -> str:
        return f"[{', '.join(map(str, self.chords))}]"

    __str__ = __repr__


def progression(text: str, tonic: str | Key = "C", mode: str | None = None) -> Progression:
    """A progression by name ("rhythm changes"), in numerals ("ii-V-I", "I VI7 | IIm7 V7") or in symbols ("Dm7 G7 C").

    A name is in its own mode unless one is given. Raises MusicError that says what is near.
    """
    named = find_progression(text)
    if named is not None:
        bare = isinstance(tonic, str) and mode is None and key_of(tonic).mode == "major" and "maj" not in tonic
        key = key_of(tonic, named.mode) if bare else key_of(tonic, mode)
        return Progression.of_chart(named.chart, key, named.name)
    key = key_of(tonic, mode)
    inside = text.strip().removeprefix("|").removesuffix("|")
    if inside[:1] in tuple("ABCDEFG"):
        try:
            return _of_symbols(inside, key)
        except MusicError:
            if not near_progressions(text):
                raise
    elif re.match(r"[b#♭♯]*[IViv]+(?![a-uw-z]{2})", inside):
        return Progression.of_chart(parse_chart(text), key)
    return Progression.of_chart(named_progression(text).chart, key)  # raises: it is not known


def _of_symbols(text: str, key: Key) -> Progression:
    """ "Dm7 G7 | Cmaj7" or "C-F-G". Raises MusicError."""
    bars = [[parse_chord(word) for word in _SYMBOL.split(bar.strip()) if word] for bar in text.split("|")]
    if not all(bars):
        raise MusicError(f"chart {text!r} has an empty bar: write a chord in each, with | between bars")
    return Progression.of_chords([c for bar in bars for c in bar], key, [len(b) for b in bars] if "|" in text else ())


_STACKS = {(4, 7): "", (3, 7): "m", (3, 6): "o", (4, 8): "+", (4, 6): "(b5)", (4, 7, 11): "maj7", (4, 7, 10): "7",
           (3, 7, 10): "m7", (3, 6, 10): "m7b5", (3, 6, 9): "o7", (3, 7, 11): "m(maj7)", (4, 8, 11): "maj7#5",
           (4, 8, 10): "7#5", (4, 6, 10): "7b5", (4, 6, 11): "maj7b5", (3, 6, 11): "o(maj7)"}  # fmt: skip


def diatonic_chords(tonic: str | Key, scale: str = "major", *, sevenths: bool = False) -> Progression:
    """The chord on each degree of a scale of seven notes, of its own notes in thirds.

    Degrees whose stack of thirds is no chord with a symbol are left out. Raises MusicError for other scales.
    """
    kind = find_scale_type(tonic.mode if isinstance(tonic, Key) else scale)
    name = tonic.tonic if isinstance(tonic, Key) else parse_pitch_name(tonic)
    if len(kind) != 7 or not kind.tempered:
        raise MusicError(
            f"scale {kind.name!r} has no chords in thirds on its degrees: take a tempered one of seven notes"
        )
    spelled, found = kind.on(name), []
    for degree in range(7):
        above = tuple(
            (kind.semitones[(degree + i) % 7] - kind.semitones[degree]) % 12
            for i in ((2, 4, 6) if sevenths else (2, 4))
        )
        if above in _STACKS:
            suffix, _ = read_kind(_STACKS[above])
            assert suffix is not None
            found.append(Chord(spelled[degree].name, suffix.quality, suffix.intervals))
    key = Key(name, kind.name if kind.name in _NAMED_MODES else "major")
    return Progression.of_chords(found, key, name=f"{name} {kind.name}")


def names(kind: str | None = None) -> tuple[str, ...]:
    """The progressions that have a name, all or of a kind ("cadence", "blues" ...)."""
    return tuple(p.name for p in CATALOGUE if kind in (None, p.kind))
