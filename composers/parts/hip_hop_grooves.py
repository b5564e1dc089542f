"""Drums of hip-hop: programmed boom-bap and lo-fi, chopped breaks, live kits, trap and drill.

Live and chopped grooves are counted in the 25 takes of hip-hop in Groove MIDI's train split, one vote a take. Two ways
of playing stand out: eighths on the hat with swung sixteenths of kick and snare between them (their second sixteenth at
.56 to .63 of an eighth, kicks later than ghost notes), and straight sixteenths on the hat at 67 to 90 beats a minute
(.42 to .50). Patterns of drum machines follow pattern books; trap and drill common practice, for want of real ones.
"""

from __future__ import annotations

from dataclasses import replace

from composers.feel import Feel
from composers.parts import kit
from composers.parts.drum_style import Groove, Layer
from composers.parts.fills import FillStyle

_BACKBEAT = (("....X.......X...", 1.0),)
_CHOPPED = (
    ("....X.......X...", 0.7), ("....X.......Xo..", 0.16), ("....X........X..", 0.07), ("....X.........X.", 0.07),
)  # fmt: skip
"""The second backbeat doubled or late, as in a fifth of the takes."""
_SNARE_LOUD = (118.0, 102.0, 70.0, 40.0)
_HAT_LOUD = (96.0, 64.0, 56.0, 40.0)
_KICK_LOUD = (92.0, 72.0, 56.0, 46.0)
_HAT_8 = (("X.x.X.x.X.x.X.x.", 0.8), ("X.x.X.x.X.xgX.x.", 0.1), ("X.x.X.xgX.x.X.x.", 0.1))
_HAT_HOLES = (("X.x.X...X.x.X.x.", 0.3), ("X...X...X.x.x.x.", 0.4), ("..x.X.x.X.x...x.", 0.3))
_HAT_16 = (("XgxgXgxgXgxgXgxg", 0.6), ("XgxgXgxgXgxgXg.g", 0.2), ("XgxgXgxgXg.gXgxg", 0.2))


def _hat(patterns: tuple[tuple[str, float], ...], weight: float, low: float = 0.0, high: float = 1.01) -> Layer:
    return Layer(kit.HAT, patterns, _HAT_LOUD, weight, low, high)


HIP_HOP = Groove(
    "hip-hop",
    Layer(kit.KICK, (
        ("X.xx.xx.......x.", 10), ("X......x.xx..x.x", 6), ("X..x..x..xx..x.x", 9), ("X.........x.....", 4),
        ("X..x...x.xx.x.x.", 4), ("X.......x.x.....", 4), ("X.x....xx......x", 9), ("X......xx.......", 8),
        ("X.x.............", 4), ("X..x....x...x..x", 5), ("X......x.......x", 4), ("X..x..x.x.......", 5),
        ("X.x.....x...x..x", 5), ("X..x..x..xx.....", 6),
    ), (88.0, 58.0, 52.0, 46.0)),
    Layer(kit.SNARE, (("....X.......X...", 0.84), ("....X.......X..g", 0.1), ("....X.........X.", 0.06)),
          (118.0, 104.0, 70.0, 40.0)),
    (
        _hat(_HAT_8, 0.7), _hat(_HAT_16, 0.75, 0.2), _hat((("XgX.XgX.XgX.XgX.", 0.5), ("Xg..xg..Xg..xg..", 0.5)), 0.3),
        _hat((("X...x...x...x...", 1.0),), 0.05),
    ),
    ghosts=(4, 16, 8, 12, 0, 16, 14, 28, 16, 28, 14, 24, 0, 34, 22, 22),
    pickups=(0, 4, 26, 26, 2, 16, 26, 28, 0, 22, 30, 8, 8, 16, 18, 26),
    opens=(0, 0, 16, 0, 0, 0, 16, 0, 0, 0, 22, 0, 0, 0, 18, 0),
    exact=0.3, changes=2, hands="hip-hop", drops=0.12, ghost_loud=44.0, accents=0.3,
    fills=FillStyle(4, 0.2, 0.7, (0.45, 0.35, 0.18, 0.02), {"toms": 0.5, "snare": 0.32, "linear": 0.18}, 3.0,
                    0.81, 0.35, 0.25),
)  # fmt: skip
"""A live kit: two in five takes have sixteenths on the hat."""

BREAK = replace(
    HIP_HOP,
    name="break",
    kick=Layer(kit.KICK, (
        ("X......xX.x.....", 2.5), ("X.x....xX......x", 3), ("X.x...xxX......x", 2.5), ("X.x.....X.x.x...", 2.5),
        ("X.......X.x.....", 1.5), ("X.x...x.X.......", 2.5), ("X......x.xx....x", 1.5), ("X.x..xx.X.......", 2),
        ("X..x..x.xX......", 1.5),
    ), _KICK_LOUD),
    snare=Layer(kit.SNARE, _CHOPPED, _SNARE_LOUD),
    times=(_hat(_HAT_8, 0.6), _hat(_HAT_HOLES, 0.4), _hat((("..X...X...X...X.", 1.0),), 0.12)),
    ghosts=(6, 20, 10, 8, 0, 20, 14, 40, 18, 34, 10, 26, 0, 48, 32, 30),
    pickups=(0, 2, 18, 12, 2, 12, 24, 20, 0, 10, 14, 6, 8, 6, 8, 20),
    opens=(6, 0, 8, 0, 6, 0, 6, 0, 4, 0, 26, 0, 3, 0, 10, 0),
    unit=2, exact=0.25, changes=2, machine=True, hands="boom-bap", feel=Feel(6, 0.60, False), drops=0.2, accents=0.14,
    fills=FillStyle(4, 0.18, 0.6, (0.5, 0.4, 0.1, 0.0), {"drop": 0.4, "snare": 0.35, "kicks": 0.1, "stutter": 0.15},
                    4.0, 0.8, 0.2),
)  # fmt: skip
"""Two bars of a drummer, looped: eighths on the hat, ghosts before and behind the backbeat and the third beat."""

BOUNCE = replace(
    BREAK,
    name="bounce",
    kick=Layer(kit.KICK, (("X.xx.xx.......x.", 5), ("X.xx.xx.........", 3), ("X..x.xx.......x.", 2)), _KICK_LOUD),
    times=(_hat((("Xg..Xg..Xg..Xg..", 0.8), ("Xg..Xg..X...Xg..", 0.2)), 1.0),),
    ghosts=(0, 2, 4, 2, 0, 3, 3, 4, 4, 4, 2, 4, 0, 3, 6, 2), pickups=(0, 0, 0, 8, 0, 0, 6, 4, 3, 0, 3, 3, 2, 0, 30, 0),
    opens=(0,) * 16,
    extras=(Layer(kit.OPEN_HAT, (("..X...X...X...X.", 0.8), ("..X...X...X.....", 0.2)), (114.0, 96.0, 70.0, 50.0)),),
)  # fmt: skip
"""Loud open hats off the beat, two closed ones before each."""

DENSE = replace(
    HIP_HOP,
    name="dense",
    kick=Layer(kit.KICK, (
        ("X..x..x..xx..x.x", 5), ("X..x..x..xx..x..", 3), ("X..x..x..xx....x", 3), ("X..x..x..x...x.x", 2),
        ("X.x..xxx........", 1.5), ("X..x.....x.x.x.x", 1.5),
    ), (84.0, 64.0, 52.0, 46.0)),
    times=(_hat(_HAT_16, 1.0), _hat((("XxxxXxxxXxxxXxxx", 0.5), ("xxXxxxXxxxXxxxXx", 0.5)), 0.3)),
    ghosts=(12, 8, 24, 16, 0, 14, 28, 34, 34, 32, 40, 34, 0, 46, 36, 36),
    pickups=(0, 4, 8, 10, 10, 10, 10, 14, 16, 10, 12, 10, 14, 12, 24, 20),
    opens=(0, 0, 8, 0, 0, 0, 10, 0, 6, 0, 8, 0, 12, 0, 20, 0),
    unit=2, exact=0.3, changes=2,
)  # fmt: skip
"""Slow and busy: sixteenths on the hat, a kick of seven, ghosts nearly anywhere."""

BOOM_BAP = Groove(
    "boom-bap",
    Layer(kit.KICK, (
        ("X.x....oX.......", 3), ("X......oX..x....", 3), ("X.x....oX..x...o", 2), ("X.x..ox.X.......", 2),
        ("X......x.oX..x..", 1.5), ("X..o..x.Xx......", 2), ("X..o...xX......o", 2), ("X.......X..x....", 1.5),
        ("X.x.....X.x.....", 1.5), ("X......x.oX....o", 1.5), ("X.........X.....", 1), ("X.xo..ox...x....", 1.5),
    ), (98.0, 80.0, 54.0, 46.0)),
    Layer(kit.SNARE, _BACKBEAT, (118.0, 100.0, 70.0, 40.0)),
    (_hat(_HAT_8, 1.0), _hat((("X.x.X.xoX.x.X.xo", 1.0),), 0.4), _hat((("X...x...X...x...", 1.0),), 0.12)),
    ghosts=(2, 8, 4, 4, 0, 10, 8, 24, 8, 20, 6, 14, 0, 30, 20, 22),
    pickups=(0, 2, 14, 16, 0, 8, 20, 24, 0, 16, 4, 10, 0, 10, 12, 12),
    opens=(0, 0, 8, 0, 0, 0, 14, 0, 0, 0, 22, 0, 0, 0, 16, 0),
    unit=2, exact=0.25, changes=2, machine=True, hands="boom-bap", feel=Feel(6, 0.60, False), drops=0.2,
    ghost_loud=44.0,
    fills=FillStyle(4, 0.18, 0.6, (0.5, 0.4, 0.1, 0.0), {"drop": 0.4, "snare": 0.35, "kicks": 0.1, "stutter": 0.15},
                    4.0, 0.8, 0.2),
)  # fmt: skip
"""As pattern books have it."""

_SOFT_FILLS = FillStyle(8, 0.15, 0.35, (0.7, 0.3, 0.0, 0.0), {"drop": 0.6, "snare": 0.4}, 2.0, 0.8, 0.1)
_SOFT_HATS = (86.0, 57.0, 46.0, 32.0)
LO_FI = replace(
    BOOM_BAP,
    name="lo-fi",
    kick=BOOM_BAP.kick._replace(loud=(88.0, 70.0, 50.0, 40.0)),
    snare=Layer(kit.SNARE, _BACKBEAT, (106.0, 90.0, 60.0, 34.0)),
    times=(Layer(kit.HAT, _HAT_8, _SOFT_HATS, 1.0), Layer(kit.HAT, (("X.x.x.x.X.x.x.xo", 1.0),), _SOFT_HATS, 0.5)),
    side=kit.RIM, side_below=0.36, exact=0.3, hands="lo-fi", drops=0.35, ghost_loud=38.0, fills=_SOFT_FILLS,
)  # fmt: skip
LO_FI_BREAK = replace(
    BREAK,
    name="lo-fi break",
    kick=BREAK.kick._replace(loud=(88.0, 68.0, 52.0, 40.0)),
    snare=Layer(kit.SNARE, _CHOPPED, (106.0, 90.0, 60.0, 36.0)),
    times=(Layer(kit.HAT, _HAT_8, _SOFT_HATS, 0.6), Layer(kit.HAT, _HAT_HOLES, _SOFT_HATS, 0.4)),
    opens=(6, 0, 12, 0, 6, 0, 10, 0, 4, 0, 40, 0, 3, 0, 16, 0),
    ghosts=(8, 20, 12, 12, 0, 24, 16, 40, 26, 30, 12, 30, 0, 60, 40, 38),
    pickups=(0, 2, 24, 16, 2, 16, 30, 24, 0, 14, 16, 6, 8, 6, 10, 24),
    side=kit.RIM, side_below=0.36, exact=0.3, hands="lo-fi", drops=0.3, ghost_loud=42.0, accents=0.2,
    fills=_SOFT_FILLS,
)  # fmt: skip

TRAP = Groove(
    "trap",
    Layer(kit.KICK, (
        ("X.....x...X.....", 3), ("X..x......X...x.", 2), ("X......x..X.....", 2), ("X.....x....X..x.", 2),
        ("X..x..x...X.....", 1.5), ("X.........X..x../X.....x...X.....", 2), ("X......x...X..x.", 1.5),
    ), (112.0, 100.0, 80.0, 60.0)),
    Layer(kit.CLAP, (("........X.......", 1.0),), (112.0, 100.0, 80.0, 50.0)),
    (Layer(kit.HAT, (("X.x.x.x.X.x.x.x.", 1.0),), (96.0, 84.0, 66.0, 50.0), 1.0),
     Layer(kit.HAT, (("XoxoxoxoXoxoxoxo", 1.0),), (94.0, 82.0, 66.0, 50.0), 0.35, 0.5)),
    pickups=(0, 0, 0, 12, 0, 0, 16, 14, 0, 0, 12, 10, 0, 8, 16, 0),
    opens=(0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 18, 0),
    extras=(Layer(kit.SNARE, (("........X.......", 1.0),), (104.0, 90.0, 70.0, 50.0), 0.6),
            Layer(kit.RIM, (("...o......o...../......o....o....", 1.0),), (70.0, 60.0, 50.0, 40.0), 0.3, 0.4)),
    unit=2, exact=0.2, changes=2, machine=True, hands="electronic", drops=0.3, rolls=3,
    fills=FillStyle(4, 0.3, 0.8, (0.5, 0.4, 0.1, 0.0), {"stutter": 0.4, "claps": 0.3, "drop": 0.3}, 8.0, 0.95, 0.25),
)  # fmt: skip
"""Half-time: the clap on beat 3, hats in eighths with one to three rolls in two bars."""

DRILL = replace(
    TRAP,
    name="drill",
    kick=Layer(kit.KICK, (
        ("X.....x....x..../X.....x...x.....", 3), ("X..x......x...../X..x..x...x.....", 2.5),
        ("X.....x......x../X.....x..x......", 2), ("X..x..x....x..../X..x..x..x......", 2),
        ("X.....x....x.x../......x....x....", 2), ("X...........x.../X.....x...x.....", 1.5),
    ), (112.0, 104.0, 84.0, 60.0)),
    snare=Layer(kit.SNARE, (
        ("........X......./............X...", 5), ("........X......./............X..o", 1.5),
        ("........X......./..............X.", 2), ("........X......./........o.....X.", 1.5),
    ), (116.0, 104.0, 84.0, 50.0)),
    times=(
        Layer(kit.HAT, (("X..x..x.X..x..x.", 6), ("X..x..x.X..x.xx.", 2), ("X..x.ox.X..x..xo", 2)),
              (98.0, 86.0, 70.0, 52.0), 1.0),
    ),
    pickups=(0, 0, 0, 10, 0, 0, 14, 8, 0, 8, 10, 8, 0, 6, 0, 0),
    opens=(0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 12, 0),
    extras=(Layer(kit.CLAP, (("........X......./............X...", 1.0),), (92.0, 80.0, 60.0, 40.0), 0.35, 0.5),
            Layer(kit.RIM, (("......o....o..../......o....o....", 0.6), ("..o...........o./..o....o......o.", 0.4)),
                  (74.0, 66.0, 56.0, 40.0), 0.6, 0.35)),
    rolls=3,
    fills=FillStyle(4, 0.25, 0.8, (0.5, 0.4, 0.1, 0.0), {"stutter": 0.35, "drop": 0.45, "kicks": 0.2}, 8.0, 0.95, 0.25),
)  # fmt: skip
"""Hats in 3 + 3 + 2, the snare on beat 3 and, a bar later, on beat 4 or behind it, kicks where no snare is."""
