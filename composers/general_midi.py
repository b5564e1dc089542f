"""General MIDI's sound set: the 128 programs by name (General MIDI System Level 1), and the program that suits one of
Sideman's instruments."""

from __future__ import annotations

PROGRAMS = (
    "acoustic grand piano", "bright acoustic piano", "electric grand piano", "honky-tonk piano",
    "electric piano 1", "electric piano 2", "harpsichord", "clavi", "celesta", "glockenspiel", "music box",
    "vibraphone", "marimba", "xylophone", "tubular bells", "dulcimer", "drawbar organ", "percussive organ",
    "rock organ", "church organ", "reed organ", "accordion", "harmonica", "tango accordion", "nylon guitar",
    "steel guitar", "jazz guitar", "clean guitar", "muted guitar", "overdriven guitar", "distortion guitar",
    "guitar harmonics", "acoustic bass", "finger bass", "pick bass", "fretless bass", "slap bass 1", "slap bass 2",
    "synth bass 1", "synth bass 2", "violin", "viola", "cello", "contrabass", "tremolo strings",
    "pizzicato strings", "orchestral harp", "timpani", "strings 1", "strings 2", "synth strings 1",
    "synth strings 2", "choir aahs", "voice oohs", "synth voice", "orchestra hit", "trumpet", "trombone", "tuba",
    "muted trumpet", "french horn", "brass section", "synth brass 1", "synth brass 2", "soprano sax", "alto sax",
    "tenor sax", "baritone sax", "oboe", "english horn", "bassoon", "clarinet", "piccolo", "flute", "recorder",
    "pan flute", "blown bottle", "shakuhachi", "whistle", "ocarina", "square lead", "saw lead", "calliope lead",
    "chiff lead", "charang lead", "voice lead", "fifths lead", "bass and lead", "new age pad", "warm pad",
    "polysynth pad", "choir pad", "bowed pad", "metallic pad", "halo pad", "sweep pad", "rain", "soundtrack",
    "crystal", "atmosphere", "brightness", "goblins", "echoes", "sci-fi", "sitar", "banjo", "shamisen", "koto",
    "kalimba", "bagpipe", "fiddle", "shanai", "tinkle bell", "agogo", "steel drums", "woodblock", "taiko drum",
    "melodic tom", "synth drum", "reverse cymbal", "guitar fret noise", "breath noise", "seashore", "bird tweet",
    "telephone ring", "helicopter", "applause", "gunshot",
)  # fmt: skip
"""By program number, 0 to 127; a few of the longer names without what they do not need."""

DRUM_CHANNEL = 9
"""MIDI's percussion channel: 10, counted from 1."""
DRUM_BANKS = (120, 127)
"""Bank select MSB that makes any channel a drum kit: General MIDI 2's, and Yamaha XG's."""
MELODY_BANK = 121
"""General MIDI 2's bank select MSB for a melodic sound, also on channel 10."""

_NAMED = {
    0: "piano acoustic-piano grand-piano pianist keys upright-piano felt-piano felt soft-piano lofi-piano toy-piano",
    4: "electric-piano e-piano ep rhodes rhodes-piano tine wurlitzer",
    5: "dx-piano dx-ep dx7 fm-piano digital-piano",
    6: "harpsichord cembalo spinet",
    7: "clavinet clav d6 funk-clav",
    8: "celesta",
    9: "glockenspiel crotales bell bells fm-bell",
    10: "music-box",
    11: "vibraphone vibraphon vibes mallets",
    12: "marimba balafon",
    13: "xylophone",
    14: "tubular-bells chimes",
    16: "organ hammond b3 drawbar-organ gospel-organ",
    18: "rock-organ leslie",
    19: "church-organ",
    24: "nylon-guitar classical-guitar",
    25: "acoustic-guitar steel-guitar folk-guitar steel-string-guitar western-guitar",
    26: "guitar jazz-guitar archtop hollow-body",
    27: "electric-guitar clean-guitar strat funk-guitar",
    28: "muted-guitar palm-mute muted-electric-guitar",
    29: "overdriven-guitar overdrive-guitar rock-guitar crunch-guitar",
    30: "distortion-guitar lead-guitar metal-guitar power-guitar power-chords",
    32: "bass upright-bass double-bass acoustic-bass walking-bass",
    33: "bass-guitar electric-bass finger-bass rock-bass",
    34: "pick-bass picked-bass",
    35: "fretless-bass",
    38: "synth-bass bass-synth analog-bass moog-bass pluck-bass acid-bass acid 303 tb-303",
    39: "808-bass sub-bass trap-bass reese-bass reese dnb-bass wobble-bass",
    40: "violin solo-violin violins",
    41: "viola",
    42: "cello solo-cello violoncello",
    43: "contrabass",
    45: "pizzicato pizzicato-strings pizz",
    46: "harp concert-harp lyre",
    48: "strings string-section orchestra",
    50: "synth-strings string-machine solina",
    52: "choir choir-aah voices vocals",
    56: "trumpet cornet flugelhorn",
    57: "trombone bass-trombone",
    58: "tuba",
    60: "horn french-horn",
    61: "brass brass-section horn-section horns",
    62: "synth-brass",
    64: "soprano-sax",
    65: "alto-sax alto-saxophone",
    66: "sax saxophone tenor-sax tenor-saxophone",
    67: "baritone-sax",
    68: "oboe",
    69: "english-horn cor-anglais",
    70: "bassoon",
    71: "clarinet bass-clarinet",
    72: "piccolo",
    73: "flute",
    74: "recorder",
    80: "square-lead square chiptune sync-lead hard-sync sync screamer",
    81: "lead synth-lead saw-lead supersaw super-saw trance-lead edm-lead edm-chords pluck synth-pluck arp arpeggio"
        " arpeggiator sequence",
    88: "new-age-pad pad synth-pad ambient",
    89: "warm-pad",
    90: "poly-synth polysynth synth synth-keys",
    92: "glass-pad",
    91: "air-pad",
    95: "sweep-pad evolving-pad drone deep-drone sub-drone ground",
    97: "soundscape texture cinematic-pad",
    98: "crystal",
    108: "kalimba",
    110: "fiddle",
    119: "impact downlifter",
    122: "fx sound-effects riser uplifter noise-sweep wind breath ocean air-noise vinyl vinyl-noise"
         " crackle record-noise hiss",
}  # fmt: skip
_BY_NAME = {name: program for program, names in _NAMED.items() for name in names.split()}
_KITS = {"room-kit": 8, "studio-kit": 8, "pop-kit": 8, "power-kit": 16, "rock-kit": 16, "metal-kit": 16,
         "electronic-kit": 24, "electronic-drums": 24, "synth-drums": 25, "drum-machine": 25, "808": 25, "tr-808": 25,
         "808-kit": 25, "909": 25, "tr-909": 25, "jazz-kit": 32, "brushes": 40, "brush-kit": 40, "orchestra-kit": 48,
         "orchestral-kit": 48}  # fmt: skip
"""Of the drum kits that General MIDI 2 numbers, on the drum channel."""


def program_of(instrument: str) -> int | None:
    """The program that suits an instrument of composers.instrumentation (its plain name); None for drums and others."""
    return _BY_NAME.get(instrument)


def kit_of(instrument: str) -> int:
    """The drum kit (a program of the drum channel) that suits drums by their plain name; 0 is the standard kit."""
    return _KITS.get(instrument, 0)
