"""Hip-hop's loops: one to eight bars of harmony that go round, by style and mode, in numerals of the major scale.

No licensed corpus of hip-hop harmony was found: these are production practice. A loop is a skeleton of roots and kinds
(boom-bap's vamps and plagal moves of records from 1965 to 1978, lo-fi's turnarounds, trap's minor with its flat sixth,
drill's two chords), dressed once for a song: each chord takes a colour that its function allows, a dominant may be
substituted, the last bar may turn around, and the loop may go twice before it is whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from composers.dice import Dice

Loops = tuple[tuple[str, float], ...]
"""Skeletons with weights: numerals with a kind, "m" minor, "M" major, "7" dominant, "h" half diminished, "o"
diminished; any other quality is taken as it is written."""

_TURNS_MAJOR: Loops = (
    ("IIm | V7 | IM | VIm", 1.0), ("IVM | IIIm | IIm | IM", 1.0), ("IIm V7 | IM VI7", 0.9),
    ("IM | VIm | IIm | V7", 0.9),
    ("IVM V7 | IIIm VIm | IIm V7 | IM I7", 0.7), ("IM IIIm | IVM IVm6", 0.9), ("IVM IVm6 | IM VIm", 0.7),
    ("VIm | IIm | IVM | IIIm", 0.7), ("IIIm VIm | IIm V7", 0.8), ("IM #Io | IIm V7", 0.4),
    ("IIm | IIIm | IVM | V7", 0.4),
    ("IVM | III7 | VIm | Vm7 I7", 0.9), ("IM | III7 | VIm | IVm6", 0.6), ("IVM | V7 | IIIm | VIm", 0.7),
    ("IM VI7 | IIm V7", 0.5), ("IIm | bII7 | IM | VI7", 0.5), ("IM | bIIIM | IVM | bVIIM", 0.25),
)  # fmt: skip
_TURNS_MINOR: Loops = (
    ("Im | IVm | Im | V7", 1.0), ("IVm | bVII7 | bIIIM | bVIM", 1.0), ("Im | bVIM | IIh | V7", 1.0),
    ("bVIM | Vm | IVm | Im", 0.9), ("Im bVII7 | bVIM V7", 0.8), ("Im | IVm bVII7", 0.6), ("bVIM V7 | Im Im", 0.7),
    ("IVm Vm | Im Im", 0.5), ("bVIM | V7 | Im | bIII7", 0.6), ("Im | bIIIM | bVIM | V7", 0.6),
    ("Im | Im(maj7) | Im7 | Im6", 0.4), ("IVm | V7 | Im | bVIM", 0.6), ("IIh V7 | Im bVIM", 0.5),
)  # fmt: skip
_SAMPLES_MINOR: Loops = (
    ("Im | Im", 0.5), ("Im | IVm", 0.9), ("Im | bVII7 | bVIM | bVII7", 0.8), ("Im | Im | IVm | V7", 0.8),
    ("Im IVm | Im V7", 0.7), ("bVIM | Im", 0.7), ("Im bIIIM | bVIM V7", 0.6), ("IIh V7 | Im Im", 0.6),
    ("Im | Im | bVIM | bVII7", 0.7), ("Im | bIIM", 0.4), ("Im | Im(maj7) | Im7 | Im6", 0.6),
    ("Im | bVIM | IVm | V7", 0.7),
    ("IVm | Im | V7 | Im", 0.6), ("bVIM | V7 | Im | Im", 0.8), ("Im | Vm | bVIM | bIIIM", 0.6),
    ("Im | IVm | bVII7 | bIIIM", 0.7),
    ("bVIM bVII7 | Im Im", 0.7), ("IVm Vm | bVIM Im", 0.5), ("Im | bIIIM | IVm | bVIM", 0.6),
    ("IVm | bVIM | Im | Im", 0.6),
    ("Im Vm | bVIM IVm", 0.5), ("Im | #IVh | IVm | Im", 0.3), ("Im | bII7 | Im | V7", 0.4),
)  # fmt: skip
_SAMPLES_MAJOR: Loops = (
    ("IM | IIm", 0.8), ("IM | IVM", 1.0), ("IIm | V7 | IM | IM", 0.9), ("IM VIm | IIm V7", 0.9), ("IVM | IM", 0.8),
    ("I13 | IV9", 0.6), ("IVM IIIm | IIm IM", 0.7), ("IM | IIIm | IVM | V7", 0.6), ("IVM | III7 | VIm | VIm", 0.8),
    ("VIm | IIm | V7 | IM", 0.6), ("IM | bVII7 | IVM | IVm6", 0.6), ("IVM IVm6 | IIIm VI7", 0.5),
    ("IIm IIIm | IVM V7", 0.5),
    ("IM III7 | VIm IVm6", 0.5),
)  # fmt: skip
_DARK: Loops = (
    ("Im | bVIM | Im | VM", 0.8), ("Im | Im | bVIM | VM", 1.0), ("Im | bVIM | bIIIM | bVIIM", 0.9),
    ("Im | IVm | Im | VM", 0.6),
    ("Im | Im | bVIM | bVIIM", 1.0), ("bVIM | bVIIM | Im | Im", 1.0), ("Im bVIM | Vm Im", 0.6),
    ("Im | Vm | bVIM | IVm", 0.8),
    ("Im | bVIM | IVm | VM", 0.9), ("Im | Im | Im | bVIM VM", 0.7), ("IVm | Im | bVIM | VM", 0.6),
    ("Im | Im | bIIM | bVIM", 0.6), ("bVIM | Vm | Im | Im", 0.8), ("Im | bVIM", 0.7), ("bVIM | Im | Vm | Im", 0.5),
    ("bVIM | Im | bIIIM | bVIIM", 0.7), ("Im | bIIIM | bVIM | IVm", 0.6), ("IVm | bVIM | Im | bVIIM", 0.5),
)  # fmt: skip
_TWO: Loops = (
    ("Im | bVIM", 1.0), ("Im | bIIM", 0.9), ("Im | Im | bVIM | bVIM", 1.0), ("Im | Im | bIIM | bIIM", 0.6),
    ("Im | IVm", 0.5), ("Im | Im | bVIM | VM", 1.0), ("Im | bVIM | bIIM | Im", 0.6), ("Im | Vm", 0.5),
    ("Im | Im | bVIM | bIIM", 0.7), ("bVIM | Im | Im | bIIM", 0.4), ("Im | bVIM | IVm | bIIM", 0.6),
    ("Im | Im | IVm | bVIM", 0.7),
    ("Im | bIIIM | bVIM | bIIM", 0.5), ("bVIM | Vm | Im | Im", 0.6),
)  # fmt: skip
_PHRYGIAN: Loops = (
    ("Im | bIIM | Im | bVIIm", 1.0), ("Im | Im | bIIM | bIIM", 1.0), ("Im | bIIM | bIIIM | bIIM", 0.9),
    ("Im | bVIM | bIIM | Im", 0.9), ("Im | Im | bVIM | bIIM", 0.8), ("Im bIIM | Im bIIIM", 0.6), ("Im | bIIM", 0.8),
    ("Im | bVIIm | bVIM | bIIM", 0.6), ("bIIM | Im | bIIM | bIIIM", 0.4),
)  # fmt: skip
_BRIGHT: Loops = (
    ("VIm | IVM | IM | VM", 1.0), ("IVM | VM | VIm | IM", 0.8), ("IM | VM | VIm | IVM", 0.8),
    ("IVM | VM | IIIm | VIm", 0.9),
    ("IM | IIIm | IVM | IVm", 0.6), ("VIm | VIm | IVM | VM", 0.8), ("IVM | IM", 0.5), ("IVM | VIm | VM | IM", 0.6),
    ("IIm | VIm | IVM | VM", 0.5), ("VIm | IIIm | IVM | IVM", 0.5),
)  # fmt: skip
_DORIAN: Loops = (
    ("Im | IV7", 1.0), ("Im | IV7 | Im | bVIIM", 0.8), ("Im IIm7 | bIIIM IV7", 0.7), ("Im | Im | IV7 | IV7", 0.8),
    ("bIIIM IV7 | Im Im", 0.6), ("Im | bIIIM | IV7 | IV7", 0.6), ("Im | Vm | IV7 | Im", 0.6),
    ("bVIIM | IV7 | Im | Im", 0.5),
    ("Im IV7 | bIIIM bVIIM", 0.5),
)  # fmt: skip
_BY_STYLE: Mapping[str, Mapping[str, Loops]] = {
    "boom-bap": {"minor": _SAMPLES_MINOR, "major": _SAMPLES_MAJOR, "dorian": _DORIAN, "phrygian": _PHRYGIAN},
    "lo-fi": {"minor": _TURNS_MINOR, "major": _TURNS_MAJOR, "dorian": _DORIAN, "phrygian": _PHRYGIAN},
    "trap": {"minor": _DARK, "major": _BRIGHT, "dorian": _DORIAN, "phrygian": _PHRYGIAN},
    "drill": {"minor": _TWO, "major": _BRIGHT, "dorian": _DORIAN, "phrygian": _PHRYGIAN},
    "neo-soul": {"minor": _TURNS_MINOR, "major": _TURNS_MAJOR, "dorian": _DORIAN, "phrygian": _PHRYGIAN},
}  # fmt: skip
MODES = ("minor", "major", "dorian", "phrygian")
_TOKEN = re.compile(r"([b#]?)(VII|VI|IV|V|III|II|I)(m|M|7|h|o)")

Colours = Mapping[str, float]
_TONIC_MINOR: Colours = {"m9": 5, "m7": 2.5, "m11": 2, "m6/9": 0.7}
_OTHER_MINOR: Colours = {"m9": 3, "m7": 3, "m11": 1.5}
_TONIC_MAJOR: Colours = {"maj9": 4, "maj7": 2.5, "6/9": 2, "maj13": 0.6}
_OTHER_MAJOR: Colours = {"maj9": 3, "maj7": 3, "6/9": 0.8}
_LYDIAN: Colours = {"maj9": 3, "maj7": 3, "maj7#11": 1.6, "6/9": 0.6}
_JAZZ: Mapping[str, Colours] = {
    "Im": _TONIC_MINOR, "IVm": {"m9": 4, "m7": 2, "m6": 1, "m11": 1.2},
    "m": _OTHER_MINOR, "IIIm": {"m7": 1, "m11": 0.3},
    "VIIm": {"m7": 1}, "IM": _TONIC_MAJOR, "M": _OTHER_MAJOR, "IVM": _LYDIAN, "bVIM": _LYDIAN, "bIIM": _LYDIAN,
    "V7": {"13": 3, "9": 2.5, "9sus4": 2, "7b9": 0.7},
    "minor V7": {"7#9": 2, "7b9": 2, "7alt": 1, "7#5": 1, "9sus4": 1},
    "IV7": {"9": 3, "13": 3}, "bVII7": {"13": 3, "9": 3, "9sus4": 1}, "bII7": {"9": 2, "13": 2, "7#11": 1},
    "I7": {"9": 2, "13": 1, "7": 1}, "7": {"7b9": 2, "7": 1, "7#5": 1}, "h": {"m7b5": 1}, "o": {"o7": 1},
}  # fmt: skip
_PLAIN: Mapping[str, Colours] = {
    "Im": {"m": 5, "m7": 1.2, "madd9": 2}, "m": {"m": 5, "m7": 1.5}, "M": {"": 5, "maj7": 1.6, "add9": 0.8},
    "VM": {"": 4, "7": 1}, "bIIM": {"": 4, "maj7": 1.5}, "IV7": {"": 3, "7": 1, "add9": 1}, "7": {"7": 1},
    "h": {"m7b5": 1},
    "o": {"o7": 1},
}  # fmt: skip
_COLOURS: Mapping[str, Mapping[str, Colours]] = {
    "boom-bap": _JAZZ, "lo-fi": _JAZZ, "neo-soul": _JAZZ, "trap": _PLAIN, "drill": _PLAIN,
}  # fmt: skip
_FOR_DOMINANTS = {"major": {"bII7": 1.0, "bVII7": 1.0, "IVm6": 0.7}, "minor": {"bII7": 1.0}}
"""In place of V7 before I: the tritone's, the back door, the borrowed fourth."""
_LEADING = frozenset({"V7", "VM", "bII7", "bIIM", "bVII7", "bVIIM", "bVIIm", "VI7", "I7"})
_SUBSTITUTED = 0.12
_TURNED = 0.3
_TWICE = 0.35
_HALVED = 0.14


def loop(style: str, mode: str, draw: Dice) -> str:
    """A loop of a style in a mode, dressed: a chart for `harmony.parse_chart`, of 1 to 8 bars."""
    table = _BY_STYLE[style][mode]
    text = draw.weighted([text for text, _ in table], [weight for _, weight in table])
    bars = [bar.split() for bar in text.split("|")]
    jazz = _COLOURS[style] is _JAZZ
    if jazz and len(bars) == 4 and all(len(bar) == 1 for bar in bars) and draw.chance(_HALVED):
        bars = [[bars[0][0], bars[1][0]], [bars[2][0], bars[3][0]]]
    if draw.chance(_TWICE) and len(bars) <= 4:
        bars = [*bars, *bars[:-1], _turned(bars[-1], mode, jazz, draw)]
    elif jazz and draw.chance(_TURNED):
        bars[-1] = _turned(bars[-1], mode, jazz, draw)
    home = {"minor": "Im", "major": "IM"}.get(mode, "Im")
    if jazz and mode in _FOR_DOMINANTS and draw.chance(_SUBSTITUTED):
        others = _FOR_DOMINANTS[mode]
        bars = _substituted(bars, home, draw.weighted(tuple(others), tuple(others.values())))
    colours: dict[str, str] = {}
    return " | ".join(" ".join(_coloured(token, style, mode, colours, draw) for token in bar) for bar in bars)


def _turned(bar: list[str], mode: str, jazz: bool, draw: Dice) -> list[str]:
    """A bar whose second half leads back to the beginning; where it does already, its first half leads there."""
    if bar[-1] in _LEADING:
        return [draw.one_of(("IIm", "IVM") if mode == "major" else ("IVm", "bVIM")), bar[-1]] if len(bar) == 1 else bar
    if jazz:
        ways = {"V7": 2.0, "bII7": 0.6, "VI7": 0.8} if mode == "major" else {"V7": 2.0, "bII7": 0.6, "bVII7": 1.0}
        if mode in ("dorian", "phrygian"):
            ways = {"bVIIM" if mode == "dorian" else "bIIM": 1.0}
    else:
        ways = {"minor": {"VM": 1.0, "bVIIM": 1.0, "bVIM": 0.8},
        "major": {"VM": 1.0, "IVM": 1.0}}.get(mode, {"bVIIM": 1.0})
        if mode == "phrygian":
            ways = {"bIIM": 1.0}
    ways = {way: weight for way, weight in ways.items() if way != bar[-1]} or {bar[-1]: 1.0}
    return [bar[0], draw.weighted(tuple(ways), tuple(ways.values()))]


def _substituted(bars: list[list[str]], home: str, by: str) -> list[list[str]]:
    """The loop with another chord for V7 where the tonic follows it, also around its end."""
    flat = [(index, place) for index, bar in enumerate(bars) for place in range(len(bar))]
    found = [list(bar) for bar in bars]
    for (index, place), (then, after) in zip(flat, (*flat[1:], flat[0]), strict=True):
        if bars[index][place] == "V7" and bars[then][after] == home:
            found[index][place] = by
    return found


def _coloured(token: str, style: str, mode: str, colours: dict[str, str], draw: Dice) -> str:
    """A numeral with the quality that it has in this song."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return token
    if token not in colours:
        table = _COLOURS[style]
        minor = f"minor {token}" if mode != "major" else token
        choices = table.get(minor) or table.get(token) or table[match[3]]
        quality = draw.weighted(tuple(choices), tuple(choices.values()))
        colours[token] = f"{match[1]}{match[2]}{quality}"
    return colours[token]
