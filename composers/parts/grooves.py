"""Grooves of players as values, measured; with those of machines (programmed_grooves) they are GROOVES.

Patterns and their weights: shares of bars in the takes of Groove MIDI (4/4, one vote a take) for rock, pop, funk,
hip-hop, soul, disco, bossa and samba; reggae's one drop, punk and ballads follow common practice.
Ghosts, pick-ups and open hats are percent of bars that hit the cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from composers.feel import Feel
from composers.parts import kit
from composers.parts.drum_style import Groove, Layer
from composers.parts.fills import FillStyle
from composers.parts.hip_hop_grooves import (
    BOOM_BAP,
    BOUNCE,
    BREAK,
    DENSE,
    DRILL,
    HIP_HOP,
    LO_FI,
    LO_FI_BREAK,
    TRAP,
)
from composers.parts.programmed_grooves import BREAKBEAT, DNB, DUBSTEP, GARAGE, HOUSE, TECHNO, TRANCE
from composers.pulse import STEPS

__all__ = [
    "BALLAD", "BOOM_BAP", "BOSSA", "BOUNCE", "BREAK", "BREAKBEAT", "DENSE", "DISCO", "DNB", "DRILL", "DUBSTEP", "FUNK",
    "GARAGE", "GROOVES", "HALF_TIME", "HALF_TIME_SHUFFLE", "HIP_HOP", "HOUSE", "LO_FI", "LO_FI_BREAK", "POP", "PUNK",
    "REGGAE", "ROCK", "SAMBA", "SHUFFLE", "SOUL", "TECHNO", "TRANCE", "TRAP",
]  # fmt: skip

_BACKBEAT = (("....X.......X...", 1.0),)
_SNARE_LOUD = (112.0, 100.0, 70.0, 36.0)
_HAT_LOUD = (97.0, 72.0, 56.0, 40.0)
_RIDE_LOUD = (92.0, 66.0, 52.0, 42.0)
_HAT_8 = (("X.x.X.x.X.x.X.x.", 0.8), ("X.x.X.x.X.xgX.x.", 0.1), ("X.x.X.xgX.x.X.x.", 0.1))
_HAT_16 = (("Xgxgxgxgxgxgxgxg", 0.6), ("XgxgXgxgXgxgXgxg", 0.4))
_HAT_4 = (("x...x...x...x...", 1.0),)
_RIDE_8 = (("X.x.X.x.X.x.X.x.", 0.75), ("X.xgX.xgX.xgX.xg", 0.25))


def _hat(patterns: tuple[tuple[str, float], ...], weight: float, low: float = 0.0, high: float = 1.01) -> Layer:
    return Layer(kit.HAT, patterns, _HAT_LOUD, weight, low, high)


def _ride(weight: float, low: float = 0.55, high: float = 1.01) -> Layer:
    return Layer(kit.RIDE, _RIDE_8, _RIDE_LOUD, weight, low, high)


def _open(weight: float, low: float = 0.75, high: float = 1.01) -> Layer:
    return Layer(kit.OPEN_HAT, (("X.x.X.x.X.x.X.x.", 0.4), ("X...X...X...X...", 0.6)), (104.0, 84.0, 66.0, 50.0),
                 weight, low, high)  # fmt: skip


def _crash(weight: float, low: float = 0.88) -> Layer:
    """Quarters on the crash: the wash of a last chorus."""
    return Layer(kit.CRASH_2, (("X...x...x...x...", 1.0),), (100.0, 84.0, 70.0, 60.0), weight, low)


ROCK = Groove(
    "rock",
    Layer(kit.KICK, (
        ("X...x...x...x...", 11), ("X.......x.......", 6), ("X......xx.......", 6), ("X.........x...x.", 9),
        ("X.......x.x...x.", 5), ("X.........x.....", 8), ("X.......x.x.....", 5), ("X.x.....x.x.....", 5),
        ("X......xx....x..", 5), ("X.........xx....", 6), ("X..........x..x.", 5), ("X..x..x.........", 5),
        ("X.....x.x.x.....", 4), ("X..x..x...x.....", 4), ("X.............x.", 5),
    ), (88.0, 68.0, 56.0, 46.0)),
    Layer(kit.SNARE, (("....X.......X...", 0.86), ("....X..g.g..X...", 0.08), ("....X.......X.x.", 0.06)), _SNARE_LOUD),
    (
        _hat(_HAT_8, 1.0, 0.0, 0.8), _hat(_HAT_4, 0.15, 0.0, 0.7), _hat(_HAT_16, 0.12, 0.3, 0.75),
        _ride(0.55), _open(0.35), _crash(0.3),
        Layer(kit.FLOOR_TOM, (("X.x.X.x.X.x.X.x.", 0.7), ("X.xxX.x.X.xxX.x.", 0.3)), (96.0, 84.0, 70.0, 50.0), 0.22,
              0.25, 0.75),
    ),
    ghosts=(9, 16, 12, 9, 0, 12, 12, 22, 16, 24, 14, 16, 0, 16, 14, 20),
    pickups=(0, 3, 15, 18, 6, 3, 18, 15, 0, 6, 28, 12, 6, 6, 22, 12),
    opens=(0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 14, 0),
    pedal=(40, 0, 5, 0, 60, 0, 5, 0, 40, 0, 5, 0, 60, 0, 5, 0),
    exact=0.08, changes=3, accents=0.34,
    fills=FillStyle(4, 0.5, 0.95, (0.30, 0.35, 0.30, 0.05),
                    {"toms": 0.62, "snare": 0.18, "linear": 0.06, "triplets": 0.08, "flams": 0.06}, 12.0, 0.72, 0.39),
)  # fmt: skip
"""118 takes: hats in eighths or rides, a kick of two to four, few ghosts."""

POP = replace(
    ROCK,
    name="pop",
    kick=Layer(kit.KICK, (
        ("X.....x.X.......", 14), ("X.........X.....", 14), ("X.......X...x...", 8), ("X.x...x...X.....", 7),
        ("X.......X.......", 9), ("X...x...X...x...", 7), ("X.....x...x.....", 6), ("X.....x.X.x.....", 6),
        ("X.......X.x.....", 9),
    ), (90.0, 72.0, 58.0, 46.0)),
    snare=Layer(kit.SNARE, _BACKBEAT, _SNARE_LOUD),
    times=(_hat(_HAT_8, 1.0, 0.0, 0.85), _hat(_HAT_16, 0.3, 0.25, 0.9), _ride(0.5), _open(0.3, 0.8)),
    ghosts=(0, 8, 6, 2, 0, 6, 4, 10, 4, 12, 12, 8, 0, 8, 6, 8),
    pickups=(0, 1, 14, 1, 2, 2, 22, 2, 0, 1, 24, 2, 4, 1, 12, 3),
    exact=0.2, changes=2, accents=0.35, side=kit.RIM, side_below=0.35, hands="tight",
    extras=(Layer(kit.TAMBOURINE, (("..x...x...x...x.", 0.5), ("x.x.X.x.x.x.X.x.", 0.5)), (84.0, 62.0, 50.0, 40.0),
        0.35,
                  0.7),),
    fills=FillStyle(4, 0.4, 0.9, (0.35, 0.4, 0.22, 0.03), {"toms": 0.62, "snare": 0.28, "linear": 0.1}, 8.0, 0.81,
                    0.48),
)  # fmt: skip

FUNK = Groove(
    "funk",
    Layer(kit.KICK, (
        ("X.x.......X.....", 16), ("X..x...x.xx.....", 11), ("X.x.......xx....", 9), ("X.........X.....", 6),
        ("X..x......X..x..", 6), ("X..x.x.x...x....", 5), ("X.x......xX..x..", 5), ("X...x..xx.......", 4),
        ("X.......X.......", 4), ("Xx.x......X..x..", 4), ("X..x.x.x...x....", 4), ("X..x...xX..x..x.", 4),
        ("X......x.xX.....", 5),
    ), (82.0, 61.0, 52.0, 44.0)),
    Layer(kit.SNARE, (("....X.......X...", 0.62), ("....X.........X.", 0.08), ("....X..x...x..X.", 0.07),
                      ("....X..g.g..X..g", 0.23)), (112.0, 96.0, 66.0, 36.0)),
    (
        _hat(_HAT_8, 0.8), _hat(_HAT_16, 0.75), _hat((("X.x.X.x.X...X.x.", 1.0),), 0.5),
        _hat((("X...x.xgx.x.x.xg", 0.5), ("X...x...x.x.....", 0.5)), 0.3), _ride(0.35, 0.6),
    ),
    ghosts=(10, 28, 8, 5, 0, 28, 14, 46, 12, 44, 10, 16, 0, 24, 18, 36),
    pickups=(0, 4, 20, 30, 4, 18, 6, 28, 0, 17, 40, 20, 4, 15, 8, 6),
    opens=(0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 45, 0, 10, 0, 16, 0),
    pedal=(30, 0, 5, 0, 50, 0, 5, 0, 30, 0, 5, 0, 60, 0, 10, 0),
    exact=0.12, changes=2, ghost_loud=37.0, accents=0.24, hands="funk",
    fills=FillStyle(8, 0.3, 0.85, (0.40, 0.35, 0.22, 0.03), {"toms": 0.45, "snare": 0.37, "linear": 0.18}, 4.0,
                    0.90, 0.44, 0.08),
)  # fmt: skip

SOUL = Groove(
    "soul",
    Layer(kit.KICK, (
        ("X.........X....x", 25), ("X.......X.......", 19), ("X..x.....xX..x.x", 10), ("X...x...X...x...", 8),
        ("X........xX.....", 6), ("X..x...x.xX..x.x", 5), ("X..x.....xX..x..", 5), ("Xx........X.....", 5),
        ("X.........X...x.", 6),
    ), (76.0, 58.0, 48.0, 38.0)),
    Layer(kit.SNARE, (("....X.......X...", 0.86), ("....X..o....X...", 0.08), ("X...X...X...X...", 0.06)),
          (108.0, 94.0, 66.0, 30.0)),
    (_hat(_HAT_8, 1.0), _hat(_HAT_16, 0.45, 0.2), _hat((("X.x.x.xgxgx.x.xg", 1.0),), 0.25), _ride(0.2, 0.75)),
    ghosts=(2, 12, 4, 2, 0, 12, 4, 30, 10, 28, 6, 8, 0, 10, 8, 14),
    pickups=(0, 2, 4, 10, 4, 1, 12, 4, 0, 10, 20, 2, 4, 12, 10, 20),
    opens=(0, 0, 6, 0, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0, 16, 0),
    exact=0.3, changes=2, side=kit.RIM, side_below=0.4, ghost_loud=30.0, accents=0.2, hands="soul",
    extras=(Layer(kit.TAMBOURINE, (("....X.......X...", 0.6), ("x.x.X.x.x.x.X.x.", 0.4)), (88.0, 62.0, 50.0, 40.0), 0.4,
                  0.55),),
    fills=FillStyle(4, 0.2, 0.85, (0.4, 0.38, 0.2, 0.02), {"toms": 0.5, "snare": 0.37, "flams": 0.13}, 22.0, 0.84,
                    0.47),
)  # fmt: skip

HALF_TIME = replace(
    ROCK,
    name="half-time",
    kick=Layer(kit.KICK, (("X.............x.", 3), ("X.....x.........", 3), ("X..x............", 2),
        ("X.x.......x.....", 2),
                          ("X.........x..x..", 2), ("X.....x.....x.x.", 1.5)), (98.0, 82.0, 64.0, 46.0)),
    snare=Layer(kit.SNARE, (("........X.......", 1.0),), _SNARE_LOUD),
    ghosts=(0, 8, 4, 6, 10, 6, 6, 14, 0, 12, 6, 10, 8, 8, 6, 10),
    pickups=(0, 2, 10, 8, 2, 3, 16, 8, 0, 4, 14, 10, 4, 6, 16, 8),
)  # fmt: skip

PUNK = replace(
    ROCK,
    name="punk",
    kick=Layer(kit.KICK, (("X...X...X...X...", 0.5), ("X...X...X..xX...", 0.25), ("X..xX...X..xX...", 0.25)),
               (104.0, 90.0, 70.0, 50.0)),
    snare=Layer(kit.SNARE, (("..X...X...X...X.", 0.75), ("..X...X...X..XX.", 0.25)), (115.0, 104.0, 80.0, 40.0)),
    times=(_hat((("x.X.x.X.x.X.x.X.", 0.5), ("x...x...x...x...", 0.5)), 1.0, 0.0, 0.75), _ride(0.5, 0.5), _crash(0.8,
        0.75)),
    ghosts=(0,) * 16, pickups=(0, 0, 0, 12, 0, 0, 0, 10, 0, 0, 0, 14, 0, 0, 0, 10), exact=0.4, changes=2,
        hands="pushed",
    fills=FillStyle(4, 0.3, 0.95, (0.45, 0.35, 0.2, 0.0), {"snare": 0.6, "toms": 0.4}, 10.0, 0.95, 0.6),
)  # fmt: skip

SHUFFLE = Groove(
    "shuffle",
    Layer(kit.KICK, (("X.....X.....", 3), ("X.....X.x...", 2), ("X..x..X..x..", 3), ("X.x...X.....", 1.5),
                     ("X....xX....x", 2)), (96.0, 80.0, 60.0, 40.0)),
    Layer(kit.SNARE, (("...X.....X..", 1.0),), (104.0, 90.0, 66.0, 40.0)),
    (Layer(kit.HAT, (("X.xX.xX.xX.x", 1.0),), (94.0, 66.0, 54.0, 40.0), 1.0, 0.0, 0.8),
     Layer(kit.RIDE, (("X.xX.xX.xX.x", 0.7), ("X..X.xX..X.x", 0.3)), (92.0, 68.0, 54.0, 40.0), 0.7, 0.45)),
    ghosts=(4, 2, 40, 0, 4, 40, 4, 3, 40, 0, 4, 46), pickups=(0, 1, 14, 10, 1, 24, 0, 2, 18, 8, 4, 22),
    opens=(0, 0, 3, 0, 0, 4, 0, 0, 3, 0, 0, 12), pedal=(8, 0, 5, 60, 0, 5, 8, 0, 5, 60, 0, 5),
    exact=0.2, changes=2, swung=True, feel=Feel(STEPS, 0.655), ghost_loud=44.0,
    fills=FillStyle(4, 0.25, 0.88, (0.35, 0.4, 0.23, 0.02), {"triplets": 0.75, "snare": 0.25}, 10.0, 0.8, 0.4),
)  # fmt: skip
"""Blues and rock shuffles of Groove MIDI: triplet ends on the hat, ghosts on them, backbeats on 2 and 4."""

HALF_TIME_SHUFFLE = replace(
    SHUFFLE,
    name="half-time shuffle",
    kick=Layer(kit.KICK, (("X....x......", 2), ("X.x......x..", 2), ("X....x.....x", 1.5), ("X.......x..x", 1.5)),
               (96.0, 80.0, 60.0, 40.0)),
    snare=Layer(kit.SNARE, (("......X.....", 1.0),), (104.0, 90.0, 66.0, 40.0)),
    ghosts=(0, 86, 6, 0, 92, 6, 0, 12, 10, 0, 86, 10), ghost_loud=25.0,
)  # fmt: skip

BOSSA = Groove(
    "bossa",
    Layer(kit.KICK, (("x.....oxx.....ox", 0.4), ("x.....x.x.....x.", 0.6)), (70.0, 52.0, 36.0, 28.0)),
    Layer(kit.RIM, (("X.....x.....X.../....x.....X.....", 0.55), ("....x.....X...../X.....x.....X...", 0.45)),
          (76.0, 66.0, 52.0, 40.0)),
    (Layer(kit.HAT, (("x.o.x.o.x.o.x.o.", 0.7), ("xgogxgogxgogxgog", 0.3)), (74.0, 62.0, 48.0, 34.0), 1.0, 0.0, 0.75),
     Layer(kit.RIDE, (("X.x.x.x.X.x.x.x.", 1.0),), (74.0, 60.0, 48.0, 40.0), 0.6, 0.55)),
    pickups=(0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 8, 0),
    pedal=(2, 0, 0, 0, 92, 0, 0, 0, 2, 0, 0, 0, 92, 0, 0, 0), exact=0.45, changes=1, ghost_loud=30.0,
    extras=(Layer(kit.SHAKER, (("XoxoXoxoXoxoXoxo", 1.0),), (52.0, 44.0, 34.0, 28.0), 0.4, 0.4),),
    fills=FillStyle(8, 0.15, 0.55, (0.5, 0.4, 0.1, 0.0), {"snare": 0.6, "toms": 0.4}, 6.0, 0.9, 0.15),
)  # fmt: skip

SAMBA = Groove(
    "samba",
    Layer(kit.KICK, (("x..ox..ox..ox..o", 1.0),), (60.0, 46.0, 34.0, 24.0)),
    Layer(kit.SNARE, (("x.gXx.gxX.gxx.gx", 0.5), ("xggXgxggXXgxgxgg", 0.5)), (105.0, 64.0, 50.0, 36.0)),
    (Layer(kit.PEDAL_HAT, (("..x...x...x...x.", 1.0),), (70.0, 64.0, 50.0, 40.0), 1.0),),
    ghosts=(30, 40, 30, 20, 30, 40, 30, 30, 20, 30, 40, 30, 30, 40, 30, 40), exact=0.15, changes=3,
    extras=(Layer(kit.SHAKER, (("XoxoXoxoXoxoXoxo", 1.0),), (68.0, 56.0, 44.0, 34.0), 0.5),
            Layer(kit.HIGH_AGOGO, (("x.x..x..x.x..x.x/x.x..x.x..x.x..x", 1.0),), (80.0, 66.0, 50.0, 40.0), 0.4, 0.6)),
    fills=FillStyle(8, 0.25, 0.8, (0.3, 0.4, 0.3, 0.0), {"snare": 0.6, "toms": 0.4}, 8.0, 0.95, 0.3),
)  # fmt: skip

REGGAE = Groove(
    "reggae",
    Layer(kit.KICK, (("........X.......", 0.6), ("....X.......X...", 0.25), ("X...x...X...x...", 0.15)),
          (100.0, 80.0, 60.0, 40.0)),
    Layer(kit.RIM, (("........X.......", 1.0),), (100.0, 80.0, 56.0, 40.0)),
    (_hat((("o.X.o.X.o.X.o.X.", 0.7), ("..X...X...X...X.", 0.3)), 1.0),),
    ghosts=(2, 6, 4, 4, 4, 8, 6, 10, 0, 10, 8, 10, 6, 8, 8, 12), pickups=(3, 0, 0, 0, 0, 0, 6, 0, 0, 0, 6, 0, 0, 0,
        8, 4),
    opens=(0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 12, 0), exact=0.25, changes=2, hands="laid back", ghost_loud=40.0,
    fills=FillStyle(4, 0.3, 0.85, (0.35, 0.4, 0.25, 0.0), {"triplets": 0.3, "toms": 0.4, "snare": 0.3}, 8.0, 0.6, 0.5),
)  # fmt: skip
"""One drop: the kick falls with the cross-stick on beat 3 (felt in half time), not on 1."""

DISCO = Groove(
    "disco",
    Layer(kit.KICK, (("X...X...X...X...", 0.75), ("X...X...X...X..o", 0.15), ("X..oX...X..oX...", 0.1)), (102.0,
          84.0, 60.0, 40.0)),
    Layer(kit.SNARE, _BACKBEAT, (110.0, 96.0, 66.0, 38.0)),
    (_hat(_HAT_16, 0.55), _hat((("XgxgXgxgXgxgXgxg", 1.0),), 0.45),
     Layer(kit.OPEN_HAT, (("..X...X...X...X.", 1.0),), (102.0, 90.0, 70.0, 50.0), 0.5, 0.45)),
    ghosts=(0, 2, 2, 4, 0, 2, 2, 10, 0, 10, 2, 4, 0, 6, 4, 8), pickups=(0, 0, 0, 14, 0, 0, 2, 0, 0, 0, 2, 14, 0, 10,
        3, 2),
    opens=(0, 0, 60, 0, 0, 0, 60, 0, 0, 0, 60, 0, 0, 0, 60, 0), exact=0.3, changes=2, hands="tight",
    extras=(Layer(kit.TAMBOURINE, (("....X.......X...", 0.4), ("xoxoXoxoxoxoXoxo", 0.6)), (84.0, 60.0, 46.0, 36.0),
        0.35, 0.6),
            Layer(kit.CLAP, _BACKBEAT, (92.0, 80.0, 60.0, 40.0), 0.4, 0.55)),
    fills=FillStyle(4, 0.22, 0.85, (0.4, 0.4, 0.2, 0.0), {"toms": 0.45, "snare": 0.45, "roll": 0.1}, 9.0, 0.98, 0.30),
)  # fmt: skip

BALLAD = replace(
    POP, name="ballad", side_below=0.55,
    kick=Layer(kit.KICK, (("X.......x.......", 3), ("X......oX.......", 2), ("X.......X.o.....", 2),
        ("X.............o.", 1.5)),
               (84.0, 70.0, 50.0, 40.0)),
    times=(_hat(_HAT_8, 1.0, 0.0, 0.7), _hat(_HAT_16, 0.25, 0.3, 0.8), _ride(1.0, 0.6)),
    fills=FillStyle(8, 0.2, 0.8, (0.3, 0.4, 0.3, 0.0), {"toms": 0.7, "snare": 0.15, "triplets": 0.15}, 14.0, 0.9, 0.5),
)  # fmt: skip

GROOVES: Mapping[str, Groove] = MappingProxyType({groove.name: groove for groove in (
    ROCK, POP, FUNK, HIP_HOP, SOUL, HALF_TIME, PUNK, SHUFFLE, HALF_TIME_SHUFFLE, BOSSA, SAMBA, REGGAE, DISCO, BALLAD,
    BOOM_BAP, BREAK, BOUNCE, DENSE, LO_FI, LO_FI_BREAK, TRAP, DRILL, HOUSE, TECHNO, TRANCE, DNB, BREAKBEAT, GARAGE,
    DUBSTEP,
)})  # fmt: skip
"""By name."""
