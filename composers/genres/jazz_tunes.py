"""Tunes of our own: changes in Roman numerals, written by seed in the forms of the standards.

Phrases come from the jazz grammar of composers.theory.progression_tables (functions of measured weight); a phrase has
more chords than bars, of which pairs that belong together share one. Blues and rhythm changes are put together from
their usual dresses, bar by bar. Shares meant: one chord in 63 % of bars, two in 33 % (2,614 tunes, Bunks et al. 2023).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from composers.dice import Dice, dice
from composers.genres.jazz_charts import Chart
from composers.theory import progression_tables
from composers.theory.charts import chord_of
from composers.theory.chords import Chord
from composers.theory.pitch import PitchName
from composers.theory.progression_grammar import Grammar
from composers.theory.scales import Key

_C = Key(PitchName(0))
_TRIES = 12
_FAR_MINOR = frozenset({"#Io7", "bII7", "VIm7b5", "II7b9", "bIII7"})
_FAR_MAJOR = frozenset({"#Io7", "bVI7", "VII7", "bIII7"})
"""What a phrase has seldom: each of them blurs the key, and a tune in which all phrases have some is in none."""
_SAID_AGAIN = 0.62
"""Share of tunes whose A begins its second half as its first; makes of the bars of a tune .1 to .3 equal to those four
bars before."""
_EXTRA_CHORDS = ((1, 0.1), (2, 0.25), (3, 0.35), (4, 0.3))
"""Chords that an eight-bar phrase has beyond one a bar."""

_PLAIN = {"I/5": "IIIm7", "V7alt": "V7b9"}
"""In the place of what the grammar says: a tune has its basses as roots; soloists alter dominants themselves."""
_AEOLIAN = {**_PLAIN, "Im6": "Im7", "Im6/9": "Im9", "Im(maj7)": "Im7"}
_AEOLIAN_TUNES = 0.75
"""Share of the minor tunes that have the natural sixth degree nowhere on their tonic."""

Bars = list[list[str]]


@lru_cache(maxsize=4)
def _grammar(minor: bool) -> Grammar:
    return Grammar(progression_tables.JAZZ_MINOR if minor else progression_tables.JAZZ_MAJOR)


WRITTEN = frozenset({"aaba", "abac", "16-bar", "ii-V-I", "blues", "minor-blues", "rhythm-changes"})
"""Forms that are written here, in major and minor."""


def written(form: str, mode: str, seed: int) -> Chart:
    """A chart of one of WRITTEN in "major" or "minor"."""
    draw = dice(seed, "tune", form, mode)
    minor = mode == "minor"
    match form:
        case "blues" | "minor-blues":
            return (("A", _text(_blues(_MINOR_BLUES if minor or form == "minor-blues" else _BLUES, draw))),)
        case "rhythm-changes":
            return _rhythm(minor, draw)
        case "16-bar" | "ii-V-I":
            tune = _Tune(minor, draw)
            return (("A", _text(tune.half())), ("B", _text(tune.away_and_home())))
        case "abac":
            tune = _Tune(minor, draw)
            first, second, last = tune.half(), tune.bridge(), tune.last()
            return (("A", _text(first)), ("B", _text(second)), ("A", _text(first)), ("C", _text(last)))
    tune = _Tune(minor, draw)
    first, second = tune.half(), tune.closing()
    return (("A", _text(first)), ("A", _text(second)), ("B", _text(tune.bridge())), ("A", _text(tune.last())))


def _text(bars: Sequence[Sequence[str]]) -> str:
    return " | ".join(" ".join(bar) for bar in bars)


# Phrases of the grammar -------------------------------------------------------------------------------------------


class _Tune:
    """Eight-bar phrases that share an opening."""

    def __init__(self, minor: bool, draw: Dice) -> None:
        self._minor, self._draw, self._grammar = minor, draw, _grammar(minor)
        self._far = _FAR_MINOR if minor else _FAR_MAJOR
        self._plain = _AEOLIAN if minor and draw.chance(_AEOLIAN_TUNES) else _PLAIN
        self._again = draw.chance(_SAID_AGAIN)
        self._extra = draw.weighted([n for n, _ in _EXTRA_CHORDS], [w for _, w in _EXTRA_CHORDS])
        early = self._extra // 2
        self._opening = self._bars("opening", 4 + early, 4)

    def half(self) -> Bars:
        """The opening, and back to it by way of the dominant."""
        return [*self._opening, *self._second("half", 4)]

    def closing(self) -> Bars:
        """The opening, and home."""
        return [*self._opening, *self._second("closing", 4)]

    def last(self) -> Bars:
        """Home in the seventh bar, and a turnaround."""
        home = self._bars("closing", 3 + self._draw.one_of((0, 0, 1)), 3)
        tonic = home[-1][-1]
        turn = self._turnaround()
        if len(home[-1]) == 1 and self._draw.chance(0.5):
            home[-1] = [tonic, turn[0]]
            return [*self._opening, *home, turn[1:]]
        return [*self._opening, *home, turn[1:]]

    def bridge(self) -> Bars:
        return self._bars("bridge", 8 + self._draw.one_of((0, 0, 1, 2)), 8)

    def away_and_home(self) -> Bars:
        """The second half of sixteen bars: somewhere else, home in the seventh bar, and a turnaround."""
        away, home = self._bars("bridge", 4, 4), self._bars("closing", 3, 3)
        turn = self._turnaround()
        return [*away, *home, turn[1:]]

    def _second(self, end: str, bars: int) -> Bars:
        """The second half of a phrase, which in some tunes begins as the first does."""
        late = min(self._extra - self._extra // 2, bars - 1)
        if self._again:
            return [*self._opening[:2], *self._bars(end, bars - 2 + (1 if late > 1 and bars > 3 else 0), bars - 2)]
        return self._bars(end, bars + late, bars)

    def _turnaround(self) -> list[str]:
        if self._minor:
            return self._draw.one_of((["bVImaj7", "IIm7b5", "V7alt"], ["VIm7b5", "IIm7b5", "V7b9"],
                                      ["I7alt", "IIm7b5", "V7b9"]))  # fmt: skip
        return self._draw.weighted((["VI7b9", "IIm7", "V7"], ["VIm7", "IIm7", "V7"], ["bIII7", "IIm7", "V7"],
                                    ["VI7", "IIm7", "bII7"]), (0.45, 0.3, 0.1, 0.15))  # fmt: skip

    def _bars(self, symbol: str, chords: int, bars: int) -> Bars:
        """A derivation in which little stands still, its chords in so many bars."""
        sizes = (chords, *range(bars, 2 * bars + 1), *range(bars - 1, 0, -1))
        chords = next(size for size in sizes if self._grammar.weight(symbol, size) > 0)
        best: tuple[int, list[str]] | None = None
        for _ in range(_TRIES):
            row = [self._plain.get(numeral, numeral) for numeral in self._grammar.sample(symbol, chords, self._draw)]
            weakness = sum(_same(a, b) for a, b in pairwise(row)) + sum(n in self._far for n in row)
            if best is None or weakness < best[0]:
                best = (weakness, row)
            if not weakness:
                break
        assert best is not None
        return self._packed(best[1], bars)

    def _packed(self, row: list[str], bars: int) -> Bars:
        """So many bars: pairs share one, those that belong together first; what is missing is held."""
        found = [[numeral] for numeral in row]
        while len(found) > bars:
            places = [i for i in range(len(found) - 1) if len(found[i]) == len(found[i + 1]) == 1]
            weights = [_together(found[i][0], found[i + 1][0]) * (0.4 if i == 0 else 1.0) for i in places]
            at = self._draw.weighted(places, weights)
            found[at : at + 2] = [found[at] + found[at + 1]]
        while len(found) < bars:
            found.append(found[-1][-1:])
        return found


@lru_cache(maxsize=4096)
def _chord(numeral: str) -> Chord:
    return chord_of(numeral, _C)


def _same(before: str, after: str) -> bool:
    a, b = _chord(before), _chord(after)
    return a.root == b.root and a.family == b.family


def _together(before: str, after: str) -> float:
    """Liking for a shared bar: a ii with its V most, then other falling fifths, then changes of colour."""
    a, b = _chord(before), _chord(after)
    falls = (a.root.pitch_class - b.root.pitch_class) % 12
    if b.family == "dominant" and a.family in ("minor", "half-diminished") and falls in (7, 1):
        return 6.0
    if a.root == b.root or (falls == 7 and a.family != "dominant"):
        return 1.5
    return 0.03 if a.family == "dominant" else 0.7


# Blues and rhythm changes -------------------------------------------------------------------------------------------

_Slot = Mapping[str, float]

_BLUES: tuple[_Slot, ...] = (
    {"I7 | IV7 | I7": 5, "I7 | I7 | I7": 1, "I13 | IV9 | I13": 2, "I7 | IV7 #IVo7 | I7": 1,
     "Imaj7 | VIIm7b5 III7b9 | VIm7 II7": 1},
    {"I7": 3, "Vm7 I7": 4, "Vm7 I7alt": 2, "I7alt": 1, "Vm7 bV7": 1},
    {"IV7 | IV7": 3, "IV7 | #IVo7": 4, "IV9 | IVm7 bVII13": 2, "IV7 | bVII13": 1},
    {"I7 | VI7b9": 4, "I7 | IIIm7b5 VI7b9": 3, "IIIm7 | VI7b9": 3, "IIIm7 VI7 | bIIIm7 bVI7": 2, "I7 | I7": 1.5},
    {"IIm7 | V7": 6, "V7 | IV7": 1.5, "IIm7 | bII7": 1, "II9 | V13": 1, "IIm7 V7 | IVm7 bVII13": 0.7},
    {"I7 VI7b9 | IIm7 V7": 5, "IIIm7 VI7b9 | IIm7 V7alt": 3, "I7 bIII7 | bVI7 V7": 1, "I7 IV7 | I7 V7": 1.5,
     "I7 | IIm7 V7": 2},
)  # fmt: skip
_MINOR_BLUES: tuple[_Slot, ...] = (
    {"Im7 | IVm7 | Im7": 3, "Im6 | IIm7b5 V7alt | Im6": 3, "Im7 | Im7 | Im7": 2, "Im7 | bVI7 V7alt | Im7": 1},
    {"Im7": 2, "Im7 I7alt": 2, "Vm7b5 I7b9": 3, "I7alt": 1},
    {"IVm7 | IVm7": 4, "IVm7 | bVII13": 2, "IVm7 | IVm6": 1},
    {"Im7 | Im7": 3, "Im6 | VIm7b5": 2, "Im7 | bIIImaj7": 1},
    {"bVI7 | V7alt": 3, "IIm7b5 | V7alt": 3, "bVI13#11 | V7alt": 2, "II7 | bVI7 V7alt": 1},
    {"Im7 | IIm7b5 V7alt": 4, "Im6 bIII7 | bVI7 V7alt": 1, "Im7 bVI7 | V7alt": 2, "Im6 | V7alt": 1},
)
_RHYTHM_OPENINGS: _Slot = {
    "I6 VI7b9 | IIm7 V7": 5, "I6 #Io7 | IIm7 #IIo7": 2, "Imaj7 VIm7 | IIm7 V7": 3, "I6 VI7 | IIm7 bII7": 1,
}
_RHYTHM_SECONDS: _Slot = {"IIIm7 VI7b9 | IIm7 V7": 5, "I6 VIm7 | IIm7 V7": 2}
_RHYTHM_FOURTHS: _Slot = {
    "Vm7 I7 | IV7 #IVo7": 4, "I7 | IVmaj7 IVm6": 3, "Vm7 I7 | IVmaj7 bVII13": 2, "I7 | IV7 bVII7": 1,
}
_RHYTHM_BRIDGES: _Slot = {
    "III7 | III7 | VI7 | VI7 | II7 | II7 | V7 | V7": 5, "VIIm7 | III7 | IIIm7 | VI7 | VIm7 | II7 | IIm7 | V7alt": 3,
    "III9 | bVII13 | VI9 | bIII13 | II9 | bVI13 | V9 | V7alt": 1,
    "III7 | VIIm7 III7 | VI7 | IIIm7 VI7 | II7 | VIm7 II7 | V7 | IIm7 V7": 2,
    "Vm7 | I7 | IVmaj7 | IVmaj7 | VIm7 | II7 | IIm7 | V7": 1.5,
}


def _blues(slots: Sequence[_Slot], draw: Dice) -> Bars:
    return [bar.split() for slot in slots for bar in draw.weighted(tuple(slot), tuple(slot.values())).split("|")]


def _rhythm(minor: bool, draw: Dice) -> Chart:
    if minor:
        opening = draw.one_of(("Im6 VIm7b5 | IIm7b5 V7alt", "Im6 | IIm7b5 V7alt", "Im7 bVI7 | IIm7b5 V7b9"))
        fourth = draw.one_of(("Vm7b5 I7b9 | IVm7 #IVo7", "I7b9 | IVm7 bVII13", "Im7 I7alt | IVm7 IVm6"))
        bridge = draw.one_of(("IVm7 | bVII13 | bIIImaj7 | bVImaj7 | VIm7b5 | II7b9 | bVI13#11 | V7alt",
                              "I7alt | I7alt | IVm7 | IVm7 | bVII13 | bIIImaj7 | bVI7 | V7alt",
                              "IVm7 | bVII13 | bIIImaj7 | VIm7b5 | II7 | II7 | V7alt | V7alt"))  # fmt: skip
        first = f"{opening} | {opening} | {fourth} | {opening}"
        second = f"{opening} | {opening} | {fourth} | IIm7b5 V7alt | Im6"
        return (("A", first), ("A", second), ("B", bridge), ("A", second))

    def of(slot: _Slot) -> str:
        return draw.weighted(tuple(slot), tuple(slot.values()))

    opening, second, fourth = of(_RHYTHM_OPENINGS), of(_RHYTHM_SECONDS), of(_RHYTHM_FOURTHS)
    if draw.chance(0.4):
        second = opening
    half = f"{opening} | {second}"
    first = f"{half} | {fourth} | IIIm7 VI7b9 | IIm7 V7"
    home = f"{half} | {fourth} | IIm7 V7 | I6"
    return (("A", first), ("A", home), ("B", of(_RHYTHM_BRIDGES)), ("A", home))
