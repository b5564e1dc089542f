"""Instrument names that people write, and what each can do in a band."""

from __future__ import annotations

BASSES = (
    "bass", "upright-bass", "double-bass", "acoustic-bass", "contrabass", "walking-bass", "bass-guitar",
    "electric-bass", "finger-bass", "synth-bass", "bass-synth",
)  # fmt: skip
DRUMS = (
    "drums", "drum-kit", "drum-set", "kit", "jazz-kit", "acoustic-kit", "brushes", "percussion", "electronic-kit",
    "electronic-drums", "synth-drums", "drum-machine", "808", "909", "tr-808", "tr-909",
)  # fmt: skip
KEYBOARDS = (
    "piano", "acoustic-piano", "grand-piano", "pianist", "keys", "electric-piano", "e-piano", "ep", "rhodes",
    "rhodes-piano", "tine", "wurlitzer", "organ", "hammond", "b3", "drawbar-organ", "church-organ",
)  # fmt: skip
GUITARS = (
    "guitar", "jazz-guitar", "archtop", "hollow-body", "acoustic-guitar", "nylon-guitar", "classical-guitar",
    "electric-guitar",
)  # fmt: skip
PADS = ("pad", "synth-pad", "warm-pad", "ambient", "strings", "string-section", "violins", "orchestra", "synth")
LEADS = (
    "sax", "saxophone", "alto-sax", "alto-saxophone", "tenor-sax", "tenor-saxophone", "soprano-sax", "baritone-sax",
    "trumpet", "cornet", "flugelhorn", "trombone", "horn", "flute", "piccolo", "recorder", "clarinet", "bass-clarinet",
    "oboe", "violin", "viola", "cello", "vibraphone", "vibraphon", "vibes", "mallets", "marimba",
    "lead", "synth-lead", "saw-lead",
)  # fmt: skip
INSTRUMENTS = (*KEYBOARDS, *GUITARS, *PADS, *BASSES, *DRUMS, *LEADS)
"""Every name that a genre may be given."""


def plain(name: str) -> str:
    """The name as INSTRUMENTS has it: "Alto Sax" and "alto_sax" are "alto-sax"."""
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())
