"""Grooves of machines: patterns of drum-machine books (shares of patterns that hit a step) and common practice.

They repeat three bars of four; what swings is the sixteenth, by so many per cent of an eighth, at every tempo.
"""

from __future__ import annotations

from dataclasses import replace

from composers.feel import Feel
from composers.parts import kit
from composers.parts.drum_style import Groove, Layer
from composers.parts.fills import FillStyle
from composers.parts.hip_hop_grooves import TRAP

_BACKBEAT = (("....X.......X...", 1.0),)
_HAT_LOUD = (97.0, 72.0, 56.0, 40.0)
_HAT_8 = (("X.x.X.x.X.x.X.x.", 0.8), ("X.x.X.x.X.xgX.x.", 0.1), ("X.x.X.xgX.x.X.x.", 0.1))
_HAT_16 = (("Xgxgxgxgxgxgxgxg", 0.6), ("XgxgXgxgXgxgXgxg", 0.4))


def _hat(patterns: tuple[tuple[str, float], ...], weight: float, low: float = 0.0, high: float = 1.01) -> Layer:
    return Layer(kit.HAT, patterns, _HAT_LOUD, weight, low, high)


HOUSE = Groove(
    "house",
    Layer(kit.KICK, (("X...X...X...X...", 1.0),), (106.0, 96.0, 70.0, 50.0)),
    Layer(kit.CLAP, _BACKBEAT, (96.0, 84.0, 60.0, 40.0)),
    (Layer(kit.OPEN_HAT, (("..X...X...X...X.", 0.8), ("..X...X...X...Xx", 0.2)), (86.0, 74.0, 60.0, 50.0), 1.0),),
    pickups=(0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 2, 8),
    extras=(Layer(kit.HAT, (("oxoxoxoxoxoxoxox", 0.4), ("ox.xox.xox.xox.x", 0.6)), (80.0, 66.0, 54.0, 40.0), 0.85,
        0.35),
            Layer(kit.SNARE, _BACKBEAT, (84.0, 70.0, 50.0, 40.0), 0.5, 0.6),
            Layer(kit.SHAKER, (("xoXoxoXoxoXoxoXo", 1.0),), (64.0, 54.0, 44.0, 34.0), 0.35, 0.5),
            Layer(kit.MUTE_CONGA, (("...x..x....x..x./...x..x...x..xx.", 1.0),), (74.0, 66.0, 54.0, 40.0), 0.25, 0.5)),
    unit=2, exact=0.35, changes=1, machine=True, hands="electronic", feel=Feel(6, 0.54, False), drops=0.08,
    fills=FillStyle(8, 0.35, 0.85, (0.4, 0.4, 0.2, 0.0), {"stutter": 0.3, "drop": 0.3, "claps": 0.3, "kicks": 0.1},
        6.0, 1.0,
                    0.5),
)  # fmt: skip

TECHNO = replace(
    HOUSE,
    name="techno",
    snare=Layer(kit.CLAP, (("....x.......x...", 0.5), ("............x...", 0.5)), (84.0, 70.0, 54.0, 40.0)),
    times=(Layer(kit.OPEN_HAT, (("..X...X...X...X.", 1.0),), (88.0, 76.0, 60.0, 50.0), 0.7),
           Layer(kit.RIDE, (("..X...X...X...X.", 0.6), ("x.X.x.X.x.X.x.X.", 0.4)), (88.0, 70.0, 60.0, 50.0), 0.3, 0.7)),
    extras=(Layer(kit.HAT, (("xoxoxoxoxoxoxoxo", 1.0),), (70.0, 60.0, 48.0, 40.0), 0.7, 0.4),
            Layer(kit.RIM, (("..x..x..x..x..x./..x..x..x..x..x.", 0.5), ("x....x....x....x/....x....x....x.", 0.5)),
                  (70.0, 58.0, 48.0, 40.0), 0.5, 0.45),
            Layer(kit.LOW_CONGA, (("......x......x../....x......x....", 1.0),), (66.0, 56.0, 46.0, 40.0), 0.35, 0.5)),
    feel=Feel(), drops=0.05,
)  # fmt: skip
"""Its rim plays threes or fives across two bars."""

TRANCE = replace(
    HOUSE, name="trance", feel=Feel(),
    times=(Layer(kit.OPEN_HAT, (("..X...X...X...X.", 1.0),), (90.0, 76.0, 60.0, 50.0), 1.0),),
    extras=(Layer(kit.HAT, (("xoxoxoxoxoxoxoxo", 1.0),), (72.0, 62.0, 50.0, 40.0), 0.8, 0.45),
            Layer(kit.SNARE, _BACKBEAT, (90.0, 78.0, 60.0, 40.0), 0.6, 0.6),
            Layer(kit.RIDE, (("x.x.x.x.x.x.x.x.", 1.0),), (72.0, 66.0, 50.0, 40.0), 0.4, 0.85)),
)  # fmt: skip

DNB = Groove(
    "drum and bass",
    Layer(kit.KICK, (("X.........X.....", 0.5), ("X.X.......X.....", 0.15), ("X.......x.X.....", 0.12),
          ("X.X.......XX....", 0.15),
                     ("X.........X..x..", 0.08)), (108.0, 94.0, 70.0, 50.0)),
    Layer(kit.SNARE, (("....X.......X...", 0.7), ("....X..o.o..X...", 0.3)), (112.0, 98.0, 52.0, 38.0)),
    (_hat((("X.x.X.x.X.x.X.x.", 1.0),), 0.7), _hat(_HAT_16, 0.3, 0.4), Layer(kit.RIDE, (("x.x.x.x.x.x.x.x.", 1.0),),
          (92.0, 66.0, 52.0, 42.0), 0.4, 0.75)),
    ghosts=(0, 9, 14, 0, 0, 0, 14, 36, 0, 44, 14, 0, 0, 8, 22, 16), pickups=(0, 4, 20, 6, 0, 8, 4, 10, 10, 8, 0, 20,
        0, 8, 0, 6),
    opens=(0, 0, 8, 0, 0, 0, 6, 0, 0, 0, 10, 0, 0, 0, 16, 0), unit=2, exact=0.2, changes=2, machine=True,
        hands="electronic",
    ghost_loud=44.0,
    fills=FillStyle(4, 0.3, 0.9, (0.35, 0.45, 0.2, 0.0), {"snare": 0.4, "stutter": 0.35, "drop": 0.25}, 6.0, 1.0, 0.5),
)  # fmt: skip

BREAKBEAT = replace(
    DNB, name="breakbeat",
    kick=Layer(kit.KICK, (("X.x.......xx....", 0.4), ("X.x.......x...../X.x.......x.....", 0.2), ("X.........xx..x.",
        0.2),
                          ("X.x....x..x.....", 0.2)), (106.0, 92.0, 70.0, 50.0)),
    snare=Layer(kit.SNARE, (("....X..o.o..X..o", 0.6), ("....X..o.o..X..o/....X..o.o....X.", 0.4)), (112.0, 98.0,
        56.0, 38.0)),
)  # fmt: skip

GARAGE = replace(
    HOUSE, name="garage", feel=Feel(6, 0.62, False),
    kick=Layer(kit.KICK, (("X.........X.....", 0.5), ("X.........X..x..", 0.25), ("X......x..X.....", 0.25)), (106.0,
        94.0, 70.0, 50.0)),
    times=(_hat((("..X...X...X...X.", 0.4), ("..Xo..X...Xo..Xo", 0.6)), 1.0),),
    extras=(Layer(kit.RIM, ((".x.....x.....x..", 0.6), ("...x...x.....x..", 0.4)), (76.0, 64.0, 50.0, 40.0), 0.8, 0.35),
            Layer(kit.SHAKER, (("xoXoxoXoxoXoxoXo", 1.0),), (64.0, 54.0, 44.0, 34.0), 0.5, 0.4)),
)  # fmt: skip

DUBSTEP = replace(
    TRAP, name="dubstep",
    snare=Layer(kit.SNARE, (("........X.......", 1.0),), (120.0, 104.0, 80.0, 50.0)),
    times=(_hat((("X...x...x...x...", 0.5), ("X.x...x.X.x...x.", 0.5)), 1.0),), extras=(),
)  # fmt: skip
