"""The styles of dance music as values: each with its own bass, stabs, pads, arpeggios and lead.

House's stabs and basses, trance's rolling sixteenths and gates: cells and shares of written accompaniments (MMA);
tempi, layers and registers (basses MIDI 31 to 43) are production practice.
"""

from __future__ import annotations

from dataclasses import replace

from composers.genres.edm_band import Club
from composers.genres.edm_layers import layered
from composers.parts import grooves
from composers.parts.arpeggio import ArpeggioStyle
from composers.parts.chord_cells import CompStyle
from composers.parts.club_effects import EffectsStyle
from composers.parts.counter_line import CounterStyle
from composers.parts.gates import GateStyle
from composers.parts.pads import PadStyle
from composers.parts.sequence import SequenceStyle
from composers.parts.tune_style import HOOK_TUNE

_HOOK = replace(HOOK_TUNE, scale="key", on_strong=0.52, on_beat=0.5, off_beat=0.47, temperature=0.8)
"""Chords with ninths have five of the scale's seven notes: a hook has more of them than it is told to want."""
_DNB_KIT = replace(grooves.DNB, exact=0.5, changes=1, ghost_loud=48.0)
_DUBSTEP_KIT = replace(grooves.DUBSTEP, unit=1, changes=1, rolls=0)

_OFF_BEATS = {
    "..0...0...0...0.": 0.3, "..0...0...0...08": 0.15, "..0...8...0...8.": 0.15, "..0...0..00...0.": 0.15,
    "..0...0...0...0./..0...0...0..57.": 0.25,
}  # fmt: skip
_PIANO_CELLS = {
    (0, 3, 6, 10, 13): 0.3, (0, 3, 6, 8, 11, 14): 0.25, (0, 3, 7, 10, 14): 0.2, (2, 5, 8, 11, 14): 0.15,
    (0, 6, 10): 0.1,
}  # fmt: skip
_STAB = CompStyle(cells=_PIANO_CELLS, texture="block", shape="close", voices=4, low=55, high=76, left="none", short=0.9,
                  length=2, anticipate=0.0, vary=0.3, answer=0.0, under=False, velocity=74.0)  # fmt: skip

HOUSE = Club(
    grooves.HOUSE,
    SequenceStyle(_OFF_BEATS, gate=0.5, accents=0.1, low=31, high=50, velocity=98.0),
    _STAB,
    arp=ArpeggioStyle("up-down", octaves=1, gate=0.5, pulses=5, euclid=16, low=62, high=84, velocity=64.0),
    tune=replace(_HOOK, notes=6.0),
    effects=EffectsStyle(riser=8),
)  # fmt: skip

_RUMBLES = {
    ".000.000.000.000": 0.35, "..0-..0-..0-..0-": 0.2, "..00..00..00..00": 0.2, "..0..0..0..0..0.": 0.15,
    ".00..00..00..00./.00..00..00..0.1": 0.1,
}  # fmt: skip
TECHNO = Club(
    grooves.TECHNO,
    SequenceStyle(_RUMBLES, gate=0.6, accents=0.12, swells=(0.0, -14.0, -2.0, -10.0), low=28, high=45, pedal=True,
                  velocity=92.0),
    replace(_STAB, cells={(3, 11): 0.3, (6,): 0.2, (2, 7, 12, 14): 0.2, (3,): 0.15, (0, 7, 9): 0.15}, shape="planed",
            voices=3, low=52, high=72, vary=0.15, velocity=66.0),
    arp=ArpeggioStyle("up", octaves=1, gate=0.45, cell=5, pulses=11, euclid=16, low=55, high=79, velocity=66.0,
                      restart=False),
    riff=ArpeggioStyle("random", gate=0.5, pulses=5, euclid=16, cell=7, low=50, high=72, velocity=72.0, restart=False),
    tune=replace(_HOOK, notes=4.6, rest=18, repeat=1.0, same_rhythm=0.8, plans={"AAAB": 0.6, "AAAA": 0.4},
                 velocity=80.0),
    effects=EffectsStyle(riser=16, sweeps=4, falls=2),
    layers=layered({
        "intro": {"kick": 0, "hats": 1, "percussion": 2, "bass": 3, "arp": -1, "pad": -1, "clap": 3, "fx": 0},
        "verse": {"comp": 1, "riff": 0, "arp": 2, "pad": 3, "melody": -1},
        "breakdown": {"pad": 0, "riff": 0, "comp": 1, "arp": 2, "melody": 3, "hats": 2, "percussion": 2},
        "drop": {"arp": 1, "riff": 0, "pad": 2},
    }),
)  # fmt: skip

_ROLLING = {
    "..00..00..00..00": 0.3, "..0-..0-..0-..0-": 0.15, ".000.000.000.000": 0.25, "..08..08..08..08": 0.15,
    "..00..00..00..08": 0.15,
}  # fmt: skip
TRANCE = Club(
    grooves.TRANCE,
    SequenceStyle(_ROLLING, gate=0.7, swells=(0.0, -4.0, 4.0, 0.0), low=31, high=50, velocity=96.0),
    replace(_STAB, cells={(0, 3, 6, 10, 13): 0.3, (2, 6, 10, 14): 0.3, (0, 3, 6, 9, 12, 14): 0.25, (0, 3, 6): 0.15},
            length=3, velocity=72.0),
    pad=PadStyle(voices=5, low=50, high=77, velocity=60.0, swell=0),
    gate=GateStyle(),
    arp=ArpeggioStyle("up", octaves=2, gate=0.6, low=60, high=88, velocity=68.0),
    tune=replace(_HOOK, notes=6.6, same_rhythm=0.6, velocity=92.0),
    counter=CounterStyle("harmony", low=57, high=79, velocity=70.0),
    effects=EffectsStyle(riser=16, bend=12.0),
    layers=layered({
        "breakdown": {"pad": 0, "melody": 1, "arp": 1, "comp": -1, "percussion": -1},
        "build": {"melody": 0},
        "drop": {"arp": 1, "pad": 0, "comp": 0},
        "verse": {"arp": 1, "pad": 2, "comp": 3},
    }),
)  # fmt: skip

_REESES = {
    "0---------------": 0.3, "0---------------/----------0-5---": 0.25, "0---------0-----": 0.25,
    "0-----0---------/0---------5-7---": 0.2,
}  # fmt: skip
DRUM_AND_BASS = Club(
    _DNB_KIT,
    SequenceStyle(_REESES, gate=0.9, slides=0.15, low=29, high=46, velocity=98.0, vary=0.5),
    replace(_STAB, cells={(0,): 0.3, (0, 6): 0.25, (3, 11): 0.2, (0, 10): 0.25}, short=0.8, length=4, velocity=66.0),
    pad=PadStyle(voices=4, low=52, high=76, velocity=60.0, swell=0),
    arp=ArpeggioStyle("up-down", rate=3, octaves=2, gate=0.5, pulses=7, euclid=16, low=60, high=86, velocity=62.0),
    tune=replace(_HOOK, notes=5.2, rest=18, velocity=84.0),
    effects=EffectsStyle(riser=8, falls=2),
    layers=layered({
        "intro": {"kick": 3, "clap": 3, "hats": 0, "percussion": 1, "pad": 1, "arp": 2, "bass": -1},
        "verse": {"pad": 0, "comp": 2, "melody": -1},
        "drop": {"pad": 0, "comp": 1, "arp": 2},
        "build": {"bass": -1},
    }),
)  # fmt: skip

GARAGE = Club(
    grooves.GARAGE,
    SequenceStyle({"0--.....0-.0....": 0.3, "0..0..0...0..5..": 0.25, "0-..0..0..0-....": 0.2,
                   "0.....0-..0-..8.": 0.25}, gate=0.7, slides=0.1, low=31, high=50, velocity=98.0),
    replace(_STAB, cells={(2, 7, 12, 14): 0.25, (3, 11): 0.25, (0, 3, 10): 0.25, (2, 5, 10, 13): 0.25}, velocity=70.0),
    arp=ArpeggioStyle("broken", octaves=1, gate=0.5, pulses=7, euclid=16, low=62, high=84, velocity=62.0),
    tune=replace(_HOOK, notes=6.0),
    effects=EffectsStyle(riser=8),
)  # fmt: skip

DUBSTEP = Club(
    _DUBSTEP_KIT,
    SequenceStyle({"0-----0---0-----": 0.3, "0-------0-0-----/0-----0---5---7-": 0.3, "0---0-0-----0---": 0.2,
                   "0-------......0-": 0.2}, gate=0.95, slides=0.2, low=29, high=46, velocity=104.0),
    replace(_STAB, cells={(0,): 0.4, (0, 6): 0.3, (0, 10): 0.3}, short=0.6, length=6, velocity=68.0),
    pad=PadStyle(voices=4, low=50, high=76, velocity=60.0, swell=0),
    arp=ArpeggioStyle("up", octaves=2, gate=0.5, pulses=9, euclid=16, low=60, high=86, velocity=62.0),
    wobble=(180.0, 3200.0),
    tune=replace(_HOOK, notes=5.2, rest=18),
    effects=EffectsStyle(riser=8, impact=120.0),
    layers=layered({"drop": {"pad": 2, "arp": 2, "melody": 1}, "verse": {"pad": 0, "comp": 1}}),
)  # fmt: skip
