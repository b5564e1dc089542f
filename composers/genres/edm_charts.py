"""Loops of electronic dance music: two to eight bars of harmony that go round, by style and mode.

No corpus of it may be used: these are production practice: minor sevenths and ninths moved in parallel (house), one
chord or a flat second (techno), the four chords of anthems (trance), two-bar ninths (drum and bass). A song dresses its
loop once: it may begin in the middle, take another chord of the same function, and colour chords.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from composers.dice import Dice

Loops = tuple[tuple[str, float], ...]

_HOUSE: Loops = (
    ("Im9 | Im9 | IVm9 | IVm9", 1.0), ("Im9 | bVImaj7 | IVm9 | Vm7", 0.9), ("Im7 | bIIImaj7 | IVm7 | bVImaj7", 0.8),
    ("Im9 | IVm9 | bVImaj7 | Vm7", 0.9), ("IVm9 | Vm7 | Im9 | Im9", 0.8), ("Im9 | Im9 | bVImaj7 | bVII", 0.7),
    ("bVImaj7 | bVII | Im9 | Im9", 0.8), ("Im7 | bVII | bVImaj7 | bVII", 0.6), ("Im9 | Vm7 | bVImaj7 | IVm9", 0.7),
)  # fmt: skip
_HOUSE_MAJOR: Loops = (
    ("IIm9 | V | Imaj7 | VIm7", 0.9), ("IVmaj7 | IIIm7 | VIm9 | VIm9", 1.0), ("VIm9 | IVmaj7 | Imaj7 | V", 1.0),
    ("IVmaj9 | V | VIm9 | IIIm7", 0.9), ("Imaj7 | IIIm7 | IVmaj9 | IVmaj9", 0.7), ("IIm9 | IIIm7 | IVmaj7 | V", 0.6),
)  # fmt: skip
_TECHNO: Loops = (
    ("Im | Im | Im | Im", 1.2), ("Im7 | Im7 | Im7 | Im7", 1.0), ("Im9 | Im9 | bVImaj7 | bVImaj7", 0.6),
    ("Im | Im | Im | bVI", 0.6), ("Im | Im | bIII | Im", 0.4), ("Im9 | Im9 | IVm9 | Im9", 0.5),
)  # fmt: skip
_TECHNO_PHRYGIAN: Loops = (
    ("Im | Im | Im | bII", 1.0), ("Im | Im | bII | Im", 0.8), ("Im | bII | Im | bII", 0.5), ("Im | Im | Im | Im", 0.8),
)  # fmt: skip
_TECHNO_MAJOR: Loops = (
    ("VIm7 | VIm7 | VIm7 | VIm7", 1.0), ("Imaj7 | Imaj7 | IVmaj7 | Imaj7", 0.8), ("VIm9 | VIm9 | IVmaj7 | V", 0.6),
)  # fmt: skip
_ANTHEM: Loops = (
    ("bVI | bVII | Im | Im", 1.0), ("Im | bVI | bIII | bVII", 1.2), ("bVI | bIII | bVII | Im", 1.0),
    ("Im | bVII | bVI | bVII", 0.9), ("Im | bIII | bVII | IVm", 0.8), ("Im | IVm | bVI | bVII", 0.9),
    ("Im | Im | bVI | bVI | bIII | bIII | bVII | bVII", 0.9), ("bVI | bVI | bVII | bVII | Im | Im | Vm | Vm", 0.7),
    ("Im | bVI | IVm | Vm", 0.7),
)  # fmt: skip
_ANTHEM_MAJOR: Loops = (
    ("VIm | IV | I | V", 1.2), ("IV | V | VIm | I", 0.9), ("I | V | VIm | IV", 1.0), ("IV | I | V | VIm", 0.9),
    ("I | IIIm | IV | V", 0.6), ("VIm | VIm | IV | IV | I | I | V | V", 0.7), ("IV | VIm | I | V", 0.8),
)  # fmt: skip
_DEEP: Loops = (
    ("Im9 | Im9 | bVImaj7 | bVImaj7", 1.2), ("Im9 | bIIImaj7 | bVImaj7 | bVII", 0.9), ("Im9 | Im9 | IVm9 | IVm9", 1.0),
    ("bVImaj7 | bVImaj7 | Im9 | Im9", 0.9), ("Im9 | Vm7 | bVImaj7 | IVm9", 0.8), ("Im9 | Im9 | bVII | bVImaj7", 0.7),
    ("IVm9 | IVm9 | Im9 | Vm7", 0.6),
)  # fmt: skip
_DEEP_MAJOR: Loops = (
    ("Imaj7 | Imaj7 | VIm9 | VIm9", 1.0), ("IVmaj9 | IVmaj9 | VIm9 | V", 1.0), ("VIm9 | VIm9 | IVmaj7 | IVmaj7", 1.0),
    ("IVmaj7 | IIIm7 | VIm9 | VIm9", 0.8),
)  # fmt: skip
_DORIAN: Loops = (
    ("Im9 | Im9 | IV9 | IV9", 1.0), ("Im7 | IV7 | Im7 | bVII", 0.8), ("Im9 | bVII | IV | Im9", 0.8),
    ("Im9 | Im9 | bVII | IV", 0.7),
)  # fmt: skip
_DORIAN_TRIADS: Loops = (("Im | bVII | IV | IV", 1.0), ("Im | bIII | bVII | IV", 1.0), ("Im | Im | IV | bVII", 0.7))
_PHRYGIAN: Loops = (
    ("Im | bII | Im | bVIIm", 0.9), ("Im | Im | bII | bII", 1.0), ("Im | bVI | bII | Im", 0.8),
    ("Im | bII | bIII | bII", 0.7),
)  # fmt: skip
_MIXOLYDIAN: Loops = (
    ("I7 | I7 | IV9 | I7", 0.8), ("I | bVII | IV | I", 1.0), ("Vm9 | I9 | Vm9 | I9", 0.6),
    ("I | Vm7 | IV | bVII", 0.8),
)  # fmt: skip

MODES = ("minor", "major", "dorian", "phrygian", "mixolydian")
_HOUSES: Mapping[str, Loops] = {
    "minor": _HOUSE, "major": _HOUSE_MAJOR, "dorian": _DORIAN, "phrygian": _PHRYGIAN, "mixolydian": _MIXOLYDIAN,
}  # fmt: skip
_BY_STYLE: Mapping[str, Mapping[str, Loops]] = {
    "house": _HOUSES,
    "garage": _HOUSES,
    "techno": {"minor": _TECHNO, "major": _TECHNO_MAJOR, "dorian": (("Im7 | Im7 | IV7 | Im7", 0.7),
               ("Im7 | Im7 | Im7 | Im7", 1.0), ("Im9 | Im9 | IV9 | IV9", 0.5)), "phrygian": _TECHNO_PHRYGIAN,
               "mixolydian": (("I7 | I7 | I7 | I7", 1.0), ("I7 | I7 | bVII | I7", 0.7))},
    "trance": {"minor": _ANTHEM, "major": _ANTHEM_MAJOR, "dorian": _DORIAN_TRIADS, "phrygian": _PHRYGIAN,
               "mixolydian": _MIXOLYDIAN[1:2]},
    "drum-and-bass": {"minor": _DEEP, "major": _DEEP_MAJOR, "dorian": _DORIAN, "phrygian": _PHRYGIAN,
                      "mixolydian": _MIXOLYDIAN},
    "dubstep": {"minor": _ANTHEM, "major": _ANTHEM_MAJOR, "dorian": _DORIAN_TRIADS, "phrygian": _PHRYGIAN,
                "mixolydian": _MIXOLYDIAN[1:2]},
}  # fmt: skip


_EXCHANGES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "minor": {"Im": ("bIIImaj7",), "IVm": ("bVImaj7", "IIm7b5"), "bVI": ("IVm7",), "bVII": ("Vm7", "bIII"),
              "Vm": ("bVII",), "bIII": ("Vm7", "bVI")},
    "major": {"I": ("VIm7", "IIIm7"), "IIm": ("IVmaj7",), "IV": ("IIm7",), "V": ("IIIm7", "IIm7"), "VIm": ("IVmaj7",),
              "IIIm": ("V", "Imaj7")},
}  # fmt: skip
"""Chords that may stand for one another, with two of three notes in common."""
_SOFT: Mapping[str, Mapping[str, float]] = {
    "m9": {"m9": 3, "m7": 1.5, "m11": 1}, "m7": {"m7": 3, "m9": 1.5}, "maj7": {"maj7": 3, "maj9": 2},
    "maj9": {"maj9": 2, "maj7": 1}, "": {"": 2, "sus2": 0.7, "add9": 1.0}, "9": {"9": 2, "13": 1},
}  # fmt: skip
_HARD: Mapping[str, Mapping[str, float]] = {
    "m": {"m": 5, "m7": 0.8, "madd9": 1.2}, "": {"": 5, "add9": 1.2, "sus2": 0.8}, "m7": {"m": 2, "m7": 1},
    "maj7": {"": 2, "maj7": 1}, "m7b5": {"m7b5": 1},
}  # fmt: skip
_STEADY: Mapping[str, Mapping[str, float]] = {
    "m": {"m": 2, "m7": 1, "m9": 0.7}, "m7": {"m7": 2, "m9": 1, "m11": 0.5}, "m9": {"m9": 2, "m11": 1, "m7": 1},
}  # fmt: skip
_COLOURS = {"house": _SOFT, "garage": _SOFT, "drum-and-bass": _SOFT, "trance": _HARD, "dubstep": _HARD,
            "techno": _STEADY}  # fmt: skip
_EXCHANGED, _TURNED = 0.5, 0.3
_NUMERAL = re.compile(r"([b#]?(?:VII|VI|IV|V|III|II|I))(.*)")


def loops(style: str, mode: str) -> Loops:
    """The loops of a style in a mode, with weights."""
    return _BY_STYLE[style][mode]


def loop(style: str, mode: str, draw: Dice) -> str:
    """One of them as a song has it: a chart for `harmony.parse_chart`, of 2 to 8 bars."""
    table = loops(style, mode)
    bars = draw.weighted([text for text, _ in table], [weight for _, weight in table]).split(" | ")
    if style != "techno":
        if draw.chance(_EXCHANGED):
            bars = _exchanged(bars, _EXCHANGES.get(mode, {}), draw)
        if draw.chance(_TURNED):
            bars = bars[len(bars) // 2 :] + bars[: len(bars) // 2]
    colours: dict[str, str] = {}
    return " | ".join(_coloured(bar, _COLOURS[style], colours, draw) for bar in bars)


def _exchanged(bars: list[str], exchanges: Mapping[str, tuple[str, ...]], draw: Dice) -> list[str]:
    """With another chord for one of them, the first and last excepted, that is not held and then is not held either."""
    choices = [
        (place, other) for place in range(1, len(bars) - 1) for other in exchanges.get(_root(bars[place]), ())
        if not {_root(bars[place]), _root(other)} & {_root(bars[place - 1]), _root(bars[place + 1])}
    ]  # fmt: skip
    if not choices:
        return bars
    place, other = draw.one_of(choices)
    return [*bars[:place], other, *bars[place + 1 :]]


def _root(numeral: str) -> str:
    """With its "m", without a colour."""
    match = _NUMERAL.fullmatch(numeral)
    assert match is not None
    return match[1] + ("m" if match[2].startswith("m") and not match[2].startswith("maj") else "")


def _coloured(numeral: str, table: Mapping[str, Mapping[str, float]], colours: dict[str, str], draw: Dice) -> str:
    """As it sounds in this song; the same wherever it comes."""
    match = _NUMERAL.fullmatch(numeral)
    assert match is not None
    if match[2] not in table:
        return numeral
    if numeral not in colours:
        ways = table[match[2]]
        colours[numeral] = match[1] + draw.weighted(tuple(ways), tuple(ways.values()))
    return colours[numeral]
