"""What harmony a style is at home in, heard from its own sheets: chords, what follows what, rounds, how fast they go.

So a genre that is registered can be a target without telling anything of its harmony: what it plays is what it wants.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log

from composers.composer import Plan
from composers.dice import dice
from composers.errors import MusicError
from composers.genre import StyledGenre
from composers.harmony import Bar, parse_roman
from composers.style import Style
from composers.theory.chords import Chord
from composers.theory.scales import Key

_SEEDS = 10
_FORM_BARS = 96
_SECTION_BARS = 16
_FLOOR = 0.004
"""Probability of a move that was never heard."""
_SURE = 0.85
_LONG, _STILL = 0.6, 0.95
"""Shares of bars without a change, from which on a style stands on fields of four bars, and of eight."""
_FIELD_STAYS = 0.001
"""A field that is followed by itself is a longer field: seldom, or nothing would ever move."""
_LEAST_SHARE = 0.004
_MOST_KINDS = 26
_NUMERALS = ("I", "bII", "II", "bIII", "III", "IV", "#IV", "V", "bVI", "VI", "bVII", "VII")

Kind = tuple[int, str]
"""Semitones of the root above the tonic, and the quality."""


@dataclass(frozen=True, slots=True)
class Habits:
    """A style's harmony in one mode.

    shares     of its chords, the commonest first
    moves      log-probabilities of what follows, between different chords
    loops      (bars as kinds, share) of the rounds that it plays over and over; empty: it has none
    looped     share of bars with the chords of a round before
    a_bar      chords a bar on average
    stays      share of bars that begin with the chord with which the bar before ended
    inverted   share of its chords that stand on another note than their root
    closes     share of its sections that end on the tonic, having come from a fifth above
    """

    shares: Mapping[Kind, float]
    moves: Mapping[Kind, Mapping[Kind, float]]
    loops: tuple[tuple[tuple[tuple[Kind, ...], ...], float], ...]
    looped: float
    a_bar: float
    stays: float
    inverted: float
    closes: float

    def move(self, before: Kind, after: Kind, place: str = "bar") -> float:
        """Log-probability at a "bar" line, within a bar ("inner") or from "field" to field; before a chord that the
        style does not have, of the chord itself."""
        stays = 2.0 - self.a_bar if place == "inner" else _FIELD_STAYS if place == "field" else self.stays
        stays = stays if place == "field" else min(_SURE, max(1.0 - _SURE, stays))
        if before == after:
            return log(stays)
        if place == "field":  # few moves were heard: they say less
            return 0.5 * self.moves.get(before, {}).get(after, log(_FLOOR))
        row = self.moves.get(before)
        if row is None:
            return log(1.0 - stays) + log(max(_FLOOR, self.shares.get(after, 0.0))) * 0.5
        return log(1.0 - stays) + row.get(after, log(_FLOOR))

    @property
    def field(self) -> int:
        """Bars that it stands on one chord, where it does so for long; else 1."""
        return 1 if self.stays < _LONG else 4 if self.stays < _STILL else 8

    def worn(self, above: int, chord: Chord) -> str:
        """How the style writes a chord on a degree: the quality of the same family that it has there, else the
        commonest of that family anywhere; the chord's own where it has none."""
        family = _family(chord)
        here = {q: s for (root, q), s in self.shares.items() if root == above and _same_family(q, family)}
        if chord.quality in here and here[chord.quality] > 0.25 * max(here.values()):
            return chord.quality
        if not here:
            for (_, q), share in self.shares.items():
                if _same_family(q, family):
                    here[q] = here.get(q, 0.0) + share
            if chord.quality in here and here[chord.quality] > 0.15 * max(here.values()):
                return chord.quality
        return max(here, key=lambda q: here[q]) if here else chord.quality


_heard: dict[tuple[str, str, bool], tuple[Style, Habits]] = {}
"""By genre, style and whether in minor; made once in a process for each style that is registered."""


def habits_of(genre: StyledGenre, style: Style, *, minor: bool) -> Habits:
    """Some ms the first time."""
    place = (genre.name, style.name, minor)
    known = _heard.get(place)
    if known is None or known[0] is not style:
        known = _heard[place] = (style, _listen(genre, style, minor))
    return known[1]


def kind_of(chord: Chord, key: Key) -> Kind:
    """A chord seen from a tonic."""
    return (chord.root.pitch_class - key.tonic.pitch_class) % 12, chord.quality


def chord_in(kind: Kind, key: Key) -> Chord:
    """A kind as a chord of a key, spelled."""
    return parse_roman(f"{_NUMERALS[kind[0]]}{kind[1]}", key)


def _listen(genre: StyledGenre, style: Style, minor: bool) -> Habits:
    mode = next((m for m in (("minor", "dorian", "phrygian") if minor else ("major", "mixolydian", "lydian"))
                 if m in style.modes), style.modes[0])  # fmt: skip
    sections = [bars for seed in range(_SEEDS) for bars in _sections(style, mode, seed)]
    key = Key.parse("C", mode)
    rows = [[tuple(kind_of(c, key) for c in bar) for bar in bars] for bars in sections]
    if minor != (mode in ("minor", "dorian", "phrygian")):  # the style has one mode only: seen from the relative tonic
        up = 9 if minor else 3  # C major's relative tonic is A, C minor's is Eb
        rows = [[tuple(((root - up) % 12, q) for root, q in bar) for bar in bars] for bars in rows]
    every = [chord for bars in sections for bar in bars for chord in bar]
    inverted = sum(chord.bass is not None for chord in every) / max(1, len(every))
    return _counted(rows, inverted)


def _sections(style: Style, mode: str, seed: int) -> list[tuple[Bar, ...]]:
    forms = style.forms_in(mode)
    usual = [form for form, weight in forms.items() if weight > 0] or list(forms)
    draw = dice(seed, "habits", style.name)
    form = draw.weighted(usual, [forms[f] or 1.0 for f in usual])
    plan = Plan(genre="", style=style.name, key="C", mode=mode, meter=style.meters[0], form=form, seed=seed + 1,
                tempo=style.tempi.usual, parts={"keys": ("comp",), "bass": ("bass",), "lead": ("melody",),
                                                "kit": ("drums",)})  # fmt: skip
    try:
        sheet = style.sheet(plan)
    except MusicError:
        return []
    found: dict[tuple[str, str], tuple[Bar, ...]] = {}
    bar = 0
    while bar < _FORM_BARS and (section := sheet.endless.section(bar)) is not None:
        bar = section.end_bar
        if (section.role, section.name) not in found:
            short = replace(section, bars=min(section.bars, _SECTION_BARS))
            found[section.role, section.name] = sheet.changes(short)[:_SECTION_BARS]
    return list(found.values())


def _counted(rows: Sequence[Sequence[tuple[Kind, ...]]], inverted: float) -> Habits:
    shares: Counter[Kind] = Counter()
    moves: dict[Kind, Counter[Kind]] = {}
    loops: Counter[tuple[tuple[Kind, ...], ...]] = Counter()
    bars = chords = again = closes = stays = lines = 0
    for row in rows:
        line = [k for bar in row for k in bar]
        for bar in row:
            for kind in bar:
                shares[kind] += 2 if len(bar) == 1 else 1
            chords += len(bar)
        bars += len(row)
        lines += max(0, len(row) - 1)
        stays += sum(a[-1] == b[0] for a, b in pairwise(row))
        for a, b in pairwise(line):
            if a != b:
                moves.setdefault(a, Counter())[b] += 1
        size = _round(row)
        if size:
            loops[tuple(row[:size])] += 1
            again += len(row) - size
        closes += len(line) > 1 and line[-1][0] == 0 and line[-2][0] in (7, 1)
    total = sum(shares.values()) or 1
    kept = {k: n / total for k, n in shares.most_common(_MOST_KINDS) if n / total >= _LEAST_SHARE}
    rounds = sum(loops.values())
    return Habits(
        kept,
        {a: {b: log(n / sum(after.values())) for b, n in after.items()} for a, after in moves.items()},
        tuple((loop, count / rounds) for loop, count in loops.most_common(24)),
        again / bars if bars else 0.0, chords / bars if bars else 1.0,
        stays / lines if lines else 0.5, inverted, closes / len(rows) if rows else 0.0,
    )  # fmt: skip


def _round(row: Sequence[tuple[Kind, ...]]) -> int:
    """Bars after which all comes again, 0 where it does not, or where nothing moves."""
    for size in (2, 4, 8) if len(set(row)) > 1 else ():
        if size * 2 <= len(row) and all(bar == row[i % size] for i, bar in enumerate(row)):
            return size
    return 0


def _family(chord: Chord) -> str:
    return {"power": "major", "suspended": "dominant" if 10 in chord.intervals else "major"}.get(
        chord.family, chord.family
    )


_families: dict[str, str] = {}


def _same_family(quality: str, family: str) -> bool:
    """A triad takes the seventh of its kind, major and dominant apart where the chord has a seventh."""
    if quality not in _families:
        _families[quality] = _family(parse_roman(f"I{quality}", Key.parse("C")))
    return _families[quality] == family
