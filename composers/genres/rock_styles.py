"""What rock's styles are made of: riffs, rhythm guitars, basses, drums and tunes, as values."""

from __future__ import annotations

from dataclasses import replace

from composers.genres.rock_band import Rock
from composers.parts import bass_groove, chord_cells, grooves, tune_style
from composers.parts.bass_groove import BassStyle
from composers.parts.chord_cells import CompStyle
from composers.parts.guitar import GuitarStyle
from composers.parts.riffs import RiffStyle

_RIFF_PLACES = {"intro": 1.0, "interlude": 1.0, "outro": 0.9, "theme": 1.0}
_SUNG = replace(tune_style.ROCK_TUNE, scale="key", centre=70.0, repeat=0.85)
_SHOUTED = replace(tune_style.ROCK_TUNE, notes=4.2, repeat=0.95, same_rhythm=0.5)
"""Pentatonic calls that come again; songs in the whole scale."""
_DRIVING = BassStyle(
    cells={(0, 2, 4, 6, 8, 10, 12, 14): 0.6, (0, 6, 8, 14): 0.15, (0, 4, 6, 8, 12, 14): 0.25},
    degrees={"root": 0.86, "fifth": 0.07, "octave": 0.07}, lock=0.5, follow=0.9, ratio=0.85, approach=0.25,
)  # fmt: skip
_WALKING = BassStyle(
    cells={(0, 4, 8, 12): 0.6, (0, 2, 4, 6, 8, 10, 12, 14): 0.4},
    degrees={"root": 0.4, "third": 0.2, "fifth": 0.25, "sixth": 0.15}, lock=0.4, follow=0.5, ratio=0.85, approach=0.4,
)  # fmt: skip

CLASSIC = Rock(
    RiffStyle({"line": 3, "stabs": 1.5, "octaves": 0.7, "pedal": 0.8}, {**_RIFF_PLACES, "verse": 0.25},
              {"verse": 0.5, "chorus": 0.15}, blue=0.2),
    GuitarStyle({
        "": {"ring": 2, "eighths": 1, "strum": 1}, "verse": {"muted": 2.5, "ring": 1.5, "strum": 1.5},
        "pre-chorus": {"muted": 2, "eighths": 1}, "chorus": {"strum": 2.5, "eighths": 1.5, "ring": 1.5},
        "bridge": {"ring": 2, "pick": 1}, "solo": {"eighths": 1, "muted": 1, "ring": 1},
    }),
    BassStyle(follow=0.7, approach=0.35),
    {"": grooves.ROCK}, _SUNG,
    CompStyle(cells=chord_cells.ROCK_CELLS),
)  # fmt: skip
POP_ROCK = Rock(
    RiffStyle({"line": 3, "octaves": 1.2}, {"intro": 0.7, "interlude": 0.9, "outro": 0.8, "theme": 1.0},
              {"verse": 0.3}),
    GuitarStyle({
        "": {"strum": 3, "pick": 1}, "verse": {"strum": 2, "pick": 1.5, "muted": 0.8},
        "chorus": {"strum": 3, "ring": 0.5}, "bridge": {"pick": 1.5, "ring": 1, "strum": 1},
    }, with_riff={"strum": 0.5, "rest": 0.5}, capo=True, push=0.4),
    BassStyle(bass_groove.POP_CELLS, follow=0.3), {"": grooves.POP, "chorus": grooves.ROCK}, tune_style.POP_TUNE,
    CompStyle(texture="piano", pedal=True), locked=False,
)  # fmt: skip
BALLAD = Rock(
    RiffStyle({"line": 1}, {"interlude": 0.5, "theme": 1.0}),
    GuitarStyle({
        "": {"pick": 1}, "chorus": {"strum": 1.5, "ring": 1.5}, "solo": {"ring": 2, "strum": 1},
        "pre-chorus": {"pick": 1, "ring": 1},
    }, with_riff={"pick": 1.0}, capo=True, sixteenths=True, push=0.15),
    BassStyle({(0,): 0.35, (0, 8): 0.35, (0, 8, 14): 0.15, (0, 6, 8): 0.15}, follow=0.0, ratio=0.92, approach=0.4),
    {"": grooves.BALLAD, "chorus": grooves.ROCK, "solo": grooves.ROCK},
    replace(tune_style.POP_TUNE, notes=4.2, centre=71.0),
    CompStyle(texture="broken", left="fifth", pedal=True), locked=False,
)  # fmt: skip
HARD = Rock(
    RiffStyle({"line": 2.2, "pedal": 2.2, "stabs": 1.6}, {**_RIFF_PLACES, "verse": 0.75, "solo": 0.4},
              {"chorus": 0.3}, blue=0.6, major="mixed"),
    GuitarStyle({
        "": {"eighths": 1, "ring": 1}, "verse": {"muted": 2, "ring": 0.6}, "pre-chorus": {"muted": 1, "eighths": 1},
        "chorus": {"eighths": 2, "ring": 1.5}, "bridge": {"ring": 1.5, "muted": 1},
        "solo": {"muted": 1.5, "eighths": 1},
    }),
    replace(_DRIVING, follow=1.0),
    {"": grooves.ROCK, "bridge": grooves.HALF_TIME, "breakdown": grooves.HALF_TIME},
    _SHOUTED,
    CompStyle(cells=chord_cells.ROCK_CELLS),
)  # fmt: skip
PUNK = Rock(
    RiffStyle({"line": 2, "octaves": 1.5, "stabs": 1}, {"intro": 0.7, "interlude": 1.0, "outro": 0.5, "theme": 1.0}),
    GuitarStyle({"": {"eighths": 3, "muted": 0.6}, "verse": {"eighths": 2, "muted": 1.2}, "chorus": {"eighths": 1},
                 "bridge": {"ring": 1, "muted": 1}}, push=0.4),
    _DRIVING, {"": grooves.PUNK, "bridge": grooves.HALF_TIME}, _SHOUTED,
    CompStyle(cells=chord_cells.ROCK_CELLS), locked=False,
)  # fmt: skip
SHUFFLE = Rock(
    RiffStyle({"line": 3, "octaves": 0.5}, {"intro": 1.0, "interlude": 1.0, "theme": 1.0, "verse": 0.2},
              {"verse": 0.5}, blue=0.5, swung=True, major="mixed"),
    GuitarStyle({"": {"shuffle": 3, "stabs": 0.6}, "solo": {"shuffle": 2, "stabs": 1},
                 "bridge": {"ring": 1, "stabs": 1}}, push=0.0),
    _WALKING, {"": grooves.SHUFFLE}, tune_style.BLUES_TUNE, CompStyle(cells=chord_cells.ROCK_CELLS), locked=False,
)  # fmt: skip
FUNK_ROCK = Rock(
    RiffStyle({"line": 3, "octaves": 1}, {**_RIFF_PLACES, "verse": 0.5}, {"verse": 0.4}, blue=0.35),
    GuitarStyle({"": {"scratch": 2, "stabs": 0.5}, "chorus": {"eighths": 1, "strum": 1, "scratch": 0.7},
                 "bridge": {"ring": 1, "scratch": 1}},
                with_riff={"scratch": 0.5, "rest": 0.5}, sixteenths=True, push=0.1),
    BassStyle(bass_groove.FUNK_CELLS, follow=0.6, ghosts=0.2, ratio=0.65, graces=0.05),
    {"": grooves.ROCK, "verse": grooves.FUNK}, _SHOUTED, CompStyle(cells=chord_cells.FUNK_CELLS),
)  # fmt: skip
PROG = Rock(
    RiffStyle({"line": 2.5, "pedal": 1.5, "octaves": 1, "stabs": 1}, {**_RIFF_PLACES, "build": 0.6, "verse": 0.3},
              {"verse": 0.3}, blue=0.1),
    GuitarStyle({
        "": {"ring": 1, "pick": 1}, "verse": {"pick": 2, "muted": 1}, "chorus": {"eighths": 1.2, "strum": 1},
        "solo": {"muted": 1, "ring": 1}, "build": {"muted": 1}, "breakdown": {"pick": 1}, "theme": {"ring": 1},
    }),
    BassStyle(follow=1.0, lock=0.7), {"": grooves.ROCK, "bridge": grooves.HALF_TIME}, _SUNG,
    CompStyle(texture="broken"),
)  # fmt: skip
