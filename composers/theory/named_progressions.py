"""Progressions that have a name: cadences, loops, turnarounds, blues and jazz forms, modal vamps.

Common property of the repertoire, written in numerals (see `charts`); where a form has many versions, the plainest.
Names and versions as in Kostka & Payne (cadences), Aldwell & Schachter (Renaissance and baroque patterns), Levine,
Nettles & Graf (jazz), Everett and Doll (rock and pop loops).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import NamedTuple

from composers.errors import MusicError


class NamedProgression(NamedTuple):
    """A chart with a name.

    kind    "common", "cadence", "turnaround", "jazz", "blues", "modal", "pop" or "classical"
    chart   numerals, with | between bars (see charts)
    mode    of the key in which it is at home
    about   what to know it by
    """

    name: str
    kind: str
    chart: str
    mode: str = "major"
    about: str = ""
    aliases: tuple[str, ...] = ()


def _bars(*lines: str) -> str:
    return " | ".join(lines)


_BRIDGE = "III7 | III7 | VI7 | VI7 | II7 | II7 | V7 | V7"
_RHYTHM_FIRST = "I6 VI7 | IIm7 V7 | IIIm7 VI7 | IIm7 V7 | Vm7 I7 | IV7 #IVo7 | IIIm7 VI7 | IIm7 V7"
_RHYTHM_LAST = "I6 VI7 | IIm7 V7 | IIIm7 VI7 | IIm7 V7 | Vm7 I7 | IV7 #IVo7 | IIm7 V7 | I6"

_P = NamedProgression
CATALOGUE: tuple[NamedProgression, ...] = (
    _P("three chords", "common", "I | IV | V | I", about="the most basic progression",
       aliases=("basic", "I-IV-V-I", "primary triads")),
    _P("fifties", "common", "I | VIm | IV | V", about="doo-wop, pop and rock",
       aliases=("doo-wop", "pop", "I-vi-IV-V", "50s")),
    _P("ii-V-I", "common", "IIm7 | V7 | Imaj7", about="the jazz cadence",
       aliases=("two five one", "251", "jazz cadence")),
    _P("axis", "common", "I | V | VIm | IV", about="modern pop: C G Am F",
       aliases=("modern pop", "I-V-vi-IV", "four chords")),
    _P("circle", "common", "I | VIm | IIm | V", about="falling fifths from the sixth degree",
       aliases=("circle progression", "I-vi-ii-V")),
    _P("iii-vi-ii-V-I", "common", "IIIm7 | VIm7 | IIm7 | V7 | Imaj7", about="the cadence drawn out in fifths",
       aliases=("extended jazz", "36251")),
    _P("minor ii-V-i", "common", "IIm7b5 | V7b9 | Im6", "minor", "the jazz cadence in minor",
       ("ii-V-i", "minor two five one")),
    _P("vi-IV-I-V", "pop", "VIm | IV | I | V", about="the axis from its minor chord",
       aliases=("sensitive",)),
    _P("royal road", "pop", "IVmaj7 | V7 | IIIm7 | VIm", about="oudou shinkou, in Japanese pop",
       aliases=("IV-V-iii-vi",)),
    _P("double plagal", "pop", "I | bVII | IV | I", about="rock: two falling fourths", aliases=("I-bVII-IV-I",)),
    _P("mario cadence", "pop", "bVI | bVII | I", about="rock's rise by whole tones to the major tonic",
       aliases=("bVI-bVII-I",)),
    _P("aeolian shuttle", "pop", "Im | bVII | bVI | bVII", "minor", "rock: down to bVI and back"),
    _P("epic minor", "pop", "Im | bVI | bIII | bVII", "minor", "film and pop; the axis of the relative major",
       ("i-VI-III-VII",)),
    _P("line cliché", "pop", "Im | Im(maj7) | Im7 | Im6", "minor", "a voice falls by semitones from the tonic",
       ("line cliche",)),
    _P("pachelbel", "classical", "I | V | VIm | IIIm | IV | I | IV | V", about="the Romanesca's major cousin",
       aliases=("canon",)),
    _P("romanesca", "classical", "bIII | bVII | Im | V | bIII | bVII | Im V | Im", "minor", "a ground, from 1540"),
    _P("passamezzo antico", "classical", "Im | bVII | Im | V | bIII | bVII | Im V | Im", "minor", "a ground"),
    _P("passamezzo moderno", "classical", "I | IV | I | V | I | IV | I V | I", about="a ground"),
    _P("folia", "classical", _bars("Im | V | Im | bVII | bIII | bVII | Im | V",
                                   "Im | V | Im | bVII | bIII | bVII | Im V | Im"),
       "minor", "the later one, from Lully's time", ("la folia",)),
    _P("andalusian", "classical", "Im | bVII | bVI | V", "minor", "the flamenco tetrachord; a lament over 8 b7 b6 5",
       ("andalusian cadence", "lament")),
    _P("circle of fifths", "classical", "I | IV | VIIo | IIIm | VIm | IIm | V | I", about="all seven degrees"),
    _P("circle of fifths, minor", "classical", "Im | IVm | bVII | bIII | bVI | IIo | V | Im", "minor"),
    _P("authentic", "cadence", "V7 | I", about="perfect, with the tonic on top", aliases=("perfect cadence", "PAC")),
    _P("authentic, minor", "cadence", "V7 | Im", "minor"),
    _P("half", "cadence", "I | V", about="stays on the dominant", aliases=("half cadence", "imperfect cadence")),
    _P("plagal", "cadence", "IV | I", about="Amen", aliases=("plagal cadence", "amen")),
    _P("minor plagal", "cadence", "IV | IVm | I", about="the borrowed subdominant"),
    _P("deceptive", "cadence", "V7 | VIm", about="to the sixth degree instead", aliases=("interrupted",)),
    _P("deceptive, minor", "cadence", "V7 | bVI", "minor"),
    _P("phrygian half", "cadence", "Im | IVm/3 | V", "minor", "the bass falls a semitone to the dominant"),
    _P("cadential six-four", "cadence", "IIm/3 | I/5 | V7 | I", about="the tonic over the dominant's bass"),
    _P("leading-tone", "cadence", "VIIo7 | I"),
    _P("neapolitan", "cadence", "bII/3 | V7 | Im", "minor", "the lowered second in first inversion"),
    _P("picardy", "cadence", "V7 | I", "minor", "a minor piece ends in major", ("picardy third",)),
    _P("evaded", "cadence", "V7/7 | I/3", about="the dominant's seventh in the bass goes on"),
    _P("backdoor", "cadence", "IVm7 | bVII7 | Imaj7", about="to the tonic from a whole tone below",
       aliases=("backdoor ii-V",)),
    _P("tritone", "cadence", "IIm7 | bII7 | Imaj7", about="ii-V-I with the dominant's tritone substitute",
       aliases=("tritone substitution",)),
    _P("I-VI-ii-V", "turnaround", "Imaj7 VI7 | IIm7 V7", aliases=("turnaround", "1625")),
    _P("iii-VI-ii-V", "turnaround", "IIIm7 VI7 | IIm7 V7", aliases=("3625",)),
    _P("diminished turnaround", "turnaround", "Imaj7 #Io7 | IIm7 #IIo7", about="passing diminished chords upwards"),
    _P("chromatic turnaround", "turnaround", "IIIm7 bIIIo7 | IIm7 V7", about="... and downwards"),
    _P("tritone turnaround", "turnaround", "IIIm7 bIII7 | IIm7 bII7", about="every dominant by its tritone substitute"),
    _P("dameron", "turnaround", "Imaj7 bIII7 | bVImaj7 bII7", about="after Tadd Dameron", aliases=("lady bird",)),
    _P("minor turnaround", "turnaround", "Im6 VIm7b5 | IIm7b5 V7b9", "minor"),
    _P("gospel turnaround", "turnaround", "I I7/3 | IV #IVo7 | I/5 V7", about="the bass climbs 1 3 4 #4 5"),
    _P("blues turnaround", "turnaround", "I7 VI7 | II7 V7"),
    _P("rhythm changes", "jazz", _bars(_RHYTHM_FIRST, _RHYTHM_LAST, _BRIDGE, _RHYTHM_LAST),
       about="32 bars, AABA, after Gershwin; the A section is I-VI7-ii-V", aliases=("rhythm", "I-VI7-ii-V")),
    _P("rhythm bridge", "jazz", _BRIDGE, about="dominants in falling fifths", aliases=("sears roebuck",)),
    _P("montgomery-ward", "jazz", "I7 | I7 | IV | IV | II7 | II7 | V7 | V7", about="the other usual bridge"),
    _P("coltrane changes", "jazz", "IIm7 bIII7 | bVImaj7 VII7 | IIImaj7 V7 | Imaj7",
       about="a ii-V-I by way of keys a major third apart", aliases=("coltrane",)),
    _P("coltrane cycle", "jazz", "Imaj7 bIII7 | bVImaj7 VII7 | IIImaj7 V7 | Imaj7",
       about="the octave divided into major thirds"),
    _P("giant steps", "jazz", _bars(
        "Imaj7 bIII7 | bVImaj7 VII7 | IIImaj7 | bVIIm7 bIII7 | bVImaj7 VII7 | IIImaj7 V7 | Imaj7 | #IVm7 VII7",
        "IIImaj7 | bVIIm7 bIII7 | bVImaj7 | IIm7 V7 | Imaj7 | #IVm7 VII7 | IIImaj7 | IIm7 V7"),
        about="16 bars in three keys, after Coltrane"),
    _P("12-bar blues", "blues", "I7 | I7 | I7 | I7 | IV7 | IV7 | I7 | I7 | V7 | IV7 | I7 | I7",
       about="I7-IV7-I7-V7-IV7-I7", aliases=("blues", "12 bar blues", "twelve-bar blues", "12-bar")),
    _P("quick-change blues", "blues", "I7 | IV7 | I7 | I7 | IV7 | IV7 | I7 | I7 | V7 | IV7 | I7 | V7"),
    _P("jazz blues", "blues", "I7 | IV7 | I7 | Vm7 I7 | IV7 | #IVo7 | I7 | VI7 | IIm7 | V7 | I7 VI7 | IIm7 V7",
       aliases=("bebop blues",)),
    _P("bird blues", "blues", _bars(
        "Imaj7 | VIIm7b5 III7b9 | VIm7 II7 | Vm7 I7 | IV7 | IVm7 bVII7 | IIIm7 VI7 | bIIIm7 bVI7",
        "IIm7 | V7 | Imaj7 VI7 | IIm7 V7"), about="after Charlie Parker"),
    _P("8-bar blues", "blues", "I7 | V7 | IV7 | IV7 | I7 | V7 | I7 IV7 | I7 V7"),
    _P("16-bar blues", "blues", _bars("I7 | I7 | I7 | I7 | I7 | I7 | I7 | I7",
                                      "IV7 | IV7 | I7 | I7 | V7 | IV7 | I7 | I7")),
    _P("minor blues", "blues", "Im7 | Im7 | Im7 | Im7 | IVm7 | IVm7 | Im7 | Im7 | V7 | IVm7 | Im7 | Im7", "minor",
       "im7-iv7-im7-V7-iv7-im7"),
    _P("jazz minor blues", "blues", _bars("Im7 | Im7 | Im7 | Im7 | IVm7 | IVm7 | Im7 | Im7",
                                          "bVI7 | V7 | Im7 | IIm7b5 V7"), "minor"),
    _P("dorian vamp", "modal", "Im7 | IV7", "dorian", "i and the major fourth that the raised sixth makes"),
    _P("so what", "modal", _bars(*["Im7"] * 16, *["bIIm7"] * 8, *["Im7"] * 8), "dorian",
       "32 bars, AABA, after Miles Davis"),
    _P("phrygian cadence", "modal", "Im | bII", "phrygian", "flamenco", ("flamenco", "i-bII")),
    _P("phrygian vamp", "modal", "Im | bII | bIII | bII", "phrygian"),
    _P("lydian vamp", "modal", "I | II7", "lydian", "the fourth degree raised, in the chord of the second",
       ("I-II7",)),
    _P("mixolydian vamp", "modal", "I | bVII | IV | IV", "mixolydian", "southern rock", ("I-bVII-IV",)),
    _P("aeolian vamp", "modal", "Im | bVI | bVII | Im", "minor"),
    _P("locrian vamp", "modal", "Im7b5 | bIImaj7", "locrian"),
)  # fmt: skip
"""Every progression, the ones to know first."""


def _plain(name: str) -> str:
    text = " ".join(name.casefold().replace("_", " ").replace("♭", "b").replace("–", "-").split())
    return text.removesuffix(" progression").removesuffix(" cadence")


PROGRESSIONS: Mapping[str, NamedProgression] = {
    name: p for p in reversed(CATALOGUE) for name in (*p.aliases, p.name)
}
"""By name and alias."""
_BY_EXACT = {" ".join(name.split()): p for name, p in PROGRESSIONS.items()}
_BY_PLAIN = {_plain(name): p for name, p in PROGRESSIONS.items()}


def find_progression(name: str) -> NamedProgression | None:
    """By name or alias, in any case ("ii-V-I" and "ii-V-i" are told apart); None for what is none."""
    return _BY_EXACT.get(" ".join(name.split())) or _BY_PLAIN.get(_plain(name))


def near_progressions(name: str) -> tuple[str, ...]:
    """The names that are nearest to a misspelt one, the nearest first."""
    return tuple(dict.fromkeys(_BY_PLAIN[n].name for n in difflib.get_close_matches(_plain(name), _BY_PLAIN, 3)))


def named_progression(name: str) -> NamedProgression:
    """As find_progression. Raises MusicError that says what is near."""
    found = find_progression(name)
    if found is not None:
        return found
    near = near_progressions(name)
    hint = (
        f"did you mean {' or '.join(map(repr, near))}?"
        if near
        else f"choose one of {', '.join(p.name for p in CATALOGUE)}, or write chords or numerals"
    )
    raise MusicError(f"progression {name!r} is not known: {hint}")
