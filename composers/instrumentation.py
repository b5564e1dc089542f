"""Instrument names that people write, and what each can do in a band."""

from __future__ import annotations

BASSES = (
    "bass", "upright-bass", "double-bass", "acoustic-bass", "contrabass", "walking-bass", "bass-guitar",
    "electric-bass", "finger-bass", "fretless-bass", "pick-bass", "picked-bass", "rock-bass", "synth-bass",
    "bass-synth", "analog-bass", "moog-bass", "pluck-bass", "808-bass", "sub-bass", "trap-bass", "reese-bass", "reese",
    "dnb-bass", "wobble-bass", "acid-bass", "acid", "303", "tb-303", "deep-drone",
    "sub-drone", "ground",
)  # fmt: skip
DRUMS = (
    "drums", "drum-kit", "drum-set", "kit", "jazz-kit", "acoustic-kit", "brushes", "percussion", "electronic-kit",
    "electronic-drums", "synth-drums", "drum-machine", "808", "909", "tr-808", "tr-909", "rock-kit", "pop-kit",
    "studio-kit", "standard-kit",
)  # fmt: skip
KEYBOARDS = (
    "piano", "acoustic-piano", "grand-piano", "pianist", "keys", "electric-piano", "e-piano", "ep", "rhodes",
    "rhodes-piano", "tine", "wurlitzer", "organ", "hammond", "b3", "drawbar-organ", "church-organ", "rock-organ",
    "leslie", "gospel-organ", "dx-piano", "dx-ep", "dx7", "fm-piano", "digital-piano", "felt-piano", "felt",
    "soft-piano", "upright-piano", "lofi-piano", "harpsichord", "cembalo", "spinet", "clavinet", "clav", "d6",
    "funk-clav", "celesta",
)  # fmt: skip
GUITARS = (
    "guitar", "jazz-guitar", "archtop", "hollow-body", "acoustic-guitar", "nylon-guitar", "classical-guitar",
    "electric-guitar", "steel-guitar", "folk-guitar", "steel-string-guitar", "western-guitar", "clean-guitar", "strat",
    "funk-guitar", "muted-guitar", "palm-mute", "muted-electric-guitar", "overdriven-guitar", "overdrive-guitar",
    "rock-guitar", "crunch-guitar", "distortion-guitar", "lead-guitar", "metal-guitar", "power-guitar", "power-chords",
    "harp", "concert-harp", "lyre",
)  # fmt: skip
PADS = (
    "pad", "synth-pad", "warm-pad", "ambient", "strings", "string-section", "violins", "orchestra", "synth",
    "synth-strings", "string-machine", "solina", "pizzicato", "pizzicato-strings", "pizz", "choir", "choir-aah",
    "voices", "vocals", "poly-synth", "polysynth", "synth-keys", "glass-pad", "air-pad", "crystal", "new-age-pad",
    "drone", "wind", "breath", "ocean", "air-noise", "evolving-pad", "soundscape", "texture", "cinematic-pad",
    "sweep-pad", "brass", "brass-section",
    "horn-section", "horns", "synth-brass",
)  # fmt: skip
LEADS = (
    "sax", "saxophone", "alto-sax", "alto-saxophone", "tenor-sax", "tenor-saxophone", "soprano-sax", "baritone-sax",
    "trumpet", "cornet", "flugelhorn", "trombone", "horn", "flute", "piccolo", "recorder", "clarinet", "bass-clarinet",
    "french-horn", "tuba", "bass-trombone", "oboe", "english-horn", "cor-anglais", "bassoon", "violin", "solo-violin",
    "fiddle", "viola", "cello", "solo-cello", "violoncello", "vibraphone", "vibraphon", "vibes", "mallets", "marimba",
    "xylophone", "balafon", "glockenspiel", "crotales", "music-box", "toy-piano", "kalimba", "bell", "bells", "fm-bell",
    "tubular-bells", "chimes", "lead", "synth-lead", "saw-lead", "square-lead", "square", "chiptune", "supersaw",
    "super-saw", "trance-lead", "edm-lead", "edm-chords", "sync-lead", "hard-sync", "sync", "screamer", "pluck", "arp",
    "arpeggio", "arpeggiator", "synth-pluck", "sequence",
)  # fmt: skip
EFFECTS = ("fx", "sound-effects", "riser", "uplifter", "downlifter", "impact", "noise-sweep",
           "vinyl", "vinyl-noise", "crackle", "record-noise", "hiss")  # fmt: skip
INSTRUMENTS = (*KEYBOARDS, *GUITARS, *PADS, *BASSES, *DRUMS, *LEADS, *EFFECTS)
"""Every name that a genre may be given."""


def plain(name: str) -> str:
    """The name as INSTRUMENTS has it: "Alto Sax" and "alto_sax" are "alto-sax"."""
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())
