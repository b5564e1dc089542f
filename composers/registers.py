"""How low and how high each instrument sounds: MIDI keys, as heard and not as written.

Full and comfortable compasses of orchestral and band instruments as orchestration books have them (Adler, The Study of
Orchestration; Piston, Orchestration). Instruments that have no limit of their own, synths, take their part's lane.
"""

from __future__ import annotations

from typing import NamedTuple

from composers.errors import MusicError
from composers.instrumentation import BASSES, DRUMS, EFFECTS, GUITARS, INSTRUMENTS, KEYBOARDS, LEADS, PADS, plain


class Register(NamedTuple):
    """Lowest and highest key, and the part of it in which it sounds well and is played with ease."""

    lowest: int
    highest: int
    easy_lowest: int
    easy_highest: int


_PIANO = Register(21, 108, 28, 100)
_ORGAN = Register(36, 96, 36, 96)
_GUITAR = Register(40, 88, 40, 79)
_ELECTRIC = Register(40, 88, 40, 86)
_BASS = Register(28, 67, 28, 55)
_STRINGS = Register(28, 103, 36, 88)
_CHOIR = Register(40, 81, 43, 77)
_BRASS = Register(34, 82, 40, 77)
_SYNTH = Register(24, 108, 36, 96)
_VIOLIN = Register(55, 103, 55, 88)
_VIBRAPHONE = Register(53, 89, 53, 89)
_MARIMBA = Register(45, 96, 48, 91)

_ONE_BY_ONE: dict[str, Register] = {
    **dict.fromkeys(("organ", "hammond", "b3", "drawbar-organ", "church-organ", "rock-organ", "leslie", "gospel-organ"),
                    _ORGAN),
    **dict.fromkeys(("harpsichord", "cembalo", "spinet", "clavinet", "clav", "d6", "funk-clav"),
                    Register(29, 89, 36, 84)),
    **dict.fromkeys(("rhodes", "rhodes-piano", "tine", "electric-piano", "e-piano", "ep"), Register(28, 100, 36, 93)),
    "wurlitzer": Register(33, 96, 36, 91), "celesta": Register(60, 108, 60, 103),
    **dict.fromkeys(("harp", "concert-harp", "lyre"), Register(23, 104, 31, 91)),
    **dict.fromkeys(("choir", "choir-aah", "voices", "vocals"), _CHOIR),
    **dict.fromkeys(("brass", "brass-section", "horn-section", "horns", "synth-brass"), _BRASS),
    **dict.fromkeys(("strings", "string-section", "orchestra", "synth-strings", "string-machine", "solina",
                     "pizzicato", "pizzicato-strings", "pizz"), _STRINGS),
    **dict.fromkeys(("electric-guitar", "clean-guitar", "strat", "overdriven-guitar", "overdrive-guitar", "rock-guitar",
                     "crunch-guitar", "distortion-guitar", "lead-guitar", "metal-guitar", "power-guitar"), _ELECTRIC),
    "violins": _VIOLIN, **dict.fromkeys(("deep-drone", "sub-drone", "ground"), Register(20, 72, 24, 48)),
    **dict.fromkeys(("sax", "saxophone", "alto-sax", "alto-saxophone"), Register(49, 81, 53, 77)),
    **dict.fromkeys(("tenor-sax", "tenor-saxophone"), Register(44, 76, 48, 71)),
    "soprano-sax": Register(56, 88, 58, 82), "baritone-sax": Register(36, 69, 41, 64),
    **dict.fromkeys(("trumpet", "cornet", "flugelhorn"), Register(52, 82, 55, 77)),
    "trombone": Register(40, 72, 41, 65), "bass-trombone": Register(34, 67, 36, 60),
    **dict.fromkeys(("horn", "french-horn"), Register(34, 77, 43, 72)), "tuba": Register(26, 65, 31, 55),
    "flute": Register(60, 96, 67, 91), "piccolo": Register(74, 108, 79, 103), "recorder": Register(72, 98, 72, 93),
    "clarinet": Register(50, 91, 50, 84), "bass-clarinet": Register(34, 77, 38, 67), "oboe": Register(58, 91, 62, 84),
    **dict.fromkeys(("english-horn", "cor-anglais"), Register(52, 81, 55, 76)), "bassoon": Register(34, 75, 36, 67),
    **dict.fromkeys(("violin", "solo-violin", "fiddle"), _VIOLIN), "viola": Register(48, 91, 48, 76),
    **dict.fromkeys(("cello", "solo-cello", "violoncello"), Register(36, 84, 36, 69)),
    **dict.fromkeys(("vibraphone", "vibraphon", "vibes"), _VIBRAPHONE),
    **dict.fromkeys(("marimba", "balafon", "mallets"), _MARIMBA), "xylophone": Register(65, 108, 67, 103),
    **dict.fromkeys(("glockenspiel", "crotales"), Register(79, 108, 79, 103)),
    **dict.fromkeys(("music-box", "toy-piano", "kalimba"), Register(60, 100, 60, 96)),
    **dict.fromkeys(("bell", "bells", "fm-bell", "tubular-bells", "chimes"), Register(60, 91, 60, 84)),
}  # fmt: skip
_BY_PART = ((KEYBOARDS, _PIANO), (GUITARS, _GUITAR), (BASSES, _BASS), (PADS, _SYNTH), (LEADS, _SYNTH),
            (EFFECTS, Register(12, 108, 12, 108)))
REGISTERS: dict[str, Register] = {
    name: _ONE_BY_ONE.get(name) or next(register for names, register in _BY_PART if name in names)
    for name in INSTRUMENTS
    if name not in DRUMS
}
"""Of every pitched instrument that the program knows by name."""


def register_of(instrument: str) -> Register:
    """The register of an instrument by name ("Alto Sax"). Raises MusicError for an unknown or unpitched one."""
    try:
        return REGISTERS[plain(instrument)]
    except KeyError:
        raise MusicError(
            f"instrument {instrument!r} has no known compass: name a pitched one, for example piano, guitar, violin"
        ) from None
